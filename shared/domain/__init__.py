"""The rules of licensing, pacing and operations: pure, without I/O, clock or environment."""
