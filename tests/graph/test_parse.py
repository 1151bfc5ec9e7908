"""Graph's JSON as our types."""

from typing import Any

import pytest

from shared.graph import parse
from shared.graph.parse import Unreadable

SKU = "05E9A617-0261-4CEE-BB44-138D3EF5D965"
GROUP = "AAAAAAAA-0000-4000-8000-000000000001"
PLAN = "57FF2DA0-773E-42DF-B2AF-FFB7A2317929"


def user_json(**more: Any) -> dict[str, Any]:
    """A user as Graph sends it."""
    return {
        "id": "AB000000-0000-4000-8000-000000000000",
        "userPrincipalName": "Ana@contoso.com",
        "displayName": "Ana",
        "accountEnabled": True,
        "userType": "Member",
        "usageLocation": "CH",
        "assignedLicenses": [],
        "licenseAssignmentStates": [],
        **more,
    }


def state(**more: Any) -> dict[str, Any]:
    """One element of ``licenseAssignmentStates``."""
    return {"skuId": SKU, "disabledPlans": [], "assignedByGroup": None, "state": "Active", "error": "None", **more}


def test_each_source_of_a_licence_is_an_assignment_of_its_own():
    """Trap 4: direct and inherited stay apart; ids are lower case whatever Graph prints."""
    user = parse.user(
        user_json(
            assignedLicenses=[{"skuId": SKU}],
            licenseAssignmentStates=[state(assignedByGroup=GROUP), state(disabledPlans=[PLAN])],
        )
    )

    assert user.id == "ab000000-0000-4000-8000-000000000000"
    direct = user.state.direct(SKU.lower())
    assert direct is not None
    assert direct.disabled_plans == {PLAN.lower()}
    assert [inherited.group_id for inherited in user.state.inherited(SKU.lower())] == [GROUP.lower()]


@pytest.mark.parametrize(
    ("error", "expected"),
    [(None, None), ("", None), ("None", None), ("Other", "Other"), ("Others", "Others"), ("Brand new", "Brand new")],
)
def test_licence_errors_are_kept_as_graph_names_them(error: str | None, expected: str | None):
    """Trap 23: null, empty and ``None`` are no error; unknown values must not crash."""
    states = [state(assignedByGroup=GROUP, state="Error", error=error)]

    user = parse.user(user_json(licenseAssignmentStates=states))

    assert user.state.assignments[0].error == expected


def test_an_active_licence_with_an_error_is_still_held():
    """``ActiveWithError`` keeps its seat and its services: it counts as held."""
    states = [state(assignedByGroup=GROUP, state="ActiveWithError", error="DependencyViolation")]

    user = parse.user(user_json(assignedLicenses=[{"skuId": SKU}], licenseAssignmentStates=states))

    assert user.state.holds(SKU.lower())


@pytest.mark.parametrize("states", [None, []])
def test_licences_without_their_states_are_not_guessed(states: list[Any] | None):
    """A licence whose source and plans are unknown raises; it is neither direct nor absent."""
    with pytest.raises(Unreadable, match=r"05e9a617.*licenseAssignmentStates"):
        parse.user(user_json(assignedLicenses=[{"skuId": SKU}], licenseAssignmentStates=states))


@pytest.mark.parametrize("missing", ["id", "userPrincipalName", "assignedLicenses"])
def test_a_user_of_whom_too_little_is_told_is_refused(missing: str):
    """An app that may list members but not read users gets objects full of nulls: that is an error, not a user."""
    with pytest.raises(Unreadable, match=missing):
        parse.user(user_json(**{missing: None}))


def test_the_default_domain_comes_first():
    """The default domain names the tenant, wherever it stands in Graph's list."""
    organization = parse.organization(
        {
            "id": GROUP,
            "displayName": "Contoso",
            "verifiedDomains": [
                {"name": "contoso.onmicrosoft.com", "isDefault": False},
                {"name": "Contoso.com", "isDefault": True},
            ],
        }
    )

    assert organization.domains == ("contoso.com", "contoso.onmicrosoft.com")
