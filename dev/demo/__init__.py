"""The main job on a demo tenant, shown in a terminal: ``python -m dev.demo``."""
