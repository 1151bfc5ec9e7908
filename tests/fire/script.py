"""From a seed to everything that will happen: the same seed gives the same script."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from dev.api import Json
from tests.fire.asking import Asked
from tests.fire.operations import operations
from tests.fire.world import E5, POWER_BI, SKUS, TEAMS, Directory, directories

FAULT_KINDS = ("429", "503", "409", "401", "403", "reset", "timeoutAfterCommit", "timeoutBeforeCommit", "delay")
PLACES: Mapping[str, tuple[str, ...]] = {
    "writes": ("assignLicense", "assignLicense", "PATCH /users"),
    "reads": ("GET /users", "GET /groups", "GET /subscribedSkus", "getByIds"),
    "$batch": ("POST /$batch",),
    "Exchange": ("InvokeCommand",),
}
"""What a fault strikes: parts of ``METHOD /path``."""
ON = ("reads", "reads", "$batch", "$batch", "Exchange")

type Major = Literal["kill", "storage", "freeze", "lose"]
MAJORS: tuple[Major, ...] = ("kill", "storage", "freeze", "lose")
"""``kill``: a host dies (SIGKILL) and is started again. ``storage``: Azurite stops and starts again. ``freeze``: a host
stands still past its lease (SIGSTOP), while another works, and goes on. ``lose``: of two hosts one dies for good."""
type Minor = Literal["seats", "members", "user"]
MINORS: tuple[Minor, ...] = ("seats", "members", "user")
"""From outside: seats are taken, users move between groups, somebody changes a user's licences."""
VERBS = ("pause", "pause", "resume", "cancel", "approve")

HEAL_SECONDS = 15.0
"""From the beginning: by then everything heals. The last step of a script begins long before."""
TIMES: Mapping[str, str] = {
    "GRAPH_LIMIT_FACTOR": "0",
    "GRAPH_TIMEOUT_SECONDS": "1",
    "TURN_LEASE_SECONDS": "7",
    "HEARTBEAT_STALE_SECONDS": "4",
    "SWEEPER_SCHEDULE": "* * * * * *",
    "SIMULATOR_BATCH_MS": "250",
    "SIMULATOR_READ_MS": "5",
    "BATCHES_AT_ONCE": "2",
}
"""Short leases, and answers that take their time, so that what breaks breaks something."""


@dataclass(frozen=True)
class Start:
    """An operation begins."""

    asked: Asked


@dataclass(frozen=True)
class Steer:
    """Somebody steers an operation, whether or not it fits."""

    number: int
    verb: str


@dataclass(frozen=True)
class Fault:
    """Graph fails, as the simulator takes it."""

    on: str
    body: Json


@dataclass(frozen=True)
class Break:
    """A host or storage fails; ``host`` counts those that run."""

    what: Major
    host: int
    seconds: float
    """How long it is away."""


@dataclass(frozen=True)
class Outside:
    """Somebody else changes a tenant: ``user`` a licence of users, ``members`` those of a group."""

    what: Minor
    tenant: int
    users: tuple[str, ...]
    sku: str = ""
    group: str = ""


type Step = Start | Steer | Fault | Break | Outside


@dataclass(frozen=True)
class Script:
    """All of a seed: when (seconds from the beginning) what happens."""

    seed: int
    world: tuple[Directory, ...]
    hosts: int
    steps: tuple[tuple[float, Step], ...]

    @property
    def freezes(self) -> bool:
        """Whether a process stands still past its lease: then only the end state counts."""
        return any(isinstance(step, Break) and step.what == "freeze" for _, step in self.steps)

    @property
    def asked(self) -> dict[int, Asked]:
        """The operations by number."""
        return {step.asked.number: step.asked for _, step in self.steps if isinstance(step, Start)}


def script_of(seed: int) -> Script:
    """Make the script of a seed."""
    rng = random.Random(f"fire {seed}")
    world = directories(rng, tenants=rng.choice((2, 3)), users=(60, 120))
    asked = operations(rng, world, rng.randint(6, 9))
    majors: list[Major] = [MAJORS[(seed - 1) % len(MAJORS)]]
    if seed > len(MAJORS) and rng.random() < 0.5:
        majors.append(rng.choice(MAJORS))
    at = partial(_at, rng)
    steps: list[tuple[float, Step]] = [
        (round(5.0 * n / len(asked) + rng.random() / 2, 2), Start(each)) for n, each in enumerate(asked)
    ]
    on = ON if any(each.converts for each in asked) else tuple(each for each in ON if each != "Exchange")
    for kind in FAULT_KINDS:
        steps.append((at(0.0, 6.0), Fault(*_fault(rng, kind, "writes", world))))
        steps.append((at(0.0, 6.0), Fault(*_fault(rng, kind, rng.choice(on), world))))
    steps += [(at(1.0, 5.0), Break(what, rng.randrange(4), round(rng.uniform(0.2, 1.5), 2))) for what in majors]
    steps += [(at(0.5, 6.0), _outside(rng, what, world)) for what in (*MINORS, rng.choice(MINORS))]
    steps += [(at(0.5, 6.0), Steer(rng.choice(asked).number, rng.choice(VERBS))) for _ in range(rng.randint(1, 3))]
    two = bool({"freeze", "lose"} & set(majors)) or rng.random() < 0.3
    return Script(seed, world, 2 if two else 1, tuple(sorted(steps, key=lambda step: step[0])))


def _at(rng: random.Random, first: float, last: float) -> float:
    return round(rng.uniform(first, last), 2)


def _fault(rng: random.Random, kind: str, on: str, world: tuple[Directory, ...]) -> tuple[str, Json]:
    """A fault that wears off: it strikes a few times, now and then."""
    once = kind in ("401", "403") and on == "reads"  # that ends the tenant, and with it what else could break
    body: Json = {
        "match": rng.choice(PLACES[on]),
        "kind": kind,
        "rate": rng.choice((0.2, 0.5, 1.0)),
        "count": 1 if once else rng.randint(1, 3 if on == "$batch" else 6),
        "seed": rng.randrange(1_000),
    }
    if kind == "429" or (kind == "503" and rng.random() < 0.5):
        body["retryAfter"] = rng.choice((0.5, 1, 2))
    if kind == "delay":
        body["seconds"] = rng.choice((0.4, 0.8, 1.5))  # the last one is longer than anybody waits
    if rng.random() < 0.3:
        body["tenant"] = rng.choice(world).id
    return on, body


def _outside(rng: random.Random, what: Minor, world: tuple[Directory, ...]) -> Outside:
    tenant = rng.randrange(len(world))
    names = list(world[tenant].people)
    match what:
        case "seats":
            return Outside(what, tenant, tuple(rng.sample(names, 4)), sku=rng.choice((E5, E5, POWER_BI)))
        case "members":
            return Outside(what, tenant, tuple(rng.sample(names, 3)), group=rng.choice(TEAMS))
        case "user":
            return Outside(what, tenant, tuple(rng.sample(names, 2)), sku=rng.choice(SKUS[:5]))
