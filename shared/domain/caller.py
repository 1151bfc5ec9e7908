"""Who asks: every store query takes a caller and shows nothing outside the caller's tenants."""

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """What a caller may do; each role includes the one before it."""

    READ = 1
    OPERATE = 2
    ADMIN = 3


ROLES = {"BulkLicenses.Read": Role.READ, "BulkLicenses.Operate": Role.OPERATE, "BulkLicenses.Admin": Role.ADMIN}
"""By the names that callers, tokens and settings use."""
ROLE_NAMES = {role: name for name, role in ROLES.items()}


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller; ``tenants`` None means every tenant.

    ``tags`` are those of the caller's grant, in lower case: tenants that get one of them later are the caller's too.
    """

    id: str
    name: str
    role: Role
    tenants: frozenset[str] | None = None
    tags: frozenset[str] = frozenset()

    def sees(self, tenant_id: str) -> bool:
        """Whether the tenant is within the caller's grants."""
        return self.tenants is None or tenant_id in self.tenants


SYSTEM = Caller("system", "system", Role.ADMIN)
"""The app itself: orchestrations, timers and drops."""
