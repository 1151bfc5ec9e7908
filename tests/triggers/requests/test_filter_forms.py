"""The forms of filters that people have in their notes, against the directory, as they are written there."""

import pytest

from tests.support.simulator import SimulatedTenant, Simulator
from tests.triggers.conftest import Api

FORMS = [
    ('department eq "Engineering"', "ada bob cleo"),
    ("department eq 'Engineering'", "ada bob cleo"),
    ("assignedLicenses/any()", "ada eve"),
    ("not assignedLicenses/any()", "bob cleo dan"),
    ('usageLocation eq "US"', "ada dan"),
    ("accountEnabled eq true", "ada bob dan eve"),
    ('department eq "Engineering" and accountEnabled eq true', "ada bob"),
    ('usageLocation eq "US" and (assignedLicenses/any() or department eq "Sales")', "ada dan"),
    ("onPremisesExtensionAttributes/extensionAttribute1 eq 'CC-100'", "bob"),
    ('onPremisesExtensionAttributes/extensionAttribute15 eq "O\'Brien"', "eve"),
    ('surname eq "O\'Brien" or displayName eq "R&D + #1/2?%"', "cleo"),
]


@pytest.fixture
async def people(api: Api, simulator: Simulator) -> SimulatedTenant:
    """Five people who differ in what the forms ask for."""
    tenant = simulator.load(
        domains=["forms.example"],
        skus=[{"skuPartNumber": "SPE_E3", "enabled": 9}],
        users=[
            _person("ada", department="Engineering", usageLocation="US", licenses=[{"skuId": "SPE_E3"}]),
            _person("bob", department="Engineering", extensionAttributes=["CC-100"]),
            _person("cleo", department="engineering", accountEnabled=False, displayName="R&D + #1/2?%"),
            _person("dan", department="Sales", usageLocation="US"),
            _person(
                "eve",
                licenses=[{"skuId": "SPE_E3"}],
                usageLocation="DE",
                extensionAttributes=[*[None] * 14, "O'Brien"],
            ),
        ],
    )
    assert (await api.send("PUT", f"tenants/{tenant.id}", {})).status == 201
    return tenant


def _person(name: str, **fields: object) -> dict[str, object]:
    return {"userPrincipalName": f"{name}@forms.example", **fields}


@pytest.mark.parametrize(("form", "expected"), FORMS)
async def test_a_form_works_as_it_is_written(api: Api, people: SimulatedTenant, form: str, expected: str) -> None:
    """Trap 28: it finds whom it says, in the search and as a selection; disabled ones are wanted here as well."""
    target = {"tenant": people.id, "users": {"filter": form}, "include": {"disabled": True}}
    searched = await api.send("GET", f"tenants/{people.id}/users", query={"filter": form})
    resolved = await api.send("POST", "selections/resolve", {"targets": [target]})

    assert (searched.status, resolved.status) == (200, 200)
    for found in (searched.json["value"], resolved.json["targets"][0]["sample"]):
        assert sorted(user["userPrincipalName"].partition("@")[0] for user in found) == expected.split()
