"""100,000 users by filter, by nested group and by CSV: one plan, nobody written to, and a host that stays small."""

import random
import uuid
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from time import monotonic

import pytest

from dev.api import Json
from dev.bench.memory import cpu_seconds, peak_memory
from dev.stack import Stack
from dev.trial import E5, Tenant, Trial, new_domain
from shared.blobs.client import Blobs
from shared.blobs.plans import PlanStore
from shared.domain.model import Decision
from shared.domain.plan import CHUNK_USERS
from shared.settings import read_settings

HOST_MEMORY = 400 * 1024 * 1024
"""What the app may take, whatever the size of an operation: a limit of the product."""
FREE_SEATS = 10
LEVELS = 5
DEPARTMENT = "Large"


@pytest.mark.parametrize("users", [3_000, pytest.param(100_000, marks=[pytest.mark.slow, pytest.mark.timeout(1_200)])])
async def test_every_way_to_name_the_users_gives_the_same_plan(users: int) -> None:
    """Filter, nested group and CSV decide alike on every user; too few seats end each before its first write."""
    special = users // 100  # so many hold the licence already, and as many have no usage location
    domain = new_domain()
    people = _people(users, special, domain)
    selections = {
        "filter": {"filter": f"department eq '{DEPARTMENT}'"},
        "group": {"group": {"displayName": "Level 1-0"}},
        "csv": {"csv": _csv(people)},
    }
    needed = users - 2 * special
    plans: dict[str, dict[str, Decision]] = {}
    async with Stack({"GRAPH_LIMIT_FACTOR": "0"}) as stack, Trial(stack) as trial:
        tenant = await trial.load(domain, _directory(people, special))
        before = await trial.state(tenant)
        host = stack.hosts[0].pid
        async with peak_memory(host) as memory, _plans(stack) as store:
            for name, selection in selections.items():
                started, busy = monotonic(), cpu_seconds(host)
                begun = await trial.assign(tenant, users=selection)
                operation = await trial.api.until_ended(begun["id"], seconds=600)
                seconds, busy = monotonic() - started, cpu_seconds(host) - busy
                _tell(f"{users:,} users by {name}: {seconds:.1f} s, host CPU {busy:.1f} s")

                _assert_refused(operation, users, needed)
                plans[name] = await _plan(store, operation, tenant)
                assert len(plans[name]) == users
                assert plans[name] == plans["filter"], f"{name} and filter do not plan the same"
        _tell(f"host peak {memory.peak / 1024 / 1024:.0f} MB")

        codes = Counter(decision.code for decision in plans["filter"].values())
        assert codes == {None: needed, "AlreadyAssigned": special, "MissingUsageLocation": special}
        assert not await trial.writes(tenant)
        assert await trial.state(tenant) == before
    assert memory.peak <= HOST_MEMORY


def _tell(figure: str) -> None:
    """Show a figure (with ``-s`` at once, else when the test fails)."""
    print(figure)  # noqa: T201 - a figure to look at, which no assertion may hang on


def _people(users: int, special: int, domain: str) -> list[Json]:
    """Users with ids; the first ``special`` hold E5, the next as many have no usage location."""
    rng = random.Random(users)
    return [
        {
            "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "userPrincipalName": f"user{n:06d}@{domain}",
            "displayName": f"Zoë Müller {n}",
            "department": DEPARTMENT,
            "usageLocation": None if special <= n < 2 * special else "DE",
            "licenses": [{"skuId": E5}] if n < special else [],
        }
        for n in range(users)
    ]


def _directory(people: list[Json], special: int) -> Json:
    """All of them in a tree of groups five levels deep, every other one in two groups; one group follows a rule.

    There are also a user outside, the E5 seats that are held, and ten more.
    """
    places = [(level, n) for level in range(1, LEVELS + 1) for n in range(2 ** (level - 1))]
    members: dict[tuple[int, int], list[str]] = {
        (level, n): [f"Level {level + 1}-{2 * n + side}" for side in (0, 1)] if level < LEVELS else []
        for level, n in places
    }
    for n, person in enumerate(people):
        members[places[n % len(places)]].append(person["id"])
        if n % 2:
            members[places[n * 7 % len(places)]].append(person["id"])
    groups: list[Json] = [
        {"displayName": f"Level {level}-{n}", "members": list(dict.fromkeys(members[level, n]))} for level, n in places
    ]
    groups[-1]["membershipRule"] = f'user.department -eq "{DEPARTMENT}"'
    outsider = {"userPrincipalName": "outsider@elsewhere.example.com", "department": "Small", "usageLocation": "DE"}
    skus = [{"skuPartNumber": E5, "enabled": special + FREE_SEATS}]
    return {"skus": skus, "users": [*people, outsider], "groups": groups}


def _csv(people: list[Json]) -> str:
    """One row a user in an order of its own, every other one named by object id, every third row with the SKU."""
    rows = [
        f"{person['id'] if n % 2 else person['userPrincipalName']},{'' if n % 3 else E5},"
        for n, person in enumerate(people)
    ]
    random.Random(len(people)).shuffle(rows)
    return "\r\n".join(["UserPrincipalName,LicenseSKU,DisabledPlans", *rows, ""])


def _assert_refused(operation: Json, users: int, needed: int) -> None:
    [part] = operation["tenants"]
    assert (operation["status"], part["error"]["code"]) == ("failed", "InsufficientLicenses"), operation["tenants"]
    seats = {"needed": needed, "available": FREE_SEATS, "missing": needed - FREE_SEATS}
    assert part["error"]["details"] == {E5: seats}
    assert part["progress"]["total"] == users


@asynccontextmanager
async def _plans(stack: Stack) -> AsyncGenerator[PlanStore]:
    """The plans that the stack has stored."""
    environment = {
        "AzureWebJobsStorage": stack.storage,
        "GRAPH_CREDENTIAL": "static:test",
        "GRAPH_BASE_URL": stack.simulator_url,
    }
    blobs = Blobs.open(read_settings(environment))
    try:
        yield PlanStore(blobs)
    finally:
        await blobs.close()


async def _plan(store: PlanStore, operation: Json, tenant: Tenant) -> dict[str, Decision]:
    """The decisions by user, their places in the selection left aside."""
    found: dict[str, Decision] = {}
    for chunk in range(-(-operation["progress"]["total"] // CHUNK_USERS)):
        for decision in await store.find_chunk(operation["id"], tenant.id, chunk) or ():
            assert decision.user_id not in found, f"{decision.user_principal_name} is planned twice"
            found[decision.user_id] = replace(decision, index=0)
    return found
