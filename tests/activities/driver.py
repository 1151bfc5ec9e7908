"""Runs the real orchestrator of a tenant over the activities' bodies, as the durable engine would, and kills it."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from durabletask import task

from activities.apply_batch import attempt
from activities.begin_tenant import stand
from activities.check_guards import check
from activities.end_tenant import end
from activities.guard import check_in
from activities.hand_on import finish_window
from activities.plan_users import plan
from activities.record_audit import audit
from activities.reserve_seats import reserve_and_freeze
from activities.resolve_users import resolve
from activities.rest_tenant import rest
from activities.take_turn import wait_in_line
from orchestrators.run_tenant import run_tenant
from shared.contracts import names
from shared.contracts.work import (
    AuditWork,
    BatchWork,
    Halt,
    PlanWork,
    ResolveWork,
    RestWork,
    TenantEnd,
    TenantRest,
    TenantRun,
    TurnWork,
    WindowDone,
    Wire,
)
from shared.services import Services

type Body = Callable[[Services, Any], Awaitable[Any]]

TRIES = 3


async def _wait(app: Services, work: RestWork) -> Halt:
    return Halt(stop=await check_in(app, work, work.seconds))


BODIES: dict[str, tuple[Body, type[Wire]]] = {
    names.BEGIN_TENANT: (stand, TenantRun),
    names.RESOLVE_USERS: (resolve, ResolveWork),
    names.PLAN_USERS: (plan, PlanWork),
    names.RESERVE_SEATS: (reserve_and_freeze, TenantRun),
    names.CHECK_GUARDS: (check, TenantRun),
    names.TAKE_TURN: (wait_in_line, TurnWork),
    names.APPLY_BATCH: (attempt, BatchWork),
    names.HAND_ON: (finish_window, WindowDone),
    names.RECORD_AUDIT: (audit, AuditWork),
    names.REST_UNTIL: (_wait, RestWork),
    names.REST_TENANT: (rest, TenantRest),
    names.END_TENANT: (end, TenantEnd),
}


class Killed(Exception):
    """The host died."""


@dataclass
class Engine:
    """Takes the place of the durable engine for one instance.

    ``calls_to_live``: so many activities are begun before the host dies; those under way then are cut off if ``hard``,
    else they finish, but nobody hears of it. ``twice``: each activity is delivered a second time, at once.
    """

    app: Services
    calls_to_live: int | None = None
    hard: bool = False
    twice: bool = False
    called: list[str] = field(default_factory=list[str])
    next_input: Any = None
    is_replaying: bool = False
    _dying: bool = False
    _begun: list["asyncio.Task[Any]"] = field(default_factory=list["asyncio.Task[Any]"])

    @property
    def current_utc_datetime(self) -> datetime:
        """As the engine's: without a time zone."""
        return datetime.now(UTC).replace(tzinfo=None)

    def call_activity(self, name: str, *, input: Any, retry_policy: Any) -> "asyncio.Future[Any]":
        """Begin an activity."""
        del retry_policy
        self.called.append(name)
        if self.calls_to_live is not None and len(self.called) > self.calls_to_live:
            self._dying = True
            return asyncio.get_running_loop().create_future()
        self._begun.append(asyncio.create_task(self._run(name, input)))
        return self._begun[-1]

    async def _run(self, name: str, given: Any) -> Any:
        body, message = BODIES[name]
        work = message.model_validate(given)
        for left in reversed(range(TRIES)):
            try:
                if self.twice:
                    first, _ = await asyncio.gather(body(self.app, work), body(self.app, work))
                    answer = first
                else:
                    answer = await body(self.app, work)
            except Exception as error:
                if not left:
                    raise task.TaskFailedError(str(error), error) from error
            else:
                return answer.wire() if isinstance(answer, Wire) else None
        raise AssertionError("unreachable")

    def create_timer(self, fire_at: datetime | timedelta) -> "asyncio.Task[None]":
        """Ring at a time."""
        assert isinstance(fire_at, datetime)
        return asyncio.create_task(asyncio.sleep(max(0.0, (fire_at - self.current_utc_datetime).total_seconds())))

    def continue_as_new(self, given: Any) -> None:
        """Go on with this input."""
        self.next_input = given

    async def run(self, run: TenantRun) -> None:
        """Run ``run_tenant`` to its end; raises ``Killed`` when the host died before."""
        given: Any = run.wire()
        while given is not None:
            self.next_input = None
            context: Any = self
            await self._drive(run_tenant(context, given))
            given = self.next_input

    async def _drive(self, steps: Generator[Any, Any]) -> None:
        try:
            waiting = next(steps)
            while not self._dying:
                try:
                    result = await waiting
                except task.TaskFailedError as failure:
                    waiting = steps.throw(failure)
                else:
                    waiting = steps.send(result)
        except StopIteration:
            return
        await self._die()

    async def _die(self) -> None:
        if self.hard:
            for each in self._begun:
                each.cancel()
        await asyncio.gather(*self._begun, return_exceptions=True)
        raise Killed
