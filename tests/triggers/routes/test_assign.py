"""Starting an assign: what is refused, what is claimed, what a repeated key finds."""

import hashlib
import uuid

import pytest

from shared.contracts.names import RUN_OPERATION
from shared.contracts.requests import AssignBody
from shared.domain.caller import SYSTEM
from tests.support.simulator import SimulatedTenant, Simulator
from tests.triggers.conftest import E3, E5, FOREIGN, OPERATOR, Api, assign_body


async def test_a_started_operation_is_claimed_stored_and_started(api: Api, registered: str) -> None:
    """Trap 31: 202 at once with the operation and where to look; what runs is the normalised body."""
    body = assign_body("CONTOSO.com", reason="CHG-1", licenses=[{"sku": "Microsoft 365 E5"}])
    answer = await api.send("POST", "assign", body, key=OPERATOR)

    assert answer.status == 202
    told = answer.json
    assert answer.headers["Location"] == f"https://app.test/api/automation/bulk-licenses/operations/{told['id']}"
    assert int(answer.headers["Retry-After"]) > 0
    assert (told["type"], told["status"], told["reason"]) == ("assign", "queued", "CHG-1")
    assert told["createdBy"] == {"id": OPERATOR, "name": OPERATOR}
    assert [part["tenantId"] for part in told["tenants"]] == [registered]
    assert told["progress"] == told["tenants"][0]["progress"]
    assert (told["progress"]["total"], told["progress"]["percent"]) == (0, 0.0)

    claimed = await api.app.operations.get(SYSTEM, told["id"])
    stored = AssignBody.model_validate_json(await api.app.staging.get(claimed.request_sha))
    assert stored.targets[0].tenant == registered
    assert stored.licenses[0].sku == E5
    assert api.started == [(RUN_OPERATION, f"{told['id']}:1", {"operation": told["id"], "epoch": 1, "trace": None})]
    listed = await api.send("GET", "operations")
    assert [each["id"] for each in listed.json["value"]] == [told["id"]]
    assert (await api.send("GET", f"operations/{told['id']}")).json["status"] == "queued"


async def test_the_same_key_and_body_find_the_same_operation(api: Api, registered: str) -> None:
    """A caller that lost the answer asks again and starts nothing twice."""
    key = {"Idempotency-Key": "change 17"}
    first = await api.send("POST", "assign", assign_body(registered), headers=key)
    again = await api.send("POST", "assign", assign_body(registered), headers=key)

    assert (first.status, again.status) == (202, 200)
    assert again.json["id"] == first.json["id"]
    assert len(api.started) == 1


async def test_the_same_key_with_another_body_is_a_conflict(api: Api, registered: str) -> None:
    """409, also when the other body is wrong in itself."""
    key = {"Idempotency-Key": "change 17"}
    await api.send("POST", "assign", assign_body(registered), headers=key)
    other = await api.send("POST", "assign", assign_body(registered, licenses=[{"sku": "NOPE"}]), headers=key)

    assert other.status == 409
    assert len(api.started) == 1


async def test_keys_belong_to_their_callers(api: Api, registered: str) -> None:
    """Two callers may use the same key without meeting."""
    key = {"Idempotency-Key": "change 17"}
    one = await api.send("POST", "assign", assign_body(registered), headers=key)
    two = await api.send("POST", "assign", assign_body(registered), headers=key, key=OPERATOR)

    assert (one.status, two.status) == (202, 202)
    assert one.json["id"] != two.json["id"]


@pytest.mark.parametrize("key", ["", "   ", "k" * 257])
async def test_a_useless_key_is_refused(api: Api, registered: str, key: str) -> None:
    """An empty key would make every request the same one."""
    answer = await api.send("POST", "assign", assign_body(registered), headers={"Idempotency-Key": key})

    assert answer.status == 400


async def test_an_operation_that_could_not_be_started_is_claimed_all_the_same(api: Api, registered: str) -> None:
    """Its due row stands, so the sweeper starts it: the caller need not ask again."""
    api.takes_none = True
    answer = await api.send("POST", "assign", assign_body(registered))

    assert answer.status == 202
    assert (await api.app.operations.get(SYSTEM, answer.json["id"])).epoch == 1


@pytest.mark.parametrize("name", ["nobody.example", FOREIGN, "tag:gold"])
async def test_a_tenant_that_is_not_registered_is_refused_with_a_pointer(api: Api, registered: str, name: str) -> None:
    """422; no tenant is ever assumed."""
    targets = [assign_body(registered)["targets"][0], assign_body(name)["targets"][0]]
    answer = await api.send("POST", "assign", assign_body(registered, targets=targets))

    assert answer.status == 422
    assert set(answer.pointers) == {"/targets/1/tenant"}
    assert api.started == []


async def test_a_disabled_tenant_is_refused(api: Api, registered: str) -> None:
    """Somebody switched it off for a reason."""
    await api.send("PUT", f"tenants/{registered}", {"enabled": False})
    answer = await api.send("POST", "assign", assign_body(registered))

    assert answer.status == 422
    assert "disabled" in answer.pointers["/targets/0/tenant"]


async def test_two_entries_of_one_tenant_are_one_part(api: Api, registered: str) -> None:
    """Named by domain and by GUID it is worked on once."""
    targets = [assign_body(name)["targets"][0] for name in (registered, "contoso.com")]
    answer = await api.send("POST", "assign", assign_body(registered, targets=targets))

    assert [part["tenantId"] for part in answer.json["tenants"]] == [registered]


async def test_an_unknown_sku_is_refused_with_the_nearest(api: Api, registered: str) -> None:
    """422 with what was probably meant, for every one of them."""
    licences = [{"sku": "SPE_E55"}, {"sku": "SPE_E3"}, {"sku": "Ofice 365 E3"}]
    answer = await api.send("POST", "assign", assign_body(registered, licenses=licences))

    assert answer.status == 422
    assert set(answer.pointers) == {"/licenses/0/sku", "/licenses/2/sku"}
    assert "SPE_E5" in answer.pointers["/licenses/0/sku"]
    assert "ENTERPRISEPACK" in answer.pointers["/licenses/2/sku"]


async def test_a_plan_that_is_not_in_the_sku_is_refused_with_the_nearest(api: Api, registered: str) -> None:
    """Trap 3: not even a plan of another SKU of the same request."""
    licences = [{"sku": "SPE_E3", "disabledPlans": ["YAMMER_ENTERPRIS"]}]
    answer = await api.send("POST", "assign", assign_body(registered, licenses=licences))

    assert answer.status == 422
    assert "YAMMER_ENTERPRISE" in answer.pointers["/licenses/0/disabledPlans/0"]


async def test_a_sku_that_only_the_tenant_knows_is_found_there(api: Api, simulator: Simulator) -> None:
    """New products are on sale before any catalogue has them."""
    sku_id, plan_id = str(uuid.uuid4()), str(uuid.uuid4())
    plans = [{"servicePlanName": "NEW_PLAN", "servicePlanId": plan_id}]
    tenant = simulator.load(
        skus=[{"skuPartNumber": "NEW_PRODUCT", "skuId": sku_id, "enabled": 5, "servicePlans": plans}]
    )
    await api.send("PUT", f"tenants/{tenant.id}", {})
    licences = [{"sku": "new_product", "disabledPlans": ["new_plan"]}]
    answer = await api.send("POST", "assign", assign_body(tenant.id, licenses=licences))

    assert answer.status == 202
    claimed = await api.app.operations.get(SYSTEM, answer.json["id"])
    (licence,) = AssignBody.model_validate_json(await api.app.staging.get(claimed.request_sha)).licenses
    assert (licence.sku, licence.disabled_plans) == (sku_id, (plan_id,))


async def test_any_guid_may_be_a_sku(api: Api, registered: str) -> None:
    """Whether the tenant has it is for planning to tell."""
    answer = await api.send("POST", "assign", assign_body(registered, licenses=[{"sku": FOREIGN.upper()}]))

    assert answer.status == 202


async def test_an_unknown_sku_in_a_silent_tenant_is_not_judged(
    api: Api, registered: str, contoso: SimulatedTenant
) -> None:
    """Trap 28: what could not be read is no reason to call a name wrong; known names need no reading."""
    contoso.fault("GET /subscribedSkus", "503")
    unknown = await api.send("POST", "assign", assign_body(registered, licenses=[{"sku": "NEW_PRODUCT"}]))
    known = await api.send("POST", "assign", assign_body(registered))

    assert unknown.status == 503
    assert int(unknown.headers["Retry-After"]) > 0
    assert known.status == 202


async def test_an_unknown_sku_without_consent_is_judged_by_the_catalogue(
    api: Api, registered: str, contoso: SimulatedTenant
) -> None:
    """Waiting would not help, so the answer is not "come back later"."""
    contoso.fault("GET /subscribedSkus", "403")
    answer = await api.send("POST", "assign", assign_body(registered, licenses=[{"sku": "SPE_E55"}]))

    assert answer.status == 422


async def test_the_body_is_remembered_as_it_was_sent(api: Api, registered: str) -> None:
    """An idempotency key is compared by route and bytes."""
    data = b'{"targets":[{"tenant":"contoso.com","users":{"users":["a@contoso.com"]}}],"licenses":[{"sku":"SPE_E3"}]}'
    answer = await api.send("POST", "assign", data)

    claimed = await api.app.operations.get(SYSTEM, answer.json["id"])
    assert claimed.body_sha == hashlib.sha256(b"assign\n" + data).hexdigest()
    assert AssignBody.model_validate_json(await api.app.staging.get(claimed.request_sha)).licenses[0].sku == E3
