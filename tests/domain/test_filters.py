"""Filters as callers write them become filters as Graph takes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.filters import NO_LICENCE, FilterError, combined, normalise

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
TEXTS = st.text(st.sampled_from("'\"() abcé\\"), max_size=12)


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        pytest.param('department eq "Engineering"', "department eq 'Engineering'", id="double quotes"),
        pytest.param("assignedLicenses/any()", "assignedLicenses/any()", id="lambda"),
        pytest.param('usageLocation eq "US"', "usageLocation eq 'US'", id="country"),
        pytest.param("accountEnabled eq true", "accountEnabled eq true", id="boolean"),
        pytest.param('surname eq "O\'Brien"', "surname eq 'O''Brien'", id="apostrophe"),
        pytest.param("surname eq 'O''Brien'", "surname eq 'O''Brien'", id="apostrophe that is doubled already"),
        pytest.param('jobTitle eq "the ""boss"""', "jobTitle eq 'the \"boss\"'", id="doubled double quotes"),
        pytest.param("jobTitle eq 'the \"boss\"'", "jobTitle eq 'the \"boss\"'", id="double quotes inside single ones"),
        pytest.param('city eq ""', "city eq ''", id="empty text"),
        pytest.param("(city eq ')') or (city eq '(')", "(city eq ')') or (city eq '(')", id="parentheses in texts"),
    ],
)
def test_strings_stand_in_single_quotes_and_the_rest_as_written(written: str, taken: str) -> None:
    """Only double-quoted strings are rewritten."""
    assert normalise(written) == taken


@given(TEXTS, TEXTS)
def test_any_text_survives_in_either_quotes(first: str, second: str) -> None:
    """What stands between the quotes is the same text afterwards, and a second time changes nothing."""
    double, single = first.replace('"', '""'), second.replace("'", "''")

    normal = normalise(f"a eq \"{double}\" or b eq '{single}'")

    assert normal == f"a eq '{first.replace("'", "''")}' or b eq '{single}'"
    assert normalise(normal) == normal


@given(TEXTS)
def test_whatever_is_taken_is_taken_twice_alike(text: str) -> None:
    """The stored form is read again as it is."""
    try:
        once = normalise(text)
    except FilterError:
        return
    assert normalise(once) == once


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('department eq "Sales', 'quote " at character 15'),
        ("department eq 'O'Brien'", "quote ' at character 23"),
        ("department eq 'Sales''", "quote ' at character 15"),
        ("city eq 'A') or (city eq 'B'", "parenthesis at character 12"),
        ("not (city eq 'A'", "parenthesis at character 5"),
    ],
)
def test_a_half_without_its_other_half_is_told_by_its_place(written: str, said: str) -> None:
    """The first character counts as 1; nobody can close the parenthesis that a filter is put into."""
    with pytest.raises(FilterError, match=said):
        normalise(written)


def test_a_licence_narrows_a_filter() -> None:
    """Both must hold, whatever operators the filter has."""
    either = "city eq 'A' or city eq 'B'"

    assert combined(either, None) == either
    assert combined(None, E3) == f"assignedLicenses/any(x:x/skuId eq {E3})"
    assert combined(None, NO_LICENCE) == "assignedLicenses/$count eq 0"
    assert combined(either, E3) == f"({either}) and assignedLicenses/any(x:x/skuId eq {E3})"


@pytest.mark.parametrize("licensed", [None, "SPE_E3", f"{E3}) or x:x/skuId ne {E3}"])
def test_nothing_but_a_guid_or_none_is_a_licence(licensed: str | None) -> None:
    """No filter is made of a name, and none of nothing: it would mean everybody."""
    with pytest.raises(ValueError, match=r"neither|badly formed"):
        combined(None, licensed)
