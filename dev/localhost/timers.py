"""Timer triggers: NCRONTAB schedules (six fields, seconds first) in UTC."""

import asyncio
import json
import logging
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from azure_functions_runtime.bindings.datumdef import Datum
from croniter import croniter

from dev.localhost import background
from dev.localhost.durable import DurableHost
from dev.localhost.errors import AppLoadError, InvocationError
from dev.localhost.loading import Function, invoke

log = logging.getLogger("localhost.timers")

_PAST_DUE_SECONDS = 1.0
_REFERENCE = re.compile(r"%([^%]+)%")


@dataclass(frozen=True)
class Schedule:
    """One timer function with its resolved schedule."""

    function: Function
    expression: str
    run_on_startup: bool

    def next_after(self, moment: datetime) -> datetime:
        """The first due time after ``moment``."""
        return croniter(self.expression, moment, second_at_beginning=True).get_next(datetime)


def schedules(functions: tuple[Function, ...]) -> tuple[Schedule, ...]:
    """The timers among these functions; raises ``AppLoadError`` for a schedule that cannot be served."""
    timers = [f for f in functions if f.trigger["type"] == "timerTrigger"]
    return tuple(Schedule(f, _expression(f), bool(f.trigger.get("runOnStartup"))) for f in timers)


class Timers:
    """Runs timer functions when they are due, never two runs of one at a time."""

    def __init__(self, durable: DurableHost) -> None:
        self._durable = durable
        self._locks: dict[str, asyncio.Lock] = {}
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def replace(self, timers: tuple[Schedule, ...], *, starting: bool) -> None:
        """Follow these schedules; a run under way is finished. ``starting``: ``runOnStartup`` counts."""
        self._stop.set()
        self._stop = asyncio.Event()
        self._tasks = [task for task in self._tasks if not task.done()]
        self._tasks += [
            background.start(self._follow(t, self._stop, at_once=starting), f"timer {t.function.name}") for t in timers
        ]

    async def stop(self) -> None:
        """Start no more runs and drop what runs."""
        self._stop.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, timer: Schedule, stop: asyncio.Event, *, at_once: bool) -> None:
        if at_once and timer.run_on_startup:
            await self._run(timer, past_due=False)
        due = datetime.min.replace(tzinfo=UTC)
        while not stop.is_set():
            # A sleep may end a little early by the clock; the same due time must not come twice.
            due = timer.next_after(max(due, datetime.now(UTC)))
            try:
                await asyncio.wait_for(stop.wait(), (due - datetime.now(UTC)).total_seconds())
                return
            except TimeoutError:
                late = (datetime.now(UTC) - due).total_seconds()
                await self._run(timer, past_due=late > _PAST_DUE_SECONDS)

    async def _run(self, timer: Schedule, *, past_due: bool) -> None:
        function = timer.function
        request = json.dumps({"IsPastDue": past_due, "ScheduleStatus": {}, "Schedule": {"AdjustForDST": True}})
        inputs = [(function.trigger["name"], Datum(request, "json"))]
        if function.client_parameter:
            inputs.append((function.client_parameter, self._durable.client_input()))
        # A reload starts to follow the schedule anew while a run of the old code may be under way.
        async with self._locks.setdefault(function.name, asyncio.Lock()):
            try:
                await invoke(function, inputs)
            except InvocationError as error:
                log.error("%s\n%s", error, error.trace)


def _expression(function: Function) -> str:
    """The schedule with its settings filled in, always with a seconds field."""
    template = str(function.trigger["schedule"])

    def setting(match: re.Match[str]) -> str:
        value = os.environ.get(match[1])
        if not value:
            raise AppLoadError(f"function {function.name}: the schedule {template!r} needs the setting {match[1]}")
        return value

    expression = _REFERENCE.sub(setting, template).strip()
    if len(expression.split()) == 5:
        expression = f"0 {expression}"
    if len(expression.split()) != 6 or not croniter.is_valid(expression, second_at_beginning=True):
        raise AppLoadError(f"function {function.name}: {expression!r} is not an NCRONTAB schedule of six fields")
    return expression
