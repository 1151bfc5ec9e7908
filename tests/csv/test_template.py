"""Templates are CSVs that we ourselves take, about licences that exist."""

import io

import pytest

from shared.catalogue import catalogue, find_plan
from shared.csv.reading import read_csv
from shared.csv.rows import Column, Row
from shared.csv.template import COLUMNS_OF, template


@pytest.mark.parametrize("operation", ["assign", "remove", "modify", "transfer"])
def test_a_template_is_read_without_a_fault(operation: str) -> None:
    """Two rows of made-up users; every SKU is known, and every service plan is one of its SKU."""
    rows = list(read_csv(io.StringIO(template(operation), newline=""), COLUMNS_OF[operation]))

    assert [each.line for each in rows] == [2, 3]
    for row in rows:
        assert isinstance(row, Row), row
        assert row.user.endswith("@example.com")
        for name in filter(None, (row.sku, *row.from_skus)):
            assert name == "*" or catalogue().find(name), name
        for plan in row.plans or ():
            sku = catalogue().find(row.sku or "")
            assert sku
            assert find_plan(sku, plan), plan


@pytest.mark.parametrize(
    ("operation", "header"),
    [
        ("assign", "UserPrincipalName,LicenseSKU,DisabledPlans"),
        ("remove", "UserPrincipalName,LicenseSKU"),
        ("modify", "UserPrincipalName,LicenseSKU,DisabledPlans"),
        ("transfer", "UserPrincipalName,FromSKU,LicenseSKU"),
    ],
)
def test_a_template_shows_the_columns_that_are_taken(operation: str, header: str) -> None:
    """All but Tenant, which only a file for many tenants has; three lines, ended as RFC 4180 has them."""
    text = template(operation)

    assert text.split("\r\n")[0] == header
    assert text.count("\r\n") == text.count("\n") == 3
    assert COLUMNS_OF[operation] - {Column.TENANT} == set(map(Column, header.split(",")))
    assert Column.TENANT in COLUMNS_OF[operation]


def test_a_remove_shows_how_to_name_all() -> None:
    """``*`` stands for every licence that a user holds directly."""
    assert ",*\r\n" in template("remove")


def test_what_takes_no_csv_has_no_template() -> None:
    """The message says what there is."""
    with pytest.raises(
        ValueError, match="There is no CSV for 'revert'; there is one for assign, remove, modify, transfer"
    ):
        template("revert")
