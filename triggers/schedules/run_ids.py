"""Who and what the operations of a schedule are: whoever carries a due time out starts the same one."""

import uuid
from datetime import datetime

from shared.domain.operation import Actor
from shared.domain.schedule import Schedule
from shared.tables.codec import iso

_RUNS = uuid.UUID("a5d5b1f0-7c56-5c0e-9a64-7f1f0a3f5b0e")
"""Namespace of the ids of operations that schedules start."""


def run_id(schedule: Schedule, at: datetime) -> str:
    """The id of the operation of a due time."""
    return following_id(schedule, iso(at))


def following_id(schedule: Schedule, what: str) -> str:
    """The id of an operation that the schedule brings about once for each ``what``."""
    return str(uuid.uuid5(_RUNS, f"{schedule.id}\n{what}"))


def actor_of(schedule: Schedule) -> Actor:
    """The schedule as the one who starts an operation."""
    return Actor(f"schedule:{schedule.id}", schedule.name)
