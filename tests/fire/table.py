"""The table of what was injected and survived, as Markdown."""

from collections import Counter
from collections.abc import Sequence

from tests.fire.one import Outcome
from tests.fire.script import FAULT_KINDS, PLACES

FAULTS = {
    "429": "throttled (429, with `Retry-After`)",
    "503": "unavailable (503)",
    "409": "concurrency clash (409)",
    "401": "token refused (401)",
    "403": "permission denied (403)",
    "reset": "connection cut, before or after the work was done",
    "timeoutAfterCommit": "no answer, the work was done",
    "timeoutBeforeCommit": "no answer, nothing was done",
    "delay": "answers late, or too late",
}
BREAKAGES = {
    "kill": "a host dies (SIGKILL) and is started again",
    "lose": "of two hosts one dies for good",
    "storage": "storage is stopped and started again",
    "freeze": "a host stands still past its lease (SIGSTOP), another works, then it goes on",
    "seats": "seats are taken from outside",
    "user": "somebody else changes the licences of selected users",
    "members": "users move between the groups that are selected",
    "pause": "somebody pauses",
    "resume": "somebody resumes",
    "cancel": "somebody cancels",
    "approve": "somebody approves",
}


def table(outcomes: Sequence[Outcome]) -> str:
    """All outcomes together."""
    faults: Counter[tuple[str, str]] = Counter()
    broken, ended, users = Counter[str](), Counter[str](), Counter[str]()
    for outcome in outcomes:
        faults.update(outcome.faults)
        broken.update(outcome.broken)
        ended.update(outcome.ended)
        users.update(outcome.users)
    places = list(PLACES)
    lines = [f"| fault of Graph | {' | '.join(f'on {place}' for place in places)} | seeds |"]
    lines.append("| --- |" + " --- |" * (len(places) + 1))
    for kind in FAULT_KINDS:
        seeds = sum(any(n and k == kind for (k, _), n in outcome.faults.items()) for outcome in outcomes)
        lines.append(f"| {FAULTS[kind]} | {' | '.join(str(faults[kind, place]) for place in places)} | {seeds} |")
    lines += ["", "| what else | times | seeds |", "| --- | --- | --- |"]
    for name, said in BREAKAGES.items():
        lines.append(f"| {said} | {broken[name]} | {sum(bool(outcome.broken[name]) for outcome in outcomes)} |")
    said = [
        f"Seeds: {len(outcomes)}.",
        f"Operations: {sum(o.operations for o in outcomes)} ({_list(ended)}).",
        f"Users in results: {users.total()} ({_list(users)}).",
        f"Writes done: {sum(o.writes for o in outcomes)}.",
        f"Violations: {sum(len(o.violations) for o in outcomes)}.",
    ]
    lines += ["", " ".join(said)]
    return "\n".join(lines)


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.most_common())
