"""What a caller is told to do next."""

import pytest

from shared.domain.advice import advice, told
from shared.domain.codes import ResultCode, TenantErrorCode

CODES = [*ResultCode, *TenantErrorCode]


@pytest.mark.parametrize("code", CODES)
def test_every_code_says_what_to_do_next(code: str) -> None:
    """An administrator gets whole sentences for each code, and no two codes say the same."""
    assert advice(code).endswith(".")
    assert advice(code)[0].isupper()
    assert [advice(other) for other in CODES].count(advice(code)) == 1


def test_what_happened_goes_before_what_to_do() -> None:
    """Two sentences, whether the first one had its full stop or not, and none of them twice."""
    next_step = advice("GroupNotFound")

    assert told("GroupNotFound", "There is no group 'Sales'") == f"There is no group 'Sales'. {next_step}"
    assert told("GroupNotFound", "There is no group 'Sales'. ") == f"There is no group 'Sales'. {next_step}"
    assert told("GroupNotFound", f"None. {next_step}") == f"None. {next_step}"
    assert told("GroupNotFound", None) == told("GroupNotFound", "") == next_step


def test_a_code_that_nobody_knows_adds_nothing() -> None:
    """Rows may be newer than the code that reads them."""
    assert advice("Newer") == "Newer"
    assert told("Newer", "It did not work.") == "It did not work."
    assert told("Newer", None) == "Newer"
