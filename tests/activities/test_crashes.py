"""The host dies at every point, and every activity may run twice: in the end rows, directory and audit agree."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from activities.begin_operation import begin
from shared.contracts.names import TAKE_TURN
from shared.contracts.work import OperationRun
from shared.domain.operation import Status
from shared.services import Services
from tests.activities.conftest import MakePart
from tests.activities.cutting import cut_off
from tests.activities.driver import Engine, Killed
from tests.activities.parts import E3, E5, Part, another, new_part, people, upn
from tests.support.simulator import Simulator

type Step = Callable[[Part], Coroutine[Any, Any, None]]

YAMMER, SWAY = "7547a3fe-08ee-4ccb-b430-5077c5041653", "a23b959c-7ce8-4e57-9140-b90eb88a9e97"
USERS = 45
AT_ONCE = 12
LAST_CALL = 12
"""One more than the activities of a part of three batches that meets no fault."""


def mixed() -> list[dict[str, Any]]:
    """Users of whom some have no usage location and some hold the licence already."""
    users = people(USERS)
    for user in users[3:9]:
        user["usageLocation"] = None
    for user in users[20:26]:
        user["licenses"] = [{"skuId": "SPE_E3"}]
    return users


BODY = {"usageLocation": {"value": "CH", "mode": "ifMissing"}, "licenses": [{"sku": E5}, {"sku": E3}]}


async def begun(part: Part) -> Part:
    """Begin the operation, as ``run_operation`` does."""
    await begin(part.app, OperationRun(operation=part.run.operation, epoch=part.run.epoch))
    return part


async def killed(part: Part, calls: int, *, hard: bool) -> bool:
    """Run until the host dies; False when the part ended before."""
    try:
        await asyncio.wait_for(Engine(part.app, calls_to_live=calls, hard=hard).run(part.run), 30)
    except Killed:
        return True
    return False


def assert_nobody_was_sent_twice(part: Part) -> None:
    """No fault was met, so one write of each kind is enough."""
    sent = Counter((line["method"], line["url"]) for line in part.tenant.requests("/users/") if line["status"] < 300)
    twice = [key for key, times in sent.items() if times > 1 and key[0] in ("POST", "PATCH")]
    assert twice == []


@pytest.mark.parametrize("hard", [False, True], ids=["unheard", "cut off"])
async def test_an_operation_survives_the_death_of_its_host_at_every_call(part_of: MakePart, hard: bool) -> None:
    """A later epoch takes it up from the rows; nobody is lost, sent twice, or audited twice."""

    async def one(calls: int) -> None:
        part = await begun(await part_of(mixed(), body=BODY))
        await killed(part, calls, hard=hard)
        if (await part.operation()).completed_at is None:
            later = await part.raise_epoch()
            await asyncio.wait_for(Engine(part.app).run(later.run), 40)
        await part.assert_exact()
        assert (await part.operation()).status is Status.SUCCEEDED
        assert_nobody_was_sent_twice(part)

    await asyncio.gather(*(one(calls) for calls in range(1, LAST_CALL + 1)))


async def test_a_cancel_while_nobody_lives_keeps_what_was_done(part_of: MakePart) -> None:
    """The host dies, the operation is cancelled, the sweeper closes it: who was changed is told and audited."""

    async def one(calls: int) -> None:
        part = await begun(await part_of(mixed(), body=BODY))
        await killed(part, calls, hard=True)
        if (await part.operation()).completed_at is not None:
            return
        await part.cancel()
        later = await part.raise_epoch()
        await asyncio.wait_for(Engine(part.app).run(later.run), 40)
        row = await part.row()
        assert row.status is Status.CANCELLED
        assert row.totals.pending == 0
        succeeded = sorted(o.user_principal_name for o in await part.outcomes() if o.code is None)
        assert succeeded == part.holders(E5)
        located = {u["id"] for u in part.tenant.state()["users"] if u["usageLocation"] == "CH"}
        audited = {entry.user_id for entry in await part.audited()}
        changed = {o.user_id for o in await part.outcomes() if o.code is None} | located
        assert audited == changed

    await asyncio.gather(*(one(calls) for calls in range(1, LAST_CALL + 1)))


async def test_every_activity_may_run_twice_at_once(part_of: MakePart) -> None:
    """The engine delivers at least once: two runs at the same time count as one."""
    part = await begun(await part_of(mixed(), body=BODY))

    await asyncio.wait_for(Engine(part.app, twice=True).run(part.run), 60)

    await part.assert_exact()
    assert_nobody_was_sent_twice(part)


async def test_faults_and_deaths_together_end_exact(part_of: MakePart) -> None:
    """Items refused, answers that never come, a host that dies again and again."""
    part = await begun(await part_of(mixed(), body=BODY))
    part.tenant.fault("assignLicense", "429", rate=0.2, retryAfter=0.2, seed=3)
    part.tenant.fault("POST /$batch", "timeoutAfterCommit", rate=0.1, seed=5)
    part.tenant.fault("POST /$batch", "reset", rate=0.1, seed=7)
    for calls in (9, 4, 7, 5):
        await killed(part, calls, hard=True)
        if (await part.operation()).completed_at is not None:
            break
        part = await part.raise_epoch()
    await asyncio.wait_for(Engine(part.app).run(part.run), 60)

    await part.assert_exact()
    assert len(await part.outcomes()) == USERS


async def test_a_part_that_waits_for_its_turn_gives_way_to_a_cancel(part_of: MakePart) -> None:
    """Whoever stands in line looks at the state as well."""
    first = await (await part_of(3)).ready()
    second = await begun(await another(first.app, first.tenant))
    engine = Engine(second.app)
    running = asyncio.create_task(engine.run(second.run))
    while TAKE_TURN not in engine.called:
        await asyncio.sleep(0.05)
    await second.cancel()
    await first.let_lease_run_out()
    await asyncio.wait_for(running, 20)

    assert (await second.operation()).status is Status.CANCELLED
    assert second.writes() == []
    assert upn(0) not in first.holders()


async def test_operations_side_by_side_never_write_to_a_user_at_once(lagging: Services, simulator: Simulator) -> None:
    """Invariants 2 and 5: the same users, different licences and plans, reads that lag; each ends exact."""
    users = people(30, licenses=[{"skuId": "SPE_E5", "disabledPlans": ["SWAY"]}])
    first = await begun(await new_part(lagging, simulator, users, body={"licenses": [{"sku": E3}]}, lagSeconds=[0, 1]))
    wishes: list[dict[str, Any]] = [{"sku": E3}, {"sku": E5, "disabledPlans": [YAMMER]}, {"sku": E3}]
    parts = [first, *[await begun(await another(lagging, first.tenant, licenses=[wish])) for wish in wishes]]

    await asyncio.gather(*(asyncio.wait_for(Engine(part.app).run(part.run), 60) for part in parts))

    lines: dict[str, list[dict[str, Any]]] = {}
    for line in first.writes():
        lines.setdefault(line["url"], []).append(line)
    for same_user in lines.values():
        same_user.sort(key=lambda line: line["start"])
        assert all(earlier["end"] <= later["start"] for earlier, later in pairwise(same_user))
    for part in parts:
        row = await part.row()
        assert (row.status, row.totals.pending, row.totals.failed) == (Status.SUCCEEDED, 0, 0)
        succeeded = {outcome.user_id for outcome in await part.outcomes() if outcome.code is None}
        assert {entry.user_id for entry in await part.audited()} == succeeded
    for user in first.tenant.state()["users"]:
        held = {each["skuId"]: set(each["disabledPlans"]) for each in user["direct"]}
        assert held[E5] >= {SWAY}
        assert held.keys() == {E3, E5}


async def _apply(part: Part) -> None:
    await part.attempt(1)


async def _reserve(part: Part) -> None:
    await part.reserve()


async def _end(part: Part) -> None:
    await part.end()


async def _planned(part: Part) -> None:
    await part.begin()
    await part.resolve()
    await part.plan()


async def _reserved(part: Part) -> None:
    await part.ready()


async def _applied(part: Part) -> None:
    await part.ready()
    await part.attempt(1)


@pytest.mark.parametrize(
    ("before", "step", "stride"),
    [
        pytest.param(_planned, _reserve, 11, id="reserve_seats"),
        pytest.param(_reserved, _apply, 4, id="apply_batch"),
        pytest.param(_applied, _end, 7, id="end_tenant"),
    ],
)
async def test_an_activity_cut_off_at_any_wait_is_made_good_by_its_second_run(
    part_of: MakePart, before: Step, step: Step, stride: int
) -> None:
    """The host dies in the middle of an activity, another one runs it again, and a later epoch ends the part."""
    users = [*people(5), *people(7, usageLocation=None)[5:]]
    body = {**BODY, "licenses": [{"sku": E5}], "options": {"onInsufficientLicenses": "partial"}}

    async def one(wait: int) -> bool:
        part = await part_of(users, body=body, seats=6)
        await before(part)
        cut = await cut_off(step(part), wait)
        await step(part)
        if (await part.operation()).completed_at is None:
            later = await part.raise_epoch()
            await asyncio.wait_for(Engine(part.app).run(later.run), 40)
        assert len(await part.outcomes()) == len(users)
        assert part.holders() == [upn(n) for n in range(6)]
        assert {entry.user_principal_name for entry in await part.audited()} == set(part.holders())
        assert (await part.row()).totals.pending == 0
        assert_nobody_was_sent_twice(part)
        return cut

    wait, cut = 1, True
    while cut:
        waits = range(wait, wait + AT_ONCE * stride, stride)
        cut = all(await asyncio.gather(*map(one, waits)))
        wait = waits.stop
    assert wait > 20
