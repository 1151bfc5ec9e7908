"""The windows of a tenant: take the turn, fan out the batches it pays for, hand the turn on, audit."""

from collections import Counter
from collections.abc import Generator
from datetime import UTC, timedelta
from typing import Any

from durabletask import task

from orchestrators.retry import RETRY
from shared.contracts.names import APPLY_BATCH, HAND_ON, RECORD_AUDIT, REST_UNTIL, TAKE_TURN
from shared.contracts.work import (
    AuditWork,
    BatchDone,
    BatchWork,
    RestWork,
    Stop,
    TenantRun,
    TurnTaken,
    TurnWork,
    WindowDone,
    Windows,
    Wire,
)
from shared.domain.windows import BatchResult, Progress

STEPS_PER_GENERATION = 20
"""Windows, waits included, before ``continue_as_new`` keeps the replayed history short."""

BATCHES_PER_WINDOW = 8
LONG_REST = 10.0
LOST_ATTEMPT_REST = 5.0

Steps[T] = Generator[task.Task[Any], Any, T]


def apply_windows(context: task.OrchestrationContext, state: Windows) -> "Steps[Windows | Stop | None]":
    """Apply batches until all are settled (None), the tenant must stop (why), or a new generation takes over (its state)."""
    run = TenantRun(operation=state.operation, epoch=state.epoch, tenant=state.tenant)
    progress, window = Progress.from_dict(state.progress), state.window
    counts, seats, throttled = Counter(state.by_code), Counter(state.seats), state.throttled
    stop: Stop | None = None
    audit: task.Task[Any] | None = None
    for _ in range(STEPS_PER_GENERATION):
        settle_only = stop is not None
        if settle_only:
            progress = progress.only_unknown()
        if progress.done:
            break
        ready = progress.ready(_now(context), BATCHES_PER_WINDOW)
        if not ready:
            yield from _rest(context, run, (progress.next_time(_now(context)) or 0.0) - _now(context))
            continue
        taken = TurnTaken(batches=len(ready))
        if not settle_only:
            taken = yield from _take(context, run, window, state.users, ready)
            if taken.stop:
                if taken.stop.code != "cancelling":
                    return taken.stop
                stop = taken.stop
                continue
            if not taken.batches:
                continue
        done = yield from _fan_out(context, run, progress, ready[: taken.batches], settle_only=settle_only)
        progress = progress.after(tuple(_result(batch) for batch in done), _now(context))
        for batch in done:
            counts.update(batch.by_code)
            seats.update(batch.seats)
            throttled += batch.throttled
        stop = stop or next((batch.stop for batch in done if batch.stop), None)
        if stop and stop.code == "superseded":
            return stop
        yield _call(context, HAND_ON, _window_done(run, window, taken, done, counts, seats, throttled, more=not progress.done))
        window += 1
        if audit:
            yield audit
        marks = [(batch.batch, batch.mark) for batch in done if batch.mark]
        audit = _call(context, RECORD_AUDIT, AuditWork(**dict(run), marks=marks)) if marks else None
    if audit:
        yield audit
    if stop and progress.only_unknown().done:
        return stop
    if stop is None and progress.done:
        return None
    return Windows(
        **dict(run), progress=progress.to_dict(), window=window, users=state.users, by_code=counts, seats=seats, throttled=throttled
    )


def _now(context: task.OrchestrationContext) -> float:
    return context.current_utc_datetime.replace(tzinfo=UTC).timestamp()


def _call(context: task.OrchestrationContext, activity: str, work: Wire) -> task.CompletableTask[Any]:
    return context.call_activity(activity, input=work.wire(), retry_policy=RETRY)


def _rest(context: task.OrchestrationContext, run: TenantRun, seconds: float) -> "Steps[None]":
    if seconds > LONG_REST:
        yield _call(context, REST_UNTIL, RestWork(**dict(run), seconds=seconds))
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=max(seconds, 0.1)))


def _take(
    context: task.OrchestrationContext, run: TenantRun, window: int, users: int, ready: tuple[tuple[int, int], ...]
) -> "Steps[TurnTaken]":
    ask = TurnWork(**dict(run), window=window, users=users, batches=[batch for batch, _ in ready])
    return TurnTaken.model_validate((yield _call(context, TAKE_TURN, ask)))


def _fan_out(
    context: task.OrchestrationContext,
    run: TenantRun,
    progress: Progress,
    paid: tuple[tuple[int, int], ...],
    *,
    settle_only: bool,
) -> "Steps[list[BatchDone]]":
    """Run the attempts side by side and await them one by one, so that one failure loses no other's answer."""
    waiting = {entry.batch: entry for entry in progress.waiting}
    attempts = [
        BatchWork(
            **dict(run),
            batch=batch,
            attempt=attempt,
            settle_only=settle_only,
        )
        for batch, attempt in paid
    ]
    tasks = [_call(context, APPLY_BATCH, attempt) for attempt in attempts]
    done: list[BatchDone] = []
    for attempt, running in zip(attempts, tasks, strict=True):
        try:
            done.append(BatchDone.model_validate((yield running)))
        except task.TaskFailedError:
            left = waiting[attempt.batch].users if attempt.batch in waiting else 1
            done.append(
                BatchDone(
                    batch=attempt.batch,
                    attempt=attempt.attempt,
                    left=left,
                    unknown=True,
                    keep_turn=True,
                    ready_in=LOST_ATTEMPT_REST,
                )
            )
    return done


def _result(done: BatchDone) -> BatchResult:
    return BatchResult(
        batch=done.batch,
        attempt=done.attempt,
        left=done.left,
        ready_in=done.ready_in,
        unknown=done.unknown,
        sent=done.sent > 0,
    )


def _window_done(
    run: TenantRun,
    window: int,
    taken: TurnTaken,
    done: list[BatchDone],
    counts: Counter[str],
    seats: Counter[str],
    throttled: int,
    *,
    more: bool,
) -> WindowDone:
    return WindowDone(
        **dict(run),
        window=window,
        unused=max(0, taken.paid - sum(batch.sent for batch in done)),
        more=more,
        keep_turn=any(batch.keep_turn for batch in done),
        blocked_for=max((batch.blocked_for for batch in done), default=0.0),
        by_code=dict(counts),
        throttled=throttled,
        seats=dict(seats),
    )
