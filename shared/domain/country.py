"""Countries as directories write them, as ISO 3166 codes."""

from typing import Final

from iso3166 import countries

_ALSO_CALLED: Final = {
    "BOLIVIA": "BO",
    "CZECH REPUBLIC": "CZ",
    "GREAT BRITAIN": "GB",
    "IRAN": "IR",
    "RUSSIA": "RU",
    "SOUTH KOREA": "KR",
    "THE NETHERLANDS": "NL",
    "TURKEY": "TR",
    "UK": "GB",
    "UNITED KINGDOM": "GB",
    "UNITED STATES": "US",
    "VIETNAM": "VN",
}
"""Everyday names of one country only, which the standard spells differently."""


def iso_code(text: str) -> str | None:
    """Return the ISO 3166 alpha-2 code of a country, given as alpha-2 or alpha-3 code or by its English name.

    Case and surrounding space do not matter. None for anything else: a country is never guessed.
    """
    name = text.strip().upper()
    if name in _ALSO_CALLED:
        return _ALSO_CALLED[name]
    country = None if name.isdigit() else countries.get(name, None)
    return country.alpha2 if country else None


def is_alpha2(text: str) -> bool:
    """Whether the text is an ISO 3166 alpha-2 code in use, in either case."""
    code = text.upper()
    return len(code) == 2 and iso_code(code) == code
