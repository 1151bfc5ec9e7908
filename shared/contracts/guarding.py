"""The options of a request: what happens when seats are too few, and when an operation rests or is refused."""

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from shared.contracts.selections import Request
from shared.contracts.spelling import TimeOfDay

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError("zone", "{name} is no IANA time zone, such as Europe/Berlin", {"name": name})
    return name


TimeZone = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_known_zone)]


class Canary(Request):
    """The first so many users of each tenant go ahead; the rest waits for a person, or for none of them to fail."""

    users: Annotated[int, Field(ge=1, le=10_000)]
    approve: Literal["manual", "auto"]


class StopWhen(Request):
    """Halt a tenant when of at least ``minimum`` finished users so many percent failed."""

    failed_percent: Annotated[float, Field(gt=0, le=100)]
    minimum: Annotated[int, Field(ge=1)] = 25


class Window(Request):
    """Work only within these hours; ``to`` before ``from`` is the next day's."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=7)]
    opens: Annotated[TimeOfDay, Field(alias="from")]
    closes: Annotated[TimeOfDay, Field(alias="to")]
    time_zone: TimeZone


class ExecuteOptions(Request):
    """What may be said of an operation whose plan is made already."""

    canary: Canary | None = None
    stop_when: StopWhen | None = None
    window: Window | None = None


class Options(ExecuteOptions):
    """All options."""

    on_insufficient_licenses: Literal["fail", "partial"] = "fail"
    on_conflict: Literal["skip", "disableConflictingPlans"] = "skip"
    max_users: Annotated[int, Field(ge=0)] | None = None
    """More affected users than this: refused before the first write."""
