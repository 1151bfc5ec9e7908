"""The whole app under fire: random operations while hosts, storage and Graph fail; then everything must be right.

A seed makes a script (``script``): tenants, operations, faults and breakages, the same ones in the same order. A driver
plays it on the real stack, and an oracle judges by what the simulator saw.
"""
