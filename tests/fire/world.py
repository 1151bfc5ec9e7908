"""The tenants of a seed: people, groups, licences and seats, as the simulator loads them and as we know them."""

import random
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dev.api import Json
from dev.simulator.catalogue import products

E3, E5, O365_E3, EMS = "SPE_E3", "SPE_E5", "ENTERPRISEPACK", "EMS"
POWER_BI, FABRIC, MAIL, TEAMS_FREE = "POWER_BI_PRO", "POWER_BI_STANDARD", "EXCHANGESTANDARD", "TEAMS_FREE"
SKUS = (E3, E5, O365_E3, EMS, POWER_BI, FABRIC, MAIL, TEAMS_FREE)
SWITCHED = ("YAMMER_ENTERPRISE", "SWAY", "VIVA_LEARNING_SEEDED", "VIVAENGAGE_CORE")
"""Service plans of E3, E5 and Office 365 E3 alike: switched off in one, they must stay off in another."""
DEPARTMENTS = ("Sales", "Support", "Finance", "Works")
EVERYONE, OUTER = "Everyone", "Region"
TEAMS = ("Team A", "Team B", "Team C")
GIVING = "Licensed"
"""A group that hands on a licence to its members."""

type Groups = Mapping[str, Sequence[str]]
"""Members of groups by name: principal names of users, or names of groups."""


def sku_id(part_number: str) -> str:
    """The id of a SKU."""
    return products()[part_number].sku_id


def plan_ids(part_number: str, names: Iterable[str]) -> frozenset[str]:
    """Ids of service plans of a SKU by their names."""
    known = {plan.name: plan.id for plan in products()[part_number].plans}
    return frozenset(known[name] for name in names)


@dataclass(frozen=True)
class Person:
    """What of a user decides about selections; nobody changes it while a script is played."""

    upn: str
    id: str
    department: str
    guest: bool = False
    enabled: bool = True


@dataclass(frozen=True)
class Directory:
    """A tenant: what the simulator loads, and what selections are made of."""

    id: str
    domain: str
    people: Mapping[str, Person]
    """By principal name, in order."""
    groups: Groups
    """As they are in the beginning."""
    protected: str
    """Nobody may touch this user, however selected."""
    spec: Json

    def members(self, name: str, groups: Groups) -> frozenset[str]:
        """Principal names of everybody in a group, member groups included."""
        found: set[str] = set()
        for member in groups[name]:
            found |= self.members(member, groups) if member in groups else {member}
        return frozenset(found)

    def ids(self, upns: Iterable[str]) -> frozenset[str]:
        """Ids of users."""
        return frozenset(self.people[upn].id for upn in upns)


def directories(rng: random.Random, *, tenants: int, users: tuple[int, int]) -> tuple[Directory, ...]:
    """So many tenants of so many users each, from a seed."""
    return tuple(_directory(rng, number, rng.randint(*users)) for number in range(tenants))


def _directory(rng: random.Random, number: int, size: int) -> Directory:
    tenant = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    domain = f"t{number}-{tenant[:8]}.example.com"
    people = [_person(rng, n, domain) for n in range(size)]
    groups = _groups(rng, [person.upn for person in people])
    users = [_user(rng, person) for person in people]
    given = [{"skuId": FABRIC}]
    spec = {
        "displayName": domain,
        "domains": [domain],
        "lagSeconds": [0, rng.choice((0.0, 0.5, 1.5))],
        "seed": rng.randrange(1_000),
        "skus": [
            {"skuPartNumber": sku, "enabled": held + rng.choice((0, 3, 10, size, size, size))}
            for sku, held in _held(users, groups).items()
        ],
        "users": users,
        "groups": [
            {"displayName": name, "members": list(members), "licenses": given if name == GIVING else []}
            for name, members in reversed(groups.items())  # member groups first
        ],
    }
    by_name = {person.upn: person for person in people}
    return Directory(tenant, domain, by_name, groups, rng.choice(people).upn, spec)


def _person(rng: random.Random, n: int, domain: str) -> Person:
    guest, enabled = rng.random() < 0.05, rng.random() > 0.05
    user_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    return Person(f"user{n:03d}@{domain}", user_id, rng.choice(DEPARTMENTS), guest, enabled)


def _groups(rng: random.Random, names: list[str]) -> dict[str, tuple[str, ...]]:
    teams = {team: tuple(sorted(rng.sample(names, len(names) // 3))) for team in TEAMS}
    some = tuple(rng.sample(names, 5))
    return {EVERYONE: tuple(names), OUTER: (*TEAMS[:2], *some), **teams, GIVING: tuple(rng.sample(names, 12))}


def _user(rng: random.Random, person: Person) -> Json:
    licences: list[Json] = []
    base = rng.choice((E3, E3, E5, O365_E3, None, None))
    if base:
        off = rng.sample(SWITCHED, rng.choice((0, 0, 1, 2)))
        licences.append({"skuId": base, "disabledPlans": sorted(off)})
    if base == O365_E3 and rng.random() < 0.7:
        licences.append({"skuId": EMS})
    if rng.random() < 0.25:
        licences.append({"skuId": POWER_BI})
    if base is None and rng.random() < 0.15:
        licences.append({"skuId": TEAMS_FREE})
    return {
        "userPrincipalName": person.upn,
        "id": person.id,
        "department": person.department,
        "country": "Germany",
        "usageLocation": "DE" if licences or rng.random() > 0.2 else None,
        "userType": "Guest" if person.guest else "Member",
        "accountEnabled": person.enabled,
        "licenses": licences,
    }


def _held(users: list[Json], groups: Groups) -> Counter[str]:
    """Seats taken in the beginning, of every SKU."""
    held = Counter[str](dict.fromkeys(SKUS, 0))
    held.update(each["skuId"] for user in users for each in user["licenses"])
    held[FABRIC] += len(groups[GIVING])
    return held
