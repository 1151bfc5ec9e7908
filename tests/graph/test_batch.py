"""The judgement of a batch's answer, item by item."""

import json
from typing import Any

import pytest

from shared.domain.codes import ResultCode
from shared.domain.model import AddLicence
from shared.graph import batch
from shared.graph.model import LicenceWrite
from shared.graph.parse import Unreadable


def judged(count: int, *responses: dict[str, Any], headers: dict[str, str] | None = None) -> list[batch.Item]:
    """The judgements of an answer with these responses."""
    return batch.judge(count, json.dumps({"responses": list(responses)}).encode(), headers or {})


def error(code: str, message: str) -> dict[str, Any]:
    """An error body of Graph."""
    return {"error": {"code": code, "message": message, "innerError": {"request-id": f"id of {code}"}}}


def test_items_are_told_apart_by_id_not_by_order():
    """Graph answers in any order: each item gets its own status."""
    items = judged(
        3,
        {"id": "2", "status": 200, "body": {"id": "third"}},
        {"id": "0", "status": 204},
        {"id": "1", "status": 404, "body": error("Request_ResourceNotFound", "Resource '1' does not exist")},
    )

    assert [item.answer.status for item in items] == [204, 404, 200]
    assert items[1].answer.code == ResultCode.USER_NOT_FOUND
    assert items[2].body == {"id": "third"}


def test_a_throttled_item_keeps_its_own_retry_after():
    """Trap 18: the batch answers 200; the item's status, ``Retry-After`` and scope count."""
    items = judged(
        2,
        {
            "id": "0",
            "status": 429,
            "headers": {"Retry-After": "2.128", "x-ms-throttle-scope": "Tenant_Application/Write/app/tenant"},
            "body": error("TooManyRequests", "Please retry again later."),
        },
        {"id": "1", "status": 200, "headers": {"x-ms-throttle-limit-percentage": "0.9"}, "body": {}},
        headers={"request-id": "outer"},
    )

    throttled, done = items[0].answer, items[1].answer
    assert (throttled.kind, throttled.throttled, throttled.retry_after) == ("later", True, 2.128)
    assert (throttled.code, throttled.scope) == (ResultCode.THROTTLED, "Tenant_Application/Write/app/tenant")
    assert throttled.request_id == "id of TooManyRequests"
    assert (done.kind, done.limit_percentage, done.request_id) == ("done", 0.9, "outer")


def test_an_item_that_is_missing_from_the_answer_is_unknown_and_the_others_count():
    """Trap 20: outcomes already received survive; of the missing item nothing is assumed."""
    items = judged(2, {"id": "1", "status": 200, "body": {}})

    assert [item.answer.kind for item in items] == ["unknown", "done"]
    assert items[0].answer.code == ResultCode.OUTCOME_UNKNOWN


def test_an_item_without_a_status_is_unknown():
    """Without a status nothing is known of the item."""
    assert judged(1, {"id": "0"})[0].answer.kind == "unknown"


@pytest.mark.parametrize("content", [b"<html>gateway</html>", b"", b"[]", b"{}", b'{"responses": [1]}', b"\xff"])
def test_an_answer_that_is_no_batch_answer_is_unreadable(content: bytes):
    """A gateway's page is no judgement on anything."""
    with pytest.raises(Unreadable):
        batch.judge(1, content, {})


def test_an_item_answered_twice_makes_the_answer_unreadable():
    """Two statuses for one item contradict each other: neither is believed."""
    with pytest.raises(Unreadable, match="twice"):
        judged(1, {"id": "0", "status": 200}, {"id": "0", "status": 400})


def test_both_lists_are_sent_also_when_empty():
    """Trap 22: Graph refuses ``assignLicense`` when a list is left out."""
    request = batch.assign_license(LicenceWrite("u", (), ()))

    assert request.body == {"addLicenses": [], "removeLicenses": []}


def test_all_disabled_plans_are_sent_in_a_fixed_order():
    """An identical change is an identical body, so that it can be sent again."""
    request = batch.assign_license(LicenceWrite("u", (AddLicence("s", frozenset({"b", "a"})),), ("r",)))

    assert request.body == {"addLicenses": [{"skuId": "s", "disabledPlans": ["a", "b"]}], "removeLicenses": ["r"]}


def test_a_principal_name_is_encoded_in_the_url():
    """A guest's ``#EXT#`` must not become a fragment, nor a slash another resource."""
    assert batch.read_user("dan_x.com#EXT#@a/b.com").url.startswith("/users/dan_x.com%23EXT%23@a%2Fb.com?$select=id,")


def test_a_batch_takes_twenty_items():
    """Graph refuses the whole batch beyond 20 items; so do we, before anything is sent."""
    with pytest.raises(ValueError, match="20 items"):
        batch.envelope([batch.read_user("u@x.y")] * 21)
