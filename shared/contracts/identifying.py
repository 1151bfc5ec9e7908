"""From the names in a body to ids, with a pointer to each that cannot be."""

from collections.abc import Collection, Mapping, Sequence
from typing import overload

from shared.catalogue import plan_of, unknown_plan
from shared.domain.mailbox import mailbox_plan_ids
from shared.domain.model import Sku
from shared.errors import Problem

MAX_PROBLEMS = 100
"""So many are told: who has more has one mistake many times."""
HINTS = 20
"""So many come with the nearest names, which take their time to find."""


class Ids:
    """Ids of the SKUs and service plans that a body names; what is wrong gathers in ``problems``."""

    def __init__(self, skus: Mapping[str, Sku], problems: list[Problem] | None = None) -> None:
        """Prepare; ``skus`` holds what each name of the body stands for."""
        self.problems: list[Problem] = [] if problems is None else problems
        self._skus = skus
        self._seen: dict[str, str] = {}

    def anew(self) -> "Ids":
        """For another list of the same body, in which the same SKUs may stand once more."""
        return Ids(self._skus, self.problems)

    def sku(self, name: str) -> str:
        """Id of a SKU."""
        return self._skus[name].id

    def sku_once(self, name: str, pointer: str) -> str:
        """Id of a SKU that may stand once only."""
        sku_id = self.sku(name)
        first = self._seen.setdefault(sku_id, pointer)
        if first != pointer:
            self.problems.append(Problem(pointer, f"{name} is the SKU of {first.removesuffix('/sku')} again"))
        return sku_id

    def differ(self, source: str, target: str, pointer: str) -> None:
        """Two SKUs that must not be the same."""
        if source == target:
            self.problems.append(Problem(pointer, "This is the SKU that it shall stand in for"))

    def stays(self, sku_id: str, leaving: Collection[str], pointer: str) -> None:
        """A SKU to give that must not be one of those that leave."""
        if sku_id in leaving:
            self.problems.append(Problem(pointer, "The same request takes this SKU away or swaps it for another one"))

    def mailbox(self, name: str, leaving: Collection[str], pointer: str) -> str:
        """Id of a SKU that must stay and have a mailbox; of one whose service plans nobody knows planning tells."""
        sku = self._skus[name]
        self.stays(sku.id, leaving, pointer)
        if sku.service_plans and not mailbox_plan_ids(sku):
            self.problems.append(Problem(pointer, f"{name} has no mailbox, so it cannot take the place of one"))
        return sku.id

    @overload
    def plans(self, sku_name: str, names: Sequence[str], pointer: str) -> tuple[str, ...]: ...
    @overload
    def plans(self, sku_name: str, names: None, pointer: str) -> None: ...
    @overload
    def plans(self, sku_name: str, names: Sequence[str] | None, pointer: str) -> tuple[str, ...] | None: ...

    def plans(self, sku_name: str, names: Sequence[str] | None, pointer: str) -> tuple[str, ...] | None:
        """Ids of service plans of a SKU, each once; None where none are named."""
        if names is None:
            return None
        sku, found = self._skus[sku_name], dict[str, None]()
        for n, name in enumerate(names):
            plan = plan_of(sku, name)
            if plan is None:
                if len(self.problems) < MAX_PROBLEMS:
                    detail = unknown_plan(sku, name, hints=len(self.problems) < HINTS)
                    self.problems.append(Problem(f"{pointer}/{n}", detail))
            else:
                found[plan.id] = None
        return tuple(found)
