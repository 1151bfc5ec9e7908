"""From the options of a request to the guards of an operation."""

from dataclasses import replace

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


def guards_beside(previewed: Guards, options: ExecuteOptions, confirm: int | None) -> Guards:
    """What the execution of a preview is held to: the previewed request's guards, where beside it no others stand."""
    said = guards_of(options, confirm)
    return replace(
        previewed,
        canary=said.canary or previewed.canary,
        stop_when=said.stop_when or previewed.stop_when,
        window=said.window or previewed.window,
        confirm=previewed.confirm if said.confirm is None else said.confirm,
    )
