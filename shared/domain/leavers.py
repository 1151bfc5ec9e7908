"""Who has left: users to whom a schedule gave licences, and who are no longer selected.

Rules, in order:

1. Only what the schedule's own runs gave counts: a SKU that was not held directly before.
2. Whoever is selected now, or left out only because the account is disabled, has not left; nor has one who is named
   by a principal name of before, which nobody has now.
3. Right before the licences go the selection is read again; who is in it by then keeps them.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from shared.domain.codes import ResultCode, TenantErrorCode
from shared.domain.model import Decision, Sku, User
from shared.domain.operation import Outcome, Status, TenantPart
from shared.domain.planning import skip
from shared.domain.remove import RemoveRequest
from shared.domain.selection import NamedUser, RowLicence, Wish

GONE = frozenset({None, ResultCode.LICENSE_NOT_ASSIGNED, ResultCode.USER_NOT_FOUND, ResultCode.INHERITED_FROM_GROUP})
"""Codes of outcomes after which a user has nothing left of what the schedule gave."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a user has by a schedule: SKUs, and the principal name when they were given."""

    sku_ids: frozenset[str] = frozenset()
    name: str = ""


def given(outcome: Outcome) -> Given:
    """The SKUs that the user has by this outcome and did not hold directly before."""
    name = outcome.user_principal_name
    if outcome.code is not None or outcome.before is None:
        return Given(name=name)
    return Given(frozenset(each.sku_id for each in outcome.added if outcome.before.direct(each.sku_id) is None), name)


def told_who_is_selected(part: TenantPart) -> bool:
    """Whether the run has found out who is selected in this tenant: what could not be read makes nobody a leaver."""
    if part.status is Status.CANCELLED:
        return False
    return part.error is None or part.error.code == TenantErrorCode.EMPTY_SELECTION


def leavers(had: Mapping[str, Given], selected: Container[str], disabled: Container[str]) -> Iterable[NamedUser]:
    """Those of the users who were given licences who seem to have left, with the SKUs that go.

    ``selected`` has ids, and the casefolded names of those whom the selection names and nobody found.
    """
    for user_id, has in sorted(had.items(), key=lambda each: each[0]):
        if user_id not in selected and has.name.casefold() not in selected and user_id not in disabled:
            yield NamedUser(user_id, Wish(tuple(map(RowLicence, sorted(has.sku_ids))), with_request=False))


@dataclass(frozen=True, slots=True)
class LeaverRequest:
    """What is taken from users who have left; what that is comes with their wish."""

    remove: RemoveRequest
    selected: bool = True
    """Whether the user is part of the selection after all."""

    def for_wish(self, wish: Wish) -> Self:
        """The request for a user to whom the schedule gave this."""
        return replace(self, remove=self.remove.for_wish(wish), selected=wish.still_selected)

    def sku_ids(self, users: Iterable[User]) -> frozenset[str]:
        """The SKUs of the remove."""
        return self.remove.sku_ids(users)

    def impossible(self, skus: Mapping[str, Sku]) -> str | None:
        """What makes the remove impossible now."""
        return self.remove.impossible(skus)

    def decide(self, index: int, user: User, skus: Mapping[str, Sku], group_names: Mapping[str, str]) -> Decision:
        """Decide whether one user loses the licences (see ``Planner``)."""
        if self.selected:
            why = "The user is part of the selection again, so the licences stay."
            return skip(index, user, ResultCode.DRIFTED, why)
        return self.remove.decide(index, user, skus, group_names)
