"""A case played without a network: the product's planning, reading and requests over the simulator's own rules.

What the activities do with blobs and rows happens here in memory, in their order: decide, count seats, give them out,
sum up the impact; then each change goes out in the order of the plan.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from dev.simulator.calls import Call
from dev.simulator.errors import GraphError
from dev.simulator.loader import build_tenant
from dev.simulator.model import User as Truth
from dev.simulator.routes import find_route
from dev.simulator.spec import TenantSpec
from shared.contracts.planning import planner_of
from shared.contracts.requests import BODIES, normalise
from shared.domain.codes import ResultCode
from shared.domain.impact import Impact, Impacts
from shared.domain.model import Change, Decision, Sku, User
from shared.domain.ordering import Moves, order, placed
from shared.domain.planning import Planner
from shared.domain.prices import PriceBook
from shared.domain.seats import Refused, free_seats, need, reserve, to_begin_with
from shared.domain.tenant import Tenant
from shared.graph import batch, parse
from shared.graph.errors import result_code
from shared.graph.model import LicenceWrite
from tests.properties.tenants import DOMAIN, PRICES, Case

TENANT_ID = "3f1c6a52-8d0b-4f6e-9a1d-5b7c2e9d4a10"
BOOK = PriceBook("EUR", {sku: Decimal(price) for sku, price in PRICES.items()})


class Directory:
    """A tenant of the simulator: takes the product's requests, and answers what the product's parser reads."""

    def __init__(self, case: Case) -> None:
        self.tenant = build_tenant(TENANT_ID, TenantSpec.model_validate(case.spec), 0.0)
        self._now = 1.0

    def _call(self, request: batch.Request) -> parse.Json:
        self._now += 1
        body = json.loads(json.dumps(request.body))
        call = Call(request.method, request.url, {}, body, "https://graph")
        content = find_route(call).handler(self.tenant, call, self._now).encode()
        return json.loads(content) if content else {}

    def skus(self) -> dict[str, Sku]:
        """The subscriptions by id."""
        answer = self._call(batch.Request("GET", f"/subscribedSkus?$select={parse.SKU_FIELDS}"))
        return {sku.id: sku for sku in map(parse.sku, parse.objects(answer, "value", "subscribedSkus"))}

    def user(self, reference: str) -> User:
        """A user."""
        return parse.user(self._call(batch.read_user(reference)))

    def send(self, request: batch.Request) -> ResultCode | None:
        """Send a write; the code of a refusal, as the product understands it."""
        try:
            self._call(request)
        except GraphError as error:
            return result_code(error.status, error.code, error.message)
        return None

    def consumed(self) -> dict[str, int]:
        """Seats that are taken, by SKU id."""
        return {sku_id: self.tenant.consumed.current.get(sku_id, 0) for sku_id in self.tenant.skus}

    def truth(self) -> dict[str, Truth]:
        """All users by id; a user that is not the same object was written to."""
        return dict(self.tenant.users.current)


@dataclass(frozen=True)
class Plan:
    """A plan as it would be frozen."""

    decisions: tuple[Decision, ...]
    refused: Refused | None
    """Seats are missing, and the request says to fail then."""
    impact: Impact
    wished: tuple[Decision, ...]
    """The decisions before seats were given out."""

    @property
    def changes(self) -> list[tuple[Decision, Change]]:
        """Who changes, in the order in which they go out."""
        changes = [(decision, decision.change) for decision in self.decisions if decision.change]
        return sorted(changes, key=lambda one: one[0].wave)


def registered(case: Case) -> Tenant:
    """The tenant in the registry."""
    return Tenant(
        id=TENANT_ID, domains=(DOMAIN,), consent="granted", default_usage_location=case.default_usage_location
    )


def planner(case: Case, skus: Mapping[str, Sku]) -> Planner:
    """The planner of the case's request."""
    body = BODIES[case.kind].model_validate_json(json.dumps(case.body))
    tenant = registered(case)
    request = normalise(body, {DOMAIN: [tenant]}, {sku.part_number: sku for sku in skus.values()})
    return planner_of(request, tenant)


def plan(directory: Directory, planners: Iterable[tuple[User, Planner]], *, partial: bool) -> Plan:
    """Plan as the activities do, each user by a planner."""
    skus = directory.skus()
    wished = tuple(planner.decide(n, user, skus, {}) for n, (user, planner) in enumerate(planners))
    wants = need(wished)
    answer = reserve(skus, (), "operation", wants, 0.0, 10.0, partial)
    decisions = wished
    if not isinstance(answer, Refused):
        free = free_seats(skus, (), "operation", 0.0, 10.0)
        found = order(Moves.of(wished), to_begin_with(free, answer.reservations, wants))
        if found.seatless and not partial:  # swaps that wait for each other
            answer = Refused({})
        else:
            decisions = placed(wished, found, skus)
    impacts = Impacts(TENANT_ID, skus)
    impacts.add(decisions)
    refused = answer if isinstance(answer, Refused) else None
    return Plan(decisions, refused, impacts.result(prices=BOOK), wished)


@dataclass(frozen=True)
class Played:
    """What came of a plan."""

    accepted: list[tuple[Decision, Change]] = field(default_factory=list[tuple[Decision, Change]])
    rejected: list[tuple[Decision, Change, ResultCode]] = field(
        default_factory=list[tuple[Decision, Change, ResultCode]]
    )


def play(directory: Directory, changes: Sequence[tuple[Decision, Change]]) -> Played:
    """Send the changes in the plan's order; who takes a seat that another change frees waits for it."""
    played, waiting = Played(), list(changes)
    while waiting:
        later: list[tuple[Decision, Change]] = []
        for decision, change in waiting:
            if _seated(directory, change):
                _send(directory, decision, change, played)
            else:
                later.append((decision, change))
        if len(later) == len(waiting):  # nobody frees it any more: let Graph say so
            for decision, change in later:
                _send(directory, decision, change, played)
            break
        waiting = later
    return played


def _seated(directory: Directory, change: Change) -> bool:
    return all(directory.tenant.free_seats(sku) > 0 for sku, delta in change.seat_change().items() if delta > 0)


def _send(directory: Directory, decision: Decision, change: Change, played: Played) -> None:
    """A usage location first where one is set, then one call for the licences."""
    code = None
    if change.usage_location:
        code = directory.send(batch.set_usage_location(decision.user_id, change.usage_location))
    if code is None and (change.add or change.remove):
        code = directory.send(batch.assign_license(LicenceWrite(decision.user_id, change.add, change.remove)))
    if code is None:
        played.accepted.append((decision, change))
    else:
        played.rejected.append((decision, change, code))
