"""What a slip in a name was probably meant to be."""

import pytest

from shared.domain.nearest import LETTERS, MOST, by_letters, by_words, hint


def groups(*names: str) -> list[tuple[str, tuple[str, ...]]]:
    """Things that have one name each."""
    return [(name, (name,)) for name in names]


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        pytest.param("Sales Departmnt", "Sales Department", id="a letter is missing"),
        pytest.param("Slaes Department", "Sales Department", id="two letters change places"),
        pytest.param("department of sales", "Sales Department", id="another order, another case"),
        pytest.param("SALES-DEPARTMENT", "Sales Department", id="another sign between"),
        pytest.param("Salesdepartment", "Sales Department", id="one word"),
        pytest.param("Marketing", "Marketing DACH", id="a word is missing"),
    ],
)
def test_a_slip_finds_what_was_meant(text: str, nearest: str) -> None:
    """The first one named is the one that was meant."""
    assert by_words(text, groups("Marketing DACH", "All Company", "Sales Department", "Salaries"))[0] == nearest


def test_nothing_is_named_that_has_nothing_in_common() -> None:
    """A hint that is a guess would be worse than none."""
    assert by_words("Kitchen", groups("Sales Department", "Marketing")) == []
    assert by_words("§§", groups("Sales")) == []
    assert by_letters("fabrikam.com", groups("contoso.com")) == []
    assert by_letters("fabrikam.com", [("a", ())]) == []


def test_the_name_that_people_read_decides_between_equals() -> None:
    """Both have both words; of one they are the product's name, of the other the part number."""
    things = [("basic", ("Suite Standard", "BUSINESS_PREMIUM")), ("premium", ("Suite Business Premium", "SPB"))]

    assert by_words("Business Premium", things) == ["premium", "basic"]


def test_only_a_few_are_named() -> None:
    """Not the whole directory."""
    many = groups(*(f"Sales {n}" for n in range(10)))

    assert len(by_words("Sales", many)) == len(by_letters("Sales 1", many)) == MOST


def test_letters_rank_by_likeness() -> None:
    """The nearest first."""
    assert by_letters("contso.com", groups("contoso.org", "contoso.com")) == ["contoso.com", "contoso.org"]


def test_a_hint_ends_a_sentence() -> None:
    """Without anything near it is not there."""
    assert hint(["A", "B"]) == "; nearest: A, B"
    assert hint([]) == ""


def test_only_the_beginning_of_a_text_is_compared() -> None:
    """A cell of a CSV may have tens of thousands of characters, and comparing takes time by the square of them."""
    names = [("E5", ("Microsoft 365 E5",))]

    assert by_words("Microsoft 365 E5" + " " * LETTERS + "no such words " * 3_000, names) == ["E5"]
    assert by_letters("Microsoft 365 E5" + " " * LETTERS + "x" * 30_000, names) == ["E5"]
