"""What a plan does to a tenant, before it is done: users, seats, money, conflicts, and what somebody should know.

`Impacts` takes the decisions chunk by chunk and keeps counts and a few samples, so a plan of any size fits.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.domain.codes import ResultCode
from shared.domain.effects import Warn
from shared.domain.model import Change, Conflict, Decision, Sku
from shared.domain.prices import Cost, PriceBook, SeatCount, cost

MAX_SAMPLE: Final = 5
"""Principal names shown of those whom something concerns."""
MAX_CONFLICTS: Final = 100
"""Conflicts of a tenant that are listed; all of them are counted."""
GROUP_SIZE: Final = 500
"""From so many users of one group on the group itself had better carry the licence."""


class PlanWarning(StrEnum):
    """What a reviewer should know of a whole plan; what single users bring is ``shared.domain.effects.Warn``."""

    UNASSIGNABLE_SKU = "UnassignableSku"
    REPLICATION_LAG = "ReplicationLag"
    GROUP_BASED_LICENSING = "GroupBasedLicensing"


MESSAGES: Final[Mapping[str, str]] = {
    Warn.MAILBOX_LOSS: (
        "These users lose their last Exchange plan: a mailbox is kept for 30 days and then deleted with its mail."
        " Convert it to a shared mailbox first, or give a licence with Exchange in the same operation."
    ),
    Warn.ONEDRIVE_LOSS: (
        "These users lose their last SharePoint or OneDrive plan: they can no longer work in their OneDrive, and the"
        " tenant's retention decides what becomes of the files."
        " Hand the files over within 30 days, or keep a plan with OneDrive."
    ),
    Warn.DEPENDENT_ADD_ON: (
        "These users keep an add-on whose base licence goes: Graph may refuse the change, or the add-on stops working."
        " Remove the add-on as well, or replace the base licence in the same operation."
    ),
    Warn.DEPENDENCY_MISSING: (
        "A service plan of these users needs another one that they will not have: Graph may refuse the change."
        " Assign the licence that brings it as well, or disable the dependent plan."
    ),
    Warn.PROXY_ADDRESS_CHANGE: (
        "These users gain or lose an Exchange plan: Microsoft 365 computes their mail addresses anew, and they may"
        " change. Note the addresses that matter, and look at them afterwards."
    ),
    PlanWarning.UNASSIGNABLE_SKU: (
        "These SKUs cannot be given to users: they are the company's, or the subscription is missing or has run out."
        " Leave them out of the request, or renew the subscription."
    ),
    PlanWarning.REPLICATION_LAG: (
        "These users were changed moments ago, and the directory may not show it yet: what this app wrote itself"
        " was counted in. Look again in a minute if somebody else changes them too."
    ),
    PlanWarning.GROUP_BASED_LICENSING: (
        "All these users come from one group, and who joins it later will not get the licences."
        " Think of assigning them to the group itself (group-based licensing), which serves who joins and leaves."
    ),
}
"""What each warning says: what happens, then what to do about it."""


@dataclass(frozen=True, slots=True)
class Found:
    """How many of a tenant something concerns; ``sample`` names some of them."""

    code: str
    count: int
    sample: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SkuImpact:
    """What becomes of a SKU's seats; ``total`` is enabled + warning, ``before`` and ``after`` are assigned seats."""

    sku: str
    """Part number; the id where the tenant no longer subscribes to it."""
    sku_id: str
    total: int
    before: int
    after: int
    frees: int = 0
    """Seats that the plan frees; with ``change`` it says how many it takes."""

    @property
    def change(self) -> int:
        """Seats taken less seats freed."""
        return self.after - self.before

    @property
    def available_after(self) -> int:
        """Seats that are left, never below zero."""
        return max(0, self.total - self.after)

    @property
    def shortfall(self) -> int:
        """Seats that are needed and not there; a plan that takes none lacks none, even of a SKU given out too often."""
        return max(0, self.change + self.frees - max(0, self.total - self.before + self.frees))


@dataclass(frozen=True, slots=True)
class UserConflict:
    """A conflict with the user whom it concerns."""

    user_principal_name: str
    conflict: Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a frozen plan does to one tenant."""

    tenant_id: str
    users_affected: int = 0
    users_unchanged: int = 0
    users_skipped: tuple[Found, ...] = ()
    """By code: those for whom nothing will be done although something was asked."""
    excluded: tuple[Found, ...] = ()
    """By code: those who are not part of the selection."""
    licences: tuple[SkuImpact, ...] = ()
    """Every SKU that the plan touches, also where only service plans change."""
    cost: Cost | None = None
    conflicts: tuple[UserConflict, ...] = ()
    """The first ``MAX_CONFLICTS`` of ``conflicts_total``."""
    conflicts_total: int = 0
    warnings: tuple[Found, ...] = ()

    @property
    def users_selected(self) -> int:
        """Everybody of the selection: affected, unchanged and skipped (Invariant 9)."""
        return self.users_affected + self.users_unchanged + sum(each.count for each in self.users_skipped)


class Tally:
    """Counts by code with the first few names of each."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._samples: defaultdict[str, list[str]] = defaultdict(list)

    def note(self, code: str, count: int, names: Iterable[str] = ()) -> None:
        """Count so many more; of ``names`` as many are kept as there is room for."""
        self._counts[code] += count
        sample = self._samples[code]
        sample += [name for name, _ in zip(names, range(MAX_SAMPLE - len(sample)), strict=False)]

    def found(self) -> tuple[Found, ...]:
        """What was counted, the most frequent first."""
        ranked = sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))
        return tuple(Found(code, n, tuple(self._samples[code])) for code, n in ranked if n)


class Impacts:
    """Adds up what the decisions on one tenant's users come to; ``skus`` are the tenant's, by id, with their seats."""

    def __init__(self, tenant_id: str, skus: Mapping[str, Sku]) -> None:
        self._tenant_id = tenant_id
        self._skus = skus
        self._affected = self._unchanged = self._conflicts_total = 0
        self._skipped, self._warnings = Tally(), Tally()
        self._conflicts: list[UserConflict] = []
        self._touched: set[str] = set()
        self._barred: set[str] = set()
        self._moves: Counter[str] = Counter()
        self._frees: Counter[str] = Counter()

    def add(self, decisions: Iterable[Decision]) -> None:
        """Take in some more decisions; each user's once."""
        for decision in decisions:
            self._add(decision)

    def result(
        self,
        *,
        excluded: Mapping[str, int] | None = None,
        excluded_samples: Mapping[str, Sequence[str]] | None = None,
        prices: PriceBook | None = None,
        recent: int = 0,
        by_group: bool = False,
    ) -> Impact:
        """What was taken in so far comes to this.

        Args:
            excluded: users that are not part of the selection, by code.
            excluded_samples: principal names of some of them, by code.
            prices: the tenant's price book; without one there is no cost.
            recent: users whose state comes from our own writes within the replication horizon.
            by_group: whether one group selects the users of an assignment, and no row wishes anything of its own.
        """
        warnings = Tally()
        for found in self._warnings.found():
            warnings.note(found.code, found.count, found.sample)
        barred = sorted(self._skus[sku_id].part_number if sku_id in self._skus else sku_id for sku_id in self._barred)
        warnings.note(PlanWarning.UNASSIGNABLE_SKU, len(barred), barred)
        warnings.note(PlanWarning.REPLICATION_LAG, recent)
        if by_group and self._affected >= GROUP_SIZE:
            warnings.note(PlanWarning.GROUP_BASED_LICENSING, self._affected)
        out = Tally()
        for code, count in (excluded or {}).items():
            out.note(code, count, (excluded_samples or {}).get(code, ()))
        seats = self._seats()
        return Impact(
            tenant_id=self._tenant_id,
            users_affected=self._affected,
            users_unchanged=self._unchanged,
            users_skipped=self._skipped.found(),
            excluded=out.found(),
            licences=tuple(each for each in seats if each.sku_id in self._touched),
            cost=prices and cost(prices, (SeatCount(each.sku, each.total, each.before, each.after) for each in seats)),
            conflicts=tuple(self._conflicts),
            conflicts_total=self._conflicts_total,
            warnings=warnings.found(),
        )

    def _add(self, decision: Decision) -> None:
        name = decision.user_principal_name
        match decision.status:
            case "change":
                self._affected += 1
            case "unchanged":
                self._unchanged += 1
            case "skipped":
                self._skipped.note(decision.code or "", 1, (name,))
        if decision.change is not None:
            self._move(decision.change)
        self._barred.update(each.sku_id for each in decision.skipped_licences if each.code == ResultCode.SKU_NOT_FOUND)
        for code in dict.fromkeys(decision.warnings):
            self._warnings.note(code, 1, (name,))
        self._conflicts_total += len(decision.conflicts)
        for conflict in decision.conflicts[: MAX_CONFLICTS - len(self._conflicts)]:
            self._conflicts.append(UserConflict(name, conflict))

    def _move(self, change: Change) -> None:
        self._touched |= change.sku_ids
        for sku_id, delta in change.seat_change().items():
            self._moves[sku_id] += delta
            self._frees[sku_id] += delta < 0

    def _seats(self) -> list[SkuImpact]:
        """The seats of all SKUs, by part number.

        At least those are assigned that the plan frees, whatever a count says that lags; of a SKU that users hold and
        the tenant no longer lists nothing else is known.
        """
        skus = {**{sku_id: Sku(sku_id, sku_id) for sku_id in self._touched}, **self._skus}
        seats: list[SkuImpact] = []
        for sku in sorted(skus.values(), key=lambda sku: (sku.part_number, sku.id)):
            before = max(sku.consumed, self._frees[sku.id])
            after = before + self._moves[sku.id]
            total = sku.enabled + sku.warning
            seats.append(SkuImpact(sku.part_number, sku.id, total, before, after, self._frees[sku.id]))
        return seats
