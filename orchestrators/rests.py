"""Durable waits, cut into pieces, so that who waits for long notices that the work shall stop."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from durabletask import task

from orchestrators.retry import call
from shared.contracts.names import REST_UNTIL
from shared.contracts.work import Halt, RestWork, Stop, TenantRun

LONGEST_PIECE = 30.0
"""Seconds after which a pause, a cancel or a later epoch is noticed at the latest."""


def rest_for(
    context: task.OrchestrationContext, run: TenantRun, seconds: float, *, stopped: bool = False
) -> Generator[task.Task[Any], Any, Stop | None]:
    """Wait, looking again at least every 30 s; gives why not to wait any longer, or None when the time is over.

    ``stopped``: the work has stopped already, and the wait is needed all the same; only a later epoch ends it.
    """
    left = seconds
    while left > 0:
        piece = min(left, LONGEST_PIECE)
        found = Halt.model_validate((yield call(context, REST_UNTIL, RestWork(**dict(run.run), seconds=piece)))).stop
        if found and (not stopped or found.code == "superseded"):
            return found
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=piece))
        left -= piece
    return None
