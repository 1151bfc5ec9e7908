"""Notifications over real HTTP: signed, once an event, repeated when they fail, and nothing of foreign tenants."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from shared.domain.caller import SYSTEM
from shared.domain.notify import Notify
from shared.domain.operation import Operation, Phase, Status, Totals
from shared.domain.states import settle
from shared.domain.tenant import Tenant
from shared.services import Services, open_services
from tests.support.azurite import Azurite
from tests.support.samples import NOON, operation, tenant_id
from tests.support.simulator import SimulatedTenant, Simulator
from tests.triggers.conftest import ADMIN, GOLD, READER, Api, api_keys
from triggers.follow_ups.outbox import run_outbox
from triggers.timers.sweeper import sweep

SECRET = "not a secret"
EVERYTHING = ("halted", "awaitingApproval", "completed")
LATER = timedelta(days=1)


@dataclass
class Receiver:
    """A webhook on this machine; ``answers`` are its next statuses, then 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list[int])
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list[tuple[dict[str, str], bytes]])

    async def receive(self, request: web.Request) -> web.Response:
        """Note it and answer."""
        self.got.append(({**request.headers, "path": request.path_qs}, await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    @property
    def bodies(self) -> list[Any]:
        """What was sent, as JSON."""
        return [json.loads(body) for _, body in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A webhook that answers."""
    receiver, server = Receiver(), web.Application()
    server.router.add_post("/{tail:.*}", receiver.receive)
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


async def opened(azurite: Azurite, simulator: Simulator, **more: str) -> Services:
    """Services with these settings."""
    return open_services(
        azurite.settings(
            GRAPH_BASE_URL=simulator.graph_url,
            GRAPH_CREDENTIAL="static:local",
            LOCALHOST_API_KEY=ADMIN,
            API_KEYS=api_keys(),
            **more,
        )
    )


@pytest.fixture
async def app(azurite: Azurite, simulator: Simulator) -> AsyncIterator[Services]:
    """Services that sign, and may call this machine."""
    services = await opened(azurite, simulator, NOTIFY_SECRET=SECRET, NOTIFY_LOCAL="on")
    yield services
    await services.close()


async def ended(app: Services, operation_id: str, *notify: Notify | None, **fields: Any) -> Operation:
    """An operation that has just ended in tenants with these webhooks; nobody has followed that up."""
    for number, each in enumerate(notify, start=1):
        await app.tenants.put(Tenant(id=tenant_id(number), domains=(f"t{number}.example.com",), notify=each))
    await app.operations.claim(operation(operation_id, range(1, len(notify) + 1), **fields))

    def end(now: Operation) -> Operation:
        parts = tuple(
            replace(part, status=Status.FAILED, phase=Phase.DONE, totals=Totals(7, {"GraphError": 7}))
            for part in now.tenants
        )
        return settle(replace(now, tenants=parts), NOON)

    return await app.operations.change(operation_id, end)


async def followed_up(api: Api) -> None:
    """Let the sweeper find what ended."""
    past = api.app.tables.now() - timedelta(seconds=1)
    for due in await api.app.due.past(api.app.tables.now() + LATER):
        await api.app.due.move(due.operation_id, due.tenant_id, past)
    await sweep(api.app, api.start)


async def next_try(app: Services) -> None:
    """Make what is open due."""
    for entry in await app.outbox.due_before(app.tables.now() + LATER, 10):
        await app.outbox.move(entry, app.tables.now() - timedelta(seconds=1))


async def test_an_event_is_one_signed_post_of_the_operation(api: Api, receiver: Receiver) -> None:
    """Its raw body is what is signed, and what a caller sees but for results; and then it is over."""
    await ended(api.app, "op1", Notify(f"{receiver.url}?key=k", EVERYTHING))
    await followed_up(api)
    assert await run_outbox(api.app) == 1
    await followed_up(api)
    assert await run_outbox(api.app) == 0

    ((headers, body),) = receiver.got
    expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["x-signature"] == f"sha256={expected}"
    assert headers["Content-Type"] == "application/json"
    assert (headers["x-event"], headers["path"]) == ("completed", "/hook?key=k")
    seen = (await api.send("GET", "operations/op1", key=READER)).json
    told = seen.pop("notifications")
    del seen["results"]
    assert receiver.bodies == [seen]
    assert told == [
        {
            "tenantId": tenant_id(1),
            "url": receiver.url,
            "event": "completed",
            "status": "delivered",
            "attempts": 1,
            "error": None,
        }
    ]


async def test_a_tenants_webhook_sees_that_tenant_alone_and_a_schedules_all(api: Api, receiver: Receiver) -> None:
    """Invariant 12: neither id, domain nor numbers of another tenant."""
    hooks = [Notify(f"{receiver.url}/{n}", EVERYTHING) for n in range(3)]
    await ended(api.app, "op1", hooks[1], hooks[2], None, notify=hooks[0])
    await followed_up(api)
    assert await run_outbox(api.app) == 3

    by_path = {headers["path"]: json.loads(body) for headers, body in receiver.got}
    assert [len(by_path[f"/hook/{n}"]["tenants"]) for n in range(3)] == [3, 1, 1]
    assert by_path["/hook/1"]["progress"]["total"] == 7
    for n in (1, 2):
        text = json.dumps(by_path[f"/hook/{n}"])
        foreign = {tenant_id(k) for k in (1, 2, 3)} - {tenant_id(n)}
        assert tenant_id(n) in text
        assert not any(each in text or f"t{int(each[:8], 16)}.example.com" in text for each in foreign)
    one = await api.app.tenants.get(SYSTEM, tenant_id(1))
    await api.app.tenants.put(replace(one, tags=("gold",)))
    for key, seen in ((READER, {None, tenant_id(1), tenant_id(2)}), (GOLD, {None, tenant_id(1)})):
        told = (await api.send("GET", "operations/op1", key=key)).json["notifications"]
        assert {each["tenantId"] for each in told} == seen


async def test_a_failure_is_repeated_and_then_shown(api: Api, receiver: Receiver) -> None:
    """What the webhook says does not count, but for its status; after an hour it is given up."""
    await ended(api.app, "op1", Notify(receiver.url, EVERYTHING))
    await followed_up(api)
    receiver.answers = [500, 302]
    for attempts in (1, 2):
        await run_outbox(api.app)
        (told,) = (await api.send("GET", "operations/op1")).json["notifications"]
        assert (told["status"], told["attempts"]) == ("pending", attempts)
        await next_try(api.app)
    assert told["error"] == "It answered 302"
    await run_outbox(api.app)
    (told,) = (await api.send("GET", "operations/op1")).json["notifications"]
    assert (told["status"], told["attempts"], told["error"]) == ("delivered", 3, None)

    await ended(api.app, "op2", Notify(receiver.url, EVERYTHING))
    await followed_up(api)
    (item,) = await api.app.outbox.of("op2")
    await api.app.outbox.write(replace(item, created_at=item.created_at - timedelta(hours=1)))
    receiver.answers = [503]
    await run_outbox(api.app)
    (told,) = (await api.send("GET", "operations/op2")).json["notifications"]
    assert (told["status"], told["error"]) == ("failed", "It answered 503")


async def test_who_does_not_ask_for_it_any_more_is_not_told(api: Api, receiver: Receiver) -> None:
    """The webhook was taken away between the event and its delivery."""
    await ended(api.app, "op1", Notify(receiver.url, EVERYTHING), Notify(receiver.url, ("completed",)))
    await followed_up(api)
    await api.app.tenants.put(Tenant(id=tenant_id(1)))
    await api.app.tenants.put(Tenant(id=tenant_id(2), notify=Notify(receiver.url, ("halted",))))
    await run_outbox(api.app)

    assert receiver.got == []
    told = (await api.send("GET", "operations/op1")).json["notifications"]
    assert [each["error"] for each in told] == ["Nobody asks for it any more"] * 2


async def test_a_host_without_the_settings_sends_nothing(
    api: Api, receiver: Receiver, azurite: Azurite, simulator: Simulator
) -> None:
    """Unsigned, or to this machine without being told so."""
    await ended(api.app, "op1", Notify(receiver.url, EVERYTHING))
    await followed_up(api)
    for missing in ("notify_secret", "notify_local"):
        settings = replace(api.app.settings, **{missing: None})
        await run_outbox(replace(api.app, settings=settings))
        await next_try(api.app)

    assert receiver.got == []


async def test_a_webhook_is_stored_shown_and_taken_away(api: Api, contoso: SimulatedTenant) -> None:
    """Its query, which may hold a key, is for those who may change it."""
    hook = {"url": "https://hooks.example.com/x?key=k", "on": ["completed", "halted", "completed"]}
    put = await api.send("PUT", f"tenants/{contoso.id}", {"notify": hook, "tags": ["gold"]})
    kept = await api.send("PUT", f"tenants/{contoso.id}", {"enabled": True})
    read = await api.send("GET", f"tenants/{contoso.id}", key=READER)
    listed = await api.send("GET", "tenants", key=READER)
    again = await api.send("PUT", f"tenants/{contoso.id}", kept.json)

    assert put.json["notify"] == kept.json["notify"] == again.json["notify"]
    assert put.json["notify"] == {"url": hook["url"], "on": ["completed", "halted"]}
    assert read.json["notify"]["url"] == listed.json["value"][0]["notify"]["url"] == "https://hooks.example.com/x"
    gone = await api.send("PUT", f"tenants/{contoso.id}", {"notify": None})
    assert gone.json["notify"] is None


@pytest.mark.parametrize(
    ("notify", "status", "pointer"),
    [
        ({"url": "http://hooks.example.com/"}, 400, "/notify/url"),
        ({"url": "ftp://hooks.example.com/"}, 400, "/notify/url"),
        ({"url": "https://ana:key@hooks.example.com/"}, 400, "/notify/url"),
        ({"url": "https:///x"}, 400, "/notify/url"),
        ({"url": "https://hooks.example.com:99999/"}, 400, "/notify/url"),
        ({"url": "https://hooks.example.com/#x"}, 400, "/notify/url"),
        ({"url": "https://höoks.example.com/"}, 400, "/notify/url"),
        ({"url": "https://hooks.example.com/\n"}, 400, "/notify/url"),
        ({"on": []}, 400, "/notify/on"),
        ({"on": ["started"]}, 400, "/notify/on/0"),
        ({"secret": "x"}, 400, "/notify/secret"),
        ({"url": "https://169.254.169.254/"}, 422, "/notify/url"),
        ({"url": "https://10.0.0.4:8443/"}, 422, "/notify/url"),
    ],
)
async def test_a_wrong_webhook_is_refused(
    api: Api, contoso: SimulatedTenant, notify: dict[str, Any], status: int, pointer: str
) -> None:
    """With a pointer, and nothing is registered."""
    body = {"notify": {"url": "https://hooks.example.com/", "on": ["completed"], **notify}}
    answer = await api.send("PUT", f"tenants/{contoso.id}", body)

    assert answer.status == status
    assert set(answer.pointers) == {pointer}
    assert (await api.send("GET", "tenants")).json["value"] == []


async def test_without_the_settings_it_is_refused(
    azurite: Azurite, simulator: Simulator, api: Api, contoso: SimulatedTenant, receiver: Receiver
) -> None:
    """A missing secret is named; this machine is for the local stack only."""
    bare = await opened(azurite, simulator)
    answer = await Api(bare, api.routes).send(
        "PUT", f"tenants/{contoso.id}", {"notify": {"url": receiver.url, "on": ["halted"]}}
    )
    await bare.close()

    assert answer.status == 422
    assert "NOTIFY_SECRET" in answer.pointers["/notify"]
    assert "public internet" in answer.pointers["/notify/url"]
    assert (await api.app.tenants.list(SYSTEM))[0] == []
