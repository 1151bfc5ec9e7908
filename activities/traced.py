"""A span an activity, below that of the orchestration that called it."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from shared import telemetry
from shared.contracts.names import operation_instance, tenant_instance

_GIVEN = ("operation", "epoch", "tenant", "batch", "attempt", "window")
_CAME = ("sent", "left", "throttled", "wait", "paid")
"""Numbers of a result that are worth telling."""


def traced(activity: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
    """The activity with a span over each run of it, whose ids are those of its message."""

    @wraps(activity)
    async def run(work: Any) -> Any:
        if not telemetry.collects():
            return await activity(work)
        operation, epoch, tenant = work["operation"], work["epoch"], work.get("tenant")
        instance = tenant_instance(operation, epoch, tenant) if tenant else operation_instance(operation, epoch)
        given = {name: work[name] for name in _GIVEN if name in work}
        with telemetry.span(activity.__name__, parent=telemetry.within(work.get("trace"), instance), **given) as span:
            done = await activity(work)
            if done:
                stop = done["stop"]["code"] if done.get("stop") else None
                span.note(stop=stop, **{name: done.get(name) for name in _CAME})
            return done

    return run
