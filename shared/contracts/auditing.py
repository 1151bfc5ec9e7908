"""What an auditor gets: the state of a tenant's chain, and what a month's changes come to."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.responses import Count, Money, Response, Url


class ChainBody(Response):
    """The state of a tenant's audit chain.

    ``entries`` were looked at; ``firstBroken`` is the first sequence at which the chain is not what was recorded;
    ``anchoredAt`` the time of the latest anchor that it agrees with. ``unfinished``: no fault was found so far, and
    ``nextLink`` goes on with the rest.
    """

    tenant_id: str
    status: Literal["intact", "broken", "empty", "unfinished"]
    entries: Count
    first_broken: int | None
    anchored_at: datetime | None
    next_link: Url | None = None


class AuditedTenant(Response):
    """A tenant that has, or should have, an audit chain; ``domain`` is null where it is not registered (any more)."""

    tenant_id: str
    domain: str | None


class UnreadTenant(Response):
    """Why the tenant's seats could not be read."""

    code: str
    message: str


class ReconciliationRow(Response):
    """A SKU of a tenant in a month: what the audit says of it beside what Microsoft Graph counts.

    ``monthlyChange`` is what a month costs more or less; null, with ``currency``, where an entry has no price or
    currencies differ; where nothing was changed it is 0, in no currency. ``unexplained`` is null without two counts to
    compare. ``consumedNow`` is null with an ``error`` where the tenant could not be read just now; ``sku`` is
    null only in the one row of a tenant of which nothing else is known.
    """

    tenant_id: str
    month: Annotated[str, Field(json_schema_extra={"pattern": "^[0-9]{4}-[0-9]{2}$"})]
    sku: str | None
    sku_id: str | None
    added: Count
    removed: Count
    net: int
    consumed_now: Count | None
    unexplained: int | None
    monthly_change: Money | None
    currency: str | None
    error: UnreadTenant | None = None
