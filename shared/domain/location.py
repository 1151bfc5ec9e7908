"""Usage location: where it comes from. No country is ever assumed.

https://learn.microsoft.com/graph/api/user-assignlicense says that a direct assignment needs one.
"""

from dataclasses import dataclass
from typing import Literal

from shared.domain.country import is_alpha2, iso_code
from shared.domain.model import User


@dataclass(frozen=True, slots=True)
class UsageLocationRule:
    """Where ``usageLocation`` comes from, and whether one that is there is replaced."""

    value: str
    """ISO 3166 alpha-2, ``fromUserCountry`` or ``tenantDefault``."""
    mode: Literal["ifMissing", "always"]


@dataclass(frozen=True, slots=True)
class Place:
    """A user's usage location in the end, and why the rule could not give it (None where it could or need not)."""

    code: str | None
    trouble: str | None = None


def place_of(user: User, rule: UsageLocationRule | None, default: str | None) -> Place:
    """Apply a rule to a user; without a rule the location is what it is. ``default`` is the tenant's own."""
    present = user.state.usage_location or None
    if rule is None:
        return Place(present, None if present else "the request sets none")
    if present and rule.mode == "ifMissing":
        return Place(present)
    match rule.value:
        case "fromUserCountry":
            code, trouble = _from_country(user.country)
        case "tenantDefault":
            code, trouble = _from_code(default, "the tenant's default")
        case value:
            code, trouble = _from_code(value, "the value asked for")
    return Place(code) if code else Place(present, trouble)


def _from_country(country: str | None) -> tuple[str | None, str]:
    if not country or not country.strip():
        return None, "the user's country is empty"
    return iso_code(country), f"country '{country.strip()}' is no ISO 3166 code"


def _from_code(value: str | None, what: str) -> tuple[str | None, str]:
    if not value:
        return None, f"{what} is empty"
    return value.upper() if is_alpha2(value) else None, f"{what}, '{value}', is no ISO 3166 code"
