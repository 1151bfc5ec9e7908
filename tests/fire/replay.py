"""What happened to each user, played over again from the simulator's log, and the same as the audit tells it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from dev.api import Json
from dev.simulator.catalogue import find_product, products

LOCATION = "usageLocation"
FEW = 4


class Delta(NamedTuple):
    """One thing of a user that became another: a direct licence by its SKU id, or the usage location.

    A licence is its disabled service plans, None where there is none.
    """

    what: str
    before: frozenset[str] | str | None
    after: frozenset[str] | str | None

    @property
    def undone(self) -> "Delta":
        """The way back."""
        return Delta(self.what, self.after, self.before)


@dataclass(frozen=True)
class State:
    """What of a user we change: direct licences with their disabled service plans, and the usage location."""

    licences: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    location: str | None = None

    def deltas(self, after: "State") -> frozenset[Delta]:
        """What differs in ``after``."""
        skus = self.licences.keys() | after.licences.keys()
        pairs = ((sku, self.licences.get(sku), after.licences.get(sku)) for sku in skus)
        found = {Delta(*pair) for pair in pairs if pair[1] != pair[2]}
        if self.location != after.location:
            found.add(Delta(LOCATION, self.location, after.location))
        return frozenset(found)

    def changed(self, deltas: Iterable[Delta]) -> "State":
        """The state after these, whatever it was before."""
        licences, location = dict(self.licences), self.location
        for each in deltas:
            if isinstance(each.after, frozenset):
                licences[each.what] = each.after
            elif each.what == LOCATION:
                location = each.after
            else:
                licences.pop(each.what, None)
        return State(licences, location)


@dataclass(frozen=True)
class Write:
    """A request that would change a user, as it reached Graph; ``before`` and ``after`` are the truth around it."""

    user: str
    line: Json
    before: State
    after: State
    outside: bool = False
    """Somebody else's."""

    @property
    def deltas(self) -> frozenset[Delta]:
        """What it changed."""
        return self.before.deltas(self.after)

    @property
    def wanted(self) -> State:
        """What it would leave, were it done."""
        return _written(self.before, self.line)


@dataclass
class Replayed:
    """Every write in the order of its effect, and where they lead."""

    writes: list[Write] = field(default_factory=list[Write])
    states: dict[str, State] = field(default_factory=dict[str, State])

    def of(self, user: str) -> list[Write]:
        """The writes to one user, nobody else's."""
        return [write for write in self.writes if write.user == user and not write.outside]

    @property
    def touched_outside(self) -> frozenset[str]:
        """Users whom somebody else changed."""
        return frozenset(write.user for write in self.writes if write.outside)


def directory_states(state: Json) -> dict[str, State]:
    """The users of a tenant by id, as the simulator tells the truth about them."""
    return {user["id"]: _user(user) for user in state["users"]}


def _user(user: Json) -> State:
    held = {each["skuId"]: frozenset[str](each["disabledPlans"]) for each in user["direct"]}
    return State(held, user["usageLocation"])


def replay(start: Json, log: Iterable[Json]) -> Replayed:
    """Play a tenant's log over the state it began with."""
    found = Replayed(states=directory_states(start))
    for line in log:
        path = line["url"].partition("?")[0].strip("/").split("/")
        outside = path[:2] == ["_sim", "users"]
        if not outside and (path[0] != "users" or line["method"] not in ("POST", "PATCH")):
            continue
        user = path[2] if outside else path[1]
        before = found.states.get(user, State())
        after = before if not line["done"] else _user(line["body"]) if outside else _written(before, line)
        found.states[user] = after
        found.writes.append(Write(user, line, before, after, outside))
    return found


def _written(before: State, line: Json) -> State:
    body = line["body"]
    if line["method"] == "PATCH":
        return replace(before, location=body.get(LOCATION, before.location))
    licences = {sku: off for sku, off in before.licences.items() if sku not in body["removeLicenses"]}
    licences |= {each["skuId"]: frozenset(each["disabledPlans"]) for each in body["addLicenses"]}
    return State(licences, before.location)


def audited(entry: Json) -> frozenset[Delta]:
    """What an audit entry says has changed."""
    before, after = sides(entry)
    return before.deltas(after)


def sides(entry: Json) -> tuple[State, State]:
    """Before and after in an audit entry."""
    return _recorded(entry["before"]), _recorded(entry["after"])


def _recorded(state: Json) -> State:
    licences = {
        each["skuId"]: _ids(each["skuId"], each["disabledPlans"]) for each in state["licenses"] if not each["inherited"]
    }
    return State(licences, state[LOCATION])


def _ids(sku: str, names: Iterable[str]) -> frozenset[str]:
    product = find_product(sku)
    known = {plan.name: plan.id for plan in product.plans} if product else {}
    return frozenset(known.get(name, name) for name in names)


def by_user(entries: Iterable[Json]) -> dict[str, list[Json]]:
    """Audit entries of each user in order."""
    found: defaultdict[str, list[Json]] = defaultdict(list)
    for entry in sorted(entries, key=lambda each: each["sequence"]):
        found[entry["userId"]].append(entry)
    return found


def counted(many: Iterable[frozenset[Delta]]) -> Counter[Delta]:
    """All deltas with how often each occurs."""
    return Counter(delta for deltas in many for delta in deltas)


def named(what: str) -> str:
    """A SKU by its part number."""
    product = find_product(what)
    return product.part_number if product else what


def names(plans: Iterable[str]) -> str:
    """Service plans by name, a few of many."""
    known = {plan.id: plan.name for product in products().values() for plan in product.plans}
    found = sorted(known.get(each, each) for each in plans)
    return ", ".join(found) if len(found) <= FEW else f"{', '.join(found[:FEW])} and {len(found) - FEW} more"


def shown(deltas: Iterable[Delta]) -> str:
    """Deltas to be read."""

    def side(value: frozenset[str] | str | None) -> str:
        return ("held without " + names(value) if value else "held") if isinstance(value, frozenset) else str(value)

    return "; ".join(sorted(f"{named(d.what)}: {side(d.before)} → {side(d.after)}" for d in deltas))
