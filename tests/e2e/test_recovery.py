"""Rows are the truth: whatever happens to hosts and instances, an operation ends by itself, exact."""

import shutil
from pathlib import Path

import httpx
import pytest

from dev.api import Api
from dev.stack import Stack
from dev.stack.stack import REPOSITORY
from dev.trial import Trial
from tests.e2e.chain import assert_chain_intact
from tests.e2e.conftest import FAST
from tests.e2e.test_assign import until_succeeded

USERS = 1000
PRODUCT = ("function_app.py", "host.json", "shared", "triggers", "orchestrators", "activities")


async def test_a_killed_host_is_taken_up_where_it_was(trial: Trial) -> None:
    """Trap 34: ``kill -9`` amid 1,000 users, started again: no user twice at once, all right."""
    tenant = await trial.tenant(USERS)
    started = await trial.assign(tenant)
    await until_succeeded(trial, started["id"], 200)
    await trial.stack.hosts[0].kill()
    host = await trial.stack.start_host()

    async with _moved(trial, host.url):
        operation = await trial.api.until_ended(started["id"], seconds=80)
        assert operation["status"] == "succeeded"
        await trial.assert_exact(operation, tenant)
    await trial.assert_single_flight(tenant)
    await assert_chain_intact(trial, tenant, USERS)


@pytest.mark.slow
async def test_terminated_instances_are_started_again(trial: Trial) -> None:
    """The durable webhook terminates every instance of the operation: the sweeper brings it back."""
    tenant = await trial.tenant(USERS)
    started = await trial.assign(tenant)
    await until_succeeded(trial, started["id"], 200)
    async with httpx.AsyncClient(base_url=trial.stack.api_url) as http:
        for instance in (f"{started['id']}:1:{tenant.id}", f"{started['id']}:1"):
            path = f"/runtime/webhooks/durabletask/instances/{instance}/terminate"
            assert (await http.post(path, params={"reason": "test"})).status_code == 202
    operation = await trial.api.until_ended(started["id"], seconds=80)

    assert operation["status"] == "succeeded"
    await trial.assert_exact(operation, tenant)
    await trial.assert_single_flight(tenant)


@pytest.mark.slow
async def test_an_instance_that_no_longer_replays_is_started_again(tmp_path: Path) -> None:
    """A release that breaks replay, swapped into a living host: the instance fails, the rows carry the operation on."""
    for name in PRODUCT:
        source = REPOSITORY / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    async with Stack(FAST, app_dir=tmp_path) as stack, Trial(stack) as trial:
        tenant = await trial.tenant(USERS)
        started = await trial.assign(tenant)
        await until_succeeded(trial, started["id"], 200)
        code = tmp_path / "orchestrators" / "run_tenant.py"
        marker = "    run = TenantRun("
        assert marker in code.read_text()
        changed = "    yield context.create_timer(context.current_utc_datetime)\n" + marker
        code.write_text(code.read_text().replace(marker, changed, 1))
        await stack.hosts[0].reload()
        operation = await trial.api.until_ended(started["id"], seconds=80)

        assert operation["status"] == "succeeded"
        assert "NonDeterminismError" in stack.hosts[0].log_text()
        await trial.assert_exact(operation, tenant)
        await trial.assert_single_flight(tenant)


async def test_two_hosts_share_the_work_and_one_may_die() -> None:
    """Ten operations over two hosts on one storage, one host killed: one successful write a user, never two at once."""
    async with Stack(FAST, hosts=2) as stack, Trial(stack) as trial:
        tenants = [await trial.tenant(150) for _ in range(5)]
        second = Trial(stack)
        async with second, _moved(second, stack.hosts[1].url):
            started = [(await trial.assign(t, "SPE_E5"), t, "SPE_E5") for t in tenants]
            started += [(await second.assign(t, "POWER_BI_PRO"), t, "POWER_BI_PRO") for t in tenants]
            await until_succeeded(second, started[0][0]["id"], 1)
            await stack.hosts[0].kill()
            states = [await second.api.operation(op["id"]) for op, _, _ in started]
            assert any(state["completedAt"] is None for state in states), (
                "everything had ended before the host was killed"
            )
            operations = [await second.api.until_ended(op["id"], seconds=90) for op, _, _ in started]
            for operation, (_, tenant, sku) in zip(operations, started, strict=True):
                assert operation["status"] == "succeeded"
                await second.assert_exact(operation, tenant, sku)
        for tenant in tenants:
            await trial.assert_single_flight(tenant)
            for user, lines in (await trial.writes(tenant)).items():
                bodies = [str(line["body"]) for line in lines if line["status"] == 200]
                assert len(bodies) == len(set(bodies)), f"{user} was written twice: {lines}"


class _moved:  # noqa: N801 - reads as a phrase at its use
    """Speak to another host for a while."""

    def __init__(self, trial: Trial, url: str) -> None:
        self.trial, self.url = trial, url

    async def __aenter__(self) -> None:
        self.before = self.trial.api
        self.trial.api = Api(self.url, self.trial.stack.api_key)

    async def __aexit__(self, *_: object) -> None:
        await self.trial.api.__aexit__(None, None, None)
        self.trial.api = self.before
