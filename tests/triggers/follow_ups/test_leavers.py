"""Members join and leave a group between the runs of a schedule: the right people end with the right licences."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.begin_operation import begin
from shared.contracts.work import OperationRun, TenantRun
from shared.domain.caller import SYSTEM
from shared.domain.operation import Operation, Status
from tests.activities.driver import Engine
from tests.support.clock import SetClock, set_clock
from tests.support.simulator import SimulatedTenant, Simulator
from tests.triggers.conftest import E3, E5, Api
from triggers.follow_ups.outbox import handlers, run_outbox
from triggers.timers.scheduler import run_due

START = datetime(2026, 11, 27, 12, tzinfo=UTC)
FIRST = datetime(2026, 11, 28, 2, tzinfo=UTC)
DAY = timedelta(days=1)
GROUP, GROUP_ID = "Sales", "5a1e5000-0000-4000-8000-000000000001"
DAILY = {"frequency": "daily", "time": "02:00", "timeZone": "UTC"}


def upn(name: str) -> str:
    """A user's principal name."""
    return f"{name}@sales.example"


@dataclass
class Nightly:
    """A schedule that gives E5 to the members of a group, and takes it from leavers."""

    api: Api
    tenant: SimulatedTenant
    clock: SetClock
    nights: int = 0
    schedule: str = ""

    async def make(self, **fields: Any) -> None:
        """Make the schedule."""
        target = {"tenant": self.tenant.id, "users": {"group": {"displayName": GROUP}}}
        request = {"targets": [target], "licenses": [{"sku": "SPE_E5"}], "reason": "CHG-1"}
        body = {"name": "Sales", "operation": "assign", "request": request, "recurrence": DAILY, "removeLeavers": True}
        made = await self.api.send("POST", "schedules", body | fields)
        assert made.status == 201, made.body
        self.schedule = made.json["id"]

    async def night(self) -> list[Operation]:
        """Let a night pass with all that follows from it; gives the run, and the removal where there is one."""
        self.api.started.clear()
        self.clock.at = FIRST + self.nights * DAY
        self.nights += 1
        assert await run_due(self.api.app, self.api.start) == 1
        await self.work()
        return await self.operations()

    async def operations(self) -> list[Operation]:
        """The operations that were started since the night began, in order."""
        ids = dict.fromkeys(given["operation"] for _, _, given in self.api.started)
        return [await self.api.app.operations.get(SYSTEM, each) for each in ids]

    async def work(self) -> None:
        """Run what was started, and what follows, until nothing is left."""
        app, done = self.api.app, 0
        while done < len(self.api.started):
            for _, _, given in self.api.started[done:]:
                done += 1
                begun = await begin(app, OperationRun.model_validate(given))
                for tenant in begun.tenants:
                    await Engine(app).run(TenantRun(**given, tenant=tenant))
            self.clock.at += timedelta(minutes=5)
            await run_outbox(app, handlers(self.api.start))

    def members(self, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> None:
        """Let people join and leave the group."""
        body = {"add": list(map(upn, add)), "remove": list(map(upn, remove))}
        self.tenant.simulator.call("POST", f"/tenants/{self.tenant.id}/groups/{GROUP_ID}/members", json=body)

    def holders(self, sku_id: str = E5) -> set[str]:
        """Who holds a SKU, in truth."""
        users = self.tenant.state()["users"]
        return {
            user["userPrincipalName"].partition("@")[0]
            for user in users
            if any(each["skuId"] == sku_id for each in user["direct"])
        }


@pytest.fixture
def more_settings() -> dict[str, str]:
    """No limits, and reads that never lag."""
    return {"GRAPH_LIMIT_FACTOR": "0", "REPLICATION_HORIZON_SECONDS": "0"}


@pytest.fixture
async def nightly(api: Api, simulator: Simulator) -> Nightly:
    """Ann, Bo, Cy and Di are members; Di has had E5 for long, Eve is nobody's member and has it too."""
    users = [{"userPrincipalName": upn(name), "usageLocation": "DE"} for name in ("ann", "bo", "cy", "flo", "gus")]
    users += [
        {"userPrincipalName": upn(name), "usageLocation": "DE", "licenses": [{"skuId": E5}]} for name in ("di", "eve")
    ]
    tenant = simulator.load(
        displayName="Sales",
        domains=["sales.example"],
        skus=[{"skuPartNumber": "SPE_E5", "enabled": 50}, {"skuPartNumber": "SPE_E3", "enabled": 50}],
        users=users,
        groups=[{"displayName": GROUP, "id": GROUP_ID, "members": list(map(upn, ("ann", "bo", "cy", "di")))}],
    )
    assert (await api.send("PUT", f"tenants/{tenant.id}", {})).status == 201
    return Nightly(api, tenant, set_clock(START, api.app))


async def test_who_joins_gets_it_and_who_leaves_loses_what_the_schedule_gave(nightly: Nightly) -> None:
    """Trap 37: users are found anew each night; Di, who had it before, and Eve, who was never in it, keep theirs."""
    await nightly.make()
    (first,) = await nightly.night()
    assert (first.status, nightly.holders()) == (Status.SUCCEEDED, {"ann", "bo", "cy", "di", "eve"})

    nightly.members(add=("flo",), remove=("bo", "di"))
    second, removal = await nightly.night()
    assert nightly.holders() == {"ann", "cy", "di", "eve", "flo"}
    assert (removal.kind, removal.status, removal.parent_id) == ("remove", Status.SUCCEEDED, second.id)
    assert (removal.schedule_id, removal.created_by.id) == (nightly.schedule, f"schedule:{nightly.schedule}")
    entries, _ = await nightly.api.app.audit.page(SYSTEM, operation=removal.id)
    assert [(entry.user_principal_name, dict(entry.seat_change)) for entry in entries] == [(upn("bo"), {"SPE_E5": -1})]

    nightly.members(add=("bo",))
    (third,) = await nightly.night()
    assert (third.status, "bo" in nightly.holders()) == (Status.SUCCEEDED, True)
    assert set(await nightly.api.app.given.of(nightly.schedule, nightly.tenant.id)) == {
        nightly.tenant.user_id(upn(name)) for name in ("ann", "bo", "cy", "flo")
    }


async def test_a_group_that_shrank_halts_and_asks(nightly: Nightly) -> None:
    """Trap 37: more removals than the schedule's limit take nothing from anybody before somebody resumes them."""
    await nightly.make(maxChangesPerRun=3)
    await nightly.night()
    nightly.members(add=("flo",), remove=("ann", "bo", "cy"))
    run, removal = await nightly.night()

    assert (run.status, removal.status) == (Status.SUCCEEDED, Status.HALTED)
    assert removal.status_reason == "Halted: 3 users would be changed, the schedule's maxChangesPerRun leaves 2"
    assert nightly.holders() == {"ann", "bo", "cy", "di", "eve", "flo"}
    nightly.api.started.clear()
    assert (await nightly.api.send("POST", f"operations/{removal.id}/resume")).status == 202
    await nightly.work()
    assert (await nightly.api.app.operations.get(SYSTEM, removal.id)).status is Status.SUCCEEDED
    assert nightly.holders() == {"di", "eve", "flo"}


async def test_who_comes_back_while_a_removal_is_halted_keeps_the_licence(nightly: Nightly) -> None:
    """The next run takes the place of the removal that nobody resumed: one waits at a time, of who is gone by then."""
    await nightly.make(maxChangesPerRun=3)
    await nightly.night()
    await nightly.api.send("PATCH", f"schedules/{nightly.schedule}", {"maxChangesPerRun": 1})
    nightly.members(remove=("ann", "bo"))
    _, halted = await nightly.night()
    assert halted.status is Status.HALTED
    nightly.members(add=("bo",))
    operations = {each.id: each for each in await nightly.night()}

    assert operations.pop(halted.id).status is Status.CANCELLED
    run, removal = operations.values()
    assert (removal.parent_id, removal.status) == (run.id, Status.SUCCEEDED)
    assert nightly.holders() == {"bo", "cy", "di", "eve"}
    again = await nightly.api.app.operations.get(SYSTEM, halted.id)
    assert again.status_reason == "Cancelled as a later run of the schedule finds anew who has left"
    assert (await nightly.api.send("POST", f"operations/{halted.id}/resume")).status == 409


async def test_a_run_that_changes_too_many_halts_before_its_first_write(nightly: Nightly) -> None:
    """And does all of it once somebody has looked; one who pauses and resumes it before has not."""
    await nightly.make(maxChangesPerRun=2)
    (run,) = await nightly.night()

    assert (run.status, nightly.holders()) == (Status.HALTED, {"di", "eve"})
    assert run.status_reason == "Halted: 3 users would be changed, the schedule's maxChangesPerRun leaves 2"
    nightly.api.started.clear()
    await nightly.api.send("POST", f"operations/{run.id}/resume")
    await nightly.work()
    assert (await nightly.api.app.operations.get(SYSTEM, run.id)).status is Status.SUCCEEDED
    assert nightly.holders() == {"ann", "bo", "cy", "di", "eve"}
    assert (await nightly.api.app.given.of(nightly.schedule, nightly.tenant.id)).keys() == {
        nightly.tenant.user_id(upn(name)) for name in ("ann", "bo", "cy")
    }


async def test_an_empty_group_halts_above_the_limit_and_else_takes_all(nightly: Nightly) -> None:
    """Nobody is selected, and that was read: it is no failure to read."""
    await nightly.make(maxChangesPerRun=3)
    await nightly.night()
    nightly.members(remove=("ann", "bo", "cy", "di"))
    run, removal = await nightly.night()

    error = run.tenants[0].error
    assert error
    assert (error.code, removal.status, nightly.holders()) == ("EmptySelection", Status.SUCCEEDED, {"di", "eve"})


@pytest.mark.parametrize("broken", ["gone", "consent"])
async def test_a_group_that_cannot_be_read_makes_nobody_a_leaver(nightly: Nightly, broken: str) -> None:
    """Trap 28: its name is gone, or the consent is: the run fails and everybody keeps everything."""
    await nightly.make()
    await nightly.night()
    path = f"/tenants/{nightly.tenant.id}/groups/{GROUP_ID}"
    if broken == "gone":
        nightly.tenant.simulator.call("PATCH", path, json={"displayName": "Vendors"})
    else:
        nightly.tenant.fault("/groups", "403", rate=1.0)
    (run,) = await nightly.night()

    assert run.status is Status.FAILED
    assert nightly.holders() == {"ann", "bo", "cy", "di", "eve"}
    assert len(await nightly.api.app.given.of(nightly.schedule, nightly.tenant.id)) == 3


async def test_a_disabled_account_is_no_leaver(nightly: Nightly) -> None:
    """Who is on leave keeps the mailbox; who is no longer a member does not, disabled or not."""
    await nightly.make()
    await nightly.night()
    for name in ("ann", "bo"):
        path = f"/tenants/{nightly.tenant.id}/users/{upn(name)}"
        nightly.tenant.simulator.call("PATCH", path, json={"accountEnabled": False})
    nightly.members(remove=("bo",))
    _, removal = await nightly.night()

    assert removal.status is Status.SUCCEEDED
    assert nightly.holders() == {"ann", "cy", "di", "eve"}


async def test_who_comes_back_while_the_removal_rests_keeps_the_licence(nightly: Nightly) -> None:
    """The selection is read again before anything is taken: here the removal is still to be resolved."""
    await nightly.make()
    await nightly.night()
    nightly.members(remove=("bo", "cy"))
    nightly.api.started.clear()
    nightly.clock.at = FIRST + nightly.nights * DAY
    await run_due(nightly.api.app, nightly.api.start)
    ((_, _, given),) = nightly.api.started
    await begin(nightly.api.app, OperationRun.model_validate(given))
    await Engine(nightly.api.app).run(TenantRun(**given, tenant=nightly.tenant.id))
    await run_outbox(nightly.api.app, handlers(nightly.api.start))
    nightly.members(add=("cy",))
    del nightly.api.started[0]
    await nightly.work()

    (removal,) = await nightly.operations()
    assert (removal.status, nightly.holders()) == (Status.SUCCEEDED, {"ann", "cy", "di", "eve"})
    page = await nightly.api.app.results.page(removal.id, nightly.tenant.id, status="skipped", after_index=-1, top=9)
    assert [(each.user_principal_name, each.code) for each in page] == [(upn("cy"), "Drifted")]
    assert set(await nightly.api.app.given.of(nightly.schedule, nightly.tenant.id)) == {
        nightly.tenant.user_id(upn(name)) for name in ("ann", "cy")
    }


async def test_without_remove_leavers_nobody_loses_anything_and_it_can_be_switched_on(nightly: Nightly) -> None:
    """What earlier runs gave is known then."""
    await nightly.make(removeLeavers=False)
    await nightly.night()
    nightly.members(remove=("bo",))
    assert len(await nightly.night()) == 1
    await nightly.api.send("PATCH", f"schedules/{nightly.schedule}", {"removeLeavers": True})
    assert len(await nightly.night()) == 2

    assert nightly.holders() == {"ann", "cy", "di", "eve"}
    assert nightly.holders(E3) == set()


async def test_who_comes_back_before_a_removal_is_retried_keeps_the_licence(nightly: Nightly) -> None:
    """A retry reads the selection again as the removal did: Bo is a member by then, Cy is not."""
    await nightly.make()
    await nightly.night()
    nightly.members(remove=("bo", "cy"))
    nightly.tenant.fault("assignLicense", "403", count=2)
    _, removal = await nightly.night()
    assert (removal.status, nightly.holders()) == (Status.FAILED, {"ann", "bo", "cy", "di", "eve"})
    nightly.members(add=("bo",))
    nightly.api.started.clear()
    retried = await nightly.api.send("POST", f"operations/{removal.id}/retry")
    assert retried.status == 202
    await nightly.work()

    assert nightly.holders() == {"ann", "bo", "di", "eve"}
    page = await nightly.api.app.results.page(
        retried.json["id"], nightly.tenant.id, status="skipped", after_index=-1, top=9
    )
    assert [(each.user_principal_name, each.code) for each in page] == [(upn("bo"), "Drifted")]


async def test_what_was_reverted_is_no_longer_the_schedules(nightly: Nightly) -> None:
    """Ann gets the licence from somebody else after the run was reverted, and keeps it when she leaves."""
    await nightly.make()
    (run,) = await nightly.night()
    nightly.api.started.clear()
    assert (await nightly.api.send("POST", f"operations/{run.id}/revert", {})).status == 202
    await nightly.work()
    assert nightly.holders() == {"di", "eve"}
    assert await nightly.api.app.given.of(nightly.schedule, nightly.tenant.id) == {}

    path = f"/tenants/{nightly.tenant.id}/users/{upn('ann')}"
    nightly.tenant.simulator.call("PATCH", path, json={"licenses": [{"skuId": "SPE_E5"}]})
    nightly.members(remove=("ann", "bo"))
    await nightly.night()
    assert nightly.holders() == {"ann", "cy", "di", "eve"}


async def test_what_a_retry_of_a_run_gave_goes_when_its_user_leaves(nightly: Nightly) -> None:
    """It is the schedule's as well; and who is not among the retried has not left."""
    await nightly.make()
    nightly.tenant.fault("assignLicense", "403", count=2)
    (run,) = await nightly.night()
    failed = {"ann", "bo", "cy"} - nightly.holders()
    assert len(failed) == 2
    nightly.api.started.clear()
    assert (await nightly.api.send("POST", f"operations/{run.id}/retry")).status == 202
    await nightly.work()
    assert len(await nightly.operations()) == 1
    assert nightly.holders() == {"ann", "bo", "cy", "di", "eve"}
    nightly.members(remove=tuple(failed))
    await nightly.night()
    assert nightly.holders() == {"ann", "bo", "cy", "di", "eve"} - failed


async def test_who_is_listed_by_a_name_of_before_has_not_left(nightly: Nightly) -> None:
    """Ann marries: the list cannot find her any more, which is no reason to take the licence; Bo is struck off."""

    def listed(*names: str) -> dict[str, Any]:
        target = {"tenant": nightly.tenant.id, "users": {"users": list(map(upn, names))}}
        return {"request": {"targets": [target], "licenses": [{"sku": "SPE_E5"}]}}

    await nightly.make(**listed("Ann", "bo"))
    await nightly.night()
    path = f"/tenants/{nightly.tenant.id}/users/{upn('ann')}"
    nightly.tenant.simulator.call("PATCH", path, json={"userPrincipalName": upn("ann.new")})
    await nightly.api.send("PATCH", f"schedules/{nightly.schedule}", listed("Ann"))
    run, removal = await nightly.night()

    assert (run.status, removal.status) == (Status.FAILED, Status.SUCCEEDED)
    assert nightly.holders() == {"ann.new", "di", "eve"}
