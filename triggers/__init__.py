"""How work comes in: HTTP routes, timers and dropped files."""
