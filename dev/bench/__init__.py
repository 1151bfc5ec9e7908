"""How fast, how fair and how lean the app is: ``python -m dev.bench`` prints a table and keeps the figures."""
