"""A month adds up: whatever ours and others did in whatever order, what remains unexplained is what others did."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.reconciliation import Count, Month, Reconciliation, SeatChange

NOVEMBER = Month.parse("2026-11")
E3, E5 = "id-3", "id-5"
NAMES = {E3: "SPE_E3", E5: "SPE_E5"}


def change(sequence: int, at: datetime, seats: dict[str, int], **prices: float) -> SeatChange:
    """What an entry says, in US dollars."""
    return SeatChange(sequence, at, seats, prices, "USD" if prices else None, NAMES)


def counted(at: datetime, sequence: int, **consumed: int) -> Count:
    """A count, by the names above."""
    ids = {name: sku_id for sku_id, name in NAMES.items()}
    return Count(
        at=at, until=at, sequence=sequence, consumed={ids[n]: k for n, k in consumed.items()}, part_numbers=NAMES
    )


def test_a_month_ends_where_the_next_begins() -> None:
    """Whatever the time zone of a time, months are those of UTC."""
    assert str(NOVEMBER) == "2026-11"
    assert NOVEMBER.end == Month.parse("2026-12").begin
    assert Month.parse("2026-12").end == datetime(2027, 1, 1, tzinfo=UTC)
    assert Month.of(datetime.fromisoformat("2026-12-01T00:30:00+01:00")) == NOVEMBER


@pytest.mark.parametrize("text", ["2026-00", "2026-13", "26-11", "2026-11 ", "\u0662\u0660\u0662\u0666-11", "1999-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    """Digits of another script are none of ours."""
    with pytest.raises(ValueError, match="no month"):
        Month.parse(text)


def test_money_is_the_sum_of_the_entries_own_prices() -> None:
    """Invariant 13: exact to the cent; where one price is missing there is no sum, and never zero for it."""
    day = NOVEMBER.begin + timedelta(days=3)
    summed = Reconciliation(NOVEMBER, None, None)
    summed.add(change(1, day, {"SPE_E5": 1, "SPE_E3": -1}, SPE_E5=57.5, SPE_E3=39.1))
    summed.add(change(2, day, {"SPE_E5": 1, "SPE_E3": -1}, SPE_E5=60.1))
    summed.add(change(3, NOVEMBER.end, {"SPE_E5": 1}, SPE_E5=60.1))

    e3, e5 = summed.rows({E5: 2, E3: 0}, NAMES)

    assert (e5.added, e5.removed, e5.monthly_change, e5.currency) == (2, 0, Decimal("117.60"), "USD")
    assert (e3.added, e3.removed, e3.monthly_change, e3.currency) == (0, 2, None, None)
    assert (e3.unexplained, e5.unexplained) == (None, None)


def test_two_currencies_make_no_sum() -> None:
    """The tenant's price book changed from dollars to euros within the month."""
    summed = Reconciliation(NOVEMBER, None, None)
    for sequence, currency in enumerate(("USD", "EUR"), 1):
        summed.add(SeatChange(sequence, NOVEMBER.begin, {"SPE_E5": 1}, {"SPE_E5": 1.0}, currency, NAMES))

    (row,) = summed.rows(None, {})

    assert (row.added, row.monthly_change, row.currency, row.consumed_now) == (2, None, None, None)


def test_a_sku_that_only_others_touched_has_its_row() -> None:
    """Also one that is gone from the directory; one that nobody uses and nobody touched has none."""
    begin, end = NOVEMBER.begin, NOVEMBER.end
    first, last = counted(begin, 0, SPE_E3=2, SPE_E5=0), counted(end, 0, SPE_E5=0)

    (row,) = Reconciliation(NOVEMBER, first, last).rows({E5: 0}, NAMES)

    assert (row.sku, row.consumed_now, row.unexplained) == ("SPE_E3", 0, -2)


STEPS = st.lists(st.tuples(st.sampled_from(["ours", "theirs", "count"]), st.integers(-3, 3)), max_size=40)


@given(STEPS, st.integers(0, 40), st.integers(0, 40))
def test_what_remains_is_what_others_did_between_the_counts(
    steps: list[tuple[str, int]], skipped: int, days: int
) -> None:
    """Whichever two counts are compared, and however entries and counts stand to each other in time."""
    seats = sequence = theirs = 0
    entries: list[SeatChange] = []
    counts: list[tuple[Count, int]] = []
    when = NOVEMBER.begin - timedelta(days=10)
    for kind, number in steps:
        when += timedelta(hours=days)
        if kind == "count":
            counts.append((counted(when, sequence, SPE_E5=seats), theirs))
        else:
            seats += number
            theirs += number if kind == "theirs" else 0
        if kind == "ours":
            sequence += 1
            entries.append(change(sequence, when, {"SPE_E5": number}))
    if len(counts) < 2:
        return
    (first, before), (last, after) = counts[skipped % (len(counts) - 1)], counts[-1]
    reconciliation = Reconciliation(NOVEMBER, first, last)
    for entry in entries:
        reconciliation.add(entry)
    told = {row.sku_id: row.unexplained for row in reconciliation.rows({E5: seats}, NAMES)}

    if reconciliation.compared:
        assert told.get(E5, 0) == after - before
    else:
        assert set(told.values()) <= {None}
    month = [entry for entry in entries if NOVEMBER.begin <= entry.at < NOVEMBER.end]
    rows = reconciliation.rows({E5: seats}, NAMES)
    assert sum(row.added - row.removed for row in rows) == sum(entry.seats["SPE_E5"] for entry in month)
