"""A clock for tests that must see days go by: it stands in for the table service's time, and moves when told."""

from datetime import UTC, datetime

from shared.services import Services
from shared.tables.clock import ServiceClock


class SetClock(ServiceClock):
    """Shows the time it was set to."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    @property
    def fresh(self) -> bool:
        """It needs no answers."""
        return True

    def sample(self, date: datetime) -> None:
        """The service's own time does not count."""

    def now(self) -> datetime:
        """The time it was set to."""
        return self.at.astimezone(UTC)


def set_clock(at: datetime, *apps: Services) -> SetClock:
    """One clock for all of these, in place of the service's."""
    clock = SetClock(at)
    for app in apps:
        app.tables.clock = clock
    return clock
