"""
Throttling of identity and access: token buckets per (app, tenant), app and tenant.

Source: learn.microsoft.com/graph/throttling-limits. A bucket holds the limit of its period and refills evenly, so 3,000
writes per 150 s are a capacity of 3,000 and 20 a second. Rejected requests accrue too (ASSUMPTION: up to a debt of a
tenth of the capacity).
"""

from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from dev.simulator.errors import GraphError, throttled

APP_ID = "5e0c8a3f-6d52-4f0c-9a55-1f0d2c7b9e41"  # the one calling application
WARN_AT = 0.8
DEBT = 0.1


class Limit(NamedTuple):
    """``amount`` per ``seconds``."""

    amount: float
    seconds: float


UNITS_SMALL, UNITS_MEDIUM, UNITS_LARGE = Limit(3_500, 10), Limit(5_000, 10), Limit(8_000, 10)
TENANT_APP_WRITES = Limit(3_000, 150)
APP_UNITS, APP_WRITES = Limit(150_000, 20), Limit(35_000, 300)
TENANT_WRITES = Limit(18_000, 300)
APP_REQUESTS = Limit(130_000, 10)


def units_limit(users: int) -> Limit:
    """Resource units of one app in a tenant of so many users."""
    return UNITS_SMALL if users < 50 else UNITS_MEDIUM if users <= 500 else UNITS_LARGE


@dataclass(slots=True)
class Bucket:
    """Tokens that come back evenly."""

    limit: Limit
    tokens: float = field(init=False)
    at: float | None = None

    def __post_init__(self) -> None:
        self.tokens = self.limit.amount

    def refill(self, now: float) -> None:
        """Bring the tokens up to ``now``."""
        if self.at is not None and now > self.at:
            self.tokens = min(self.limit.amount, self.tokens + (now - self.at) * self.limit.amount / self.limit.seconds)
        self.at = now

    def wait(self, cost: float) -> float:
        """Seconds until ``cost`` tokens are there."""
        return max(0.0, (cost - self.tokens) * self.limit.seconds / self.limit.amount)

    def take(self, cost: float) -> None:
        """Take tokens, into a bounded debt if need be."""
        self.tokens = max(self.tokens - cost, -DEBT * self.limit.amount)

    @property
    def usage(self) -> float:
        """The share of the limit in use; over 1 when in debt."""
        return 1 - self.tokens / self.limit.amount


@dataclass(slots=True)
class _Charge:
    bucket: Bucket
    cost: float
    scope: str
    information: str


class Throttle:
    """All buckets of the one application; ``factor`` multiplies every limit, 0 lifts them."""

    def __init__(self, factor: float = 1.0) -> None:
        if factor < 0:
            raise ValueError(f"GRAPH_LIMIT_FACTOR must not be negative, got {factor}")
        self.factor = factor
        self._buckets: dict[str, Bucket] = {}

    def _bucket(self, name: str, limit: Limit, now: float) -> Bucket:
        limit = Limit(limit.amount * self.factor, limit.seconds)
        bucket = self._buckets.get(name)
        if bucket is None or bucket.limit != limit:
            bucket = self._buckets[name] = Bucket(limit)
        bucket.refill(now)
        return bucket

    def forget(self, tenant: str) -> None:
        """Full buckets for a tenant that is loaded anew."""
        self._buckets = {name: each for name, each in self._buckets.items() if not name.endswith(tenant)}

    def drain(self, tenant: str | None, now: float, left: float = 0.0) -> None:
        """Let the app's writes to a tenant, or (None) to all together, be used up but for what is ``left``."""
        name, limit = ("writes", APP_WRITES) if tenant is None else (f"writes/{tenant}", TENANT_APP_WRITES)
        self._bucket(name, limit, now).tokens = left

    def charge(self, tenant: str, users: int, units: int, *, write: bool, now: float) -> dict[str, str]:
        """Charge one request; the headers of its answer, or GraphError 429 with its own."""
        headers = {"x-ms-resource-unit": str(units)}
        if self.factor == 0:
            return headers
        kind = "Write" if write else "Read"
        pair = f"Tenant_Application/{kind}/{APP_ID}/{tenant}"
        app = f"Application/{kind}/{APP_ID}/{tenant}"
        exceeded = "ResourceUnitLimitExceeded"
        charges = [
            _Charge(self._bucket(f"units/{tenant}", units_limit(users), now), units, pair, exceeded),
            _Charge(self._bucket("units", APP_UNITS, now), units, app, exceeded),
            _Charge(self._bucket("requests", APP_REQUESTS, now), 1, app, "RequestLimitExceeded"),
        ]
        if write:
            exceeded = "WriteLimitExceeded"
            charges += [
                _Charge(self._bucket(f"writes/{tenant}", TENANT_APP_WRITES, now), 1, pair, exceeded),
                _Charge(self._bucket("writes", APP_WRITES, now), 1, app, exceeded),
                _Charge(
                    self._bucket(f"all/{tenant}", TENANT_WRITES, now), 1, f"Tenant/Write/{APP_ID}/{tenant}", exceeded
                ),
            ]
        worst = max(charges, key=lambda each: each.bucket.wait(each.cost))
        passes = worst.bucket.wait(worst.cost) == 0
        for each in charges:
            if passes or each is worst:
                each.bucket.take(each.cost)
        usage = max(each.bucket.usage for each in charges)
        if usage >= WARN_AT:
            headers["x-ms-throttle-limit-percentage"] = f"{min(usage, 1.8):.2f}"
        if not passes:
            wait = worst.bucket.wait(worst.cost)  # with what this request added
            error: GraphError = throttled(max(1, ceil(wait)), worst.scope, worst.information)
            error.headers |= headers
            raise error
        return headers
