"""Audit and end: written once, whoever brings them and however often."""

import asyncio
from decimal import Decimal

from shared.contracts.work import Stop
from shared.domain.caller import SYSTEM
from shared.domain.codes import ResultCode
from shared.domain.operation import Phase, Status
from shared.domain.prices import PriceBook
from tests.activities.conftest import MakePart
from tests.activities.parts import body_of, claim, people, register, world


async def test_the_audit_of_a_write_is_written_once(part_of: MakePart) -> None:
    """One after the other and at the same time."""
    part = await (await part_of(5)).ready()
    done = await part.attempt(1)
    mark = (0, done.mark or "")
    await asyncio.gather(*(part.audit_marks(mark) for _ in range(4)))
    await part.audit_marks(mark)

    entries = await part.audited()
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5]
    assert {(entry.actor.id, entry.reason) for entry in entries} == {("ana", "CHG-1")}
    assert all(entry.request_id for entry in entries)
    assert {tuple(entry.seat_change.items()) for entry in entries} == {(("SPE_E5", 1),)}


async def test_an_entry_keeps_the_price_of_its_time(part_of: MakePart) -> None:
    """Invariant 11: what a seat cost when it was given, by the book of the tenant; other prices later change nothing.

    A SKU that the user holds and that is not concerned has no price here, and one without a price is left out.
    """
    held = people(2, licenses=[{"skuId": "SPE_E3"}])
    part = await (await part_of(held)).ready()
    prices, tenant = part.app.prices, part.run.tenant
    book = PriceBook("EUR", {"SPE_E5": Decimal("57.50"), "SPE_E3": Decimal("9.75")})
    await prices.write(SYSTEM, await prices.read(SYSTEM), None, {tenant: book})
    first = await part.attempt(1)
    await part.audit_marks((0, first.mark or ""))
    await prices.write(SYSTEM, await prices.read(SYSTEM), None, {tenant: PriceBook("USD", {})})
    await part.end()

    entries = await part.audited()
    assert [(entry.price, entry.currency) for entry in entries] == [({"SPE_E5": 57.5}, "EUR")] * 2
    assert (await part.app.audit.verify(tenant, [])).status == "intact"

    later = await (await part_of(1)).ready()
    await prices.write(SYSTEM, await prices.read(SYSTEM), PriceBook("USD", {}), None)
    await later.attempt(1)
    await later.end()
    assert [(entry.price, entry.currency) for entry in await later.audited()] == [({}, None)]


async def test_the_end_writes_the_audit_that_is_missing(part_of: MakePart) -> None:
    """The host died between the outcomes and their audit."""
    part = await (await part_of(5)).ready()
    await part.attempt(1)
    assert await part.audited() == []

    await part.end()

    await part.assert_exact()


async def test_ending_twice_is_ending_once(part_of: MakePart) -> None:
    """Also at the same time; nobody has to look after it any more."""
    part = await (await part_of(3)).ready()
    await part.attempt(1)
    await asyncio.gather(part.end(), part.end())
    ended = await part.operation()
    await part.end()

    assert (await part.operation()).completed_at == ended.completed_at
    assert (await part.row()).phase is Phase.DONE
    await part.assert_exact()


async def test_the_last_tenant_ends_the_operation(part_of: MakePart) -> None:
    """Trap 32: one tenant's error leaves the other's work alone; both at the same time still end it."""
    part = await part_of(2)
    other_tenant = part.tenant.simulator.load(**world(2))
    await register(part.app, other_tenant)
    body = body_of(
        part.tenant.id,
        targets=[
            {"tenant": tenant.id, "users": {"group": {"displayName": "Everyone"}}}
            for tenant in (part.tenant, other_tenant)
        ],
    )
    one, two = await claim(part.app, [part.tenant, other_tenant], body)
    await one.ready()
    await one.attempt(1)
    await two.begin()
    failed = Stop(code=ResultCode.TENANT_UNAVAILABLE, message="no answer")

    await asyncio.gather(one.end(), two.end(failed))

    operation = await one.operation()
    assert operation.status is Status.PARTIALLY_SUCCEEDED
    assert operation.completed_at is not None
    assert (await one.row()).status is Status.SUCCEEDED
    assert (await two.row()).status is Status.FAILED


async def test_an_older_epoch_ends_nothing(part_of: MakePart) -> None:
    """A later one works on it."""
    part = await (await part_of(2)).ready()
    await part.raise_epoch()

    await part.end()

    assert (await part.operation()).completed_at is None
    assert (await part.row()).status is Status.RUNNING


async def test_users_of_a_cancelled_part_without_outcome_count_as_cancelled(part_of: MakePart) -> None:
    """Total = pending + succeeded + skipped + failed at every moment."""
    part = await (await part_of(25)).ready()
    done = await part.attempt(1)
    await part.hand_on(part.window_done(done, more=True))
    running = (await part.row()).totals
    assert (running.total, running.succeeded, running.pending) == (25, 20, 5)
    await part.cancel()

    await part.end(Stop(code="cancelling"))

    totals = (await part.row()).totals
    assert (totals.succeeded, totals.skipped, totals.pending) == (20, 5, 0)
    assert (await part.operation()).status is Status.CANCELLED
