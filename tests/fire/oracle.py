"""The oracle: what must hold after the fire, whatever burned. Each check gives what it found wrong, in sentences."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise

from dev.api import ENDED, Json
from dev.trial import EARLY_SECONDS
from tests.fire.evidence import Evidence, OfOperation, OfTenant
from tests.fire.permitted import forbidden_deltas, forbidden_writes
from tests.fire.replay import (
    LOCATION,
    Delta,
    State,
    audited,
    by_user,
    counted,
    directory_states,
    replay,
    shown,
)

type Found = Iterator[str]
type Check = Callable[[Evidence], Found]


def every_operation_ended(evidence: Evidence) -> Found:
    """An end state, no tenant left at work, and nobody who still looks for it."""
    for operation in evidence.operations:
        states = {part["status"] for part in operation.body["tenants"]}
        if operation.body["status"] not in ENDED or states - ENDED:
            where = {name: operation.body[name] for name in ("status", "statusReason", "phase", "progress")}
            yield f"{_name(operation)} has not ended: {where}"
        elif operation.due:
            yield f"{_name(operation)} has ended, and a row of it is still in `due`"


def counts_add_up(evidence: Evidence) -> Found:
    """total = succeeded + skipped + failed, of the operation, of each tenant, and in the results themselves."""
    for operation in evidence.operations:
        whole = operation.body["progress"]
        parts = [(part["tenantId"], part["progress"]) for part in operation.body["tenants"]]
        for name in ("total", "succeeded", "skipped", "failed", "pending"):
            if whole[name] != sum(progress[name] for _, progress in parts):
                yield f"{_name(operation)}: {name} is {whole[name]}, not the sum of {parts}"
        for tenant, progress in parts:
            statuses = Counter(each["status"] for each in operation.results[tenant])
            told = {name: progress[name] for name in ("succeeded", "skipped", "failed", "pending") if progress[name]}
            if told != dict(statuses) or progress["total"] != statuses.total():
                yield f"{_name(operation)} in {tenant}: progress {progress}, results {dict(statuses)}"
            if progress["pending"]:
                yield f"{_name(operation)} in {tenant} ended with {progress['pending']} users pending"
        impact = operation.body.get("impact")
        if impact:
            skipped = sum(each["count"] for each in impact["usersSkipped"])
            if impact["usersSelected"] != impact["usersAffected"] + impact["usersUnchanged"] + skipped:
                yield f"{_name(operation)}: the impact does not add up: {impact}"


def results_are_audited(evidence: Evidence) -> Found:
    """Who succeeded has one entry that says what the result says, and nobody else has one but for a location."""
    for tenant in evidence.tenants:
        entries = Counter((each["operationId"], each["userId"]) for each in tenant.audit)
        by_key = {(each["operationId"], each["userId"]): each for each in tenant.audit}
        known: set[tuple[str, str]] = set()
        for operation in evidence.operations:
            for result in operation.results.get(tenant.id, []):
                key = (operation.id, result["userId"])
                known.add(key)
                name = f"{_name(operation)}, {result['userPrincipalName']}"
                if result["status"] == "succeeded" and entries[key] != _entries_of(result):
                    yield f"{name} succeeded and has {entries[key]} audit entries"
                elif result["status"] != "succeeded" and key in by_key:
                    only = {delta.what for delta in audited(by_key[key])}
                    if only != {LOCATION}:
                        yield f"{name} is {result['status']}, and its audit says that {only} changed"
                elif key in by_key:
                    yield from _told_otherwise(name, result, audited(by_key[key]))
        for key in entries.keys() - known:
            yield f"tenant {tenant.id}: the audit has an entry of {key}, whom no results name"


def _entries_of(result: Json) -> int:
    """A grace that only begins changes nothing."""
    return 0 if result["graceUntil"] and not result["added"] and not result["removed"] else 1


def _told_otherwise(name: str, result: Json, deltas: frozenset[Delta]) -> Found:
    real = Counter("removed" if each.after is None else "added" for each in deltas if each.what != LOCATION)
    told = Counter({side: len(result[side]) for side in ("added", "removed") if result[side]})
    if told != real:
        yield f"{name}: the result tells of {dict(told)}, the audit of {dict(real)}"


def the_audit_is_what_happened(evidence: Evidence) -> Found:
    """Every change that reached Graph stands in the audit once, with the very before and after; and no other.

    Where two operations were at the same user and an answer is missing, nobody can tell whose write it was, or how
    often it was done: there every change stands in it, and no other, however often.
    """
    for tenant in evidence.tenants:
        played = replay(tenant.start, tenant.log)
        entries = by_user(tenant.audit)
        unknown, contested = _users_with(evidence, tenant, "OutcomeUnknown"), _contested(evidence, tenant)
        for user in {write.user for write in played.writes} | entries.keys():
            real = counted(write.deltas for write in played.of(user))
            told = counted(audited(entry) for entry in entries.get(user, []))
            if user in contested:
                real, told = Counter(set(real)), Counter(set(told))
            if told - real and user not in played.touched_outside:
                yield f"{tenant.id} {user}: the audit tells what never happened: {shown(told - real)}"
            if real - told and user not in unknown:
                yield f"{tenant.id} {user}: what happened is not in the audit: {shown(real - told)}"


def _contested(evidence: Evidence, tenant: OfTenant) -> set[str]:
    """Users whom a second operation changed while the outcome of a first was unknown."""
    unsure: dict[str, list[OfOperation]] = {}
    at_work: dict[str, list[OfOperation]] = {}
    without_answer = {(each["operationId"], each["userId"]) for each in tenant.audit if not each["requestId"]}
    for operation in evidence.operations:
        for result in operation.results.get(tenant.id, []):
            user = result["userId"]
            if result["attempts"]:
                at_work.setdefault(user, []).append(operation)
            if result["attempts"] > 1 or (operation.id, user) in without_answer:
                unsure.setdefault(user, []).append(operation)
    return {
        user
        for user, operations in unsure.items()
        if any(one is not other and one.overlaps(other) for one in operations for other in at_work.get(user, []))
    }


def _users_with(evidence: Evidence, tenant: OfTenant, code: str) -> set[str]:
    return {
        result["userId"]
        for operation in evidence.operations
        for result in operation.results.get(tenant.id, [])
        if result["error"] and result["error"]["code"] == code
    }


def the_end_is_what_was_written(evidence: Evidence) -> Found:
    """Start + writes + outside changes = end; and start + audit = end for whom only we touched."""
    for tenant in evidence.tenants:
        played, end = replay(tenant.start, tenant.log), directory_states(tenant.end)
        start, entries = directory_states(tenant.start), by_user(tenant.audit)
        unsure = _users_with(evidence, tenant, "OutcomeUnknown") | _contested(evidence, tenant)
        for user in end:
            if played.states[user] != end[user]:
                yield f"{tenant.id} {user} is not what was written: {shown(played.states[user].deltas(end[user]))}"
            if user in unsure or user in played.touched_outside:
                continue
            told = State(start[user].licences, start[user].location)
            for entry in entries.get(user, []):
                told = told.changed(audited(entry))
            if told != end[user]:
                yield f"{tenant.id} {user} is not what the audit says: {shown(told.deltas(end[user]))}"


def nobody_else_was_touched(evidence: Evidence) -> Found:
    """Results name who was selected and nobody else; writes went to those alone, protected users to none."""
    for operation in evidence.operations:
        for tenant, results in operation.results.items():
            named = [each["userId"] for each in results]
            if len(named) != len(set(named)):
                yield f"{_name(operation)} in {tenant}: a user stands in the results twice"
            may, must = _selected(operation, tenant)
            known = {each["userId"] for each in results if (each["error"] or {}).get("code") != "UserNotFound"}
            if known - may:
                yield f"{_name(operation)} in {tenant}: {sorted(known - may)} were never selected"
            if results and must - known:
                yield f"{_name(operation)} in {tenant}: {sorted(must - known)} were selected and have no result"
    for tenant in evidence.tenants:
        selected = {
            result["userId"]
            for operation in evidence.operations
            for result in operation.results.get(tenant.id, [])
            if result["status"] != "pending"
        }
        for write in replay(tenant.start, tenant.log).writes:
            if not write.outside and write.user not in selected:
                yield f"{tenant.id} {write.user} was written to and is in no results: {write.line}"


def _selected(operation: OfOperation, tenant: str) -> tuple[frozenset[str], frozenset[str]]:
    if operation.may is not None and operation.must is not None:
        return operation.may.get(tenant, frozenset()), operation.must.get(tenant, frozenset())
    assert operation.parent
    wanted = "failed" if operation.kind != "revert" else "succeeded"
    of_parent = operation.parent.results.get(tenant, [])
    exact = frozenset(each["userId"] for each in of_parent if each["status"] == wanted)
    changed = frozenset(each["userId"] for each in of_parent if each["status"] != "skipped")
    return (exact | changed if operation.kind == "revert" else exact), frozenset()


def nothing_was_lost(evidence: Evidence) -> Found:
    """No write takes, even for a moment, what its operation did not ask to take; service plans included."""
    yield from forbidden_writes(evidence)
    yield from forbidden_deltas(evidence)


def one_write_at_a_time(evidence: Evidence) -> Found:
    """Never two writes in flight for a user, and none before its ``Retry-After``; unless a process stood still."""
    if evidence.freezes:
        return
    for tenant in evidence.tenants:
        played = replay(tenant.start, tenant.log)
        for user in {write.user for write in played.writes}:
            lines = sorted((write.line for write in played.of(user)), key=lambda line: line["start"])
            for earlier, later in pairwise(lines):
                if earlier["end"] > later["start"]:
                    yield f"{tenant.id} {user}: two writes at once: {earlier} {later}"
                early = earlier["end"] + (earlier["retryAfter"] or 0) - later["start"]
                if early > EARLY_SECONDS:
                    yield f"{tenant.id} {user} was sent {early:.2f} s before its Retry-After: {earlier} {later}"


def nothing_is_left_over(evidence: Evidence) -> Found:
    """No reservation, every write marked in the audit, and a chain that is whole."""
    for tenant in evidence.tenants:
        if tenant.reserved:
            yield f"{tenant.id}: seats are still reserved: {tenant.reserved}"
        wanted = "intact" if tenant.audit else "empty"
        if (tenant.chain["status"], tenant.chain["entries"]) != (wanted, len(tenant.audit)):
            yield f"{tenant.id}: {len(tenant.audit)} audit entries, and the chain is {tenant.chain}"
    for operation in evidence.operations:
        if operation.unmarked:
            yield f"{_name(operation)}: not audited: {operation.unmarked}"


CHECKS: tuple[Check, ...] = (
    every_operation_ended,
    counts_add_up,
    results_are_audited,
    the_audit_is_what_happened,
    the_end_is_what_was_written,
    nobody_else_was_touched,
    nothing_was_lost,
    one_write_at_a_time,
    nothing_is_left_over,
)


def violations(evidence: Evidence) -> list[str]:
    """All that is wrong, each with the check that found it."""
    return [f"{check.__name__}: {found}" for check in CHECKS for found in check(evidence)]


def _name(operation: OfOperation) -> str:
    return f"operation {operation.number} ({operation.kind} {operation.id})"
