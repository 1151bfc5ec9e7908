"""The oracle sees what is wrong: each check on evidence that was right until one thing in it is not."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dev.api import Json
from dev.simulator.catalogue import plan_id
from tests.fire.asking import permit_of
from tests.fire.evidence import Evidence, OfOperation, OfTenant
from tests.fire.oracle import violations
from tests.fire.world import E3, E5, POWER_BI, sku_id

TENANT = "11111111-2222-4333-8444-555555555555"
ANA, BEN, CLEO = "ana", "ben", "cleo"
SWAY = plan_id("SWAY")


def user(name: str, *held: Json, location: str = "DE") -> Json:
    """A user of the simulator's state."""
    return {"id": name, "usageLocation": location, "direct": list(held), "inherited": []}


def held(sku: str, *off: str) -> Json:
    """A licence as the simulator shows it."""
    return {"skuId": sku_id(sku), "disabledPlans": list(off)}


def write(name: str, at: float, add: list[Json], remove: list[str], **more: Any) -> Json:
    """A line of the simulator's log."""
    body = {"addLicenses": add, "removeLicenses": [sku_id(each) for each in remove]}
    line = {"method": "POST", "url": f"/users/{name}/assignLicense", "body": body, "status": 200, "done": True}
    return {**line, "start": at, "end": at + 0.1, "retryAfter": None, **more}


def entry(sequence: int, name: str, before: list[Json], after: list[Json]) -> Json:
    """An audit entry, with names of service plans as the API has them."""

    def side(licences: list[Json]) -> Json:
        return {"licenses": [{**each, "inherited": False} for each in licences], "usageLocation": "DE"}

    more = {"before": side(before), "after": side(after), "requestId": "r"}
    return {"sequence": sequence, "operationId": "op", "userId": name, **more}


def result(name: str, status: str = "succeeded", **more: Any) -> Json:
    """A result."""
    base: Json = {"userId": name, "userPrincipalName": name, "status": status, "error": None, "graceUntil": None}
    base["attempts"] = 1 if status == "succeeded" else 0
    changed = {"added": [E5], "removed": [E3]} if status == "succeeded" else {"added": [], "removed": []}
    return {**base, **changed, **more}


def progress(succeeded: int, skipped: int) -> Json:
    """Counts of an operation or tenant."""
    total = succeeded + skipped
    return {"total": total, "succeeded": succeeded, "skipped": skipped, "failed": 0, "pending": 0}


def right() -> Evidence:
    """E3 to E5 for two users, of whom one has Sway off; a third holds no E3, a fourth is nobody's business."""
    start = {
        "users": [user(ANA, held(E3, SWAY)), user(BEN, held(E3), held(POWER_BI)), user(CLEO), user("dan", held(E3))]
    }
    log = [
        write(ANA, 10.0, [held(E5, SWAY)], [E3], status=429, done=False, retryAfter=1.0),
        write(BEN, 10.0, [held(E5)], [E3], status=None),
        write(ANA, 11.2, [held(E5, SWAY)], [E3]),
        {"method": "GET", "url": "/users/dan", "body": None, "status": 200, "done": True},
    ]
    end = {"users": [user(ANA, held(E5, SWAY)), user(BEN, held(POWER_BI), held(E5)), user(CLEO), user("dan", held(E3))]}
    audit = [
        entry(1, ANA, [held(E3, "SWAY")], [held(E5, "SWAY")]),
        entry(2, BEN, [held(E3), held(POWER_BI)], [held(POWER_BI), held(E5)]),
    ]
    body = {
        "id": "op",
        "type": "transfer",
        "status": "succeeded",
        "statusReason": None,
        "phase": "done",
        "createdAt": "2026-11-27T10:00:00Z",
        "completedAt": "2026-11-27T10:01:00Z",
        "progress": progress(2, 1),
        "tenants": [{"tenantId": TENANT, "status": "succeeded", "progress": progress(2, 1)}],
        "impact": {"usersSelected": 3, "usersAffected": 2, "usersUnchanged": 0, "usersSkipped": [{"count": 1}]},
    }
    skipped = result(CLEO, "skipped", error={"code": "LicenseNotAssigned"})
    everybody = {TENANT: frozenset({ANA, BEN, CLEO})}
    operation = OfOperation(
        number=0,
        body=body,
        permit=permit_of("transfer", {"transfers": [{"from": E3, "to": E5}]}),
        results={TENANT: [result(ANA), result(BEN), skipped]},
        may=everybody,
        must=everybody,
    )
    tenant = OfTenant(TENANT, start, end, log, audit, {"status": "intact", "entries": 2})
    return Evidence([tenant], [operation])


def test_evidence_that_is_right_is_found_right() -> None:
    """A throttled user who was sent again in time, and one whose answer never came."""
    assert violations(right()) == []


def _not_ended(evidence: Evidence) -> None:
    evidence.operations[0].body["tenants"][0]["status"] = "running"


def _due(evidence: Evidence) -> None:
    evidence.operations[0] = replace(evidence.operations[0], due=True)


def _miscounted(evidence: Evidence) -> None:
    evidence.operations[0].body["progress"]["skipped"] = 0


def _counted_without_result(evidence: Evidence) -> None:
    evidence.operations[0].results[TENANT].pop()


def _impact(evidence: Evidence) -> None:
    evidence.operations[0].body["impact"]["usersSkipped"] = []


def _not_audited(evidence: Evidence) -> None:
    evidence.tenants[0].audit.pop()
    evidence.tenants[0].chain["entries"] = 1


def _audited_twice(evidence: Evidence) -> None:
    evidence.tenants[0].audit.append({**evidence.tenants[0].audit[1], "sequence": 3})
    evidence.tenants[0].chain["entries"] = 3


def _audited_otherwise(evidence: Evidence) -> None:
    evidence.tenants[0].audit[0]["after"]["licenses"][0]["disabledPlans"] = []


def _failed_yet_done(evidence: Evidence) -> None:
    evidence.operations[0].results[TENANT][1] = result(BEN, "failed", error={"code": "GraphError"})


def _result_of_more(evidence: Evidence) -> None:
    evidence.operations[0].results[TENANT][1]["removed"] = []


def _never_written(evidence: Evidence) -> None:
    del evidence.tenants[0].log[1]


def _not_as_written(evidence: Evidence) -> None:
    evidence.tenants[0].end["users"][3]["direct"] = []


def _stranger(evidence: Evidence) -> None:
    evidence.tenants[0].log.append(write("dan", 12.0, [], [], status=400, done=False))


def _never_selected(evidence: Evidence) -> None:
    evidence.operations[0] = replace(evidence.operations[0], may={TENANT: frozenset({ANA, BEN})})


def _left_out(evidence: Evidence) -> None:
    evidence.operations[0] = replace(evidence.operations[0], must={TENANT: frozenset({ANA, BEN, CLEO, "dan"})})


def _removed_first(evidence: Evidence) -> None:
    log = evidence.tenants[0].log
    log[1:2] = [write(BEN, 10.0, [], [E3]), write(BEN, 10.5, [held(E5)], [])]


def _plan_switched_on(evidence: Evidence) -> None:
    log = evidence.tenants[0].log
    log[2:3] = [write(ANA, 11.2, [held(E5)], [E3]), write(ANA, 11.4, [held(E5, SWAY)], [])]


def _more_taken(evidence: Evidence) -> None:
    evidence.tenants[0].log[1]["body"]["removeLicenses"].append(sku_id(POWER_BI))


def _at_once(evidence: Evidence) -> None:
    evidence.tenants[0].log[2].update(start=10.05, retryAfter=None)


def _too_early(evidence: Evidence) -> None:
    evidence.tenants[0].log[2].update(start=10.6)


def _reserved(evidence: Evidence) -> None:
    evidence.tenants[0].reserved.append("op SPE_E5")


def _broken_chain(evidence: Evidence) -> None:
    evidence.tenants[0].chain.update(status="broken")


def _unmarked(evidence: Evidence) -> None:
    evidence.operations[0].unmarked.append("0.1.1")


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (_not_ended, "every_operation_ended"),
        (_due, "every_operation_ended"),
        (_miscounted, "counts_add_up"),
        (_counted_without_result, "counts_add_up"),
        (_impact, "counts_add_up"),
        (_not_audited, "results_are_audited"),
        (_audited_twice, "results_are_audited"),
        (_failed_yet_done, "results_are_audited"),
        (_result_of_more, "results_are_audited"),
        (_not_audited, "the_audit_is_what_happened"),
        (_audited_twice, "the_audit_is_what_happened"),
        (_audited_otherwise, "the_audit_is_what_happened"),
        (_never_written, "the_audit_is_what_happened"),
        (_never_written, "the_end_is_what_was_written"),
        (_not_as_written, "the_end_is_what_was_written"),
        (_audited_otherwise, "the_end_is_what_was_written"),
        (_stranger, "nobody_else_was_touched"),
        (_never_selected, "nobody_else_was_touched"),
        (_left_out, "nobody_else_was_touched"),
        (_removed_first, "nothing_was_lost"),
        (_plan_switched_on, "nothing_was_lost"),
        (_more_taken, "nothing_was_lost"),
        (_audited_otherwise, "nothing_was_lost"),
        (_at_once, "one_write_at_a_time"),
        (_too_early, "one_write_at_a_time"),
        (_reserved, "nothing_is_left_over"),
        (_broken_chain, "nothing_is_left_over"),
        (_unmarked, "nothing_is_left_over"),
    ],
)
def test_what_is_wrong_is_found(spoil: Callable[[Evidence], None], check: str) -> None:
    """One thing is wrong, and the check that is there for it says so."""
    evidence = copy.deepcopy(right())
    spoil(evidence)
    assert any(found.startswith(f"{check}: ") for found in violations(evidence)), violations(evidence)


def test_where_a_process_stood_still_only_the_end_counts() -> None:
    """Two writes may have been on their way at once; all else must hold."""
    evidence = copy.deepcopy(right())
    _at_once(evidence)
    assert violations(replace(evidence, freezes=True)) == []


def test_whose_outcome_stayed_unknown_may_have_been_written() -> None:
    """Failed as ``OutcomeUnknown``: the write stands in no audit, and the end is what Graph did."""
    evidence = copy.deepcopy(right())
    _not_audited(evidence)
    operation = evidence.operations[0]
    operation.results[TENANT][1] = result(BEN, "failed", error={"code": "OutcomeUnknown"})
    for each in (operation.body["progress"], operation.body["tenants"][0]["progress"]):
        each.update(succeeded=1, failed=1)
    assert violations(evidence) == []
