"""A preview plans and writes nothing; executing it does exactly that, and guards hold it to its numbers."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.codes import ResultCode
from shared.domain.guards import Guards
from shared.domain.impact import Found, PlanWarning
from shared.domain.operation import Operation, OperationKind, Status
from shared.domain.selection import NamedUser, RowLicence, Wish
from shared.services import Services
from tests.activities.conftest import MakePart
from tests.activities.driver import Engine, Killed
from tests.activities.parts import E3, E5, Part, another, body_of, claim, people, register, upn, world
from tests.support.simulator import Simulator


async def as_preview(part: Part, planned: OperationKind = "assign") -> Part:
    """Have the claimed operation be a preview."""
    await change(part, kind="preview", planned=planned)
    return part


async def change(part: Part, **fields: Any) -> None:
    """Change the operation's row."""
    await part.app.operations.change(part.run.operation, lambda operation: replace(operation, **fields))


async def executing(part: Part, **fields: Any) -> Part:
    """Another operation on the same tenant that executes the preview ``part``."""
    previewed = await part.operation()
    follower = await another(part.app, part.tenant)
    await change(
        follower, plan_id=part.run.operation, preview_id=part.run.operation, request_sha=previewed.request_sha, **fields
    )
    return replace(follower, run=follower.run.model_copy(update={"plan": part.run.operation}))


async def run(part: Part) -> Operation:
    """Drive the part to its end."""
    await part.begin()
    await Engine(part.app).run(part.run)
    return await part.operation()


async def test_a_preview_plans_and_writes_nothing(part_of: MakePart) -> None:
    """No write, no reservation, no result, no audit; its impact says what would become of seats and users."""
    part = await as_preview(await part_of([*people(3), {"userPrincipalName": upn(3)}], seats=2))
    ended = await run(part)
    impact = await part.app.plans.impact(part.run.operation, part.run.tenant)
    reservations, _ = await part.app.seats.read(part.run.tenant)

    assert ended.status is Status.SUCCEEDED
    assert (await part.row()).affected == 3
    assert part.writes() == []
    assert reservations == []
    assert await part.outcomes() == []
    assert await part.audited() == []
    assert impact
    assert (impact.users_selected, impact.users_affected) == (4, 3)
    (seats,) = impact.licences
    assert (seats.sku, seats.before, seats.after, seats.shortfall) == ("SPE_E5", 0, 3, 1)


async def test_a_sku_that_nobody_can_be_given_is_warned_of(part_of: MakePart) -> None:
    """Trap 9: rows may name one whose subscription ran out; the others are planned all the same."""
    skus = [{"skuPartNumber": "SPE_E5", "enabled": 9}, {"skuPartNumber": "SPE_E3", "capabilityStatus": "Suspended"}]
    part = await part_of(people(2), skus=skus)
    rows = [NamedUser(upn(n), Wish((RowLicence(each),), with_request=False)) for n, each in enumerate((E5, E3))]
    target = {"tenant": part.run.tenant, "users": {"csv": await part.app.rows.write(rows)}}
    asked = await as_preview(await another(part.app, part.tenant, targets=[target]))
    await run(asked)
    impact = await asked.app.plans.impact(asked.run.operation, asked.run.tenant)

    assert impact
    assert (impact.users_affected, [each.code for each in impact.users_skipped]) == (1, [ResultCode.SKU_NOT_FOUND])
    assert impact.warnings[-1] == Found(PlanWarning.UNASSIGNABLE_SKU, 1, ("SPE_E3",))


async def test_exactly_the_previewed_plan_is_executed(part_of: MakePart) -> None:
    """Who was changed since is ``Drifted``; who joined the group since is not touched."""
    users = [*people(4), {"userPrincipalName": upn(4)}]
    part = await as_preview(
        await part_of(users, groups=[{"displayName": "Everyone", "members": [upn(n) for n in range(5)]}])
    )
    await run(part)
    part.tenant.simulator.call(
        "PATCH",
        f"/tenants/{part.tenant.id}/users/{upn(1)}",
        json={"licenses": [{"skuId": "SPE_E5", "disabledPlans": ["SWAY"]}]},
    )
    follower = await executing(part)
    ended = await run(follower)

    assert await follower.codes() == [None, ResultCode.DRIFTED, None, None, ResultCode.MISSING_USAGE_LOCATION]
    assert follower.holders() == [upn(n) for n in range(4)]
    assert ended.status is Status.PARTIALLY_SUCCEEDED
    totals = (await follower.row()).totals
    assert (totals.total, totals.succeeded, totals.skipped, totals.failed) == (5, 3, 1, 1)


async def test_a_preview_may_be_executed_after_a_crash_at_any_step(part_of: MakePart) -> None:
    """Each epoch takes up where the rows stand; settled users are recorded once."""
    part = await as_preview(await part_of([*people(2), {"userPrincipalName": upn(2)}]))
    await run(part)
    follower = await executing(part)
    await follower.begin()
    for calls in (1, 2, 3, 4, 5):
        with suppress(Killed):
            await Engine(follower.app, calls_to_live=calls).run(follower.run)
        if (await follower.operation()).completed_at:
            break
        follower = await follower.raise_epoch()
    await Engine(follower.app).run(follower.run)

    assert await follower.codes() == [None, None, ResultCode.MISSING_USAGE_LOCATION]
    assert len(await follower.audited()) == 2


async def test_seats_that_went_since_the_preview_refuse_its_execution(part_of: MakePart) -> None:
    """Before the first write, and the preview's plan stays as it is."""
    group = {"displayName": "Everyone", "members": [upn(n) for n in range(3)]}
    part = await as_preview(await part_of(4, seats=3, groups=[group]))
    await run(part)
    part.tenant.simulator.call(
        "PATCH", f"/tenants/{part.tenant.id}/users/{upn(3)}", json={"licenses": [{"skuId": "SPE_E5"}]}
    )
    follower = await executing(part)
    ended = await run(follower)

    assert ended.tenants[0].error is not None
    assert ended.tenants[0].error.code == ResultCode.INSUFFICIENT_LICENSES
    assert follower.writes() == []


@pytest.mark.parametrize(
    ("guards", "kind", "says"),
    [
        pytest.param(Guards(max_users=2), "assign", "3 users would be changed, maxUsers allows 2", id="max"),
        pytest.param(Guards(confirm=4), "assign", "3 users would be changed, confirm says 4", id="another number"),
        pytest.param(Guards(max_users=3), "assign", None, id="as many as allowed"),
        pytest.param(Guards(confirm=3), "assign", None, id="confirmed"),
    ],
)
async def test_more_users_than_allowed_are_refused_before_the_first_write(
    part_of: MakePart, guards: Guards, kind: str, says: str | None
) -> None:
    """The operation ends as failed with the number found, and gives its seats back."""
    part = await part_of(3)
    await change(part, guards=guards)
    ended = await run(part)
    error = ended.tenants[0].error

    if says is None:
        assert error is None
        assert len(part.holders()) == 3
        return
    assert ended.status is Status.FAILED
    assert error is not None
    assert (error.code, error.message, dict(error.details)) == (ResultCode.GUARD_EXCEEDED, says, {"affectedUsers": 3})
    assert part.writes() == []
    reservations, _ = await part.app.seats.read(part.run.tenant)
    assert all(reservation.planned == 0 for reservation in reservations)


async def test_users_of_all_tenants_count_together(app: Services, simulator: Simulator) -> None:
    """A tenant that is planned first waits for the others; then each carries the error."""
    tenants = [simulator.load(**world(2)), simulator.load(**world(2))]
    for tenant in tenants:
        await register(app, tenant)
    targets = [{"tenant": tenant.id, "users": {"group": {"displayName": "Everyone"}}} for tenant in tenants]
    first, second = await claim(app, tenants, body_of(tenants[0].id, targets=targets))
    await change(first, guards=Guards(max_users=3))
    await first.begin()
    for step in (first.resolve, first.plan, first.reserve):
        await step()
    early = await first.guards()
    for step in (second.resolve, second.plan, second.reserve):
        await step()
    verdicts = [await first.guards(), await second.guards()]

    assert early.wait
    assert early.stop is None
    assert [verdict.stop and verdict.stop.code for verdict in verdicts] == [ResultCode.GUARD_EXCEEDED] * 2
    assert verdicts[0].stop
    assert verdicts[0].stop.details == {"affectedUsers": 4}
