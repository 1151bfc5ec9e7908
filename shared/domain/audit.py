"""The audit's hash chain: each entry carries the hash of the one before, so none can be changed, left out or put
between.

hash = SHA-256(previous hash as 64 hex digits, then the entry as canonical JSON without its two hashes). Canonical JSON
has sorted keys, no spaces, UTF-8, sets as sorted lists, times in UTC with milliseconds. The first entry follows
``GENESIS``.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from shared.domain.model import LicenceState
from shared.domain.operation import Actor

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One user's change. ``seat_change`` and ``price`` (a month, in ``currency``) go by part number.

    ``part_numbers`` names the SKUs of ``before``, ``after`` and ``seat_change`` by SKU id, ``plan_names`` the service
    plans by plan id, so that an entry can be read when the catalogue has moved on. Sequence and hashes are given by
    ``chain``.
    """

    tenant_id: str
    at: datetime
    actor: Actor
    operation_id: str
    user_id: str
    user_principal_name: str
    before: LicenceState
    after: LicenceState
    action: str = "change"
    seat_change: Mapping[str, int] = field(default_factory=dict[str, int])
    price: Mapping[str, float] = field(default_factory=dict[str, float])
    currency: str | None = None
    request_id: str | None = None
    reason: str | None = None
    part_numbers: Mapping[str, str] = field(default_factory=dict[str, str])
    plan_names: Mapping[str, str] = field(default_factory=dict[str, str])
    sequence: int = 0
    previous_hash: str = ""
    hash: str = ""


@dataclass(frozen=True, slots=True)
class MarkedEntries:
    """The entries of one write of an operation; its mark is recorded once, whoever brings it."""

    operation_id: str
    mark: str
    entries: tuple[AuditEntry, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a tenant's chain; ``at`` is the latest time of any entry."""

    sequence: int = 0
    hash: str = GENESIS
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head as it was copied, at ``at``, to a place that the tables' writers cannot change."""

    tenant_id: str
    sequence: int
    hash: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a check has come: the last entry that was found as recorded, and the latest anchor that agrees."""

    sequence: int = 0
    hash: str = GENESIS
    anchored_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of a chain found.

    ``first_broken`` is the first sequence at which the chain is not what was recorded; for a chain that was computed
    anew from some entry on it is the first anchored entry that differs. ``anchored_at``: the latest anchor that the
    chain agrees with. ``unfinished``: no fault was found up to ``reached``, from where the check must go on.
    """

    status: Literal["intact", "broken", "empty", "unfinished"]
    entries: int
    first_broken: int | None = None
    anchored_at: datetime | None = None
    reached: Reached | None = None


def timestamp(at: datetime) -> str:
    """A time as the chain writes it: UTC, milliseconds."""
    if at.tzinfo is None:
        raise ValueError(f"an audit time needs a zone: {at!r}")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _state(state: LicenceState) -> dict[str, object]:
    return {
        "assignments": [
            {"skuId": a.sku_id, "disabledPlans": sorted(a.disabled_plans), "groupId": a.group_id, "error": a.error}
            for a in state.assignments
        ],
        "usageLocation": state.usage_location,
    }


def canonical(entry: AuditEntry) -> bytes:
    """The entry without its hashes, as it is hashed."""
    value: dict[str, object] = {
        "sequence": entry.sequence,
        "tenantId": entry.tenant_id,
        "at": timestamp(entry.at),
        "actor": {"id": entry.actor.id, "name": entry.actor.name},
        "operationId": entry.operation_id,
        "userId": entry.user_id,
        "userPrincipalName": entry.user_principal_name,
        "action": entry.action,
        "before": _state(entry.before),
        "after": _state(entry.after),
        "seatChange": dict(entry.seat_change),
        "price": {sku: float(price) for sku, price in entry.price.items()},
        "currency": entry.currency,
        "requestId": entry.request_id,
        "reason": entry.reason,
        "partNumbers": dict(entry.part_numbers),
        "planNames": dict(entry.plan_names),
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def entry_hash(entry: AuditEntry) -> str:
    """The hash the entry must carry, in hex."""
    return hashlib.sha256(entry.previous_hash.encode() + canonical(entry)).hexdigest()


def chain(head: Head, entries: Iterable[AuditEntry]) -> tuple[list[AuditEntry], Head]:
    """The entries with sequence and hashes, following ``head``, and the new head; times are cut to milliseconds."""
    chained: list[AuditEntry] = []
    for entry in entries:
        at = datetime.fromisoformat(timestamp(entry.at))
        linked = replace(entry, at=at, sequence=head.sequence + 1, previous_hash=head.hash, hash="")
        linked = replace(linked, hash=entry_hash(linked))
        head = Head(linked.sequence, linked.hash, max(at, head.at or at))
        chained.append(linked)
    return chained, head


class ChainCheck:
    """Checks a chain entry by entry, in the order of their rows, so that it needs no room for all of them.

    ``begin`` is where an earlier check stopped: the next entry added is the one after it.
    """

    def __init__(self, tenant_id: str, anchors: Iterable[Anchor] = (), begin: Reached | None = None) -> None:
        begin = begin or Reached()
        self.tenant_id = tenant_id
        self.read = begin.sequence
        self.first_broken: int | None = None
        self._last = Head(begin.sequence, begin.hash)
        self._anchored_at = begin.anchored_at
        self._anchors: dict[int, list[Anchor]] = defaultdict(list)
        for anchor in anchors:
            if anchor.tenant_id == tenant_id and anchor.sequence:
                self._anchors[anchor.sequence].append(anchor)
        self._furthest = max(self._anchors, default=0)

    def add(self, entry: AuditEntry | None) -> None:
        """Check the next entry; None for a row that cannot be read as one."""
        self.read += 1
        if self.first_broken is not None:
            return
        expected = self._last.sequence + 1
        if entry is None or not self._follows(entry, expected):
            self.first_broken = expected
            return
        self._last = Head(expected, entry.hash)
        anchors = self._anchors.get(expected, ())
        if any(anchor.hash != entry.hash for anchor in anchors):
            self.first_broken = expected
            return
        for anchor in anchors:
            self._anchored_at = max(anchor.at, self._anchored_at or anchor.at)

    def _follows(self, entry: AuditEntry, expected: int) -> bool:
        return (
            entry.sequence == expected
            and entry.tenant_id == self.tenant_id
            and entry.previous_hash == self._last.hash
            and entry.hash == entry_hash(entry)
        )

    def interrupt(self) -> Verification:
        """What is known before all entries were added: a fault, or where to go on."""
        if self.first_broken is not None:
            return self._broken(self.first_broken)
        reached = Reached(self._last.sequence, self._last.hash, self._anchored_at)
        return Verification("unfinished", self.read, None, self._anchored_at, reached)

    def finish(self, head: Head | None) -> Verification:
        """The verdict, once all entries were added; ``head`` as the table has it, None where it has none."""
        end = head or Head()
        if self.first_broken is None and self._furthest > self._last.sequence:
            self.first_broken = self._last.sequence + 1
        if self.first_broken is None and (end.sequence, end.hash) != (self._last.sequence, self._last.hash):
            self.first_broken = min(end.sequence, self._last.sequence) + 1
        if self.first_broken is not None:
            return self._broken(self.first_broken)
        return Verification("intact" if self.read else "empty", self.read, None, self._anchored_at)

    def _broken(self, sequence: int) -> Verification:
        return Verification("broken", self.read, sequence, self._anchored_at)


def check(
    tenant_id: str, entries: Iterable[AuditEntry | None], head: Head | None, anchors: Iterable[Anchor] = ()
) -> Verification:
    """Check a whole chain, its entries in order, against its head and its anchors."""
    checking = ChainCheck(tenant_id, anchors)
    for entry in entries:
        checking.add(entry)
    return checking.finish(head)
