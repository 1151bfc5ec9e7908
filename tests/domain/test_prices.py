"""Money: exact sums where every price is known, the names of what is missing where not, never a guess."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.prices import Cost, PriceBook, SeatCount, UnusedSeats, cost, money, total_cost
from shared.prices import built_in

THIRD = "POWER_BI_PRO"
GOLDEN = (SeatCount("SPE_E5", 500, 423, 500), SeatCount("SPE_E3", 400, 324, 154), SeatCount(THIRD, 659, 659, 659))

PRICES = st.decimals(0, 1_000, places=2)
SEATS = st.builds(
    SeatCount, st.sampled_from(["A", "B", "C", "D"]), *(st.integers(0, 5_000) for _ in ("total", "before", "after"))
)
TENANT = st.lists(SEATS, unique_by=lambda each: each.sku)
BOOKS = st.builds(PriceBook, st.sampled_from(["USD", "EUR"]), st.dictionaries(st.sampled_from("ABCD"), PRICES))


def book(currency: str = "USD", **monthly: str) -> PriceBook:
    """A price book."""
    return PriceBook(currency, {sku: Decimal(price) for sku, price in monthly.items()})


def test_a_month_is_assigned_seats_times_price() -> None:
    """Two SKUs change, a third does not and counts all the same."""
    found = cost(book(SPE_E5="57.50", SPE_E3="9.75", POWER_BI_PRO="1.50"), GOLDEN)

    assert (found.monthly_before, found.monthly_after) == (Decimal("28470.00"), Decimal("31240.00"))
    assert found.change == Decimal("2770.00")
    assert found.unpriced == ()
    assert found.unused_paid_seats == (UnusedSeats("SPE_E3", 246, Decimal("2398.50")),)


def test_a_missing_price_is_named_and_no_sum_is_shown() -> None:
    """Trap 15, Invariant 13: a price that is not known is not zero."""
    found = cost(book(SPE_E5="57.50", SPE_E3="9.75"), GOLDEN)

    assert found.unpriced == (THIRD,)
    assert (found.monthly_before, found.monthly_after, found.change) == (None, None, None)
    assert found.unused_paid_seats == (UnusedSeats("SPE_E3", 246, Decimal("2398.50")),)


def test_a_sku_that_nobody_has_needs_no_price() -> None:
    """Only assigned seats cost; one that is given out, or was, needs a price."""
    prices = book(SPE_E5="57.50")

    assert cost(prices, [SeatCount("SPE_E5", 9, 1, 1), SeatCount("X", 5, 0, 0)]).unpriced == ()
    assert cost(prices, [SeatCount("X", 5, 0, 1)]).unpriced == ("X",)
    assert cost(prices, [SeatCount("X", 5, 1, 0)]).unpriced == ("X",)


def test_what_is_free_is_priced_and_no_waste() -> None:
    """A price of 0 is a price; unused seats of it are no paid ones."""
    found = cost(
        book(SPE_E5="57.50", FLOW_FREE="0"), [SeatCount("SPE_E5", 1, 1, 1), SeatCount("FLOW_FREE", 10_000, 7, 9)]
    )

    assert found == Cost("USD", Decimal("57.50"), Decimal("57.50"))


def test_seats_given_out_too_often_are_not_unused() -> None:
    """A subscription that shrank has fewer seats than users: none of them is spare."""
    assert cost(book(A="5"), [SeatCount("A", 10, 12, 11)]).unused_paid_seats == ()


@given(TENANT, BOOKS)
def test_the_sums_add_up(seats: list[SeatCount], prices: PriceBook) -> None:
    """A change is after less before; each SKU by itself adds up to the tenant; unpriced is what has no price."""
    whole = cost(prices, seats)
    single = [cost(prices, [each]) for each in seats]

    assert set(whole.unpriced) == {s.sku for s in seats if s.before + s.after and s.sku not in prices.monthly}
    if whole.unpriced:
        assert (whole.monthly_before, whole.monthly_after, whole.change) == (None, None, None)
        return
    assert whole.monthly_before is not None
    assert whole.monthly_after is not None
    assert whole.change == whole.monthly_after - whole.monthly_before
    assert whole.monthly_before == sum(each.monthly_before or 0 for each in single)
    assert whole.monthly_after == sum(each.monthly_after or 0 for each in single)
    assert whole.monthly_after == sum(prices.monthly.get(each.sku, Decimal()) * each.after for each in seats)


@given(st.lists(st.tuples(TENANT, BOOKS), max_size=4))
def test_tenants_add_up_where_they_can(tenants: list[tuple[list[SeatCount], PriceBook]]) -> None:
    """A total is the sum of the tenants' in one currency; of what is not known, or of nobody, there is none."""
    costs = [cost(prices, seats) for seats, prices in tenants]
    total = total_cost(costs)

    if any(each.unpriced for each in costs) or len({each.currency for each in costs}) != 1:
        assert total is None
        return
    assert total is not None
    assert total.monthly_after == sum(each.monthly_after or 0 for each in costs)
    assert total.change == sum(each.change or 0 for each in costs)


def test_a_tenant_without_a_cost_leaves_no_total() -> None:
    """What one tenant costs is not what all cost."""
    assert total_cost([cost(book(A="1"), [SeatCount("A", 1, 1, 1)]), None]) is None
    assert total_cost([]) is None


@pytest.mark.parametrize(
    ("amount", "shown"), [("0.005", "0.01"), ("-0.005", "-0.01"), ("2.675", "2.68"), ("1", "1.00")]
)
def test_half_a_cent_goes_up(amount: str, shown: str) -> None:
    """As invoices do it; a book may hold prices of more than two decimals."""
    assert str(money(Decimal(amount))) == shown


@pytest.mark.parametrize("price", ["-0.01", "NaN", "Infinity"])
def test_a_book_holds_prices_only(price: str) -> None:
    """The SKU at fault is named."""
    with pytest.raises(ValueError, match="SPE_E5"):
        book(SPE_E5=price)


def test_the_built_in_book_holds_what_was_announced_and_nothing_else() -> None:
    """Trap 15: a price that no first-hand source names is left out; what is free costs 0."""
    found = built_in()

    assert (found.currency, str(found.as_of)) == ("USD", "2026-07-01")
    assert found.monthly["SPE_E5"] == 60
    assert found.monthly["Microsoft_365_E3_(no_Teams)"] == Decimal("30.45")
    assert {sku for sku, price in found.monthly.items() if not price} == {"FLOW_FREE", "POWER_BI_STANDARD"}
    assert found.monthly.keys().isdisjoint({"POWER_BI_PRO", "STANDARDPACK", "AAD_PREMIUM", "Microsoft_365_Copilot"})
    assert all(price == money(price) for price in found.monthly.values())
