"""CSV that leaves the app cannot run in a spreadsheet."""

import csv
import io
from collections.abc import AsyncIterator, Mapping

import pytest

from shared.contracts.responses import ResultBody, ResultError
from shared.csv.guard import safe
from shared.csv.writing import RESULT_COLUMNS, csv_pieces, result_row


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
def test_a_cell_that_looks_like_a_formula_is_quoted(start: str) -> None:
    """Trap 42: what a user typed into the directory never becomes a formula."""
    assert safe(f"{start}1+1") == f"'{start}1+1"


def test_other_cells_stay_as_they_are() -> None:
    """Only the first character counts; nothing is a cell without text."""
    assert safe("ana-maria@contoso.com") == "ana-maria@contoso.com"
    assert safe(None) == ""
    assert safe(3) == "3"
    assert safe(-2.5) == "-2.5"
    assert safe("-2.5") == "'-2.5"


async def test_results_come_back_as_they_were_written() -> None:
    """One line a user, every column of the header, lists by semicolon, awkward text intact."""
    result = ResultBody(
        tenant_id="t",
        user_id="u",
        user_principal_name='=cmd|"x",@contoso.com',
        status="failed",
        added=["SPE_E5", "POWER_BI_PRO"],
        removed=[],
        disabled_plans={"SPE_E5": ["A", "B"]},
        usage_location_set=None,
        skipped_licenses=[],
        error=ResultError(code="GraphError", message="two\nlines", detail="-1"),
        message=None,
        attempts=2,
        completed_at=None,
    )

    async def rows() -> AsyncIterator[Mapping[str, object]]:
        yield result_row(result)

    data = b"".join([piece async for piece in csv_pieces(RESULT_COLUMNS, rows())])
    (row,) = csv.DictReader(io.StringIO(data.decode(), newline=""))

    assert tuple(row) == RESULT_COLUMNS
    assert row["userPrincipalName"] == '\'=cmd|"x",@contoso.com'
    assert row["added"] == "SPE_E5;POWER_BI_PRO"
    assert row["disabledPlans"] == "SPE_E5: A B"
    assert (row["code"], row["message"], row["detail"]) == ("GraphError", "two\nlines", "'-1")
