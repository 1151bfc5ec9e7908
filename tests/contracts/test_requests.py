"""The bodies of requests: what is taken, what is refused and where the fault is said to be."""

import json
from typing import Any

import pytest

from shared.catalogue import catalogue
from shared.contracts.requests import AssignBody, normalise
from shared.contracts.tenant_body import TenantBody
from shared.domain.tenant import Tenant
from shared.errors import RequestRejected
from triggers.web.bodies import parsed

CONTOSO = Tenant(id="11111111-1111-4111-8111-111111111111", domains=("contoso.com",))
E3, E5 = "05e9a617-0261-4cee-bb44-138d3ef5d965", "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
YAMMER = "7547a3fe-08ee-4ccb-b430-5077c5041653"


def assign_body(**changes: Any) -> dict[str, Any]:
    """A body that is right, with some fields replaced."""
    body: dict[str, Any] = {
        "targets": [{"tenant": "contoso.com", "users": {"users": ["ana@contoso.com"]}}],
        "licenses": [{"sku": "SPE_E5"}],
    }
    return body | changes


def faults(body: Any) -> dict[str, str]:
    """The faults of a body by pointer."""
    with pytest.raises(RequestRejected) as caught:
        parsed(AssignBody, json.dumps(body).encode())
    return {problem.pointer: problem.detail for problem in caught.value.problems}


def test_a_body_without_options_fails_on_too_few_seats_and_never_sets_a_location() -> None:
    """What is absent is the careful choice, and no country is assumed (Trap 17)."""
    body = AssignBody.model_validate_json(json.dumps(assign_body()))

    assert body.options.on_insufficient_licenses == "fail"
    assert body.options.on_conflict == "skip"
    assert body.usage_location is None
    assert not body.targets[0].include.guests
    assert not body.targets[0].include.disabled


TARGET = {"tenant": "contoso.com", "users": {"users": ["ana@contoso.com"]}}


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        pytest.param({"licenses": [{"sku": "SPE_E5"}]}, {"/targets"}, id="no targets"),
        pytest.param(assign_body(targets=[]), {"/targets"}, id="empty targets"),
        pytest.param(assign_body(licenses=[]), {"/licenses"}, id="empty licences"),
        pytest.param(assign_body(licenses=[{"sku": " "}]), {"/licenses/0/sku"}, id="blank sku"),
        pytest.param(assign_body(licenses=[{"sku": 5}]), {"/licenses/0/sku"}, id="number for text"),
        pytest.param(
            assign_body(licenses=[{"sku": "SPE_E5", "disabledPlans": ["A"], "enabledPlans": ["B"]}]),
            {"/licenses/0"},
            id="both plan lists",
        ),
        pytest.param(assign_body(targets=[TARGET | {"users": {}}]), {"/targets/0/users"}, id="empty selection"),
        pytest.param(
            assign_body(targets=[TARGET | {"users": {"users": ["a"], "group": {"id": "b"}}}]),
            {"/targets/0/users"},
            id="two selections",
        ),
        pytest.param(
            assign_body(targets=[TARGET | {"users": {"users": []}}]), {"/targets/0/users/users"}, id="nobody listed"
        ),
        pytest.param(
            assign_body(targets=[TARGET | {"users": {"users": ["ana@contoso.com", ""]}}]),
            {"/targets/0/users/users/1"},
            id="blank user",
        ),
        pytest.param(
            assign_body(targets=[TARGET | {"users": {"group": {"nested": True}}}]),
            {"/targets/0/users/group"},
            id="nameless group",
        ),
        pytest.param(
            assign_body(targets=[TARGET | {"users": {"group": {"id": "x", "nested": "yes"}}}]),
            {"/targets/0/users/group/nested"},
            id="text for boolean",
        ),
        pytest.param(assign_body(usageLocation={"value": "us"}), {"/usageLocation/value"}, id="small letters"),
        pytest.param(assign_body(usageLocation={"value": "UK"}), {"/usageLocation/value"}, id="no country"),
        pytest.param(assign_body(usageLocation="US"), {"/usageLocation"}, id="bare location"),
        pytest.param(
            assign_body(options={"onInsufficientLicenses": "some"}), {"/options/onInsufficientLicenses"}, id="option"
        ),
        pytest.param(assign_body(schedule={"name": "x"}, maxUsers=3), {"/schedule", "/maxUsers"}, id="unknown fields"),
        pytest.param(assign_body(usage_location={}), {"/usage_location"}, id="snake case"),
        pytest.param(assign_body(**{"a/b~c": 1}), {"/a~1b~0c"}, id="escaped pointer"),
        pytest.param([], {""}, id="no object"),
    ],
)
def test_a_wrong_body_is_refused_with_a_pointer_to_each_fault(body: Any, pointers: set[str]) -> None:
    """Every fault is named once, at its place (RFC 6901), and nothing else is."""
    assert set(faults(body)) == pointers


@pytest.mark.parametrize(
    ("body", "pointer", "says"),
    [
        (assign_body(usageLocation={"value": "Germany"}), "/usageLocation/value", "two capitals (ISO 3166), as US"),
        (assign_body(usageLocation={"value": "UK"}), "/usageLocation/value", "UK is no country code"),
        (
            assign_body(
                options={"window": {"days": ["sunday"], "from": "8:00", "to": "09:00", "timeZone": "Europe/Berlin"}}
            ),
            "/options/window/from",
            "A time of day as 22:00, not '8:00'",
        ),
    ],
)
def test_what_is_spelled_wrong_is_told_in_words(body: Any, pointer: str, says: str) -> None:
    """A person reads them: no regular expression, and the text that was sent."""
    assert says in faults(body)[pointer]


@pytest.mark.parametrize("body", [b'{"a" 1}', b"", b"\xff", b'{"targets": ['])
def test_malformed_json_is_refused_with_its_position(body: bytes) -> None:
    """A body that is no JSON is a 400 that says where it breaks."""
    with pytest.raises(RequestRejected) as caught:
        parsed(AssignBody, body)

    assert caught.value.status == 400
    assert "line 1" in str(caught.value)


def normalised(**changes: Any) -> AssignBody:
    """A body as the catalogue and one registered tenant normalise it."""
    body = AssignBody.model_validate_json(json.dumps(assign_body(**changes)))
    skus = {wanted.name: catalogue().find(wanted.name) for wanted in body.sku_names()}
    known = {name: sku for name, sku in skus.items() if sku}
    tenants = {target.tenant: [CONTOSO] for target in body.targets}
    return normalise(body, tenants, known)


def test_names_become_ids() -> None:
    """Trap 3: the engine gets GUIDs only, and a plan's id comes from the SKU that it was named for."""
    body = normalised(licenses=[{"sku": "microsoft 365 e5", "disabledPlans": ["yammer_enterprise", YAMMER.upper()]}])

    assert body.targets[0].tenant == CONTOSO.id
    assert body.licenses[0].sku == E5
    assert body.licenses[0].disabled_plans == (YAMMER,)
    assert body.licenses[0].enabled_plans is None


def test_a_plan_that_the_sku_does_not_contain_is_refused_with_the_nearest_names() -> None:
    """Trap 3: a plan of another SKU is never sent along."""
    with pytest.raises(RequestRejected) as caught:
        normalised(
            licenses=[{"sku": "POWER_BI_PRO", "enabledPlans": ["BI_AZURE_P2", "YAMMER_ENTERPRISE", "BI_AZURE_P"]}]
        )
    problems = {problem.pointer: problem.detail for problem in caught.value.problems}

    assert caught.value.status == 422
    assert set(problems) == {"/licenses/0/enabledPlans/1", "/licenses/0/enabledPlans/2"}
    assert "nearest: BI_AZURE_P2" in problems["/licenses/0/enabledPlans/2"]


def test_the_same_sku_under_two_names_is_refused() -> None:
    """Part number, name and GUID of one SKU are one SKU; two wishes for it contradict each other."""
    with pytest.raises(RequestRejected) as caught:
        normalised(licenses=[{"sku": "SPE_E3"}, {"sku": "SPE_E5"}, {"sku": E3.upper()}])

    assert [problem.pointer for problem in caught.value.problems] == ["/licenses/2/sku"]


def test_two_entries_of_one_tenant_stand_together() -> None:
    """Named by domain and by GUID it is one tenant with two selections."""
    second = {"tenant": CONTOSO.id, "users": {"group": {"displayName": "Sales"}}}
    body = normalised(targets=[TARGET, second])

    both = body.targets_of(CONTOSO.id)
    assert [target.users.users for target in both] == [("ana@contoso.com",), None]


def test_what_is_stored_reads_back_the_same() -> None:
    """The engine executes exactly what was validated; the same request gives the same bytes."""
    body = normalised(
        usageLocation={"value": "fromUserCountry", "mode": "always"},
        options={"onInsufficientLicenses": "partial"},
        reason="CHG-1234",
    )

    assert AssignBody.model_validate_json(body.stored()) == body
    assert AssignBody.model_validate_json(body.stored()).stored() == body.stored()


def test_a_tenant_that_was_read_can_be_sent_back() -> None:
    """What the directory itself says may stand in the body; only what was named counts as told."""
    body = TenantBody.model_validate_json(
        '{"tenantId": "x", "domains": ["c.com"], "displayName": "", "consent": "granted", "notify": null, "tags": []}'
    )

    assert "tags" in body.model_fields_set
    assert "enabled" not in body.model_fields_set


def test_a_thousand_unknown_plans_are_told_in_part() -> None:
    """A hundred of them, and only the first ones with the nearest names: these take their time."""
    with pytest.raises(RequestRejected) as refused:
        normalised(licenses=[{"sku": "SPE_E5", "disabledPlans": [f"YAMER_{n}" for n in range(400)]}])

    details = [problem.detail for problem in refused.value.problems]
    assert len(details) == 100
    assert ["nearest" in detail for detail in details] == [True] * 20 + [False] * 80
