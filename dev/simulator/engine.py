"""
One operation from token to answer, the same for a request of its own and for an item of a batch.

``admit`` checks the token, charges the throttle, draws a fault and marks the user as being written; the caller waits
for the latency; ``finish`` does the work and counts. Between the two another write to the same user meets a 409.
"""

import os
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dev.simulator import errors, exchange
from dev.simulator.calls import Call, Reply, error_reply
from dev.simulator.clock import Clock, new_guid
from dev.simulator.errors import GraphError
from dev.simulator.faults import Faults, Struck
from dev.simulator.licensing import catch_up
from dev.simulator.requestlog import Entry, RequestLog
from dev.simulator.routes import Route, find_route, resource_units
from dev.simulator.tenant import Tenant
from dev.simulator.throttle import Throttle

_BEARER = re.compile(r"Bearer\s+(?:\S+\.)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds an answer takes."""

    read: float = 0.0
    write: float = 0.0
    batch: float = 0.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Latency":
        """Each 0 by default."""
        names = ("SIMULATOR_READ_MS", "SIMULATOR_WRITE_MS", "SIMULATOR_BATCH_MS")
        return cls(*(float(environment.get(name) or 0) / 1000 for name in names))


@dataclass(slots=True)
class Stats:
    """Counts of one tenant: operations, batch items each for themselves."""

    requests: int = 0
    writes: int = 0
    throttled: int = 0
    errors: int = 0
    batches: int = 0


@dataclass(slots=True)
class Admitted:
    """An operation that has begun; ``reply`` is there already when it failed at the door."""

    call: Call
    entry: Entry
    request_id: str
    tenant: Tenant | None = None
    route: Route | None = None
    struck: Struck | None = None
    reply: Reply | None = None
    claimed: str | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])


def _id_in_token(headers: Mapping[str, str]) -> str | None:
    """The tenant id at the end of the bearer token; None without a token, empty for a token without one."""
    value = headers.get("authorization", "")
    if not value.lower().startswith("bearer ") or not value[7:].strip():
        return None
    match = _BEARER.match(value)
    return match.group(1).lower() if match else ""


class Engine:
    """All tenants of a process and what they share."""

    def __init__(
        self, clock: Clock | None = None, limit_factor: float = 1.0, latency: Latency | None = None, seed: int = 1
    ) -> None:
        self.clock = clock or Clock()
        self.latency = latency or Latency()
        self.tenants: dict[str, Tenant] = {}
        self.stats: dict[str, Stats] = {}
        self.throttle = Throttle(limit_factor)
        self.faults = Faults()
        self.log = RequestLog()
        self._rng = random.Random(seed)

    def guid(self) -> str:
        """An id for a request."""
        return new_guid(self._rng)

    def shuffle(self, answers: list[Any]) -> None:
        """Mix answers whose order is not promised, the same way for the same seed."""
        self._rng.shuffle(answers)

    def stats_of(self, tenant: str) -> Stats:
        """The counts of a tenant."""
        return self.stats.setdefault(tenant, Stats())

    def tenant_of(self, headers: Mapping[str, str]) -> str | None:
        """The tenant that a bearer token ends in, by id or, as Entra ID takes it too, by domain.

        None without a token, empty for a token that names no tenant.
        """
        tenant = _id_in_token(headers)
        if tenant == "":
            token = headers["authorization"].lower()
            for known in self.tenants.values():
                if any(token.endswith(f".{domain.lower()}") for domain in known.settings.domains):
                    return known.id
        return tenant

    def put_tenant(self, tenant: Tenant) -> None:
        """Load or replace a tenant, with fresh limits and counts."""
        self.tenants[tenant.id] = tenant
        self.stats.pop(tenant.id, None)
        self.throttle.forget(tenant.id)

    def identify(self, headers: Mapping[str, str]) -> Tenant:
        """The tenant of a token; GraphError when there is none."""
        tenant_id = self.tenant_of(headers)
        if tenant_id is None:
            raise errors.no_token()
        tenant = self.tenants.get(tenant_id)
        if tenant is None:
            raise errors.bad_token()
        return tenant

    def admit(self, call: Call, authorization: Mapping[str, str], batch: int | None = None) -> Admitted:
        """Begin an operation; never raises GraphError."""
        now = self.clock.now()
        tenant_id = self.tenant_of(authorization)
        entry = self.log.begin(tenant_id or None, call.method, call.url, call.headers, call.body, now, batch)
        admitted = Admitted(call, entry, self.guid())
        try:
            self._enter(admitted, authorization, now)
        except GraphError as error:
            admitted.reply = self._refuse(admitted, error, now)
        return admitted

    def _enter(self, admitted: Admitted, authorization: Mapping[str, str], now: float) -> None:
        call = admitted.call
        tenant = admitted.tenant = self.identify(authorization)
        catch_up(tenant, now)
        if not tenant.settings.consent:
            raise errors.not_consented()
        route = admitted.route = find_route(call)
        if route.cost:
            units = resource_units(route, call)
            admitted.headers = self.throttle.charge(
                tenant.id, len(tenant.users.current), units, write=route.writes, now=now
            )
        struck = admitted.struck = self.faults.pick("item", tenant.id, call.title)
        if struck is not None and struck.error is not None:
            raise struck.error
        if route.writes:
            user_id = tenant.user_id(call.segments[1])
            if user_id is not None and not tenant.begin_write(user_id):
                raise errors.concurrency()
            admitted.claimed = user_id

    def _refuse(self, admitted: Admitted, error: GraphError, now: float) -> Reply:
        return self.refusal(admitted.call, error, now, admitted.request_id)

    @staticmethod
    def refusal(call: Call, error: GraphError, now: float, request_id: str) -> Reply:
        """The answer that carries an error, in the shape of the service that was called."""
        if call.cmdlet is not None:
            return exchange.error_reply(error)
        return error_reply(error, now, request_id, call.headers.get("client-request-id", request_id))

    def seconds(self, admitted: Admitted) -> float:
        """How long an operation of its own takes."""
        writes = admitted.route is not None and admitted.route.writes
        return (self.latency.write if writes else self.latency.read) + self.delay(admitted)

    @staticmethod
    def delay(admitted: Admitted) -> float:
        """What a fault adds."""
        return admitted.struck.delay if admitted.struck is not None else 0.0

    def finish(self, admitted: Admitted, *, answered: bool = True) -> Reply:
        """Do the work, count it and log it; ``answered`` is False when the connection will break."""
        now = self.clock.now()
        reply = admitted.reply
        executed = admitted.struck is None or admitted.struck.execute
        if reply is None:
            reply = self._work(admitted, now) if executed else Reply(504)
        if admitted.claimed is not None and admitted.tenant is not None:
            admitted.tenant.end_write(admitted.claimed)
        reply.headers = {"Cache-Control": "no-cache", **admitted.headers, **reply.headers}
        writes = admitted.route is not None and admitted.route.writes
        self.count(admitted.entry.tenant, reply.status, writes=writes)
        answered = answered and (admitted.struck is None or admitted.struck.transport is None)
        status = reply.status if answered else None
        done = reply.status < 400
        self.log.end(admitted.entry, status, now, reply.headers.get("Retry-After"), done=done)
        return reply

    def _work(self, admitted: Admitted, now: float) -> Reply:
        tenant, route = admitted.tenant, admitted.route
        if tenant is None or route is None:
            raise RuntimeError("an admitted operation has a tenant and a route")
        try:
            return route.handler(tenant, admitted.call, now)
        except GraphError as error:
            return self._refuse(admitted, error, now)

    def count(self, tenant: str | None, status: int, *, writes: bool = False) -> None:
        """Count an answer."""
        stats = self.stats_of(tenant or "")
        stats.requests += 1
        if status == 429:
            stats.throttled += 1
        elif status >= 400:
            stats.errors += 1
        elif writes:
            stats.writes += 1

    def snapshot(self) -> dict[str, Any]:
        """All counts, per tenant."""
        return {
            name: {
                "requests": each.requests,
                "batches": each.batches,
                "writes": each.writes,
                "throttled": each.throttled,
                "errors": each.errors,
                "maxWritesPerUser": self.tenants[name].most_in_flight if name in self.tenants else 0,
            }
            for name, each in self.stats.items()
        }
