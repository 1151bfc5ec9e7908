"""The pure hash chain."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.audit import GENESIS, Anchor, AuditEntry, Head, canonical, chain, check, entry_hash
from shared.domain.model import Assignment, LicenceState
from tests.support.samples import audit_entry

TENANT = "t1"
LATER = datetime(2026, 12, 1, tzinfo=UTC)


def chained(count: int = 5) -> tuple[list[AuditEntry], Head]:
    """A chain of so many entries and its head."""
    return chain(Head(), [audit_entry(TENANT, number) for number in range(count)])


def anchor(entry: AuditEntry, at: datetime = LATER) -> Anchor:
    """The anchored head after this entry."""
    return Anchor(TENANT, entry.sequence, entry.hash, at)


def test_an_untouched_chain_is_intact_and_names_its_latest_anchor():
    """Entries, head and anchors that agree are intact."""
    entries, head = chained()
    anchors = [anchor(entries[1]), anchor(entries[3], LATER + timedelta(hours=1))]

    found = check(TENANT, entries, head, anchors)

    assert (found.status, found.entries, found.first_broken) == ("intact", 5, None)
    assert found.anchored_at == LATER + timedelta(hours=1)
    assert (entries[0].previous_hash, head.sequence, head.hash) == (GENESIS, 5, entries[-1].hash)


def test_a_chain_goes_on_where_it_stopped():
    """Appending in two steps gives the same chain as in one."""
    first, head = chained(2)
    second, end = chain(head, [audit_entry(TENANT, number) for number in range(2, 5)])

    assert ([*first, *second], end) == chained(5)


def test_an_empty_chain_is_empty():
    """No entry, no head, no anchor: there is nothing to prove."""
    assert check(TENANT, [], None).status == "empty"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"reason": "Umzug nach Koln"}, id="reason"),
        pytest.param({"before": LicenceState((Assignment("x"),), "DE")}, id="before"),
        pytest.param({"after": LicenceState((), None)}, id="after"),
        pytest.param({"price": {"SPE_E5": 57.51}}, id="price"),
        pytest.param({"seat_change": {"SPE_E5": 2, "SPE_E3": -1}}, id="seats"),
        pytest.param({"at": LATER}, id="time"),
        pytest.param({"user_principal_name": "user2@example.com"}, id="letter case"),
        pytest.param({"part_numbers": {}}, id="names"),
    ],
)
def test_any_changed_field_breaks_the_chain_at_its_entry(change: dict[str, Any]):
    """Every field is covered by the hash."""
    entries, head = chained()
    entries[2] = replace(entries[2], **change)

    assert check(TENANT, entries, head).first_broken == 3


def test_a_changed_entry_with_a_hash_of_its_own_breaks_the_next_one():
    """Who computes one hash anew must compute all that follow."""
    entries, head = chained()
    forged = replace(entries[2], reason="nothing")
    entries[2] = replace(forged, hash=entry_hash(forged))

    assert check(TENANT, entries, head).first_broken == 4


def test_a_removed_entry_is_found_where_it_stood():
    """A gap is a break, also for the first entry."""
    entries, head = chained()

    assert check(TENANT, [*entries[:2], *entries[3:]], head).first_broken == 3
    assert check(TENANT, entries[1:], head).first_broken == 1


def test_swapped_entries_are_found():
    """The order counts."""
    entries, head = chained()
    entries[1], entries[2] = entries[2], entries[1]

    assert check(TENANT, entries, head).first_broken == 2


def test_a_cut_tail_is_found_by_the_head():
    """The head says how long the chain is."""
    entries, head = chained()

    assert check(TENANT, entries[:3], head).first_broken == 4


def test_a_cut_tail_with_its_head_set_back_is_found_by_an_anchor():
    """An anchor says how long the chain was."""
    entries, _ = chained()
    shorter, head = chained(3)

    assert check(TENANT, shorter, head).status == "intact"
    found = check(TENANT, shorter, head, [anchor(entries[4])])
    assert (found.status, found.first_broken) == ("broken", 4)


def test_a_chain_computed_anew_is_found_by_an_anchor():
    """A whole forged chain is consistent in itself, but not with what was anchored."""
    entries, _ = chained()
    forged, head = chain(Head(), [replace(audit_entry(TENANT, n), reason="forged") for n in range(5)])

    assert check(TENANT, forged, head).status == "intact"
    assert check(TENANT, forged, head, [anchor(entries[3])]).first_broken == 4


def test_an_emptied_chain_is_not_empty_but_broken_when_it_was_anchored():
    """Deleting everything does not look like a new tenant."""
    entries, _ = chained()

    found = check(TENANT, [], None, [anchor(entries[4])])

    assert (found.status, found.first_broken) == ("broken", 1)


def test_entries_behind_the_head_and_a_missing_head_are_found():
    """The head must be the last entry."""
    entries, head = chained()

    assert check(TENANT, entries, Head(3, entries[2].hash)).first_broken == 4
    assert check(TENANT, entries, None).first_broken == 1
    assert check(TENANT, entries, replace(head, hash=GENESIS)).status == "broken"


def test_another_tenants_chain_does_not_pass():
    """A chain copied over from another tenant is consistent, but names that tenant."""
    entries, head = chained()

    assert check("t2", entries, head).first_broken == 1


def test_an_anchor_of_another_tenant_says_nothing():
    """Anchors of all tenants may be handed in."""
    entries, head = chained()

    found = check(TENANT, entries, head, [Anchor("t2", 3, "f" * 64, LATER)])

    assert (found.status, found.anchored_at) == ("intact", None)


def test_an_unreadable_row_is_a_break():
    """What cannot be read is not skipped."""
    entries, head = chained()

    assert check(TENANT, [*entries[:1], None, *entries[2:]], head).first_broken == 2


def test_times_are_cut_to_milliseconds_in_utc():
    """What is hashed is what can be written down and read again."""
    at = datetime(2026, 11, 23, 13, 0, 0, 123_987, tzinfo=timezone(timedelta(hours=1)))

    entries, head = chain(Head(), [audit_entry(TENANT, 1, at=at)])

    assert entries[0].at == datetime(2026, 11, 23, 12, 0, 0, 123_000, tzinfo=UTC)
    assert b'"at":"2026-11-23T12:00:00.123Z"' in canonical(entries[0])
    assert head.at == entries[0].at


def test_a_time_without_a_zone_is_refused():
    """Nobody guesses a zone."""
    with pytest.raises(ValueError, match="zone"):
        chain(Head(), [audit_entry(TENANT, 1, at=datetime(2026, 11, 23))])  # noqa: DTZ001 - the point of the test


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_of_sets_and_maps_does_not_count(order: list[str]):
    """Canonical JSON is one text for equal entries."""
    base = audit_entry(TENANT, 1)
    plans = LicenceState((Assignment("s", frozenset(order)),))
    shuffled = replace(base, before=plans, part_numbers={key: key for key in order})
    sorted_one = replace(
        base,
        before=LicenceState((Assignment("s", frozenset("abcd")),)),
        part_numbers={key: key for key in "abcd"},
    )

    assert canonical(shuffled) == canonical(sorted_one)
