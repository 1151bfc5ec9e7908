"""What the directory gives and takes, beside the words of the domain."""

from dataclasses import dataclass
from typing import Literal

from shared.domain.codes import ResultCode
from shared.domain.model import AddLicence


@dataclass(frozen=True, slots=True)
class Service:
    """A service of Microsoft 365, as errors name it, and its root.

    ``public_url`` is the root in Azure: a service that is played on this machine takes tokens of that one.
    """

    name: str
    base_url: str
    public_url: str


@dataclass(frozen=True, slots=True)
class Organization:
    """A tenant about itself; ``domains`` are the verified ones, the default one first."""

    tenant_id: str
    display_name: str
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A group; the members of a dynamic one follow a rule."""

    id: str
    display_name: str
    dynamic: bool


@dataclass(frozen=True, slots=True)
class LicenceWrite:
    """One ``assignLicense`` call: SKUs to add with all their disabled plans, ids of SKUs to remove."""

    user_id: str
    add: tuple[AddLicence, ...]
    remove: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """Graph's word on one item of a ``$batch``.

    ``done``: applied. ``later``: not applied, may be sent again after ``retry_after`` seconds (None: Graph did not
    say). ``rejected``: sending it again changes nothing. ``unknown``: it was sent and nothing readable came back.
    ``message`` is Graph's own text, ``scope`` the limit that was hit, ``limit_percentage`` how full it is (1.0 = at the
    limit; Graph tells from 0.8 on).
    """

    kind: Literal["done", "later", "rejected", "unknown"]
    status: int | None = None
    code: ResultCode | None = None
    message: str | None = None
    retry_after: float | None = None
    request_id: str | None = None
    throttled: bool = False
    scope: str | None = None
    limit_percentage: float | None = None

    @property
    def conclusive(self) -> bool:
        """Of a read: it is done, or there is no such thing."""
        return self.kind == "done" or self.status == 404
