"""``PATCH /users/{id}``: which properties may be written, and with what."""

from typing import Any

from dev.simulator.errors import GraphError, bad_request
from dev.simulator.jsonshape import as_object
from dev.simulator.licensing import COUNTRY
from dev.simulator.model import User

_TEXTS = {
    "displayName": "display_name",
    "givenName": "given_name",
    "surname": "surname",
    "jobTitle": "job_title",
    "department": "department",
    "companyName": "company_name",
    "officeLocation": "office_location",
    "employeeId": "employee_id",
    "employeeType": "employee_type",
    "city": "city",
    "state": "state",
    "country": "country",
    "usageLocation": "usage_location",
    "preferredLanguage": "preferred_language",
    "mobilePhone": "mobile_phone",
    "userType": "user_type",
}


def _invalid(name: str) -> GraphError:
    """ASSUMPTION: text."""
    return bad_request(f"Invalid value specified for property '{name}' of resource 'User'.")


def parse_patch(body: Any, user: User) -> dict[str, Any]:
    """The attributes to change. ``usageLocation`` is two capital letters and never null again once set."""
    values = as_object(body)
    if values is None:
        raise bad_request("The request body is not an object.")  # ASSUMPTION: text
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name == "accountEnabled":
            if not isinstance(value, bool):
                raise _invalid(name)
            changes["account_enabled"] = value
            continue
        attribute = _TEXTS.get(name)
        if attribute is None or not (value is None or isinstance(value, str)) or value == "":
            raise _invalid(name)
        if name == "usageLocation" and value is None and user.usage_location is not None:
            raise _invalid(name)
        if name == "usageLocation" and value is not None and not COUNTRY.fullmatch(value):
            raise _invalid(name)
        if name == "displayName" and value is None:
            raise _invalid(name)
        changes[attribute] = value
    return {name: value for name, value in changes.items() if getattr(user, name) != value}
