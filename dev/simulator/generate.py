"""Made-up users in any number, with names of many cultures; the same seed gives the same people."""

import random
from collections.abc import Iterator

from dev.simulator.clock import new_guid
from dev.simulator.model import Assignment, Licences, Sku, User
from dev.simulator.names import DEPARTMENTS, FIRST_NAMES, LAST_NAMES, PLACES, ascii_name
from dev.simulator.spec import GenerateSpec

BASE_SKUS = ("SPE_E3", "SPE_E5", "ENTERPRISEPACK", "STANDARDPACK", "SPE_F1", "SPB", "O365_BUSINESS_PREMIUM")
ADD_ONS = ("POWER_BI_PRO", "POWER_BI_STANDARD", "FLOW_FREE", "EMS")


def _bundles(skus: list[Sku]) -> list[Licences]:
    """Licence sets that many users share, so that memory and merging stay small."""
    known = {sku.part_number: sku for sku in skus}
    base = [Assignment(known[name].id) for name in BASE_SKUS if name in known] or [
        Assignment(sku.id) for sku in skus[:3]
    ]
    extra = [Assignment(known[name].id) for name in ADD_ONS if name in known]
    bundles: list[Licences] = [(each,) for each in base]
    bundles += [(each, other) for each in base for other in extra]
    by_id = {sku.id: sku for sku in skus}
    for each in base:  # some have a plan switched off
        off = tuple(sorted(plan.id for plan in by_id[each.sku_id].plans if plan.name in ("SWAY", "YAMMER_ENTERPRISE")))
        bundles.append((each._replace(disabled=off),))
    return bundles


def new_alias(first: str, last: str, taken: dict[str, int]) -> str:
    """``first.last``, numbered from the second of that name on; ``taken`` counts them."""
    stem = f"{ascii_name(first)}.{ascii_name(last)}"
    taken[stem] = taken.get(stem, 0) + 1
    return stem if taken[stem] == 1 else f"{stem}{taken[stem]}"


def generate_users(spec: GenerateSpec, domain: str, skus: list[Sku], rng: random.Random) -> Iterator[User]:
    """``spec.users`` users, one after the other."""
    bundles = _bundles(skus) if skus else []
    taken: dict[str, int] = {}
    for number in range(spec.users):
        first, last, place = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES), rng.choice(PLACES)
        alias = new_alias(first, last, taken)
        upn = f"{alias}@{domain}"
        guest = rng.random() < spec.guests
        department, titles = rng.choice(DEPARTMENTS)
        yield User(
            id=new_guid(rng),
            user_principal_name=upn,
            display_name=f"{first} {last}",
            given_name=first,
            surname=last,
            mail=upn,
            mail_nickname=alias,
            job_title=rng.choice(titles),
            department=department,
            city=place.city,
            country=place.country,
            usage_location=None if rng.random() < spec.missing_usage_location else place.usage_location,
            user_type="Guest" if guest else "Member",
            account_enabled=rng.random() >= spec.disabled,
            employee_id=f"{number + 1:06d}",
            licences=rng.choice(bundles) if bundles and not guest and rng.random() < spec.licensed else (),
        )
