"""A remove with a grace on the real stack: its beginning, its end, and its end before time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from dev.api import BASE, Json
from dev.stack import Stack
from dev.trial import E5, EVERYONE, POWER_BI, Tenant, Trial, new_domain
from shared.settings import read_settings
from shared.tables.client import Tables
from shared.tables.schedules import ScheduleStore
from tests.e2e.conftest import FAST

PLANS = {E5: "YAMMER_ENTERPRISE"}


@pytest.fixture
async def trial() -> AsyncGenerator[Trial]:
    """A stack whose reads never lag: 30 days pass in no time, and what somebody else did since must count."""
    async with Stack({**FAST, "REPLICATION_HORIZON_SECONDS": "0"}) as stack, Trial(stack) as trial:
        yield trial


async def leavers(trial: Trial, users: int) -> Tenant:
    """A tenant whose users hold two licences, of one of which they have switched a service plan off."""
    domain = new_domain()
    licences = [{"skuId": E5, "disabledPlans": [PLANS[E5]]}, {"skuId": POWER_BI}]
    people = [
        {"userPrincipalName": f"user{n}@{domain}", "usageLocation": "DE", "licenses": licences} for n in range(users)
    ]
    names = [person["userPrincipalName"] for person in people]
    skus = [{"skuPartNumber": sku, "enabled": users} for sku in (E5, POWER_BI)]
    everyone = {"displayName": EVERYONE, "members": names}
    return await trial.load(domain, {"skus": skus, "users": people, "groups": [everyone], "lagSeconds": [0, 0]})


async def begun(trial: Trial, tenant: Tenant, during: str, *, previewed: bool = False, **more: Any) -> Json:
    """A grace of 30 days that has begun for all of the group, whom a preview counts before."""
    body = {
        "targets": [{"tenant": tenant.domain, "users": {"group": {"displayName": EVERYONE}}}],
        "licenses": [{"sku": E5}],
        "grace": {"days": 30, "during": during},
        **more,
    }
    preview = await trial.api.call("POST", "/preview", json={**body, "operation": "remove"})
    assert preview["impact"]["usersAffected"] == more.get("confirm", tenant.users)
    assert {each["change"] for each in preview["impact"]["licenses"]} <= {0}
    started = await trial.api.call("POST", "/remove", json={"previewId": preview["id"]} if previewed else body)
    return await trial.api.until_ended(started["id"], seconds=30)


async def held(trial: Trial, tenant: Tenant, sku: str = E5) -> list[frozenset[str] | None]:
    """The disabled plans of a SKU user by user; None for one who does not hold it."""
    state = await trial.state(tenant)
    sku_id = next(each["skuId"] for each in state["skus"] if each["skuPartNumber"] == sku)
    users = sorted(state["users"], key=lambda user: user["userPrincipalName"])
    found = ([d["disabledPlans"] for d in user["direct"] if d["skuId"] == sku_id] for user in users)
    return [frozenset(plans[0]) if plans else None for plans in found]


@asynccontextmanager
async def schedules(trial: Trial) -> AsyncGenerator[ScheduleStore]:
    """The table of the stack."""
    environment = {
        "AzureWebJobsStorage": trial.stack.storage,
        "GRAPH_BASE_URL": trial.stack.simulator_url,
        "GRAPH_CREDENTIAL": "static:local",
    }
    tables = Tables.open(read_settings(environment))
    try:
        yield ScheduleStore(tables)
    finally:
        await tables.close()


async def after_the_grace(trial: Trial, operation: Json) -> Json:
    """The operation that takes the licences, once 30 days are over."""
    async with schedules(trial) as store:
        await store.change(
            operation["scheduleId"], lambda s: replace(s, run_at=(s.run_at or s.created_at) - timedelta(days=31))
        )
    async with asyncio.timeout(30):
        while not (schedule := await trial.api.call("GET", f"/schedules/{operation['scheduleId']}"))["lastRun"]:
            await asyncio.sleep(0.3)
    assert (schedule["next"], schedule["enabled"]) == ([], False)
    return await trial.api.until_ended(schedule["lastRun"]["operationId"], seconds=30)


async def results(trial: Trial, operation: Json) -> list[Json]:
    """The results in selection order."""
    found = await trial.api.all(f"/operations/{operation['id']}/results")
    return sorted(found, key=lambda each: each["userPrincipalName"])


async def test_licences_are_kept_and_go_when_the_grace_is_over(trial: Trial) -> None:
    """Trap 35: who left the group meanwhile was hired again and keeps the licence; who joined never had a grace."""
    tenant = await leavers(trial, 4)
    names = [f"user{n}@{tenant.domain}" for n in range(4)]
    state = await trial.state(tenant)
    group = f"/tenants/{tenant.id}/groups/{state['groups'][0]['id']}/members"
    (await trial.sim.post(group, json={"remove": names[3:]})).raise_for_status()
    operation = await begun(trial, tenant, "keep", confirm=3, reason="leavers")

    assert (operation["status"], operation["progress"]["succeeded"]) == ("succeeded", 3), operation["tenants"]
    assert await trial.writes(tenant) == {}
    until = datetime.fromisoformat(operation["completedAt"]) + timedelta(days=30)
    shown = await results(trial, operation)
    assert {each["status"] for each in shown} == {"succeeded"}
    assert all(abs(datetime.fromisoformat(r["graceUntil"]) - until) < timedelta(seconds=5) for r in shown)
    schedule = await trial.api.call("GET", f"/schedules/{operation['scheduleId']}")
    assert schedule["next"] == [schedule["runAt"]] == [shown[0]["graceUntil"]]
    assert (schedule["operation"], schedule["recurrence"], schedule["lastRun"]) == ("remove", None, None)
    assert [each["id"] for each in await trial.api.all("/schedules")] == [schedule["id"]]

    (await trial.sim.post(group, json={"remove": names[:1], "add": names[3:]})).raise_for_status()
    disabled = {"accountEnabled": False}
    (await trial.sim.patch(f"/tenants/{tenant.id}/users/{names[1]}", json=disabled)).raise_for_status()
    removal = await after_the_grace(trial, operation)

    assert (removal["type"], removal["parentId"], removal["scheduleId"]) == (
        "remove",
        operation["id"],
        operation["scheduleId"],
    )
    assert [(r["status"], r["removed"], (r["error"] or {}).get("code")) for r in await results(trial, removal)] == [
        ("skipped", [], "Drifted"),
        ("succeeded", [E5], None),
        ("succeeded", [E5], None),
    ]
    assert [plans is not None for plans in await held(trial, tenant)] == [True, False, False, True]
    assert None not in await held(trial, tenant, POWER_BI)
    assert len(await trial.api.all("/audit", operation=removal["id"])) == 2


async def test_service_plans_go_dark_and_who_is_woken_keeps_the_licence(trial: Trial) -> None:
    """Somebody has switched plans on again during the grace: that user is left alone."""
    tenant = await leavers(trial, 2)
    before = await held(trial, tenant)
    operation = await begun(trial, tenant, "disablePlans", previewed=True)
    dark = await held(trial, tenant)
    for result in await results(trial, operation):
        assert (result["added"], result["removed"], result["graceUntil"] is None) == ([E5], [], False)
        assert len(result["disabledPlans"][E5]) == len(dark[0] or ())
    assert all(now and was is not None and now > was for now, was in zip(dark, before, strict=True))

    woken = {"licenses": [{"skuId": E5}, {"skuId": POWER_BI}]}
    (await trial.sim.patch(f"/tenants/{tenant.id}/users/user0@{tenant.domain}", json=woken)).raise_for_status()
    removal = await after_the_grace(trial, operation)

    assert [(r["error"] or {}).get("code") for r in await results(trial, removal)] == ["Drifted", None]
    assert await held(trial, tenant) == [frozenset(), None]


async def test_deleting_the_schedule_ends_the_grace(trial: Trial) -> None:
    """Service plans come on again as they were; where nothing was switched off nothing is to be done."""
    tenant = await leavers(trial, 2)
    before = await held(trial, tenant)
    async with httpx.AsyncClient(
        base_url=trial.stack.api_url + BASE, headers={"x-api-key": trial.stack.api_key}
    ) as web:
        for during in ("disablePlans", "keep"):
            operation = await begun(trial, tenant, during)
            path = f"/schedules/{operation['scheduleId']}"
            gone = await web.delete(path)
            assert (gone.status_code, gone.content) == (204, b"")
            assert (await web.get(path)).status_code == (await web.delete(path)).status_code == 404
            if during == "keep":
                assert "location" not in gone.headers
                continue
            revert = await trial.api.until_ended(gone.headers["location"].rpartition("/")[2], seconds=30)
            assert (revert["type"], revert["parentId"]) == ("revert", operation["id"])
            assert revert["progress"]["succeeded"] == 2
            assert await held(trial, tenant) == before
    assert await trial.api.all("/schedules") == []
