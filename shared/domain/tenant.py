"""A tenant the app may act on, as the registry keeps it."""

from dataclasses import dataclass
from typing import Literal

from shared.domain.notify import Notify

Consent = Literal["granted", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One registered tenant; ``domains`` are its verified domains, the default one first."""

    id: str
    domains: tuple[str, ...] = ()
    display_name: str = ""
    enabled: bool = True
    tags: tuple[str, ...] = ()
    credential: str = "default"
    consent: Consent = "missing"
    default_usage_location: str | None = None
    protected_users: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    notify: Notify | None = None
    etag: str | None = None

    @property
    def domain(self) -> str:
        """The name shown for the tenant: its default domain, else its id."""
        return self.domains[0] if self.domains else self.id
