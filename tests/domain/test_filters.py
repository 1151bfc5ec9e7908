"""Filters as callers write them become filters as Graph takes them; the simulator's grammar is the second reader."""

import re
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dev.simulator.filters import FilterCompiler
from dev.simulator.model import Assignment, User
from dev.simulator.odata import AnyOf, Combine, Compare, Node, Not, parse_filter
from dev.simulator.properties import USER
from dev.simulator.tenant import Settings, Tenant
from shared.domain.filters import NO_LICENCE, FilterError, combined, normalise

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
TEXTS = st.text(st.sampled_from("'\"() abcé\\"), max_size=12)
ANY_TEXT = TEXTS | st.text(max_size=20)
QUOTES = st.sampled_from("'\"")


def quoted(text: str, quote: str) -> str:
    """A text as a caller may write it."""
    return quote + text.replace(quote, quote * 2) + quote


def strings(node: Node) -> list[str]:
    """The texts of a filter as the simulator reads it, in order."""
    match node:
        case Compare(_, _, values):
            return [str(each.value) for each in values if each.kind == "string"]
        case Combine(_, nodes):
            return [text for each in nodes for text in strings(each)]
        case Not(inner):
            return strings(inner)
        case AnyOf(inner=inner):
            return strings(inner) if inner else []


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


@given(st.lists(st.tuples(ANY_TEXT, QUOTES), min_size=1, max_size=5), st.booleans())
def test_a_second_reader_finds_the_texts_that_were_written(literals: list[tuple[str, str]], listed: bool) -> None:
    """Any texts, each in either quotes, side by side or in a list, with whatever signs of the language in them."""
    written = [quoted(text, quote) for text, quote in literals]
    filter = (
        f"department in ({', '.join(written)})"
        if listed
        else " or ".join(f"not (department eq {text})" for text in written)
    )

    assert strings(parse_filter(normalise(filter))) == [text for text, _ in literals]


OUTSIDE = st.text(st.characters(exclude_characters="'\"()"), min_size=1, max_size=12)


@given(st.lists(st.tuples(OUTSIDE, ANY_TEXT, QUOTES), max_size=5), OUTSIDE, st.integers(0, 3))
def test_what_stands_outside_of_texts_stays_to_the_letter(
    parts: list[tuple[str, str, str]], last: str, depth: int
) -> None:
    """White space, capitals and signs that mean nothing to anybody: Graph judges them, and is shown them as written."""
    opened, closed = "(" * depth, ")" * depth
    written = "".join(outside + quoted(text, quote) for outside, text, quote in parts)
    expected = "".join(outside + quoted(text, "'") for outside, text, _ in parts)

    assert normalise(opened + written + last + closed) == opened + expected + last + closed


@given(st.text(st.sampled_from("'\"()")) | ANY_TEXT)
@example('"')
@example(")(")
@example("('")
def test_a_refusal_points_at_the_sign_that_lacks_its_half(text: str) -> None:
    """Nothing but ``FilterError`` is raised, and the character it names is the one it speaks of."""
    said = ""
    try:
        assert normalise(normalise(text)) == normalise(text)
    except FilterError as error:
        said = str(error)
    if said:
        found = re.search(r"(quote (.)|parenthesis) at character (\d+) (is never closed|closes none)", said)
        assert found
        sign = text[int(found[3]) - 1]
        assert sign == (found[2] or {"is never closed": "(", "closes none": ")"}[found[4]])


TESTS = st.sampled_from(
    ["department eq 'A'", 'department eq "B"', "accountEnabled eq true", "not (department eq 'A')", "department ne 'B'"]
)
FILTERS = st.recursive(
    TESTS,
    lambda inner: st.builds("{} {} {}".format, inner, st.sampled_from(["and", "or"]), inner) | inner.map("({})".format),
    max_leaves=6,
)
PEOPLE = [
    User("id", "upn", "name", department=department, account_enabled=enabled, licences=held)
    for department, enabled, held in product(("A", "B", None), (True, False), ((), (Assignment(E3, (), None),)))
]


def matching(filter: str) -> Callable[[User], bool]:
    """The filter as the simulator understands it, as an advanced query."""
    return FilterCompiler(USER, Tenant(E3, Settings()), advanced=True).compile(parse_filter(filter))


@given(FILTERS, st.sampled_from([E3, NO_LICENCE]))
def test_a_licence_narrows_whatever_the_filter_says(filter: str, licensed: str) -> None:
    """``a or b`` beside a licence means both: (a or b) and held; brackets and precedence inside stay."""
    alone, both = matching(normalise(filter)), matching(combined(normalise(filter), licensed))

    for user in PEOPLE:
        assert both(user) == (alone(user) and bool(user.licences) == (licensed == E3))
