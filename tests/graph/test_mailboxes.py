"""The conversion of mailboxes, over HTTP to the simulator: looked at before, asked for once, believed of Graph only."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from shared.domain.mailbox_conversion import ALREADY, REQUESTED, Reason
from shared.errors import Denied, GraphError, OutcomeUnknown, Throttled, Unavailable
from shared.graph.channel import Connection
from shared.graph.directory import Graph, Mailboxes
from shared.settings import SettingsError
from tests.graph.conftest import settings_for
from tests.support.simulator import SimulatedTenant, Simulator

type Answer = Callable[[str], Any]
type Odd = Callable[[Answer], Awaitable[Mailboxes]]
ADA = "ada@contoso.com"
USER = "aaaaaaaa-0000-4000-8000-00000000000a"
MAILBOX: dict[str, Any] = {
    "ExternalDirectoryObjectId": USER,
    "RecipientTypeDetails": "UserMailbox",
    "ArchiveStatus": "None",
    "ArchiveGuid": "00000000-0000-0000-0000-000000000000",
    "LitigationHoldEnabled": False,
    "InPlaceHolds": [],
}
SIZE = {"TotalItemSize": "1.5 GB (1,610,612,736 bytes)"}
GOOD: dict[str, Any] = {
    "Get-Mailbox": {"value": [MAILBOX]},
    "Get-MailboxStatistics": {"value": [SIZE]},
    "Set-Mailbox": {"value": []},
}


def load(simulator: Simulator, *, lag: float = 0, **mailbox: Any) -> SimulatedTenant:
    """Ada has a mailbox by E3 with these properties, bob has no licence."""
    return simulator.load(
        lagSeconds=[lag, lag],
        skus=[{"skuPartNumber": "SPE_E3", "enabled": 30}],
        users=[
            {"userPrincipalName": ADA, "usageLocation": "CH", "licenses": [{"skuId": "SPE_E3"}], "mailbox": mailbox},
            {"userPrincipalName": "bob@contoso.com", "usageLocation": "CH"},
        ],
    )


def cmdlets(tenant: SimulatedTenant) -> list[str]:
    """The cmdlets that reached Exchange, in order."""
    return [line["body"]["CmdletInput"]["CmdletName"] for line in tenant.requests("InvokeCommand")]


def purpose(tenant: SimulatedTenant) -> str | None:
    """What Ada's mailbox is in truth."""
    return tenant.user(ADA)["mailbox"]["purpose"]


@pytest.fixture
async def graph(simulator: Simulator) -> AsyncIterator[Graph]:
    """Graph and Exchange on the simulator, with the conversion switched on."""
    graph = Graph(settings_for(simulator.graph_url, EXCHANGE_BASE_URL=simulator.url, MAILBOX_CONVERSION="on"))
    yield graph
    await graph.close()


@pytest.fixture
async def odd() -> AsyncIterator[Odd]:
    """Makes the mailboxes of a server that answers each cmdlet, and ``$batch``, as the given function says."""
    closing: list[Callable[[], Awaitable[None]]] = []

    async def start(answer: Answer) -> Mailboxes:
        async def handle(request: web.Request) -> web.Response:
            body = await request.json()
            found = answer(body["CmdletInput"]["CmdletName"] if "CmdletInput" in body else "$batch")
            return found if isinstance(found, web.Response) else web.json_response(found)

        app = web.Application()
        app.router.add_post("/{path:.*}", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        root = f"http://127.0.0.1:{runner.addresses[0][1]}"
        graph = Graph(settings_for(f"{root}/v1.0", EXCHANGE_BASE_URL=root, MAILBOX_CONVERSION="on"))
        closing.extend([graph.close, runner.cleanup])
        return graph.mailboxes("11111111-0000-4000-8000-000000000000")

    yield start
    for close in closing:
        await close()


def refusal(status: int, kind: str, text: str) -> web.Response:
    """A refusal as Exchange puts it, with the reason in the details."""
    details = [{"code": "Client", "target": "", "message": f"Ex1|{kind}|{text}"}]
    body = {"error": {"code": "BadRequest", "message": "Error executing cmdlet", "details": details}}
    return web.json_response(body, status=status)


async def test_a_mailbox_is_looked_at_then_converted_and_seen_in_graph(simulator: Simulator, graph: Graph):
    """Trap 35: three cmdlets, the last one the only write; Graph then says shared."""
    tenant = load(simulator)
    user_id = tenant.user_id(ADA)
    mailboxes = graph.mailboxes(tenant.id)
    before = await mailboxes.purposes([user_id])

    answer = await mailboxes.convert_to_shared(user_id, ADA)

    assert answer == REQUESTED
    assert (before, await mailboxes.purposes([user_id])) == ({user_id: "user"}, {user_id: "shared"})
    assert cmdlets(tenant) == ["Get-Mailbox", "Get-MailboxStatistics", "Set-Mailbox"]
    last = tenant.requests("InvokeCommand")[-1]
    assert last["body"]["CmdletInput"]["Parameters"] == {"Identity": user_id, "Type": "Shared"}
    assert last["headers"]["x-anchormailbox"] == f"UPN:{ADA}"
    assert last["url"] == f"/adminapi/beta/{tenant.id}/InvokeCommand"


async def test_a_conversion_that_never_shows_is_not_shared(simulator: Simulator, graph: Graph):
    """Trap 35: Exchange took it, Graph does not have it: the licence must stay."""
    tenant = load(simulator, converts=False)
    user_id = tenant.user_id(ADA)

    answer = await graph.mailboxes(tenant.id).convert_to_shared(user_id, ADA)

    assert answer == REQUESTED
    assert await graph.mailboxes(tenant.id).purposes([user_id]) == {user_id: "user"}


async def test_graph_trails_a_conversion(simulator: Simulator, graph: Graph):
    """Trap 25: until the lag is over the mailbox is not yet shared for anybody who asks."""
    tenant = load(simulator, lag=60)
    user_id = tenant.user_id(ADA)

    await graph.mailboxes(tenant.id).convert_to_shared(user_id, ADA)

    assert purpose(tenant) == "shared"
    assert await graph.mailboxes(tenant.id).purposes([user_id]) == {user_id: "user"}


@pytest.mark.parametrize(
    ("mailbox", "reason"),
    [
        ({"sizeGb": 50.01}, Reason.ABOVE_50_GB),
        ({"archive": True}, Reason.ARCHIVE),
        ({"hold": True}, Reason.HOLD),
        ({"inPlaceHolds": ["mbxcdbbb86ce60342489bff371876e7f224:1"]}, Reason.HOLD),
        ({"purpose": "room"}, Reason.KIND),
        ({"purpose": "others"}, Reason.KIND),
        ({"purpose": "shared", "sizeGb": 60}, Reason.ABOVE_50_GB),
    ],
)
async def test_what_needs_a_licence_is_refused_before_anything_is_sent(
    simulator: Simulator, graph: Graph, mailbox: dict[str, Any], reason: Reason
):
    """Trap 35: size, archive, holds and kind are read first; no write leaves."""
    tenant = load(simulator, **mailbox)

    answer = await graph.mailboxes(tenant.id).convert_to_shared(tenant.user_id(ADA), ADA)

    assert (answer.kind, answer.reason) == ("refused", reason)
    assert "Set-Mailbox" not in cmdlets(tenant)
    assert purpose(tenant) == mailbox.get("purpose", "user")


async def test_being_left_out_of_a_policy_is_no_hold(simulator: Simulator, graph: Graph):
    """A minus sign before a policy's id says that this mailbox is not covered."""
    tenant = load(simulator, sizeGb=50, inPlaceHolds=["-mbxcdbbb86ce60342489bff371876e7f224"])

    assert await graph.mailboxes(tenant.id).convert_to_shared(tenant.user_id(ADA), ADA) == REQUESTED


async def test_a_shared_mailbox_is_left_as_it_is(simulator: Simulator, graph: Graph):
    """Safe to ask twice: the second time there is nothing to do."""
    tenant = load(simulator)
    mailboxes = graph.mailboxes(tenant.id)

    answers = [await mailboxes.convert_to_shared(tenant.user_id(ADA), ADA) for _ in range(2)]

    assert answers == [REQUESTED, ALREADY]
    assert cmdlets(tenant).count("Set-Mailbox") == 1


async def test_who_has_no_mailbox_is_told_so(simulator: Simulator, graph: Graph):
    """Bob has no plan that brings one."""
    tenant = load(simulator)

    answer = await graph.mailboxes(tenant.id).convert_to_shared(tenant.user_id("bob@contoso.com"), "bob@contoso.com")

    assert (answer.kind, answer.reason) == ("refused", Reason.NO_MAILBOX)


async def test_switched_off_nothing_is_sent(simulator: Simulator):
    """The endpoint is not a supported one: without MAILBOX_CONVERSION nobody is asked."""
    tenant = load(simulator)
    graph = Graph(settings_for(simulator.graph_url, EXCHANGE_BASE_URL=simulator.url))

    answer = await graph.mailboxes(tenant.id).convert_to_shared(tenant.user_id(ADA), ADA)
    await graph.close()

    assert (answer.kind, answer.reason) == ("refused", Reason.OFF)
    assert not tenant.requests("InvokeCommand")


@pytest.mark.parametrize("cmdlet", ["Get-Mailbox", "Get-MailboxStatistics", "Set-Mailbox"])
@pytest.mark.parametrize("kind", ["401", "403"])
async def test_missing_rights_are_a_refusal_that_says_what_is_needed(
    simulator: Simulator, graph: Graph, cmdlet: str, kind: str
):
    """Exchange's 403 has no words of its own; ours name the permission and the role."""
    tenant = load(simulator)
    tenant.fault(f"InvokeCommand {cmdlet}", kind)

    answer = await graph.mailboxes(tenant.id).convert_to_shared(tenant.user_id(ADA), ADA)

    assert (answer.kind, answer.reason) == ("refused", Reason.PERMISSION)
    assert "Exchange.ManageAsApp" in str(answer.message)
    assert purpose(tenant) == "user"


async def test_a_cmdlet_that_the_role_does_not_have_is_a_missing_right(odd: Odd):
    """A role that may read does not know ``Set-Mailbox``."""
    no_cmdlet = refusal(400, "Microsoft.Exchange.CommandNotFoundException", "The term 'Set-Mailbox' is not recognized.")
    mailboxes = await odd(lambda cmdlet: no_cmdlet if cmdlet == "Set-Mailbox" else GOOD[cmdlet])

    answer = await mailboxes.convert_to_shared(USER, ADA)

    assert (answer.kind, answer.reason) == ("refused", Reason.PERMISSION)


async def test_reads_try_again_where_that_may_help(simulator: Simulator, graph: Graph):
    """One throttle and one outage on the way, each waited out."""
    tenant = load(simulator)
    tenant.fault("InvokeCommand Get-Mailbox", "429", count=1, retryAfter=0)
    tenant.fault("InvokeCommand Get-MailboxStatistics", "503", count=1, retryAfter=0)

    assert await graph.mailboxes(tenant.id).convert_to_shared(tenant.user_id(ADA), ADA) == REQUESTED
    assert cmdlets(tenant).count("Set-Mailbox") == 1


async def test_a_long_wait_is_the_callers(simulator: Simulator, graph: Graph):
    """A throttle of minutes raises with its time, so that a durable timer can wait."""
    tenant = load(simulator)
    tenant.fault("InvokeCommand", "429", retryAfter=120)

    with pytest.raises(Throttled) as caught:
        await graph.mailboxes(tenant.id).convert_to_shared(tenant.user_id(ADA), ADA)

    assert caught.value.retry_after == 120
    assert cmdlets(tenant) == ["Get-Mailbox"]


@pytest.mark.parametrize(
    ("kind", "more", "error", "found"),
    [
        ("429", {"retryAfter": 0}, Throttled, "user"),
        ("503", {}, Unavailable, "user"),
        ("timeoutAfterCommit", {}, OutcomeUnknown, "shared"),
        ("timeoutBeforeCommit", {}, OutcomeUnknown, "user"),
        ("reset", {"commit": True}, OutcomeUnknown, "shared"),
    ],
)
async def test_a_conversion_is_sent_once(
    simulator: Simulator, graph: Graph, kind: str, more: dict[str, Any], error: type[GraphError], found: str
):
    """Trap 21: what became of it is told by the error, and never tried again by itself."""
    tenant = load(simulator)
    tenant.fault("InvokeCommand Set-Mailbox", kind, **more)

    with pytest.raises(GraphError) as caught:
        await graph.mailboxes(tenant.id).convert_to_shared(tenant.user_id(ADA), ADA)

    assert type(caught.value) is error
    assert cmdlets(tenant).count("Set-Mailbox") == 1
    assert purpose(tenant) == found


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=502, text="<h1>Bad gateway</h1>", content_type="text/html"),
        web.Response(text="<h1>hello</h1>", content_type="text/html"),
    ],
    ids=["502", "a page"],
)
async def test_a_conversion_without_a_readable_answer_is_unknown(odd: Odd, answer: web.Response):
    """Trap 21: a gateway that lost patience, or a page in place of an answer, does not say what became of it."""
    mailboxes = await odd(lambda cmdlet: answer if cmdlet == "Set-Mailbox" else GOOD[cmdlet])

    with pytest.raises(OutcomeUnknown):
        await mailboxes.convert_to_shared(USER, ADA)


@pytest.mark.parametrize(
    ("cmdlet", "answer", "words"),
    [
        ("Get-Mailbox", {}, "no list value"),
        ("Get-Mailbox", {"value": []}, "0 objects"),
        ("Get-Mailbox", {"value": [MAILBOX, MAILBOX]}, "2 objects"),
        ("Get-Mailbox", {"value": [{**MAILBOX, "ExternalDirectoryObjectId": "other"}]}, "mailbox of other"),
        ("Get-Mailbox", {"value": [{**MAILBOX, "RecipientTypeDetails": None}]}, "RecipientTypeDetails"),
        ("Get-Mailbox", {"value": [{**MAILBOX, "ArchiveStatus": None}]}, "ArchiveStatus"),
        ("Get-Mailbox", {"value": [{**MAILBOX, "LitigationHoldEnabled": "False"}]}, "LitigationHoldEnabled"),
        ("Get-Mailbox", {"value": [{**MAILBOX, "InPlaceHolds": None}]}, "InPlaceHolds"),
        ("Get-MailboxStatistics", {"value": []}, "0 objects"),
        ("Get-MailboxStatistics", {"value": [{"TotalItemSize": "1.5 GB"}]}, "names no bytes"),
        ("Get-MailboxStatistics", {"value": [{"TotalItemSize": 5}]}, "TotalItemSize"),
    ],
)
async def test_what_cannot_be_read_is_an_error_and_never_harmless(odd: Odd, cmdlet: str, answer: Any, words: str):
    """Trap 28: without a fact there is no conversion, and no word that there is no mailbox either."""
    asked: list[str] = []

    def answers(name: str) -> Any:
        asked.append(name)
        return answer if name == cmdlet else GOOD[name]

    mailboxes = await odd(answers)

    with pytest.raises(GraphError, match=words):
        await mailboxes.convert_to_shared(USER, ADA)
    assert "Set-Mailbox" not in asked


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=404, text="gone"),
        refusal(404, "X.ManagementObjectNotFoundException", "object 'somebody else' couldn't be found on 'DC'."),
        refusal(400, "X.AmbiguousParameterSetException", f"no parameter for '{USER}'"),
    ],
    ids=["the endpoint is gone", "another object", "another reason"],
)
async def test_no_mailbox_is_believed_of_this_very_user_only(odd: Odd, answer: web.Response):
    """Trap 28: who has no mailbox may lose the licence, so a 404 of any other kind is an error."""
    mailboxes = await odd(lambda _: answer)

    with pytest.raises(GraphError):
        await mailboxes.convert_to_shared(USER, ADA)


async def test_purposes_are_read_in_batches_of_twenty(simulator: Simulator, graph: Graph):
    """25 users are two calls; no mailbox and nobody are None."""
    held = [{"skuId": "SPE_E3"}]
    users: list[dict[str, Any]] = [
        {"userPrincipalName": f"u{n}@x.com", "licenses": held if n else []} for n in range(24)
    ]
    users[1]["mailbox"] = {"purpose": "shared"}
    tenant = simulator.load(skus=[{"skuPartNumber": "SPE_E3", "enabled": 30}], users=users)
    ids = {user["userPrincipalName"]: user["id"] for user in tenant.state()["users"]}
    nobody = "bbbbbbbb-0000-4000-8000-000000000000"

    found = await graph.mailboxes(tenant.id).purposes([*ids.values(), nobody])

    expected: dict[str, str | None] = dict.fromkeys([*ids.values(), nobody], "user")
    assert found == expected | {ids["u0@x.com"]: None, ids["u1@x.com"]: "shared", nobody: None}
    assert len(tenant.requests("$batch")) == 2


async def test_a_throttled_purpose_is_read_again_alone(simulator: Simulator, graph: Graph):
    """Trap 18, 19: only the item that was refused goes out a second time."""
    tenant = load(simulator)
    ada, bob = tenant.user_id(ADA), tenant.user_id("bob@contoso.com")
    tenant.fault(f"{ada}/mailboxSettings", "429", count=1, retryAfter=0)

    assert await graph.mailboxes(tenant.id).purposes([ada, bob]) == {ada: "user", bob: None}
    assert len(tenant.requests(f"{ada}/mailboxSettings")) == 2
    assert len(tenant.requests(f"{bob}/mailboxSettings")) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"match": "mailboxSettings", "kind": "403"}, Denied),
        ({"match": "mailboxSettings", "kind": "503", "retryAfter": 0}, Unavailable),
        ({"match": "mailboxSettings", "kind": "429", "retryAfter": 60}, Throttled),
        ({"match": "$batch", "kind": "503", "retryAfter": 0}, Unavailable),
    ],
)
async def test_a_purpose_that_cannot_be_read_is_an_error(
    simulator: Simulator, graph: Graph, fault: dict[str, Any], error: type[GraphError]
):
    """Trap 28, 35: not read is not shared, and not *no mailbox* either."""
    tenant = load(simulator)
    tenant.fault(**fault)

    with pytest.raises(error):
        await graph.mailboxes(tenant.id).purposes([tenant.user_id(ADA)])


@pytest.mark.parametrize("body", [{}, {"userPurpose": None}, {"userPurpose": ""}, None])
async def test_settings_without_a_purpose_are_unreadable(odd: Odd, body: dict[str, Any] | None):
    """An app that may see less gets less: that is an error, not an answer."""
    mailboxes = await odd(lambda _: {"responses": [{"id": "0", "status": 200, "body": body}]})

    with pytest.raises(GraphError, match="userPurpose"):
        await mailboxes.purposes([USER])


async def test_exchanges_token_goes_to_its_host_only():
    """Invariant 12: a request to any other host carries no token."""
    seen: list[str | None] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.json_response({"value": []})

    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    connection = Connection(settings_for("https://localhost/v1.0", EXCHANGE_BASE_URL=f"http://127.0.0.1:{port}"))
    line = connection.line("11111111-0000-4000-8000-000000000000", "default", connection.exchange)

    for host in ("127.0.0.1", "localhost"):
        await line.send("POST", f"http://{host}:{port}/", {}, b"{}")
    await connection.close()
    await runner.cleanup()

    assert seen == ["Bearer local.11111111-0000-4000-8000-000000000000", None]


def test_a_static_token_and_plain_http_are_for_this_machine_only():
    """The guards of Graph's root hold for Exchange's, and what cannot be read as a switch is refused."""
    for url in ("https://outlook.office365.com", "https://127.0.0.1.example.org"):
        with pytest.raises(SettingsError, match="EXCHANGE_BASE_URL: a static token is for this machine only"):
            settings_for("http://127.0.0.1:1/v1.0", EXCHANGE_BASE_URL=url, MAILBOX_CONVERSION="on")
    with pytest.raises(SettingsError, match="EXCHANGE_BASE_URL must be https"):
        settings_for("http://127.0.0.1:1/v1.0", EXCHANGE_BASE_URL="http://outlook.office365.com")
    with pytest.raises(SettingsError, match=r"MAILBOX_CONVERSION must be on or off.*, not 'yes'"):
        settings_for("http://127.0.0.1:1/v1.0", MAILBOX_CONVERSION="yes")
    assert not settings_for("http://127.0.0.1:1/v1.0").mailbox_conversion
