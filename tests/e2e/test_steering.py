"""Pause, resume, canary and halt over HTTP on a running stack; the rows keep what rests, whoever dies meanwhile."""

import asyncio
from datetime import UTC, datetime, timedelta

from dev.api import Api, Json
from dev.trial import Tenant, Trial
from tests.e2e.chain import assert_chain_intact
from tests.e2e.test_assign import until_succeeded


async def steer(trial: Trial, operation: str, verb: str) -> Json:
    """One verb."""
    return await trial.api.call("POST", f"/operations/{operation}/{verb}")


async def until(trial: Trial, operation: str, status: str, *, seconds: float = 30) -> Json:
    """Look until the operation is in this state."""
    found: Json = {}
    try:
        async with asyncio.timeout(seconds):
            while found.get("status") != status:
                await asyncio.sleep(0.2)
                found = await trial.api.operation(operation)
    except TimeoutError:
        raise TimeoutError(f"{operation} is not {status} after {seconds:g} s: {found}") from None
    return found


async def holders(trial: Trial, tenant: Tenant) -> int:
    """How many users hold a licence, in truth."""
    return sum(bool(user["direct"]) for user in (await trial.state(tenant))["users"])


async def test_a_paused_operation_outlives_its_host_and_ends_exact(trial: Trial) -> None:
    """Paused amid 1,200 users, the host killed and started again, resumed: everybody once, and nobody before that."""
    tenant = await trial.tenant(1200)
    started = await trial.assign(tenant)
    await until_succeeded(trial, started["id"], 100)
    assert (await steer(trial, started["id"], "pause"))["status"] == "running"
    paused = await until(trial, started["id"], "paused")
    counts = paused["progress"]
    assert 0 < counts["pending"] < 1200
    assert counts["succeeded"] == await holders(trial, tenant)
    assert paused["statusReason"].startswith("Paused by ")

    await trial.stack.hosts[0].kill()
    host = await trial.stack.start_host()
    await trial.api.__aexit__(None, None, None)
    trial.api = Api(host.url, trial.stack.api_key)
    await asyncio.sleep(3)  # several sweeps
    still = await trial.api.operation(started["id"])
    assert (still["status"], still["progress"]["succeeded"]) == ("paused", counts["succeeded"])
    pending = await trial.api.all(f"/operations/{started['id']}/results", status="pending")
    assert len(pending) == counts["pending"]

    assert (await steer(trial, started["id"], "resume"))["status"] == "running"
    operation = await trial.api.until_ended(started["id"], seconds=60)
    assert operation["status"] == "succeeded"
    await trial.assert_exact(operation, tenant)
    await trial.assert_single_flight(tenant)
    await assert_chain_intact(trial, tenant, 1200)


async def _canary(trial: Trial) -> None:
    """Ten of two hundred, then the rest once it is approved."""
    tenant = await trial.tenant(200)
    started = await trial.assign(tenant, options={"canary": {"users": 10, "approve": "manual"}})
    waits = await until(trial, started["id"], "awaitingApproval")
    assert (waits["progress"]["succeeded"], waits["progress"]["pending"]) == (10, 190)
    assert await holders(trial, tenant) == 10

    await steer(trial, started["id"], "approve")
    operation = await trial.api.until_ended(started["id"], seconds=40)
    assert operation["status"] == "succeeded"
    await trial.assert_exact(operation, tenant)


async def _halted(trial: Trial) -> None:
    """Sixty of the first writes are refused: halted with the numbers, resumed once that is over."""
    tenant = await trial.tenant(400)
    await trial.fault(match="assignLicense", kind="403", count=60, tenant=tenant.id)
    started = await trial.assign(tenant, options={"stopWhen": {"failedPercent": 20, "minimum": 25}})
    halted = await until(trial, started["id"], "halted")
    assert halted["progress"]["failed"] == 60
    assert "60 of " in halted["statusReason"]
    assert halted["progress"]["pending"] > 0

    await steer(trial, started["id"], "resume")
    operation = await trial.api.until_ended(started["id"], seconds=40)
    assert operation["status"] == "partiallySucceeded"
    assert (operation["progress"]["succeeded"], operation["progress"]["failed"]) == (340, 60)
    await trial.assert_exact(operation, tenant)


async def _cancelled_at_rest(trial: Trial) -> None:
    """Hours that are days away: planned, then waiting, then cancelled before any write."""
    tenant = await trial.tenant(30)
    another_day = (datetime.now(UTC) + timedelta(days=3)).strftime("%A").lower()
    window = {"days": [another_day], "from": "22:00", "to": "05:00", "timeZone": "Asia/Kolkata"}
    started = await trial.assign(tenant, options={"window": window})
    waits = await until(trial, started["id"], "waitingForWindow")
    assert waits["progress"]["pending"] == 30

    assert (await steer(trial, started["id"], "cancel"))["status"] == "cancelling"
    operation = await trial.api.until_ended(started["id"], seconds=40)
    assert (operation["status"], operation["progress"]["skipped"]) == ("cancelled", 30)
    assert await holders(trial, tenant) == 0


async def test_canaries_halts_and_windows_rest_and_go_on(trial: Trial) -> None:
    """Each on a tenant of its own, side by side."""
    async with asyncio.TaskGroup() as together:
        for each in (_canary, _halted, _cancelled_at_rest):
            together.create_task(each(trial))
