"""Plan, do it in the simulator, compare: over random tenants, and requests of every kind that plans."""

import pytest
from hypothesis import assume, event, given, note, settings

from shared.domain.codes import ResultCode
from shared.domain.revert import RevertRequest
from shared.domain.selection import Recorded
from tests.properties.judging import DONE, PLANNED, wrong_before
from tests.properties.playing import Directory, plan, planner, play
from tests.properties.telling import Told
from tests.properties.tenants import Case, cases, upn

EXAMPLES, MANY = 250, 5_000

settings.register_profile("plans", max_examples=EXAMPLES, derandomize=True)
settings.register_profile("many plans", max_examples=MANY, print_blob=True)


def told_of(case: Case) -> tuple[Told, Directory]:
    """Play a case, unless seats are missing and it says to fail then."""
    directory = Directory(case)
    skus = directory.skus()
    request = planner(case, skus)
    assume(request.impossible(skus) is None)
    users = [directory.user(upn(n)) for n in case.selected]
    truth, consumed = directory.truth(), directory.consumed()
    planned = plan(directory, [(user, request) for user in users], partial=case.partial)
    assert directory.truth() == truth, "planning has changed somebody"
    played = play(directory, [] if planned.refused else planned.changes)
    return Told(case, skus, users, truth, consumed, directory, planned, played), directory


def judge(case: Case) -> None:
    """All that must hold of a case."""
    note(str(case))
    told, directory = told_of(case)
    event(case.kind)
    for holds in PLANNED:
        holds(told)
    if told.plan.refused:
        event("refused for seats")
        return
    for holds in DONE:
        holds(told)
    nothing_is_left_to_do(told, directory)
    event("somebody changed" if told.played.accepted else "nobody changed")
    what_a_revert_restores(told, directory)


def nothing_is_left_to_do(told: Told, directory: Directory) -> None:
    """The same request again changes nobody who was changed."""
    done = [directory.user(decision.user_id) for decision, _ in told.played.accepted]
    request = planner(told.case, told.skus)
    again = plan(directory, [(user, request) for user in done], partial=False)
    assert [each for each in again.decisions if each.status == "change"] == []


def what_a_revert_restores(told: Told, directory: Directory) -> None:
    """Licences and plans come back exactly, and the usage location unless there was none.

    Graph may refuse to bring back only what was not lawful before: seats that were given out too often among them.
    """
    changes = {decision.user_id: change for decision, change in told.played.accepted}
    undo = [
        (directory.user(user_id), RevertRequest(Recorded(change.before, change.after, change.sku_ids)))
        for user_id, change in changes.items()
    ]
    reverted = plan(directory, undo, partial=True)
    played = play(directory, reverted.changes)
    wrongs = {user_id: wrong_before(told, change) for user_id, change in changes.items()}
    refused = [(d, d.code) for d in reverted.decisions if d.status == "skipped"]
    for decision, code in [*refused, *((d, code) for d, _, code in played.rejected)]:
        allowed = set(wrongs[decision.user_id])
        if any(wrongs.values()):  # who does not come back may hold the seat of one who would
            allowed.add(ResultCode.INSUFFICIENT_LICENSES)
        assert code in allowed, decision
    assert [decision for decision in reverted.decisions if decision.status == "unchanged"] == []
    for decision, _ in played.accepted:
        before, after = changes[decision.user_id].before, directory.user(decision.user_id).state
        once_missing = not before.usage_location and after.usage_location
        assert set(after.assignments) == set(before.assignments), decision
        assert after.usage_location == before.usage_location or once_missing
        assert decision.not_reverted == (("usageLocation",) if once_missing else ())


@settings.get_profile("plans")
@given(cases())
def test_a_plan_does_what_its_preview_says(case: Case) -> None:
    """Invariants 1-7, 9 and 13: what the preview says is what the directory holds in the end, and can be undone."""
    judge(case)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@settings.get_profile("many plans")
@given(cases())
def test_thousands_of_plans_do_what_their_previews_say(case: Case) -> None:
    """The same, over more tenants than anybody would wait for each time."""
    judge(case)
