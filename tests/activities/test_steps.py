"""A selection that is read in steps: what is committed stands, whoever goes on, and is decided on meanwhile."""

import asyncio
from contextlib import aclosing

import pytest

from activities.plan_users import plan
from activities.resolve_users import resolve
from shared.contracts.selections import Selection, Target
from shared.contracts.work import PlanWork
from shared.domain.operation import Phase
from shared.selecting import Search
from shared.services import Services
from tests.activities.conftest import MakePart
from tests.activities.parts import Part, another, people, upn, world

AT_ONCE = 0.0


def numbered(count: int) -> list[dict[str, object]]:
    """People whose ids are known before they are loaded."""
    return [{**user, "id": f"00000000-0000-4000-8000-{n:012d}"} for n, user in enumerate(people(count))]


async def names_of(part: Part) -> list[str]:
    """The selected users, in order."""
    row = await part.row()
    assert row.phase is Phase.PLANNING
    chunks = range(-(-row.totals.total // 500))
    stored = [await part.app.plans.read_users(part.run.operation, part.run.tenant, row.selection, n) for n in chunks]
    return [each.user.user_principal_name for chunk in stored for each in chunk]


async def test_a_later_epoch_goes_on_behind_the_last_commit(part_of: MakePart) -> None:
    """What was read before a crash or a pause is not read again."""
    part = await part_of(2_600)
    await part.begin()
    first = await resolve(part.app, part.run, AT_ONCE)
    read = len(part.tenant.requests("transitiveMembers"))
    later = await part.raise_epoch()
    standing = await later.begin()
    done = await resolve(later.app, later.run)

    assert (first.more, first.chunks, standing.phase) == (True, 1, "resolve")
    assert done.chunks == 6
    # The page behind the first was asked for when the run ended, and is the one where the next goes on.
    assert len(part.tenant.requests("transitiveMembers")) - read == 2
    assert await names_of(later) == [upn(n) for n in range(2_600)]


async def test_of_two_runs_of_one_step_the_first_to_commit_counts(part_of: MakePart) -> None:
    """A step delivered twice selects nobody twice; the other run's users are nobody's."""
    part = await part_of(2_600)
    await part.begin()
    both = await asyncio.gather(*(resolve(part.app, part.run, AT_ONCE) for _ in range(2)))
    assert both[0] == both[1]
    await asyncio.gather(*(resolve(part.app, part.run) for _ in range(2)))

    assert await names_of(part) == [upn(n) for n in range(2_600)]


async def test_decisions_are_made_while_users_are_read(part_of: MakePart) -> None:
    """Committed users are decided on by the same planner; planning them again asks nothing of Graph."""
    part = await part_of(2_600)
    whole = await another(part.app, part.tenant)
    for each in (part, whole):
        await each.begin()
    assert (await resolve(part.app, part.run, step_seconds=AT_ONCE)).chunks == 6
    assert (await resolve(whole.app, whole.run)).chunks == 6
    plans = part.app.plans
    ahead = [await plans.find_chunk(part.run.operation, part.run.tenant, n) for n in range(6)]
    none = [await plans.find_chunk(whole.run.operation, whole.run.tenant, n) for n in range(6)]
    before = len(part.tenant.requests())
    made = [n for n in range(6) if ahead[n] is not None]
    await plan(part.app, PlanWork(**part.fields, chunks=made))
    asked = len(part.tenant.requests()) - before
    for each in (part, whole):
        await plan(each.app, PlanWork(**each.fields, chunks=[*range(6)]))

    assert made[:2] == [0, 1]
    assert none == [None] * 6
    assert asked == 0
    for n in range(6):
        decided = await plans.find_chunk(part.run.operation, part.run.tenant, n)
        assert decided == await plans.find_chunk(whole.run.operation, whole.run.tenant, n)
        assert ahead[n] in (None, decided)


async def test_a_head_start_that_fails_is_made_up_for(part_of: MakePart) -> None:
    """Trap 20: Graph refuses the SKUs while users are read; the users are resolved, and planned when it answers."""
    part = await part_of(2_600)
    await part.begin()
    part.tenant.fault("subscribedSkus", "503", retryAfter=30)
    assert (await resolve(part.app, part.run, step_seconds=AT_ONCE)).chunks == 6
    refused = await part.plan()
    part.tenant.simulator.clear_faults()

    assert refused.wait
    assert await part.app.plans.find_chunk(part.run.operation, part.run.tenant, 0) is None
    assert (await part.plan()) == refused.model_copy(update={"wait": None, "message": ""})
    assert await part.app.plans.find_chunk(part.run.operation, part.run.tenant, 0)


async def test_a_link_that_grew_too_old_is_no_end(part_of: MakePart) -> None:
    """Graph forgets its pages while an operation rests: the group is read anew, and nobody is selected twice."""
    users = numbered(2_600)
    part = await part_of(users)
    await part.begin()
    await resolve(part.app, part.run, AT_ONCE)
    joined = {"userPrincipalName": "late@contoso.com", "usageLocation": "DE"}
    part.tenant.simulator.load(part.tenant.id, **world([*users, joined]))
    done = await resolve(part.app, part.run)

    assert done.chunks == 6
    assert await names_of(part) == [*(upn(n) for n in range(2_600)), "late@contoso.com"]


@pytest.mark.parametrize("pages", [1, 2])
async def test_the_next_page_is_asked_for_before_the_last_is_worked_off(
    app: Services, part_of: MakePart, pages: int
) -> None:
    """Whoever stops in between leaves no request behind."""
    part = await part_of(2_600)
    target = Target(tenant=part.run.tenant, users=Selection(filter="accountEnabled eq true"))
    search = Search(app.directory(part.run.tenant, "default"), app.rows, [target])
    async with aclosing(search.pages()) as found:
        for _ in range(pages):
            assert len(await anext(found)) == 999
        async with asyncio.timeout(5):
            while len(part.tenant.requests("GET /users?")) <= pages:
                await asyncio.sleep(0.01)
    tasks = asyncio.all_tasks()
    assert tasks == {asyncio.current_task()}
