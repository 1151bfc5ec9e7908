"""The envelope of ``$batch`` and the judgement of what comes back.

The SDK's own batch classes lose the bodies, so the envelope is ours. Items are told apart by their position in what was
sent: the order of the answer means nothing. https://learn.microsoft.com/graph/json-batching
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast
from urllib.parse import quote

from shared.domain.codes import ResultCode
from shared.graph.errors import is_temporary, result_code, seconds
from shared.graph.model import ItemAnswer, LicenceWrite
from shared.graph.parse import USER_FIELDS, Json, Unreadable, objects, parse_json

SIZE = 20
"""Graph's limit of items a batch."""

PRIORITY = {"x-ms-throttle-priority": "low"}
"""Bulk work steps back first when a tenant runs into its limits. https://learn.microsoft.com/graph/throttling"""
ADVANCED = {"ConsistencyLevel": "eventual"}
"""Asks the eventually consistent index. https://learn.microsoft.com/graph/aad-advanced-queries"""
BROKEN = frozenset({500, 502, 504})
"""Statuses that do not say whether a write was done; 503 says that it was not taken."""


@dataclass(frozen=True, slots=True)
class Request:
    """One item to send; ``url`` is relative to the Graph root, ``advanced`` as in `Channel.read`."""

    method: Literal["GET", "POST", "PATCH"]
    url: str
    body: Json | None = None
    advanced: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """The judgement of one item, with its body when it is an object."""

    answer: ItemAnswer
    body: Json | None = None


def read_user(reference: str) -> Request:
    """A read of one user by id or principal name."""
    return Request("GET", f"/users/{quote(reference, safe='@')}?$select={USER_FIELDS}")


def count_users(group_id: str) -> Request:
    """A count of the users of a group, those of the groups inside it as well: the first of them, with the count."""
    relation = "transitiveMembers/microsoft.graph.user"
    return Request("GET", f"/groups/{quote(group_id, safe='')}/{relation}?$count=true&$select=id&$top=1", advanced=True)


def read_purpose(user_id: str) -> Request:
    """A read of what a user's mailbox is for. https://learn.microsoft.com/graph/api/user-get-mailboxsettings"""
    return Request("GET", f"/users/{quote(user_id, safe='@')}/mailboxSettings?$select=userPurpose")


def assign_license(change: LicenceWrite) -> Request:
    """An ``assignLicense`` call; Graph wants both lists, also when empty."""
    add = [{"skuId": licence.sku_id, "disabledPlans": sorted(licence.disabled_plans)} for licence in change.add]
    body = {"addLicenses": add, "removeLicenses": list(change.remove)}
    return Request("POST", f"/users/{quote(change.user_id, safe='@')}/assignLicense", body)


def set_usage_location(user_id: str, location: str) -> Request:
    """A change of a user's usage location."""
    return Request("PATCH", f"/users/{quote(user_id, safe='@')}", {"usageLocation": location})


def envelope(requests: Sequence[Request]) -> Json:
    """The body of a ``$batch`` call.

    Raises ``ValueError`` for more than 20 items.
    """
    if len(requests) > SIZE:
        raise ValueError(f"a batch takes {SIZE} items, not {len(requests)}")
    return {"requests": [_item(str(position), request) for position, request in enumerate(requests)]}


def _item(item_id: str, request: Request) -> Json:
    item: Json = {"id": item_id, "method": request.method, "url": request.url, "headers": dict(PRIORITY)}
    if request.advanced:
        item["headers"] |= ADVANCED
    if request.body is not None:
        item["headers"]["Content-Type"] = "application/json"
        item["body"] = request.body
    return item


def judge(count: int, body: bytes, headers: Mapping[str, str]) -> list[Item]:
    """One judgement an item, in the order sent; an item that is missing from the answer is ``unknown``.

    ``headers`` are those of the whole answer, names in lower case. Raises ``Unreadable`` when the answer is no batch
    answer.
    """
    answer = parse_json(body, "the answer of $batch")
    by_id: dict[str, Json] = {}
    for response in objects(answer, "responses", "the answer of $batch"):
        item_id = str(response.get("id"))
        if item_id in by_id:
            raise Unreadable(f"the answer of $batch has item {item_id} twice")
        by_id[item_id] = response
    request_id = headers.get("request-id")
    return [
        _judged(by_id[str(position)], headers)
        if str(position) in by_id
        else Item(unanswered("Graph's answer leaves this item out.", request_id))
        for position in range(count)
    ]


def unanswered(message: str, request_id: str | None = None) -> ItemAnswer:
    """The answer of an item that was sent and of which nothing is known."""
    return ItemAnswer("unknown", code=ResultCode.OUTCOME_UNKNOWN, message=message, request_id=request_id)


def of_write(answer: ItemAnswer) -> ItemAnswer:
    """The answer of a write: one that broke within Graph may have been done all the same."""
    return replace(answer, kind="unknown") if answer.status in BROKEN else answer


def unsent(message: str, retry_after: float | None) -> ItemAnswer:
    """The answer of an item that never left."""
    return ItemAnswer("later", code=ResultCode.TENANT_UNAVAILABLE, message=message, retry_after=retry_after)


def _judged(response: Json, outer: Mapping[str, str]) -> Item:
    status = response.get("status")
    body = response.get("body")
    content = cast(Json, body) if isinstance(body, dict) else {}
    own = cast(Mapping[str, Any], response.get("headers") or {})
    headers = {name.lower(): str(value) for name, value in own.items()}
    error = _object(content, "error")
    inner = _object(error, "innerError")
    request_id = headers.get("request-id") or inner.get("request-id") or outer.get("request-id")
    if not isinstance(status, int):
        return Item(unanswered("Graph's answer has no status for this item.", request_id))
    percentage = headers.get("x-ms-throttle-limit-percentage") or outer.get("x-ms-throttle-limit-percentage")
    if 200 <= status < 300:
        return Item(
            ItemAnswer("done", status, request_id=request_id, limit_percentage=seconds(percentage)),
            content if isinstance(body, dict) else None,
        )
    code, message = error.get("code"), error.get("message")
    return Item(
        ItemAnswer(
            "later" if is_temporary(status, code) else "rejected",
            status,
            result_code(status, code, message),
            message or code or f"HTTP status {status}",
            seconds(headers.get("retry-after")),
            request_id,
            throttled=status == 429,
            scope=headers.get("x-ms-throttle-scope"),
            limit_percentage=seconds(percentage),
        )
    )


def _object(parent: Json, name: str) -> Json:
    value = parent.get(name)
    return cast(Json, value) if isinstance(value, dict) else {}
