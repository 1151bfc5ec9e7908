"""How every activity is called."""

from datetime import timedelta
from typing import Any

from durabletask import task

from shared.contracts.work import Wire

RETRY = task.RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=5,
    backoff_coefficient=2.0,
    max_retry_interval=timedelta(seconds=30),
)
"""Activities return what is final and raise what a retry can mend, so the policy is the same everywhere."""


def call(context: task.OrchestrationContext, activity: str, work: Wire) -> task.CompletableTask[Any]:
    """An activity call under the common retry policy."""
    return context.call_activity(activity, input=work.wire(), retry_policy=RETRY)
