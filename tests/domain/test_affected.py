"""How many users may be changed without anybody having said how many there are."""

import pytest

from shared.domain.affected import UNCONFIRMED, counts, excess
from shared.domain.guards import Guards
from shared.domain.operation import OperationKind

KINDS: list[OperationKind] = ["assign", "remove", "modify", "transfer"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_means_all_tenants_needs_a_number_above_a_hundred(kind: OperationKind) -> None:
    """Whatever it does; the number that was found is the one to confirm."""
    everywhere = Guards(on_all=True)
    assert counts(everywhere, kind)
    assert excess(everywhere, kind, UNCONFIRMED) is None
    assert f"with confirm {UNCONFIRMED + 1}" in (excess(everywhere, kind, UNCONFIRMED + 1) or "")
    assert excess(Guards(on_all=True, confirm=500), kind, 500) is None
    assert "confirm says 500" in (excess(Guards(on_all=True, confirm=500), kind, 499) or "")


def test_named_tenants_need_one_for_a_removal_only() -> None:
    """Licences that are given can be taken back."""
    assert [excess(Guards(), kind, UNCONFIRMED + 1) is None for kind in KINDS] == [True, False, True, True]
    assert [counts(Guards(), kind) for kind in KINDS] == [False, True, False, False]
