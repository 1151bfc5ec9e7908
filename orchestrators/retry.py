"""How every activity call is retried."""

from datetime import timedelta

from durabletask import task

RETRY = task.RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=5,
    backoff_coefficient=2.0,
    max_retry_interval=timedelta(seconds=30),
)
"""Activities return what is final and raise what a retry can mend, so the policy is the same everywhere."""
