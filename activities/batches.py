"""A batch as its rows tell: what is recorded, what went out without an answer, who is left."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.sending import Sending
from shared.contracts.work import BatchWork
from shared.domain.model import Change, Decision, LicenceState
from shared.domain.operation import Attempt, Outcome, Summary
from shared.domain.plan import batch_of
from shared.services import Services


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch of the frozen plan with its rows."""

    decisions: tuple[Decision, ...]
    recorded: tuple[Outcome, ...]
    attempts: tuple[Attempt, ...]
    summary: Summary
    limit: int | None = None
    """Only the first so many users are meant."""

    @property
    def left(self) -> list[tuple[Decision, Change]]:
        """The users without an outcome, within the limit."""
        return self._open(self.decisions[: self.limit])

    @property
    def beyond(self) -> int:
        """How many users without an outcome the limit leaves out."""
        return 0 if self.limit is None else len(self._open(self.decisions[self.limit :]))

    def _open(self, decisions: Sequence[Decision]) -> list[tuple[Decision, Change]]:
        settled = {outcome.index for outcome in self.recorded}
        return [(d, d.change) for d in decisions if d.change and d.index not in settled]

    def sends(self, index: int) -> int:
        """How many attempts went out with this user."""
        return sum(index in attempt.indices for attempt in self.attempts)

    def unknown_since(self, index: int) -> datetime | None:
        """When the user was sent last, if what became of it is not known."""
        answered = set(self.summary.answered)
        unanswered = [a.at for a in self.attempts if index in a.indices and a.mark not in answered]
        if index in self.summary.unknown:
            unanswered += [a.at for a in self.attempts if index in a.indices]
        return max(unanswered, default=None)

    def located(self, decision: Decision, change: Change, state: LicenceState) -> bool:
        """Whether the usage location that the user has now was set by us in an earlier attempt.

        An earlier PATCH whose answer is missing counts when the location is there.
        """
        if decision.index in self.summary.located:
            return True
        asked = change.usage_location is not None and change.usage_location != change.before.usage_location
        return asked and state.usage_location == change.usage_location and self.sends(decision.index) > 0

    def summed_up(self, outcomes: Sequence[Outcome], mark: str, sending: Sending) -> Summary:
        """The absolute summary once these outcomes stand beside the recorded ones."""
        counts = Counter(outcome.code or "" for outcome in (*self.recorded, *outcomes))
        to_audit = (mark,) if any(outcome.before for outcome in outcomes) else ()
        settled = {outcome.index for outcome in outcomes}
        answered = [*self.summary.answered, *sorted(sending.resolved), *([mark] if sending.answered else [])]
        unknown = set(self.summary.unknown) - sending.resolved_users - settled - sending.sent_to
        return Summary(
            batch=self.summary.batch,
            by_code=dict(counts),
            marks=tuple(dict.fromkeys((*self.summary.marks, *to_audit))),
            first_index=self.decisions[0].index,
            last_index=self.decisions[-1].index,
            throttled=self.summary.throttled + sending.throttled,
            answered=tuple(dict.fromkeys(answered)),
            unknown=tuple(sorted(unknown | set(sending.unknown))),
            located=tuple(sorted(sending.ours.union(self.summary.located))),
            seats=seats_of(self, (*self.recorded, *outcomes)),
            # The first look counts, and nobody waits for the mailbox of who is settled.
            converting={
                index: at
                for index, at in {**sending.converting, **self.summary.converting}.items()
                if index not in settled
            },
            requested=tuple(sorted(sending.requested.union(self.summary.requested) - settled)),
            etag=self.summary.etag,
        )


def mark_of(work: BatchWork) -> str:
    """The mark of an attempt's outcomes, unique in its tenant's part."""
    return f"{work.batch}.{work.epoch}.{work.attempt}"


def seats_of(batch: Batch, outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Seats that these outcomes of the batch took, by SKU id; what was freed gives none of them back."""
    changes = {decision.index: decision.change for decision in batch.decisions}
    seats: Counter[str] = Counter()
    for outcome in outcomes:
        change = changes[outcome.index]
        if outcome.code is None and change:
            seats.update(sku_id for sku_id, delta in change.seat_change().items() if delta > 0)
    return dict(seats)


async def load_batch(app: Services, work: BatchWork) -> Batch:
    """Read a batch of the frozen plan and its rows."""
    manifest = await app.plans.frozen(work.plan_id, work.tenant)
    chunk, k = manifest.within(work.batch)
    decisions = batch_of(await app.plans.read_chunk(work.plan_id, work.tenant, chunk), k)
    # The summary first: whoever records after it was read moves its ETag, so that a sum over older outcomes never wins.
    summary = await app.results.summary(work.operation, work.tenant, work.batch)
    # Outcomes come with their batch's summary, in one transaction: without one there are none.
    recorded = await _recorded(app, work, decisions) if summary else ()
    attempts = await app.results.attempts_of(work.operation, work.tenant, work.batch)
    return Batch(
        decisions=decisions,
        recorded=recorded,
        attempts=tuple(attempts),
        summary=summary or Summary(batch=str(work.batch), by_code={}),
        limit=work.limit,
    )


async def _recorded(app: Services, work: BatchWork, decisions: Sequence[Decision]) -> tuple[Outcome, ...]:
    mine = {decision.index for decision in decisions}
    found = await app.results.outcomes(work.operation, work.tenant, decisions[0].index, decisions[-1].index)
    return tuple(outcome for outcome in found if outcome.index in mine)
