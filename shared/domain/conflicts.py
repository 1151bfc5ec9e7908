"""Service plans that exclude or need each other, as far as it can be foretold.

Microsoft publishes no list of them: only what its documents or real errors name stands here, and Graph has the last
word. The sizes of Exchange and SharePoint no longer exclude each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.domain.enabled import enabled_plans
from shared.domain.mailbox import MAILBOX_PLANS
from shared.domain.model import Assignment, Conflict, LicenceState, OnConflict, Sku

EXCLUSIVE: Final = (("TEAMS1", "TEAMS_FREE"),)
"""Pairs of which only one can be on: Microsoft's own example of plans that Graph refuses together. On such errors:
https://learn.microsoft.com/entra/identity/users/licensing-groups-resolve-problems"""

NEEDS: Final[Mapping[str, frozenset[str]]] = {
    "MCOEV": frozenset({"MCOSTANDARD", "TEAMS1"}),
    "SHAREPOINT_PROJECT": frozenset({"SHAREPOINTENTERPRISE"}),
    "THREAT_INTELLIGENCE": MAILBOX_PLANS,
}
"""What a service plan needs beside it, any one of them: seen in the errors that Graph gives.
https://learn.microsoft.com/entra/identity/users/licensing-groups-resolve-problems"""

EXCLUSIVE_NAMES: Final = frozenset(name for pair in EXCLUSIVE for name in pair)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The state that is left to reach, the conflicts that were met, and the SKUs left out because of them."""

    after: LicenceState
    conflicts: tuple[Conflict, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Clash:
    """A pair of plans, and the direct licence that brings one of them in."""

    pair: tuple[str, str]
    licence: Assignment
    plan_id: str


def resolve(
    before: LicenceState,
    after: LicenceState,
    touched: Sequence[str],
    given_up: Mapping[str, Sequence[str]],
    skus: Mapping[str, Sku],
    on_conflict: OnConflict,
) -> Resolved:
    """Take the foreseeable conflicts out of what a user would hold.

    What clashed before the change is not ours to mend. With ``skip`` the licence that brings a clash in stays as it
    was, and with it the SKUs ``given_up`` for it; with ``disableConflictingPlans`` the plan is off in that licence,
    where it can be switched per user.

    Args:
        before: what the user holds.
        after: what the user would hold.
        touched: the SKUs whose direct assignment may differ, the first wanted first: of two that clash it stays.
        given_up: SKUs that go because another comes, by that one's id.
        skus: the tenant's SKUs by id.
        on_conflict: what to do.
    """
    conflicts: list[Conflict] = []
    left_out: list[str] = []
    while (clash := _first_clash(before, after, touched, skus)) is not None:
        licence = clash.licence
        conflicts.append(Conflict(clash.pair, on_conflict))
        if on_conflict == "skip" or clash.plan_id not in skus[licence.sku_id].user_plan_ids:
            left_out.append(licence.sku_id)
            for sku_id in (licence.sku_id, *given_up.get(licence.sku_id, ())):
                after = after.with_direct(sku_id, before.direct(sku_id))
        else:
            narrowed = replace(licence, disabled_plans=licence.disabled_plans | {clash.plan_id})
            after = after.with_direct(licence.sku_id, narrowed)
    return Resolved(after, tuple(conflicts), tuple(left_out))


def _first_clash(
    before: LicenceState, after: LicenceState, touched: Sequence[str], skus: Mapping[str, Sku]
) -> _Clash | None:
    """The first pair that is on together and was not before, with the last licence that brings the wrong one in.

    Of two plans that both come in, the one stays that is wanted first, however many licences bring them.
    """
    was_on = enabled_plans(before, skus, EXCLUSIVE_NAMES)
    on = enabled_plans(after, skus, EXCLUSIVE_NAMES)
    for pair in EXCLUSIVE:
        news = [name for name in pair if name not in was_on]
        if not news or not on.issuperset(pair):
            continue
        bringing: list[tuple[str, Assignment, str]] = []
        for sku_id in touched:
            licence = after.direct(sku_id)
            for name in news:
                plan_id = skus[sku_id].id_of.get(name) if licence and sku_id in skus else None
                if licence and plan_id and plan_id not in licence.disabled_plans:
                    bringing.append((name, licence, plan_id))
        wrong = [each for each in bringing if len(news) == 1 or each[0] != bringing[0][0]]
        if wrong:
            _, licence, plan_id = wrong[-1]
            return _Clash(pair, licence, plan_id)
    return None
