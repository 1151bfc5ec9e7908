"""What an operation asks for, told by itself and not by the product: whom it may touch, and what it may change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from dev.api import Json
from tests.fire.world import Directory, Groups, plan_ids, sku_id

ALL = frozenset({"*"})
"""Every SKU, or every service plan."""

type Kind = Literal["assign", "remove", "modify", "transfer", "retry", "revert"]


def covers(allowed: frozenset[str], wanted: Iterable[str]) -> bool:
    """Whether all of it is allowed."""
    return allowed == ALL or allowed.issuperset(wanted)


@dataclass(frozen=True)
class Moved:
    """A SKU that goes only where ``target`` comes or is; ``keep``: what was off in it is off in the target."""

    source: str
    target: str
    keep: bool


@dataclass(frozen=True)
class Permit:
    """What may become of a user, by ids of SKUs and service plans; what is not here must stay."""

    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    """SKUs that go without anything in their place."""
    moves: tuple[Moved, ...] = ()
    disable: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Service plans that may go off in a SKU that stays, by SKU."""
    enable: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    location: bool = False

    def off(self, sku: str) -> frozenset[str]:
        """The service plans of a SKU that may go off; a SKU of which nothing is said may stand among all."""
        return self.disable.get(sku, self.disable.get("*", frozenset()))

    def on(self, sku: str) -> frozenset[str]:
        """The service plans of a SKU that may come on."""
        return self.enable.get(sku, frozenset())


@dataclass(frozen=True)
class Picked:
    """Users of a tenant: exactly one of the fields of ``users``, as the API takes it, less ``exclude``."""

    tenant: int
    users: Json
    exclude: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    """Principal names, where users are named one by one."""

    def target(self, directory: Directory) -> Json:
        """The target of a body."""
        exclude = {"exclude": {"users": list(self.exclude)}} if self.exclude else {}
        return {"tenant": directory.domain, "users": self.users, **exclude}

    def matches(self, directory: Directory, groups: Groups) -> frozenset[str]:
        """Ids of who is selected while the groups have these members."""
        out = {directory.protected, *self.exclude}
        if self.named:
            return directory.ids(upn for upn in self.named if upn not in out and upn in directory.people)
        if "group" in self.users:
            found = directory.members(self.users["group"]["displayName"], groups)
        else:
            department = self.users["filter"].split("'")[1]
            found = frozenset(upn for upn, each in directory.people.items() if each.department == department)
        people = (directory.people[upn] for upn in found if upn not in out)
        return frozenset(each.id for each in people if each.enabled and not each.guest)


@dataclass(frozen=True)
class Asked:
    """An operation of a script. A retry or revert has neither selections nor a permit of its own but a ``parent``."""

    number: int
    kind: Kind
    body: Json = field(default_factory=dict[str, object])
    picked: tuple[Picked, ...] = ()
    permit: Permit = Permit()
    previewed: bool = False
    """A preview first, which is then executed."""
    parent: int | None = None

    @property
    def converts(self) -> bool:
        """Whether Exchange is asked."""
        return self.body.get("mailbox") == "convertToShared"


def permit_of(kind: Kind, body: Json) -> Permit:
    """What a body of a kind permits, by its own words (the names of the API's contract)."""
    permit = Permit(location="usageLocation" in body)
    match kind:
        case "assign":
            return _with_added(permit, body["licenses"])
        case "modify":
            permit = _with_added(permit, body.get("add", []))
            for edit in body.get("licenses", []):
                sku, part = sku_id(edit["sku"]), edit["sku"]
                off, on = plan_ids(part, edit.get("disablePlans", [])), plan_ids(part, edit.get("enablePlans", []))
                permit = replace(permit, disable={**permit.disable, sku: off}, enable={**permit.enable, sku: on})
            moves = tuple(Moved(sku_id(s["from"]), sku_id(s["to"]), keep=True) for s in body.get("swap", []))
            return replace(permit, moves=moves, add=permit.add | {move.target for move in moves})
        case "transfer":
            moves = tuple(
                Moved(sku_id(source), sku_id(move["to"]), move.get("keepDisabledPlans", True))
                for move in body["transfers"]
                for source in ([move["from"]] if isinstance(move["from"], str) else move["from"])
            )
            return replace(permit, moves=moves, add=frozenset(move.target for move in moves))
        case "remove":
            return _of_remove(body)
        case _:
            return permit


def _with_added(permit: Permit, licences: list[Json]) -> Permit:
    add, off, on = set(permit.add), dict(permit.disable), dict(permit.enable)
    for each in licences:
        part, sku = each["sku"], sku_id(each["sku"])
        add.add(sku)
        off[sku] = plan_ids(part, each.get("disabledPlans", []))
        if "enabledPlans" in each:
            off[sku], on[sku] = ALL, plan_ids(part, each["enabledPlans"])
    return replace(permit, add=frozenset(add), disable=off, enable=on)


def _of_remove(body: Json) -> Permit:
    going = ALL if body["licenses"] == "all" else frozenset(sku_id(each["sku"]) for each in body["licenses"])
    mailbox = body.get("mailbox", "none")
    add = frozenset({sku_id(mailbox["replaceWith"])}) if isinstance(mailbox, dict) else frozenset[str]()
    if "grace" not in body:
        return Permit(add=add, remove=going)
    return Permit(disable=dict.fromkeys(going, ALL) if body["grace"].get("during") == "disablePlans" else {})
