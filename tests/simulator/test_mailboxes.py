"""Mailboxes: who has one, what Graph tells of it, and Exchange's admin endpoint that converts it."""

from typing import Any

import httpx
import pytest

from tests.simulator.harness import E3, OTHER, TENANT, Simulator, error_of, person

EXCHANGE = "efb87545-963c-4e0d-99df-69c6916d9eb0"
SKUS = [
    {"skuPartNumber": "SPE_E3", "enabled": 10},
    {"skuPartNumber": "POWER_BI_PRO", "enabled": 10},
    {"skuPartNumber": "SPE_F1", "enabled": 10},
]
ADA = "ada@contoso.example"
NOT_FOUND = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"


async def load(simulator: Simulator, *, lag: float = 0, **mailbox: Any) -> None:
    """Ada has a mailbox by E3, with these properties."""
    users = [person("ada", licenses=[{"skuId": E3}], mailbox=mailbox)]
    await simulator.load(lagSeconds=[lag, lag], skus=SKUS, users=users)


async def run(simulator: Simulator, cmdlet: str, tenant: str = TENANT, **parameters: Any) -> httpx.Response:
    """Run a cmdlet."""
    body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}
    return await simulator.client.post(f"/adminapi/beta/{tenant}/InvokeCommand", json=body)


async def purpose(simulator: Simulator, user: str = ADA) -> str | None:
    """What Graph says of a user's mailbox."""
    answer = await simulator.get(f"/users/{user}/mailboxSettings", select="userPurpose")
    return answer.json().get("userPurpose")


@pytest.mark.parametrize(
    ("licences", "mailbox", "found"),
    [
        ([{"skuId": "SPE_E3"}], {}, "user"),
        ([{"skuId": "SPE_F1"}], {}, "user"),
        ([{"skuId": "SPE_E3", "disabledPlans": [EXCHANGE]}], {}, None),
        ([{"skuId": "POWER_BI_PRO"}], {}, None),
        ([], {}, None),
        ([], {"purpose": "shared"}, "shared"),
        ([], {"purpose": "room"}, "room"),
        ([{"skuId": "SPE_E3"}], {"made": False}, None),
    ],
)
async def test_a_mailbox_comes_with_a_plan_that_brings_one(
    simulator: Simulator, licences: list[Any], mailbox: dict[str, Any], found: str | None
) -> None:
    """Trap 12: a foundation plan is no mailbox; a shared or room mailbox needs no licence."""
    await simulator.load(skus=SKUS, users=[person("ada", licenses=licences, mailbox=mailbox)])

    answer = await simulator.get(f"/users/{ADA}/mailboxSettings", select="userPurpose")
    state = (await simulator.state())["users"]["ada"]["mailbox"]

    if found is None:
        assert error_of(answer)[:2] == (404, "MailboxNotEnabledForRESTAPI")
        assert state is None
    else:
        assert answer.json()["userPurpose"] == found
        assert state["purpose"] == found


async def test_in_a_batch_each_mailbox_is_answered_alone(simulator: Simulator) -> None:
    """One with, one without, one that is nobody: three statuses in one answer."""
    await simulator.load(skus=SKUS, users=[person("ada", licenses=[{"skuId": E3}]), person("bob")])

    answers = await simulator.batch(
        *(
            {"method": "GET", "url": f"/users/{name}@contoso.example/mailboxSettings?$select=userPurpose"}
            for name in ("ada", "bob", "cleo")
        )
    )

    assert [answers[n]["status"] for n in "123"] == [200, 404, 404]
    assert answers["1"]["body"]["userPurpose"] == "user"
    assert answers["2"]["body"]["error"]["code"] == "MailboxNotEnabledForRESTAPI"
    assert answers["3"]["body"]["error"]["code"] == "Request_ResourceNotFound"


async def test_a_mailbox_is_told_as_the_cmdlets_do(simulator: Simulator) -> None:
    """Kind, archive, holds, and the size as a text with its bytes in brackets."""
    await load(simulator, sizeGb=1.5, archive=True, hold=True, inPlaceHolds=["mbx0123:1"])

    [mailbox] = (await run(simulator, "Get-Mailbox", Identity=ADA)).json()["value"]
    [statistics] = (await run(simulator, "Get-MailboxStatistics", Identity=ADA)).json()["value"]

    assert (mailbox["RecipientTypeDetails"], mailbox["UserPrincipalName"]) == ("UserMailbox", ADA)
    assert (mailbox["ArchiveStatus"], mailbox["LitigationHoldEnabled"]) == ("Active", True)
    assert mailbox["InPlaceHolds"] == ["mbx0123:1"]
    assert not mailbox["ArchiveGuid"].startswith("00000000")
    assert statistics["TotalItemSize"] == "1.5 GB (1,610,612,736 bytes)"


async def test_a_conversion_shows_after_the_lag_and_outlives_the_licence(simulator: Simulator) -> None:
    """Trap 25, 35: the truth has it at once, reads trail; afterwards the licence may go and the mailbox stays."""
    await load(simulator, lag=2)

    answer = await run(simulator, "Set-Mailbox", Identity=ADA, Type="Shared")
    at_once = await purpose(simulator)
    simulator.clock.advance(2)
    later = await purpose(simulator)
    await simulator.assign(ADA, remove=[E3])
    simulator.clock.advance(3)

    assert (answer.status_code, answer.json()["value"]) == (200, [])
    assert (at_once, later) == ("user", "shared")
    assert (await simulator.state())["users"]["ada"]["direct"] == []
    assert await purpose(simulator) == "shared"


async def test_without_a_conversion_the_mailbox_goes_with_the_licence(simulator: Simulator) -> None:
    """Trap 11: the last plan that brings a mailbox takes it along."""
    await load(simulator)

    await simulator.assign(ADA, remove=[E3])

    assert await purpose(simulator) is None


async def test_a_conversion_that_is_taken_may_never_show(simulator: Simulator) -> None:
    """Trap 35: a mailbox with ``converts`` false stays as it is although Exchange answered 200."""
    await load(simulator, converts=False)

    answer = await run(simulator, "Set-Mailbox", Identity=ADA, Type="Shared")
    simulator.clock.advance(600)

    assert answer.status_code == 200
    assert await purpose(simulator) == "user"


async def test_what_has_no_mailbox_is_not_found(simulator: Simulator) -> None:
    """The reason stands in the details, behind the type of the exception."""
    await simulator.load(skus=SKUS, users=[person("ada")])

    for answer in (await run(simulator, "Get-Mailbox", Identity=ADA), await run(simulator, "Get-Mailbox")):
        error = answer.json()["error"]
        assert (answer.status_code, error["message"]) == (404, "Error executing cmdlet")
        assert NOT_FOUND in error["details"][0]["message"]


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "kind"),
    [
        ("Remove-Mailbox", {"Identity": ADA}, "CommandNotFoundException"),
        ("Get-Mailbox", {"Identity": ADA, "Bogus": 1}, "AmbiguousParameterSetException"),
        ("Set-Mailbox", {"Identity": ADA, "Type": "Nonsense"}, "ParameterTransformationException"),
    ],
)
async def test_what_cannot_be_run_is_told_in_the_details(
    simulator: Simulator, cmdlet: str, parameters: dict[str, Any], kind: str
) -> None:
    """A cmdlet, parameter or value that is none changes nothing."""
    await load(simulator)

    answer = await run(simulator, cmdlet, **parameters)

    assert answer.status_code == 400
    assert kind in answer.json()["error"]["details"][0]["message"]
    assert await purpose(simulator) == "user"


async def test_a_token_opens_its_own_tenant_only(simulator: Simulator) -> None:
    """The tenant in the path is the token's, by id or domain."""
    await load(simulator)
    await simulator.load(OTHER, domains=["other.example"])

    own = await run(simulator, "Get-Mailbox", "simulated.onmicrosoft.com", Identity=ADA)
    other = await run(simulator, "Get-Mailbox", OTHER, Identity=ADA)

    assert (own.status_code, other.status_code) == (200, 401)


@pytest.mark.parametrize(("kind", "status"), [("429", 429), ("503", 503), ("401", 401)])
async def test_faults_strike_one_cmdlet(simulator: Simulator, kind: str, status: int) -> None:
    """A fault may be for the write alone; it is answered in Exchange's shape and nothing happens."""
    await load(simulator)
    fault = {"match": "InvokeCommand Set-Mailbox", "kind": kind, "retryAfter": 7}
    await simulator.client.post("/_sim/faults", json=fault)

    read = await run(simulator, "Get-Mailbox", Identity=ADA)
    write = await run(simulator, "Set-Mailbox", Identity=ADA, Type="Shared")

    assert (read.status_code, write.status_code) == (200, status)
    assert "innererror" in write.json()["error"]
    assert (write.headers.get("Retry-After") == "7") == (kind != "401")
    assert await purpose(simulator) == "user"


async def test_a_missing_role_is_answered_without_words(simulator: Simulator) -> None:
    """403 as captured from the service: a body that is no JSON."""
    await load(simulator)
    await simulator.client.post("/_sim/faults", json={"match": "InvokeCommand", "kind": "403"})

    answer = await run(simulator, "Get-Mailbox", Identity=ADA)

    assert (answer.status_code, set(answer.content)) == (403, {0})


@pytest.mark.parametrize(("kind", "found"), [("timeoutAfterCommit", "shared"), ("timeoutBeforeCommit", "user")])
async def test_a_held_conversion_may_have_happened(simulator: Simulator, kind: str, found: str) -> None:
    """Trap 21: no answer says nothing; only reading back does."""
    await load(simulator)
    await simulator.client.post("/_sim/faults", json={"match": "Set-Mailbox", "kind": kind, "count": 1})

    body = {"CmdletInput": {"CmdletName": "Set-Mailbox", "Parameters": {"Identity": ADA, "Type": "Shared"}}}
    with pytest.raises(httpx.ReadTimeout):
        await simulator.client.post(f"/adminapi/beta/{TENANT}/InvokeCommand", json=body, timeout=0.3)

    assert await purpose(simulator) == found


async def test_mailboxes_can_be_changed_from_outside(simulator: Simulator) -> None:
    """Somebody else converts, or puts on hold, while an operation runs."""
    await load(simulator)

    answer = await simulator.client.patch(
        f"/_sim/tenants/{TENANT}/users/{ADA}", json={"mailbox": {"purpose": "shared", "hold": True}}
    )

    assert answer.json()["mailbox"] == {"purpose": "shared", "sizeGb": 1.0, "archive": False, "hold": True}
    assert await purpose(simulator) == "shared"
