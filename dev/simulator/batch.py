"""
``POST /$batch``: up to 20 operations in one request, each judged and metered alone.

Items without ``dependsOn`` run side by side, so two writes to one user in one round clash. ASSUMPTION: texts of the
refusals of a malformed batch; one such flaw refuses the whole batch.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from dev.simulator.calls import Call, Reply
from dev.simulator.engine import Admitted, Engine
from dev.simulator.errors import Json, malformed
from dev.simulator.jsonshape import as_array, as_object

MAX_ITEMS = 20
METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})


class Item(NamedTuple):
    """A checked item of a batch."""

    id: str
    call: Call
    depends_on: tuple[str, ...]


class Outcome(NamedTuple):
    """The answer to a batch, and what a fault does to its connection."""

    reply: Reply
    transport: Literal["reset", "hold"] | None


def parse(body: Any, root: str) -> list[Item]:
    """The items of a batch; GraphError when it is malformed."""
    raw = as_array((as_object(body) or {}).get("requests"))
    if not raw:
        raise malformed("Invalid batch payload format.")
    if len(raw) > MAX_ITEMS:
        raise malformed(f"Number of batch request steps exceeds the maximum value of {MAX_ITEMS}.")
    items: list[Item] = []
    seen: set[str] = set()
    for each in raw:
        item = _item(each, root)
        if item.id.lower() in seen:
            raise malformed(f"Request id : {item.id} is duplicated; ids of a batch are unique without regard to case.")
        if not all(name.lower() in seen for name in item.depends_on):
            raise malformed(f"Request id : {item.id} depends on a request that does not come before it.")
        seen.add(item.id.lower())
        items.append(item)
    return items


def _item(raw: Any, root: str) -> Item:
    entry = as_object(raw)
    if entry is None:
        raise malformed("Invalid batch payload format.")
    name, method, url = entry.get("id"), entry.get("method"), entry.get("url")
    if not isinstance(name, str) or not name:
        raise malformed("A request of the batch has no id.")
    if not isinstance(method, str) or method.upper() not in METHODS:
        raise malformed(f"Write request id : {name} has no valid method.")
    if not isinstance(url, str) or not url or "://" in url:
        raise malformed(f"Write request id : {name} has no relative url.")
    headers = as_object(entry.get("headers")) or {}
    lower = {str(key).lower(): str(value) for key, value in headers.items()}
    body = entry.get("body")
    if body is not None and "content-type" not in lower:
        raise malformed(f"Write request id : {name} does not contain Content-Type header or body.")
    depends = as_array(entry.get("dependsOn", []))
    if depends is None:
        raise malformed(f"Write request id : {name} has an invalid dependsOn.")
    return Item(name, Call(method.upper(), "/" + url.lstrip("/"), lower, body, root), tuple(map(str, depends)))


async def run(engine: Engine, items: list[Item], authorization: Mapping[str, str], number: int, tenant: str) -> Outcome:
    """Run a batch in rounds, each of those items whose prerequisites are done; the batch's latency is taken once."""
    engine.stats_of(tenant).batches += 1
    done: dict[str, Reply] = {}
    transport: Literal["reset", "hold"] | None = None
    waiting = items
    wait = engine.latency.batch
    answers: list[Json] = []
    while waiting:
        ready = [each for each in waiting if all(name.lower() in done for name in each.depends_on)]
        waiting = [each for each in waiting if each not in ready]
        begun: list[tuple[Item, Admitted | None]] = [
            (each, None if _failed(each, done) else engine.admit(each.call, authorization, number)) for each in ready
        ]
        delays = [Engine.delay(admitted) for _, admitted in begun if admitted is not None]
        await engine.clock.sleep(wait + max(delays, default=0.0))
        wait = 0.0
        for item, admitted in begun:
            reply = _dependency_failed() if admitted is None else engine.finish(admitted)
            if admitted is not None and admitted.struck is not None:
                transport = transport or admitted.struck.transport
            done[item.id.lower()] = reply
            answers.append(_answer(item.id, reply))
        await asyncio.sleep(0)  # let other requests in between two rounds
    engine.shuffle(answers)  # the order of answers is not promised
    return Outcome(Reply(200, {"responses": answers}, {"Content-Type": "application/json"}), transport)


def _failed(item: Item, done: dict[str, Reply]) -> bool:
    return any(done[name.lower()].status >= 400 for name in item.depends_on)


def _dependency_failed() -> Reply:
    body: Json = {
        "error": {"code": "FailedDependency", "message": "A request this one depends on has failed."}
    }  # ASSUMPTION: body
    return Reply(424, body, {"Content-Type": "application/json"})


def _answer(name: str, reply: Reply) -> Json:
    answer: Json = {"id": name, "status": reply.status, "headers": reply.headers}
    if reply.body is not None:
        answer["body"] = reply.body
    return answer
