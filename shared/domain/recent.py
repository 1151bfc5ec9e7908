"""What we wrote ourselves a moment ago, which Graph's reads may not show yet."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.model import LicenceState


@dataclass(frozen=True, slots=True)
class RecentWrite:
    """A confirmed write: the SKUs it concerned and the user's state after it; ``at`` in the table service's time."""

    user_id: str
    operation_id: str
    at: datetime
    sku_ids: frozenset[str]
    after: LicenceState
