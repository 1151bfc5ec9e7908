"""Selections by filter and licence: what is taken, what is refused, and what is stored."""

import json
from typing import Any

import pytest

from shared.catalogue import catalogue
from shared.contracts.selections import MAX_FILTER, ResolveBody, normalise_targets
from shared.domain.tenant import Tenant
from shared.errors import RequestRejected
from triggers.web.bodies import parsed

CONTOSO = Tenant(id="11111111-1111-4111-8111-111111111111", domains=("contoso.com",))
E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"


def body(users: Any, **more: Any) -> ResolveBody:
    """A body with one target."""
    return ResolveBody.model_validate_json(json.dumps({"targets": [{"tenant": "contoso.com", "users": users, **more}]}))


def faults(users: Any, **more: Any) -> dict[str, str]:
    """The faults of a body by pointer."""
    with pytest.raises(RequestRejected) as caught:
        parsed(ResolveBody, json.dumps({"targets": [{"tenant": "contoso.com", "users": users, **more}]}).encode())
    return {problem.pointer: problem.detail for problem in caught.value.problems}


def test_a_filter_is_kept_as_graph_takes_it() -> None:
    """What is stored and shown is what is asked."""
    assert body({"filter": ' department eq "R&D" '}).targets[0].users.filter == "department eq 'R&D'"


@pytest.mark.parametrize(
    ("users", "pointer"),
    [
        pytest.param({"filter": "a eq 1", "users": ["ana@contoso.com"]}, "/targets/0/users", id="filter and list"),
        pytest.param({"licensed": "SPE_E3", "group": {"id": "x"}}, "/targets/0/users", id="licence and group"),
        pytest.param({"filter": None}, "/targets/0/users", id="nothing"),
        pytest.param({"filter": " "}, "/targets/0/users/filter", id="blank filter"),
        pytest.param({"filter": 'a eq "b'}, "/targets/0/users/filter", id="unclosed quote"),
        pytest.param({"filter": "a eq 1) or (b eq 2"}, "/targets/0/users/filter", id="parentheses"),
        pytest.param({"filter": "a" * (MAX_FILTER + 1)}, "/targets/0/users/filter", id="too long"),
        pytest.param({"filter": '"' + "'" * 3_000 + '"'}, "/targets/0/users/filter", id="too long once doubled"),
        pytest.param({"licensed": ["SPE_E3"]}, "/targets/0/users/licensed", id="list of licences"),
    ],
)
def test_a_wrong_selection_is_refused_at_its_place(users: Any, pointer: str) -> None:
    """Exactly one kind, and a filter that can be read; the same inside an exclusion."""
    assert set(faults(users)) == {pointer}
    inside = faults({"users": ["ana@contoso.com"]}, exclude=users)
    assert set(inside) == {pointer.replace("/users", "/exclude", 1)}


def test_an_unclosed_quote_is_told_by_its_place() -> None:
    """Braces in a filter are no fields of the message."""
    assert 'quote " at character 9' in faults({"filter": '{a} eq {"b}'})["/targets/0/users/filter"]


@pytest.mark.parametrize(
    ("licensed", "stored"),
    [("SPE_E3", E3), ("microsoft 365 e3", E3), (E3.upper(), E3), ("none", "none"), ("None", "none")],
)
def test_a_licence_is_stored_by_its_id(licensed: str, stored: str) -> None:
    """Part number, name and GUID mean the same; ``none`` is no SKU. What is stored can be read again."""
    wanted = body({"licensed": licensed}, exclude={"licensed": licensed, "filter": "accountEnabled eq true"})
    skus = {each.name: sku for each in wanted.sku_names() if (sku := catalogue().find(each.name))}
    targets = normalise_targets(wanted.targets, {"contoso.com": [CONTOSO]}, skus)

    assert [target.users.licensed for target in targets] == [stored]
    again = ResolveBody.model_validate_json(ResolveBody(targets=targets).model_dump_json(exclude_none=True))
    assert again.targets == targets
    assert again.targets[0].exclude
    assert again.targets[0].exclude.licensed == stored


def test_the_skus_of_selections_are_told_with_their_places() -> None:
    """An unknown one is refused there; ``none`` is none."""
    wanted = body({"licensed": "SPE_E3"}, exclude={"licensed": "EMS"})

    assert [(each.pointer, each.name) for each in wanted.sku_names()] == [
        ("/targets/0/users/licensed", "SPE_E3"),
        ("/targets/0/exclude/licensed", "EMS"),
    ]
    assert list(body({"licensed": "none"}).sku_names()) == []
