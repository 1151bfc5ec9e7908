"""From the options of a request to the guards of an operation."""

from shared.contracts.guarding import ExecuteOptions, Options
from shared.domain.guards import Canary, Guards, OffHours, StopRule


def guards_of(options: ExecuteOptions, confirm: int | None, *, on_all: bool = False) -> Guards:
    """What the operation is held to; ``on_all`` says that its request means all tenants."""
    canary, stop, window = options.canary, options.stop_when, options.window
    return Guards(
        canary=canary and Canary(canary.users, canary.approve),
        stop_when=stop and StopRule(stop.failed_percent, stop.minimum),
        window=window and OffHours(window.days, window.opens, window.closes, window.time_zone),
        max_users=options.max_users if isinstance(options, Options) else None,
        confirm=confirm,
        on_all=on_all,
    )
