"""Making, changing and carrying out schedules."""
