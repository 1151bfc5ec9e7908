"""Random requests through the whole engine: results, directory, audit and preview tell the same, there and back."""

import json
from collections import Counter
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from shared.contracts.requests import BODIES, KINDS, PlannedKind, normalise
from shared.domain.caller import SYSTEM
from shared.domain.codes import ResultCode
from shared.domain.model import LicenceState
from shared.domain.operation import Outcome, Status
from shared.domain.seats import expired
from shared.domain.tenant import Tenant
from shared.services import Services
from tests.activities.driver import Engine
from tests.activities.parts import Part, claim, register
from tests.properties.playing import Directory, plan, planner
from tests.properties.tenants import DOMAIN, Case, cases, upn
from tests.support.simulator import SimulatedTenant, Simulator
from triggers.requests.repeating import revert_request

EXAMPLES = 3
"""Of each kind, and each is reverted."""
SELDOM = settings(max_examples=EXAMPLES, derandomize=True, phases=[Phase.generate], database=None)
FAULTS = st.lists(st.sampled_from([("429", 3), ("503", 2)]), max_size=2, unique=True)

type Direct = dict[str, tuple[set[tuple[str, frozenset[str]]], str | None]]
"""Direct licences with their disabled plans, and the usage location, by user id."""


def direct(tenant: SimulatedTenant) -> Direct:
    """What users hold in truth."""
    return {
        user["id"]: (
            {(held["skuId"], frozenset(held["disabledPlans"])) for held in user["direct"]},
            user["usageLocation"],
        )
        for user in tenant.state()["users"]
    }


def as_direct(state: LicenceState) -> tuple[set[tuple[str, frozenset[str]]], str | None]:
    """A recorded state, as ``direct`` has it."""
    return {(a.sku_id, a.disabled_plans) for a in state.assignments if a.group_id is None}, state.usage_location


def consumed(tenant: SimulatedTenant) -> Counter[str]:
    """Seats taken in truth, by part number."""
    return Counter({sku["skuPartNumber"]: sku["consumed"] for sku in tenant.state()["skus"]})


async def run(part: Part) -> list[Outcome]:
    """Drive an operation to its end."""
    await part.begin()
    await Engine(part.app).run(part.run)
    return await part.outcomes()


async def agree(part: Part, outcomes: list[Outcome], before: Direct, seats: Counter[str], selected: list[str]) -> None:
    """Results = directory = audit, seats = preview, and the counts add up (Invariants 5, 6, 9 and 11)."""
    now, audit, operation, row = direct(part.tenant), await part.audited(), await part.operation(), await part.row()
    done = {outcome.user_id: outcome for outcome in outcomes if outcome.code is None}
    for user_id, was in before.items():
        outcome = done.get(user_id)
        if outcome and outcome.after:
            assert now[user_id] == as_direct(outcome.after)
            assert was == as_direct(outcome.before or LicenceState())
        else:
            located = next((o.usage_location_set for o in outcomes if o.user_id == user_id), None)
            assert now[user_id] == (was[0], located or was[1])
    assert [outcome.user_id for outcome in outcomes] == selected

    changed = {entry.user_id: entry for entry in audit}
    assert len(changed) == len(audit)
    assert {u for u, e in changed.items() if as_direct(e.before)[0] != as_direct(e.after)[0]} == {
        u for u in before if before[u][0] != now[u][0]
    }
    moved: Counter[str] = Counter()
    for entry in audit:
        moved.update(dict(entry.seat_change))
    assert {**seats} == {name: count - moved[name] for name, count in consumed(part.tenant).items()}

    totals, failed = row.totals, row.totals.failed
    assert (totals.pending, totals.total) == (0, totals.succeeded + totals.skipped + failed)
    assert totals.total == len(selected)
    assert operation.completed_at is not None
    assert (operation.status is Status.SUCCEEDED) == (failed == 0)
    impact = await part.app.plans.impact(part.run.operation, part.run.tenant)
    assert impact is not None
    if impact.users_affected == totals.succeeded:
        after = consumed(part.tenant)
        assert {each.sku: each.after for each in impact.licences} == {
            each.sku: after[each.sku] for each in impact.licences
        }
    reservations, _ = await part.app.seats.read(part.run.tenant)
    assert all(expired(each, part.app.tables.now().timestamp() + 60, 1) for each in reservations)


def one_call_each(lines: list[dict[str, Any]], before: Direct) -> None:
    """Invariants 1, 3, 5: one accepted call a user, never two in flight, and direct licences only are taken."""
    by_user: dict[str, list[dict[str, Any]]] = {}
    for line in sorted(lines, key=lambda line: line["start"]):
        by_user.setdefault(line["url"].split("/")[2], []).append(line)
    for user_id, calls in by_user.items():
        assert sum(line["status"] == 200 for line in calls) <= 1
        assert all(earlier["end"] <= later["start"] for earlier, later in pairwise(calls))
        for line in calls:
            assert set(line["body"]["removeLicenses"]) <= {sku for sku, _ in before[user_id][0]}


def requested(case: Case, tenant: SimulatedTenant) -> Any:
    """The case's request in ids, as the trigger stores it."""
    body = BODIES[case.kind].model_validate_json(json.dumps(case.body))
    skus = {sku.part_number: sku for sku in Directory(case).skus().values()}
    return normalise(body, {DOMAIN: [Tenant(id=tenant.id, domains=(DOMAIN,))]}, skus)


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_is_asked_results_directory_and_audit_agree(
    kind: PlannedKind, app: Services, simulator: Simulator
) -> None:
    """Every kind over random tenants with faults, and the revert of what came of it."""
    seen: list[tuple[Case, list[tuple[str, int]]]] = []

    @SELDOM
    @given(cases([kind], least_users=5, most_users=25), FAULTS)
    def gather(case: Case, faults: list[tuple[str, int]]) -> None:
        directory = Directory(case)
        request, partial = planner(case, directory.skus()), case.partial
        assume(request.impossible(directory.skus()) is None)
        planned = plan(directory, [(directory.user(upn(n)), request) for n in case.selected], partial=partial)
        assume(planned.changes and not planned.refused)
        seen.append((case, faults))

    gather()
    for case, faults in seen:
        try:
            await there_and_back(app, simulator, case, faults)
        except AssertionError as error:
            error.add_note(f"{case}\nfaults: {faults}")
            raise


async def there_and_back(app: Services, simulator: Simulator, case: Case, faults: list[tuple[str, int]]) -> None:
    """Do what a case asks for, compare, revert it, compare."""
    tenant = simulator.load(**case.spec)
    await register(app, tenant, default_usage_location=case.default_usage_location)
    ids = {user["userPrincipalName"]: user["id"] for user in tenant.state()["users"]}
    before, seats = direct(tenant), consumed(tenant)
    for fault, count in faults:
        tenant.fault("assignLicense", fault, count=count, retryAfter=0.1)
    (part,) = await claim(app, [tenant], requested(case, tenant), case.kind)
    outcomes = await run(part)

    row = await part.row()
    if row.error:
        assert (row.error.code, part.writes()) == (ResultCode.INSUFFICIENT_LICENSES, [])
        return
    await agree(part, outcomes, before, seats, [ids[upn(n)] for n in case.selected])
    done = len(part.writes())
    one_call_each(part.writes(), before)
    if not any(outcome.code is None for outcome in outcomes):
        return

    after, seats = direct(tenant), consumed(tenant)
    request, _ = await revert_request(app, SYSTEM, str(uuid4()), part.run.operation)
    (back,) = await claim(app, [tenant], request, "revert")
    reverted = await run(back)
    changed = [outcome.user_id for outcome in outcomes if outcome.code is None]
    if (await back.row()).error:
        assert len(part.writes()) == done
        return
    await agree(back, reverted, after, seats, changed)
    one_call_each(part.writes()[done:], after)
    now = direct(tenant)
    for outcome in reverted:
        if outcome.code is None:
            assert now[outcome.user_id][0] == before[outcome.user_id][0]
            assert now[outcome.user_id][1] == before[outcome.user_id][1] or before[outcome.user_id][1] is None
