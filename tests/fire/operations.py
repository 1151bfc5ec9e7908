"""Random operations of every kind, as bodies of the API with what they permit."""

import random
from collections.abc import Iterable
from dataclasses import replace

from dev.api import Json
from tests.fire.asking import ALL, Asked, Kind, Picked, permit_of
from tests.fire.world import (
    DEPARTMENTS,
    E3,
    E5,
    EMS,
    EVERYONE,
    MAIL,
    O365_E3,
    OUTER,
    POWER_BI,
    SWITCHED,
    TEAMS,
    TEAMS_FREE,
    Directory,
)

KINDS: tuple[Kind, ...] = ("assign", "assign", "transfer", "transfer", "modify", "modify", "remove", "remove")
AGAIN: tuple[Kind, ...] = ("retry", "revert", "revert")
NEVER = {"days": ["monday"], "from": "03:00", "to": "03:01", "timeZone": "Pacific/Kiritimati"}
"""Hours so short that a script hardly ever falls into them."""


def operations(rng: random.Random, world: tuple[Directory, ...], count: int) -> tuple[Asked, ...]:
    """So many operations in order; the later ones may undo or repeat an earlier one."""
    kinds = rng.sample(KINDS, len(KINDS))
    found: list[Asked] = []
    for number in range(count):
        if number >= 3 and rng.random() < 0.25:
            earlier = [each.number for each in found if each.kind not in ("retry", "revert")]
            found.append(Asked(number, rng.choice(AGAIN), parent=rng.choice(earlier)))
            continue
        found.append(_operation(rng, world, number, kinds[number % len(kinds)]))
    return tuple(found)


def _operation(rng: random.Random, world: tuple[Directory, ...], number: int, kind: Kind) -> Asked:
    which = rng.sample(range(len(world)), min(len(world), rng.choice((1, 2, 2, 3))))
    body = {"assign": _assign, "remove": _remove, "modify": _modify, "transfer": _transfer}[kind](rng)
    picked = tuple(_pick(rng, tenant, world[tenant], kind, body) for tenant in which)
    permit = permit_of(kind, body)
    if kind == "modify" and any("csv" in each.users for each in picked) and _columns(kind, body):
        # The row names all plans that shall be off: every other one may come on.
        permit = replace(permit, enable=dict.fromkeys(permit.disable, ALL))
    body["options"] = _options(rng)
    body["targets"] = [each.target(world[each.tenant]) for each in picked]
    body["reason"] = f"operation {number}"
    return Asked(number, kind, body, picked, permit, previewed=rng.random() < 0.25)


def _pick(rng: random.Random, tenant: int, directory: Directory, kind: Kind, body: Json) -> Picked:
    names = list(directory.people)
    small = kind == "remove"  # above 100 users it would have to be confirmed
    way = rng.choice(("group", "group", "filter", "users", "csv"))
    exclude = tuple(rng.sample(names, 2)) if rng.random() < 0.4 else ()
    match way:
        case "group":
            group = rng.choice(TEAMS if small else (EVERYONE, EVERYONE, OUTER, *TEAMS))
            return Picked(tenant, {"group": {"displayName": group}}, exclude)
        case "filter":
            return Picked(tenant, {"filter": f"department eq '{rng.choice(DEPARTMENTS)}'"}, exclude)
        case _:
            named = tuple(rng.sample(names, rng.randint(8, 30)))
            if way == "users":
                return Picked(tenant, {"users": list(named)}, exclude, named)
            return Picked(tenant, {"csv": _csv(rng, kind, named, body)}, exclude, named)


def _csv(rng: random.Random, kind: Kind, named: tuple[str, ...], body: Json) -> str:
    """A row for each user, some of them twice; it says what the body asks for, or leaves that to the body."""
    columns = _columns(kind, body)
    rows = [_line(upn, columns.values()) for upn in (*named, *rng.sample(named, 3))]
    return "\n".join([_line("UserPrincipalName", columns), *rows, ""])


def _line(first: str, others: Iterable[str]) -> str:
    """A line of a CSV."""
    return ",".join((first, *others))


def _columns(kind: Kind, body: Json) -> dict[str, str]:
    """What each row has besides the user, where one row can say what the body asks for."""
    match kind, body:
        case "transfer", {"transfers": [{"from": str(source), "to": target}]}:
            return {"LicenseSKU": target, "FromSKU": source}
        case "assign", {"licenses": [{"sku": sku, **plans}]} if "enabledPlans" not in plans:
            return {"LicenseSKU": sku, "DisabledPlans": ";".join(plans.get("disabledPlans", []))}
        case "modify", {"licenses": [{"sku": sku, "disablePlans": plans}]} if "add" not in body:
            return {"LicenseSKU": sku, "DisabledPlans": ";".join(plans)}
        case _:
            return {}


def _location(rng: random.Random) -> Json:
    if rng.random() < 0.5:
        return {}
    return {
        "usageLocation": {"value": rng.choice(("CH", "fromUserCountry")), "mode": rng.choice(("ifMissing", "always"))}
    }


def _assign(rng: random.Random) -> Json:
    licences: list[Json] = []
    for sku in rng.sample((E5, E3, POWER_BI, EMS, TEAMS_FREE), rng.choice((1, 1, 2))):
        licence: Json = {"sku": sku}
        if sku in (E3, E5) and rng.random() < 0.5:
            name = rng.choice(("disabledPlans", "disabledPlans", "enabledPlans"))
            licence[name] = sorted(rng.sample(SWITCHED, 2)) + (["TEAMS1"] if name == "enabledPlans" else [])
        licences.append(licence)
    return {"licenses": licences, **_location(rng)}


def _remove(rng: random.Random) -> Json:
    licences = "all" if rng.random() < 0.25 else [{"sku": sku} for sku in rng.sample((E3, E5, POWER_BI, O365_E3), 2)]
    more = rng.choice(
        (
            {},
            {},
            {"grace": {"days": 30, "during": "keep"}},
            {"grace": {"days": 30, "during": "disablePlans"}},
            {"mailbox": "convertToShared"},
            {"mailbox": {"replaceWith": MAIL}},
        )
    )
    return {"licenses": licences, **more}


def _modify(rng: random.Random) -> Json:
    if rng.random() < 0.5:
        return {"swap": [{"from": E3, "to": E5}], "licenses": [{"sku": E5, "enablePlans": [rng.choice(SWITCHED)]}]}
    on, off = rng.sample(SWITCHED, 2)
    edits = [{"sku": rng.choice((E3, E5)), "enablePlans": [on], "disablePlans": [off]}]
    return {"licenses": edits, **({"add": [{"sku": POWER_BI}], **_location(rng)} if rng.random() < 0.5 else {})}


def _transfer(rng: random.Random) -> Json:
    moves = rng.choice(
        (
            [{"from": E3, "to": E5}],
            [{"from": E5, "to": E3, "keepDisabledPlans": True}],
            [{"from": [EMS, O365_E3], "to": E3}],
            [{"from": [O365_E3], "to": E5, "keepDisabledPlans": False}],
        )
    )
    return {"transfers": moves}


def _options(rng: random.Random) -> Json:
    options: Json = {"onInsufficientLicenses": rng.choice(("partial", "partial", "fail"))}
    options["onConflict"] = rng.choice(("skip", "skip", "disableConflictingPlans"))
    match rng.randrange(8):
        case 0:
            options["canary"] = {"users": rng.randint(1, 8), "approve": "manual"}
        case 1:
            options["canary"] = {"users": rng.randint(1, 8), "approve": "auto"}
        case 2:
            options["stopWhen"] = {"failedPercent": 20, "minimum": 3}
        case 3 if rng.random() < 0.5:
            options["window"] = NEVER
        case 4 if rng.random() < 0.5:
            options["maxUsers"] = rng.randint(0, 60)
        case _:
            pass
    return options
