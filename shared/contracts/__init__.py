"""What crosses between functions, and between the app and its callers."""
