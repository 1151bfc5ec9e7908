"""Planner of assign."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class WantedLicence:
    """A SKU to assign: ``disabled`` are switched off in addition, or exactly ``enabled`` are on; at most one is given."""

    sku_id: str
    disabled: frozenset[str] | None = None
    enabled: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class UsageLocationRule:
    """Where ``usageLocation`` comes from, and whether one that is there is replaced."""

    value: str
    """ISO 3166 alpha-2, ``fromUserCountry`` or ``tenantDefault``."""
    mode: Literal["ifMissing", "always"]


@dataclass(frozen=True, slots=True)
class AssignRequest:
    """What shall be assigned to every selected user of one tenant."""

    licences: tuple[WantedLicence, ...]
    usage_location: UsageLocationRule | None = None
    default_usage_location: str | None = None
    """The tenant's own default, for ``tenantDefault``."""
    on_conflict: Literal["skip", "disableConflictingPlans"] = "skip"
