"""Random tenants and requests, as the caller and the simulator know them: by names, so that a case can be read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from hypothesis import strategies as st

from dev.simulator.catalogue import plan_id
from shared.contracts.requests import KINDS, PlannedKind

type Json = dict[str, Any]

DOMAIN = "contoso.com"
COMPANY_PLAN = "EXCHANGE_S_FOUNDATION"
POOL: Mapping[str, tuple[str, ...]] = {
    "SMALL": ("EXCHANGE_S_STANDARD", "TEAMS1", "SHAREPOINTSTANDARD", "SWAY", COMPANY_PLAN),
    "LARGE": ("EXCHANGE_S_ENTERPRISE", "TEAMS1", "SHAREPOINTENTERPRISE", "SWAY", "BPOS_S_TODO_2", COMPANY_PLAN),
    "MAIL": ("EXCHANGE_S_STANDARD", "BPOS_S_TODO_1"),
    "TALK": ("TEAMS_FREE", "SWAY"),
    "PHONE": ("MCOEV", "MCOSTANDARD"),
    "PROJECT": ("SHAREPOINT_PROJECT", "SWAY"),
    "DEFENCE": ("THREAT_INTELLIGENCE",),
}
"""Part numbers with service plans: they overlap, come in sizes, exclude each other and need each other."""
COMMON = ["SMALL", "LARGE", "MAIL"]
SWITCHABLE = {sku: tuple(plan for plan in plans if plan != COMPANY_PLAN) for sku, plans in POOL.items()}
PRICES = {"SMALL": "12.50", "LARGE": "57.00", "MAIL": "4.00", "TALK": "0", "PHONE": "8.00", "PROJECT": "9.995"}
"""``DEFENCE`` has no price."""
OFTEN: tuple[PlannedKind, ...] = ("transfer", "modify", *KINDS)
"""What has most to get wrong comes most often."""
PROHIBITED = "KP"
"""A usage location in which the simulator's tenants may license nobody."""


def sku_id(part_number: str) -> str:
    """The id of a SKU of the pool."""
    return str(uuid5(NAMESPACE_URL, part_number))


def upn(number: int) -> str:
    """The ``number``-th user."""
    return f"user{number:02d}@{DOMAIN}"


@dataclass(frozen=True)
class Case:
    """A tenant, as the simulator loads it, and a request, as a caller sends it, for some of its users in order."""

    spec: Json
    kind: PlannedKind
    body: Json
    selected: tuple[int, ...]
    default_usage_location: str | None

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What hypothesis prints as the argument; the test notes the whole case."""
        del cycle
        printer.text(f"<{self.kind} for {len(self.selected)} users, as noted>")

    def __str__(self) -> str:
        """The case as a person reads it."""
        seats = [f"  {s['skuPartNumber']}: {_rest(s, 'skuPartNumber', 'skuId', 'servicePlans')}" for s in self.skus]
        groups = [f"  {g['displayName']}: {_held(g)} to {', '.join(g['members'])}" for g in self.spec["groups"]]
        users = [
            f"  {u['userPrincipalName']} ({u['usageLocation']}, {u['country']}): {_held(u)}" for u in self.spec["users"]
        ]
        default = f"tenant's default usage location: {self.default_usage_location}"
        lines = [f"{self.kind} {json.dumps(self.body)}", f"selected: {self.selected}", default]
        return "\n".join(["Case(", *lines, "seats:", *seats, "groups:", *groups, "users:", *users, ")"])

    @property
    def partial(self) -> bool:
        """Whether fewer seats will do."""
        return self.body["options"]["onInsufficientLicenses"] == "partial"

    @property
    def skus(self) -> list[Json]:
        """The tenant's subscriptions."""
        return self.spec["skus"]


def _rest(sku: Json, *known: str) -> str:
    return ", ".join(f"{name} {value}" for name, value in sku.items() if name not in known)


def _held(holder: Json) -> str:
    licences = [f"{held['skuId']} without {held['disabledPlans']}" for held in holder["licenses"]]
    return "; ".join(licences) or "nothing"


def plans_of(sku: str, least: int = 0) -> st.SearchStrategy[list[str]]:
    """Some service plans of a SKU that can be switched per user."""
    return st.lists(st.sampled_from(SWITCHABLE[sku]), unique=True, min_size=least)


@st.composite
def licences(draw: st.DrawFn, skus: Sequence[str], most: int) -> list[Json]:
    """What a user or a group holds."""
    held = draw(st.lists(st.sampled_from(skus), unique=True, max_size=most))
    return [{"skuId": sku, "disabledPlans": draw(st.just([]) | plans_of(sku, least=1))} for sku in held]


@st.composite
def tenants(draw: st.DrawFn, skus: Sequence[str], least_users: int, most_users: int) -> Json:
    """A directory whose seats are about as many as its users hold directly; groups may find none left."""
    locations = st.sampled_from(["DE", "DE", "US", "US", None, PROHIBITED])
    countries = st.sampled_from([None, "FR", "France", "Atlantis"])
    person = st.tuples(licences(skus, 3), locations, countries)
    least = draw(st.integers(least_users, most_users))  # left alone, lists are nearly always short
    users = [
        {"userPrincipalName": upn(n), "licenses": held, "usageLocation": location, "country": country}
        for n, (held, location, country) in enumerate(draw(st.lists(person, min_size=least, max_size=most_users)))
    ]
    names = [user["userPrincipalName"] for user in users]
    membership = st.tuples(licences(skus, 2), st.lists(st.sampled_from(names), unique=True, max_size=8))
    groups = [
        {"displayName": f"Group {n}", "licenses": held, "members": members}
        for n, (held, members) in enumerate(draw(st.lists(membership, max_size=3)))
    ]
    return {
        "domains": [DOMAIN],
        "lagSeconds": [0, 0],
        "prohibitedUsageLocations": draw(st.sampled_from([[], [], [PROHIBITED]])),
        "dependencies": draw(st.sampled_from([{}, {}, None])),  # None: those that Graph's errors are known to name
        "skus": [_subscription(draw, sku, users) for sku in skus],
        "users": users,
        "groups": groups,
    }


def _subscription(draw: st.DrawFn, sku: str, users: Sequence[Json]) -> Json:
    held = sum(sku == each["skuId"] for user in users for each in user["licenses"])
    seats = max(0, held + draw(st.sampled_from([40, 0, 1, 2, 5, 10, -1])))
    state = draw(st.sampled_from(["enabled", "enabled", "enabled", "enabled", "warning", "suspended"]))
    return {
        "skuPartNumber": sku,
        "skuId": sku_id(sku),
        state: seats,
        "capabilityStatus": state.capitalize(),
        "servicePlans": [
            {
                "servicePlanId": plan_id(plan),
                "servicePlanName": plan,
                "appliesTo": "Company" if plan == COMPANY_PLAN else "User",
            }
            for plan in POOL[sku]
        ],
    }


USAGE_LOCATIONS = st.none() | st.fixed_dictionaries(
    {
        "value": st.sampled_from(["AT", "fromUserCountry", "tenantDefault"]),
        "mode": st.sampled_from(["ifMissing", "always"]),
    }
)


@st.composite
def wanted(draw: st.DrawFn, sku: str) -> Json:
    """A SKU to assign, with or without a word on its plans."""
    named = draw(st.sampled_from([None, None, "disabledPlans", "enabledPlans"]))
    return {"sku": sku} | ({named: draw(plans_of(sku))} if named else {})


@st.composite
def edit(draw: st.DrawFn, sku: str) -> Json:
    """Service plans of a SKU to switch."""
    named = draw(st.lists(st.sampled_from(SWITCHABLE[sku]), unique=True, min_size=1))
    cut = draw(st.integers(0, len(named)))
    return {"sku": sku, "enablePlans": named[:cut], "disablePlans": named[cut:]}


@st.composite
def assign_bodies(draw: st.DrawFn, skus: Sequence[str]) -> Json:
    """``POST /assign``."""
    named = draw(st.lists(st.sampled_from(skus), unique=True, min_size=1, max_size=3))
    return {"licenses": [draw(wanted(sku)) for sku in named]}


@st.composite
def remove_bodies(draw: st.DrawFn, skus: Sequence[str]) -> Json:
    """``POST /remove``."""
    named = draw(st.lists(st.sampled_from(skus), unique=True, min_size=1, max_size=3))
    body: Json = {"licenses": draw(st.sampled_from(["all", [{"sku": sku} for sku in named]]))}
    in_place = [s for s in skus if s in ("SMALL", "LARGE", "MAIL") and (body["licenses"] == "all" or s not in named)]
    if in_place and draw(st.booleans()):
        body["mailbox"] = {"replaceWith": draw(st.sampled_from(in_place))}
    return body


@st.composite
def moves(draw: st.DrawFn, skus: Sequence[str]) -> list[tuple[list[str], str]]:
    """Sources with the target in their place; no SKU is moved from and to, or from twice."""
    shuffled = draw(st.permutations(skus))
    targets = shuffled[: draw(st.integers(1, min(2, len(skus) - 1)))]
    sources = shuffled[len(targets) :]
    cuts = [sources[: len(sources) // 2], sources[len(sources) // 2 :]] if len(sources) > 1 else [sources]
    return [(cut[: draw(st.integers(1, len(cut)))], draw(st.sampled_from(targets))) for cut in cuts]


@st.composite
def modify_bodies(draw: st.DrawFn, skus: Sequence[str]) -> Json:
    """``POST /modify``."""
    what = draw(st.sets(st.sampled_from(["licenses", "add", "swap"]), min_size=1))
    swaps = [(source, to) for sources, to in draw(moves(skus)) for source in sources] if "swap" in what else []
    leaving = {source for source, _ in swaps}
    some = st.lists(st.sampled_from(skus), unique=True, min_size=1, max_size=2)
    body: Json = {}
    if "licenses" in what:
        body["licenses"] = [draw(edit(sku)) for sku in draw(some)]
    if "add" in what and (added := [draw(wanted(sku)) for sku in draw(some) if sku not in leaving]):
        body["add"] = added
    if swaps:
        body["swap"] = [{"from": source, "to": to} for source, to in swaps]
    return body or {"licenses": [draw(edit(skus[0]))]}


@st.composite
def transfer_bodies(draw: st.DrawFn, skus: Sequence[str]) -> Json:
    """``POST /transfer``."""
    keep = draw(st.booleans())
    return {"transfers": [{"from": sources, "to": to, "keepDisabledPlans": keep} for sources, to in draw(moves(skus))]}


BODIES = {
    "assign": assign_bodies,
    "remove": remove_bodies,
    "modify": modify_bodies,
    "transfer": transfer_bodies,
}


@st.composite
def cases(draw: st.DrawFn, kinds: Sequence[PlannedKind] = OFTEN, least_users: int = 1, most_users: int = 30) -> Case:
    """A tenant and a request of one of these kinds for it."""
    skus = draw(st.lists(st.sampled_from(COMMON * 2 + [*POOL]), unique=True, min_size=2, max_size=5))
    spec = draw(tenants(skus, least_users, most_users))
    kind = draw(st.sampled_from(kinds))
    everybody = range(len(spec["users"]))
    chosen = draw(st.sampled_from(["all", "backwards", "odd"]))
    selected = {"all": everybody, "backwards": everybody[::-1], "odd": everybody[1::2] or everybody}[chosen]
    body: Json = draw(BODIES[kind](skus))
    location = draw(USAGE_LOCATIONS)
    if kind != "remove" and location:
        body["usageLocation"] = location
    body["options"] = {
        "onInsufficientLicenses": draw(st.sampled_from(["fail", "partial"])),
        "onConflict": draw(st.sampled_from(["skip", "disableConflictingPlans"])),
    }
    body["targets"] = [{"tenant": DOMAIN, "users": {"users": [upn(n) for n in selected]}}]
    return Case(spec, kind, body, tuple(selected), draw(st.sampled_from([None, "ES"])))
