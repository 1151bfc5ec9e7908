"""The windows of a tenant: take the turn, fan out the batches it pays for, hand the turn on, audit.

Before a state changes, what was sent is settled: a tenant that is cancelled, or shall rest, goes on with the batches
whose outcome is unknown, and sends nothing more. While a canary goes ahead only its batches are open.
"""

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from durabletask import task

from orchestrators.rests import rest_for
from orchestrators.retry import call
from orchestrators.spans import now
from shared.contracts.names import APPLY_BATCH, HAND_ON, RECORD_AUDIT, TAKE_TURN
from shared.contracts.work import (
    AuditWork,
    BatchDone,
    BatchWork,
    CanaryNow,
    Stop,
    TenantRun,
    TurnTaken,
    TurnWork,
    WindowDone,
    Windows,
)
from shared.domain.pacing import MAX_BATCHES as BATCHES_PER_WINDOW
from shared.domain.windows import BatchResult, Progress

STEPS_PER_GENERATION = 20
"""Windows, waits included, before ``continue_as_new`` keeps the replayed history short."""
LONG_REST_SECONDS = 1.0
LOST_ATTEMPT_REST_SECONDS = 5.0
MAX_LOST_ATTEMPTS = 20

type Steps[T] = Generator[task.Task[Any], Any, T]
type Ready = tuple[tuple[int, int], ...]
"""Batches with the number of their next attempt."""


@dataclass(slots=True)
class _Course:
    """How far the windows have come."""

    run: TenantRun
    users: int
    progress: Progress
    window: int
    counts: Counter[str]
    seats: Counter[str]
    throttled: int
    most: int = BATCHES_PER_WINDOW
    """Batches of the next window: half as many where not all could be sent in time, then one more each."""
    stop: Stop | None = None
    canary: CanaryNow | None = None
    """What is left of the canary: once all of it is settled, the next turn decides on the rest."""
    audits: list[task.Task[Any]] = field(default_factory=list[task.Task[Any]])
    """Audits under way: the next window does not wait for them."""

    @classmethod
    def of(cls, given: Windows) -> "_Course":
        run = given.run
        progress = Progress.from_dict(given.progress)
        counts, seats = Counter(given.by_code), Counter(given.seats)
        return cls(
            run=run,
            users=given.users,
            progress=progress,
            window=given.window,
            counts=counts,
            seats=seats,
            throttled=given.throttled,
            most=given.most,
            stop=given.stop,
            canary=given.canary,
        )

    def carried(self) -> Windows:
        """What the next generation needs."""
        return Windows(
            **dict(self.run),
            stop=self.stop,
            progress=self.progress.to_dict(),
            window=self.window,
            users=self.users,
            by_code=dict(self.counts),
            throttled=self.throttled,
            seats=dict(self.seats),
            canary=self.canary,
            most=self.most,
        )

    @property
    def open(self) -> Progress:
        """What is still to do: once stopped, only the batches of which something went out and is not known."""
        if self.stop is not None:
            return self.progress.only_unknown()
        return self.progress if self.canary_phase != "within" or self.canary is None else self._ahead(self.canary)

    @property
    def canary_phase(self) -> Literal["unknown", "within", "done"]:
        """Whether the canary is known, at work, or settled."""
        if self.canary is None:
            return "unknown"
        return "done" if self._ahead(self.canary).done else "within"

    def _ahead(self, canary: CanaryNow) -> Progress:
        return self.progress.below(canary.batches)

    def limit_of(self, batch: int) -> int | None:
        """How many users of a batch may be sent, where the canary ends within it."""
        if self.stop is None and self.canary_phase == "within" and self.canary and batch == self.canary.batches - 1:
            return self.canary.limit
        return None

    def note_canary(self, done: "list[BatchDone]") -> None:
        """The batch within which the canary ends is done with as soon as only those beyond are left in it."""
        if self.canary and any(batch.beyond and batch.left == batch.beyond for batch in done):
            self.canary = CanaryNow(batches=self.canary.batches - 1, limit=0)


def apply_windows(context: task.OrchestrationContext, given: Windows) -> "Steps[Windows | Stop | None]":
    """Apply batches until all are settled (None), the tenant must stop (why), or a new generation goes on (state)."""
    course = _Course.of(given)
    for _ in range(STEPS_PER_GENERATION):
        if course.open.done or (course.stop and course.stop.code == "superseded"):
            break
        ready = course.open.ready(_now(context), course.most)
        if ready:
            yield from _window(context, course, ready)
        else:
            yield from _rest(context, course)
    yield from _finish_audits(course)
    if course.open.done or (course.stop and course.stop.code == "superseded"):
        return course.stop
    return course.carried()


def _window(context: task.OrchestrationContext, course: _Course, ready: Ready) -> "Steps[None]":
    """One window; without the turn nothing happens but the waiting for it."""
    taken = TurnTaken(batches=len(ready))
    if course.stop is None:
        ask = TurnWork(
            **dict(course.run),
            window=course.window,
            users=min(course.users, course.progress.users),
            batches=[batch for batch, _ in ready],
            canary=course.canary_phase,
        )
        taken = TurnTaken.model_validate((yield call(context, TAKE_TURN, ask)))
        course.stop = taken.stop
        if taken.canary or (ask.canary == "done" and taken.batches):  # it begins, or is passed
            course.canary = taken.canary
    if taken.stop or not taken.batches:
        if taken.wait:
            yield context.create_timer(context.current_utc_datetime + timedelta(seconds=taken.wait))
        return
    settle_only = course.stop is not None
    done = yield from _fan_out(context, course, ready[: taken.batches], settle_only=settle_only)
    results = [_result(batch, settle_only=settle_only) for batch in done]
    course.progress = course.progress.after(results, _now(context))
    course.note_canary(done)
    late = any(batch.late for batch in done)
    course.most = max(1, course.most // 2) if late else min(BATCHES_PER_WINDOW, course.most + 1)
    for batch in done:
        course.counts.update(batch.by_code)
        course.seats.update(batch.seats)
        course.throttled += batch.throttled
        course.stop = course.stop or batch.stop
    yield call(context, HAND_ON, _window_done(course, taken, done, _now(context)))
    course.window += 1
    yield from _finish_audits(course)
    marks = [(batch.batch, batch.mark) for batch in done if batch.mark]
    course.audits = [call(context, RECORD_AUDIT, AuditWork(**dict(course.run), marks=marks))] if marks else []


def _finish_audits(course: _Course) -> "Steps[None]":
    for audit in course.audits:
        _ = yield audit


def _fan_out(
    context: task.OrchestrationContext, course: _Course, paid: Ready, *, settle_only: bool
) -> "Steps[list[BatchDone]]":
    """Run the attempts side by side and await them one by one, so that one failure loses no other's answer."""
    attempts = [
        BatchWork(
            **dict(course.run),
            batch=batch,
            attempt=attempt,
            window=course.window,
            settle_only=settle_only,
            limit=course.limit_of(batch),
        )
        for batch, attempt in paid
    ]
    done: list[BatchDone] = []
    for attempt, running in zip(attempts, [call(context, APPLY_BATCH, a) for a in attempts], strict=True):
        try:
            done.append(BatchDone.model_validate((yield running)))
        except task.TaskFailedError:
            done.append(_lost(attempt, final=attempt.attempt >= MAX_LOST_ATTEMPTS))
    return done


def _lost(attempt: BatchWork, *, final: bool) -> BatchDone:
    """An attempt that failed for good may have gone out: its users are read next, and the turn runs out by itself.

    After so many of them the batch is given up; the end of the tenant has the last word on its users.
    """
    return BatchDone(
        batch=attempt.batch,
        attempt=attempt.attempt,
        left=0 if final else 1,
        went_out=True,
        unknown=True,
        keep_turn=True,
        ready_in=LOST_ATTEMPT_REST_SECONDS,
    )


def _rest(context: task.OrchestrationContext, course: _Course) -> "Steps[None]":
    at = _now(context)
    seconds = max((course.open.next_time(at) or at) - at, 0.1)
    if seconds <= LONG_REST_SECONDS:
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds))
        return
    stop = yield from rest_for(context, course.run, seconds, stopped=course.stop is not None)
    course.stop = stop or course.stop


def _now(context: task.OrchestrationContext) -> float:
    return now(context).timestamp()


def _result(done: BatchDone, *, settle_only: bool) -> BatchResult:
    """What the attempt came to; where nothing more is sent, a batch of which everything is known is settled."""
    return BatchResult(
        batch=done.batch,
        attempt=done.attempt,
        left=done.left if done.unknown or not settle_only else 0,
        ready_in=done.ready_in,
        unknown=done.unknown,
        # Who was settled by reading alone carries the attempt's mark, under which the audit writes once: it is used up.
        sent=done.went_out or bool(done.by_code),
    )


def _window_done(course: _Course, taken: TurnTaken, done: list[BatchDone], now: float) -> WindowDone:
    keep_turn = any(batch.keep_turn for batch in done)
    return WindowDone(
        **dict(course.run),
        window=course.window,
        # Where something may still be in flight nobody knows how much of it was sent.
        unused=0 if keep_turn else max(0, taken.paid - sum(batch.sent for batch in done)),
        # Only who will ask at once stands in line: those behind one that rests would rest along.
        more=course.stop is None and bool(course.open.ready(now, BATCHES_PER_WINDOW)),
        keep_turn=keep_turn,
        blocked_for=max((batch.blocked_for for batch in done), default=0.0),
        app_blocked_for=max((batch.app_blocked_for for batch in done), default=0.0),
        limit_used=max((batch.limit_used for batch in done), default=0.0),
        by_code=dict(course.counts),
        throttled=course.throttled,
        seats=dict(course.seats),
    )
