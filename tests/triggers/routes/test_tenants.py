"""Registering tenants: the directory itself says what a tenant is."""

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.operation import Operation, Status
from shared.domain.schedule import done
from shared.domain.states import settle
from tests.support.samples import NOON, schedule
from tests.support.simulator import SimulatedTenant, Simulator
from tests.triggers.conftest import FOREIGN, GOLD, GOLD_ADMIN, OPERATOR, Api, assign_body


async def test_a_tenant_is_registered_by_a_real_call_and_changed_in_part(api: Api, contoso: SimulatedTenant) -> None:
    """201 with what the directory says; a second PUT is 200 and leaves alone what it does not name."""
    first = await api.send("PUT", f"tenants/{contoso.id.upper()}", {"tags": ["gold"], "defaultUsageLocation": "CH"})
    second = await api.send("PUT", "tenants/Contoso.com", {"enabled": False})

    assert first.status == 201
    assert first.headers["Location"].endswith(f"/tenants/{contoso.id}")
    assert first.json["displayName"] == "Contoso"
    assert "contoso.com" in first.json["domains"]
    assert first.json["consent"] == "granted"
    assert second.status == 200
    assert second.json == first.json | {"enabled": False}
    assert (await api.send("GET", f"tenants/{contoso.id}")).json == second.json


async def test_a_new_domain_leads_to_the_tenant_that_is_registered(api: Api, simulator: Simulator) -> None:
    """A domain that was verified since names the same tenant, which keeps its tags."""
    tenant = simulator.load(domains=["old.example"])
    await api.send("PUT", f"tenants/{tenant.id}", {"tags": ["gold"]})
    simulator.load(tenant.id, domains=["old.example", "new.example"])
    answer = await api.send("PUT", "tenants/new.example", {"drops": ["assign"]})

    assert (answer.status, answer.json["tenantId"]) == (200, tenant.id)
    assert (answer.json["tags"], answer.json["drops"]) == (["gold"], ["assign"])
    assert answer.json["domains"] == ["old.example", "new.example"]


async def test_a_default_location_can_be_taken_away(api: Api, registered: str) -> None:
    """Null is a value here, absence is not."""
    await api.send("PUT", f"tenants/{registered}", {"defaultUsageLocation": "CH"})

    kept = await api.send("PUT", f"tenants/{registered}", {})
    taken = await api.send("PUT", f"tenants/{registered}", {"defaultUsageLocation": None})

    assert kept.json["defaultUsageLocation"] == "CH"
    assert taken.json["defaultUsageLocation"] is None


async def test_a_tenant_that_was_read_can_be_put_back(api: Api, registered: str) -> None:
    """GET and PUT speak of the same thing."""
    read = await api.send("GET", f"tenants/{registered}")

    assert (await api.send("PUT", f"tenants/{registered}", read.json)).json == read.json
    other = await api.send("PUT", f"tenants/{registered}", read.json | {"tenantId": FOREIGN})
    assert other.status == 422
    assert set(other.pointers) == {"/tenantId"}


async def test_without_consent_it_is_registered_as_such(api: Api, simulator: Simulator) -> None:
    """Trap 28: missing consent is a state that is shown, not an empty directory."""
    tenant = simulator.load(displayName="Closed")
    tenant.fault("GET /organization", "403")
    answer = await api.send("PUT", f"tenants/{tenant.id}", {})

    assert answer.status == 201
    assert answer.json["consent"] == "missing"


async def test_a_directory_that_does_not_answer_registers_nothing(api: Api, contoso: SimulatedTenant) -> None:
    """Trap 28: a failure that may pass is a 503, not a state of the tenant."""
    contoso.fault("GET /organization", "503")
    answer = await api.send("PUT", f"tenants/{contoso.id}", {})

    assert answer.status == 503
    assert (await api.send("GET", "tenants")).json["value"] == []


@pytest.mark.parametrize("body", [{"name": "x"}, {"tags": "gold"}, {"defaultUsageLocation": "ch"}, {"drops": ["all"]}])
async def test_a_wrong_field_is_refused(api: Api, contoso: SimulatedTenant, body: dict[str, object]) -> None:
    """400 with a pointer, and nothing is registered."""
    answer = await api.send("PUT", f"tenants/{contoso.id}", body)

    assert answer.status == 400
    assert next(iter(answer.pointers)).startswith(f"/{next(iter(body))}")


async def test_what_a_tenant_subscribes_to_is_read_now(api: Api, registered: str, contoso: SimulatedTenant) -> None:
    """Seats, friendly name and service plans; pages as every list has them."""
    answer = await api.send("GET", f"tenants/{registered}/licenses", top="1")
    rest = await api.send("GET", answer.json["nextLink"].removeprefix("https://app.test/api"))
    (e3,), (e5,) = answer.json["value"], rest.json["value"]

    assert (e3["sku"], e3["name"], e3["total"], e3["warning"]) == ("SPE_E3", "Microsoft 365 E3", 10, 1)
    assert (e3["assigned"], e3["available"], e3["price"], e3["currency"]) == (1, 10, 39.0, "USD")
    assert e5["sku"] == "SPE_E5"
    assert {"name", "id", "appliesTo"} == set(e5["servicePlans"][0])
    assert rest.json["nextLink"] is None


async def test_a_sku_with_one_seat_left_or_none_is_still_listed(api: Api, simulator: Simulator) -> None:
    """Trap 40: who picks a SKU sees the last seat, and that there is none; suspended ones do not count."""
    held = [{"skuId": sku} for sku in ("SPE_E3", "SPE_E5", "POWER_BI_PRO")]
    users = [{"userPrincipalName": f"u{n}@few.example", "usageLocation": "CH", "licenses": held} for n in range(2)]
    tenant = simulator.load(
        skus=[
            {"skuPartNumber": "SPE_E3", "enabled": 3},
            {"skuPartNumber": "SPE_E5", "enabled": 2, "suspended": 5},
            {"skuPartNumber": "POWER_BI_PRO", "enabled": 2, "warning": 1},
        ],
        users=users,
    )
    await api.send("PUT", f"tenants/{tenant.id}", {})
    answer = await api.send("GET", f"tenants/{tenant.id}/licenses")

    assert {each["sku"]: each["available"] for each in answer.json["value"]} == {
        "SPE_E3": 1,
        "SPE_E5": 0,
        "POWER_BI_PRO": 1,
    }


async def test_seats_that_cannot_be_read_are_never_none_at_all(
    api: Api, registered: str, contoso: SimulatedTenant
) -> None:
    """Trap 28: a refusal is an error that names consent, never an empty list."""
    contoso.fault("GET /subscribedSkus", "403")
    answer = await api.send("GET", f"tenants/{registered}/licenses")

    assert answer.status == 409


async def test_tenants_are_listed_in_pages(api: Api, simulator: Simulator) -> None:
    """Every tenant once, the last page without a link; the link keeps the size of the page."""
    ids = sorted(simulator.load().id for _ in range(3))
    for each in ids:
        await api.send("PUT", f"tenants/{each}", {})

    first = await api.send("GET", "tenants", top="2")
    second = await api.send("GET", first.json["nextLink"].removeprefix("https://app.test/api"))

    assert "top=2" in first.json["nextLink"]
    assert [each["tenantId"] for each in first.json["value"] + second.json["value"]] == ids
    assert second.json["nextLink"] is None


async def test_a_tenant_outside_the_grants_does_not_exist(api: Api, registered: str) -> None:
    """Invariant 12: 404, the same as for one that nobody knows."""
    outside = await api.send("GET", f"tenants/{registered}", key=GOLD)
    unknown = await api.send("GET", "tenants/nobody.example", key=GOLD)
    licences = await api.send("GET", f"tenants/{registered}/licenses", key=GOLD)

    assert outside.status == unknown.status == licences.status == 404


async def test_a_tenant_is_taken_out_of_the_registry(api: Api, registered: str) -> None:
    """By any of its names, by an administrator who may see it; its domains lead nowhere then, and it can come back."""
    outside = await api.send("DELETE", f"tenants/{registered}", key=GOLD_ADMIN)
    forbidden = await api.send("DELETE", f"tenants/{registered}", key=OPERATOR)
    gone = await api.send("DELETE", "tenants/contoso.com")
    again = await api.send("DELETE", f"tenants/{registered}")

    assert (outside.status, forbidden.status, gone.status, again.status) == (404, 403, 204, 404)
    assert gone.body == b""
    assert (await api.send("GET", "tenants/contoso.com")).status == 404
    assert (await api.send("PUT", f"tenants/{registered}", {})).status == 201


@pytest.mark.parametrize("kind", ["assign", "preview"])
async def test_a_tenant_on_which_somebody_works_stays(api: Api, registered: str, kind: str) -> None:
    """409 that names the operations, until they have ended."""
    body: dict[str, Any] = assign_body(registered) | ({"operation": "assign"} if kind == "preview" else {})
    started = (await api.send("POST", kind, body, headers={"Prefer": "wait=0"})).json["id"]
    refused = await api.send("DELETE", f"tenants/{registered}")

    assert refused.status == 409
    assert started in refused.json["detail"]
    assert (await api.send("GET", f"tenants/{registered}")).status == 200

    def ended(now: Operation) -> Operation:
        return settle(replace(now, tenants=tuple(replace(p, status=Status.FAILED) for p in now.tenants)), NOON)

    await api.app.operations.change(started, ended)
    assert (await api.send("DELETE", f"tenants/{registered}")).status == 204


async def test_a_tenant_with_a_schedule_to_come_stays(api: Api, registered: str) -> None:
    """409 that names it, until it is done; those of other tenants do not matter."""
    await api.app.schedules.insert(schedule(id="foreign", tenants=(FOREIGN,)))
    await api.app.schedules.insert(schedule(id="own", tenants=(FOREIGN, registered)))
    refused = await api.send("DELETE", f"tenants/{registered}")

    assert refused.status == 409
    assert "own" in refused.json["detail"]
    assert "foreign" not in refused.json["detail"]
    await api.app.schedules.change("own", lambda found: done(found, None))
    assert (await api.send("DELETE", f"tenants/{registered}")).status == 204
