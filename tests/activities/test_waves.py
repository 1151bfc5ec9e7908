"""Full tenants: who takes a seat goes after who frees it, over the real activities and orchestrator."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from activities.begin_tenant import standing_of_plan
from shared.contracts.requests import TransferBody
from shared.domain.codes import ResultCode
from shared.domain.operation import Status
from shared.domain.seats import Reservation, reserved
from shared.domain.selection import NamedUser, RowLicence, Wish
from shared.domain.windows import Progress
from shared.services import Services
from tests.activities.conftest import MakePart
from tests.activities.driver import Engine, Killed
from tests.activities.parts import E3, E5, Part, another, claim, new_part, people, upn
from tests.support.simulator import Simulator

E1, F3 = "18181a46-0d4e-45cd-891e-60aabd171b4e", "66b55226-6b4f-492c-910c-a3b7a3c9d993"
PARTIAL = {"options": {"onInsufficientLicenses": "partial"}}


def seats(**enabled: int) -> list[dict[str, Any]]:
    """Subscriptions with so many seats."""
    return [{"skuPartNumber": sku, "enabled": number} for sku, number in enabled.items()]


def holding(*skus: str) -> list[dict[str, Any]]:
    """Users who hold a SKU each, none where it is empty."""
    users = people(len(skus))
    return [{**u, "licenses": [{"skuId": sku}] if sku else []} for u, sku in zip(users, skus, strict=True)]


async def moving(part: Part, moves: Sequence[tuple[str, str]], **body: Any) -> Part:
    """A transfer on the part's tenant: the n-th user from one SKU to the other."""
    rows = [NamedUser(upn(n), Wish((RowLicence(to, from_sku_ids=(source,)),))) for n, (source, to) in enumerate(moves)]
    target = {"tenant": part.run.tenant, "users": {"csv": await part.app.rows.write(rows)}}
    transfer = TransferBody.model_validate({"targets": [target], **body}, strict=False)
    (made,) = await claim(part.app, [part.tenant], transfer, "transfer")
    return made


async def previewing(part: Part) -> Part:
    """Have the claimed transfer be a preview."""
    await part.app.operations.change(
        part.run.operation, lambda operation: replace(operation, kind="preview", planned="transfer")
    )
    return part


async def run(part: Part, **engine: Any) -> Status:
    """Drive the part to its end."""
    await part.begin()
    await Engine(part.app, **engine).run(part.run)
    return (await part.operation()).status


def refusals(part: Part) -> list[Mapping[str, Any]]:
    """Licence writes that Graph did not accept."""
    return [line for line in part.writes() if line["status"] >= 400]


async def test_swaps_in_a_full_tenant_go_round_by_way_of_one_spare_seat(part_of: MakePart) -> None:
    """Trap 8: 40 from E3 to E5 and 40 back, all seats taken but one; nobody is ever refused a seat."""
    held = [E3] * 40 + [E5] * 40
    part = await part_of(holding(*held), skus=seats(SPE_E3=40, SPE_E5=41))
    part = await moving(part, [(E3, E5)] * 40 + [(E5, E3)] * 40)

    assert await run(part) is Status.SUCCEEDED

    assert await part.codes() == [None] * 80
    assert part.holders(E5) == [upn(n) for n in range(40)]
    assert part.holders(E3) == [upn(n) for n in range(40, 80)]
    assert len(part.writes()) == 80
    assert refusals(part) == []


async def test_a_seat_that_was_just_taken_stays_reserved_whatever_else_was_freed(part_of: MakePart) -> None:
    """Invariant 6: Graph may count what was freed before it counts what was taken, for as long as its count may lag."""
    part = await part_of(holding(E3, E3, E5, E5, E5), skus=seats(SPE_E3=6, SPE_E5=6))
    part = await moving(part, [(E3, E5)] * 2 + [(E5, E3)] * 3)
    assert await run(part) is Status.SUCCEEDED

    reservations, _ = await part.app.seats.read(part.run.tenant)
    now, horizon = part.app.tables.now().timestamp(), 60.0
    assert reserved(reservations, now, horizon) == {E5: 2, E3: 3}
    assert not any(reserved(reservations, now + 2 * horizon, horizon).values())


async def test_swaps_without_a_spare_seat_are_refused_before_the_first_write(part_of: MakePart) -> None:
    """Trap 8: by the operation and by its preview, with the seat that would do; nothing stays reserved."""
    part = await part_of(holding(*[E3] * 3, *[E5] * 3), skus=seats(SPE_E3=3, SPE_E5=3))
    moves = [(E3, E5)] * 3 + [(E5, E3)] * 3
    whole, preview = await moving(part, moves), await previewing(await moving(part, moves))

    assert await run(whole) is Status.FAILED
    assert await run(preview) is Status.FAILED

    for each in (whole, preview):
        error = (await each.row()).error
        assert error is not None
        assert error.code == ResultCode.INSUFFICIENT_LICENSES
        assert "6 users swap licences" in error.message
        assert "1 of SPE_E5" in error.message
        assert error.details == {"SPE_E5": {"needed": 3, "available": 0, "missing": 1}}
        assert each.writes() == []
    assert (await part.app.seats.read(part.run.tenant))[0] == []


async def test_partial_serves_those_who_wait_for_nobody_in_a_circle(part_of: MakePart) -> None:
    """Who swaps in a circle is left out by name; the others go, also those who wait for one of them."""
    part = await part_of(holding(E3, E5, E1, F3), skus=seats(SPE_E3=1, SPE_E5=1, STANDARDPACK=1, SPE_F1=2))
    part = await moving(part, [(E3, E5), (E5, E3), (E1, F3), (F3, E1)], **PARTIAL)

    assert await run(part) is Status.PARTIALLY_SUCCEEDED

    short = ResultCode.INSUFFICIENT_LICENSES
    assert await part.codes() == [short, short, None, None]
    assert (part.holders(E1), part.holders(F3)) == ([upn(3)], [upn(2)])
    assert refusals(part) == []


async def test_a_chain_is_gone_from_its_end(part_of: MakePart) -> None:
    """E1 to F3, F3 to E3, E3 to E5, selected in this order, in a tenant with one seat of E5 left."""
    part = await part_of(holding(E1, F3, E3), skus=seats(STANDARDPACK=1, SPE_F1=1, SPE_E3=1, SPE_E5=1))
    part = await moving(part, [(E1, F3), (F3, E3), (E3, E5)])

    assert await run(part) is Status.SUCCEEDED

    assert [line["url"].split("/")[-2] for line in part.writes()] == list(reversed(await ids(part)))
    assert refusals(part) == []


async def ids(part: Part) -> list[str]:
    """The users' ids in selection order."""
    return [outcome.user_id for outcome in await part.outcomes()]


async def test_a_previewed_order_is_executed_and_refused_once_its_spare_seat_is_gone(part_of: MakePart) -> None:
    """Invariant 6: the plan stays as it was reviewed; where it cannot begin any more, nothing is written."""
    part = await part_of(holding(E3, E5), skus=seats(SPE_E3=1, SPE_E5=2))
    preview = await previewing(await moving(part, [(E3, E5), (E5, E3)]))
    assert await run(preview) is Status.SUCCEEDED
    assert preview.writes() == []

    async def executing() -> Part:
        previewed = await preview.operation()
        made = await another(part.app, part.tenant)
        fields = {"plan_id": previewed.id, "preview_id": previewed.id, "request_sha": previewed.request_sha}
        await part.app.operations.change(
            made.run.operation, lambda operation: replace(operation, kind="transfer", **fields)
        )
        return replace(made, run=made.run.model_copy(update={"plan": previewed.id}))

    reserved = [Reservation(E5, "other", 1)]
    await part.app.seats.write(part.run.tenant, reserved, (), None)
    late = await executing()
    assert await run(late) is Status.FAILED
    error = (await late.row()).error
    assert error is not None
    assert error.details == {"SPE_E5": {"needed": 1, "available": 0, "missing": 1}}
    assert "preview again" in error.message
    assert part.writes() == []

    _, guard = await part.app.seats.read(part.run.tenant)
    await part.app.seats.write(part.run.tenant, (), reserved, guard)
    assert await run(await executing()) is Status.SUCCEEDED
    assert refusals(part) == []


async def test_a_host_that_dies_between_two_waves_keeps_their_order(part_of: MakePart) -> None:
    """The next epoch finds the waves in the plan."""
    part = await part_of(holding(*[E3] * 3, *[E5] * 3), skus=seats(SPE_E3=3, SPE_E5=4))
    part = await moving(part, [(E3, E5)] * 3 + [(E5, E3)] * 3)
    await part.begin()
    with pytest.raises(Killed):
        await Engine(part.app, calls_to_live=14).run(part.run)
    manifest = await part.app.plans.frozen(part.run.plan_id, part.run.tenant)
    standing = await standing_of_plan(part.app, part.run, manifest)
    progress = Progress.from_dict(standing.progress)
    assert manifest.waves == progress.waves == ((1, 6),)
    assert not progress.done
    assert len(part.writes()) > 0

    later = await part.raise_epoch()
    await Engine(later.app).run(later.run)

    assert await part.codes() == [None] * 6
    assert part.holders(E5) == [upn(0), upn(1), upn(2)]
    assert refusals(part) == []


async def test_of_two_runs_at_once_both_come_to_the_same_order(part_of: MakePart) -> None:
    """The activity is delivered twice, or again after the host died amid its writes: waves and users left out agree."""
    part = await part_of(holding(*[E3] * 3, *[E5] * 3, ""), skus=seats(SPE_E3=3, SPE_E5=4))
    part = await moving(part, [(E3, E5)] * 3 + [(E5, E3)] * 3 + [(E3, E5)], **PARTIAL)
    await part.begin()
    await part.resolve()
    await part.plan()
    begun = await part.app.plans.give_out(part.run.operation, part.run.tenant, {E3: 0, E5: 2})

    await asyncio.gather(part.reserve(), part.reserve())

    decisions = await part.app.plans.read_chunk(part.run.operation, part.run.tenant, 0)
    assert begun == {E3: 0, E5: 2}
    assert [each.wave for each in decisions] == [0, 0, 2, 1, 1, 3, 0]


async def freed_for_another(app: Services, simulator: Simulator, lag: float) -> Part:
    """A transfer of two users, the second of whom takes the seat that the first one frees; licensing learns it late."""
    skus, lags = seats(SPE_E5=1, SPE_E3=2), [lag, lag]
    part = await new_part(app, simulator, holding(E5, E3), skus=skus, staleSeats=True, lagSeconds=lags)
    return await moving(part, [(E5, E3), (E3, E5)])


async def test_a_seat_that_we_freed_just_now_is_asked_for_again(lagging: Services, simulator: Simulator) -> None:
    """Trap 25: within the horizon of our own write "no seats" may be the lag, so it is no failure yet."""
    part = await freed_for_another(lagging, simulator, lag=1.5)

    assert await run(part) is Status.SUCCEEDED

    assert len(refusals(part)) > 0
    assert part.holders(E5) == [upn(1)]
    assert [outcome.attempts for outcome in await part.outcomes()] == [1, len(refusals(part)) + 1]


async def test_a_seat_that_does_not_come_within_the_horizon_is_a_failure(app: Services, simulator: Simulator) -> None:
    """Then somebody else has taken it."""
    part = await freed_for_another(app, simulator, lag=60)

    assert await run(part) is Status.PARTIALLY_SUCCEEDED

    assert await part.codes() == [None, ResultCode.INSUFFICIENT_LICENSES]
    assert len(refusals(part)) <= 2


async def test_a_seat_that_was_never_freed_is_asked_for_once(part_of: MakePart) -> None:
    """The first user has changed since and frees nothing; who waited for the seat fails, and nobody tries again."""
    part = await part_of(holding(E5, E3), skus=seats(SPE_E5=1, SPE_E3=2))
    part = await moving(part, [(E5, E3), (E3, E5)])
    await part.frozen()
    part.tenant.fault("assignLicense", "403", count=1)
    await part.begin()
    await Engine(part.app).run(part.run)

    codes = await part.codes()
    assert codes[0] is not None
    assert codes[1] == ResultCode.INSUFFICIENT_LICENSES
    assert len(refusals(part)) == 2
