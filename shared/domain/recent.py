"""What we wrote ourselves a moment ago: Graph's reads may not show it yet, or nobody has said what became of it."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.model import LicenceState


@dataclass(frozen=True, slots=True)
class RecentWrite:
    """A confirmed write: the SKUs it concerned and the user's state after it; ``at`` in the table service's time.

    Of ``after`` only these SKUs and the usage location count: all else is as old as the plan.
    """

    user_id: str
    operation_id: str
    at: datetime
    sku_ids: frozenset[str]
    after: LicenceState


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A write that went out and was not answered, so that it may still be under way; ``at`` as above."""

    user_id: str
    operation_id: str
    at: datetime
