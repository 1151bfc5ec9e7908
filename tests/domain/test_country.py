"""Countries are recognised, never guessed."""

import pytest

from shared.domain.country import is_alpha2, iso_code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "DE"),
        (" de ", "DE"),
        ("DEU", "DE"),
        ("Germany", "DE"),
        ("united states", "US"),
        ("USA", "US"),
        ("UK", "GB"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Atlantis", None),
        ("ZZ", None),
        ("276", None),
        ("Korea", None),
        ("", None),
    ],
)
def test_a_country_is_known_by_code_or_name(text: str, code: str | None) -> None:
    """Trap 17: what is ambiguous or unknown has no code."""
    assert iso_code(text) == code


@pytest.mark.parametrize(("text", "valid"), [("DE", True), ("us", True), ("UK", False), ("ZZ", False), ("USA", False)])
def test_only_codes_in_use_are_alpha2(text: str, valid: bool) -> None:
    """A request names a code as Graph takes it, no everyday name."""
    assert is_alpha2(text) is valid
