"""Faults on demand: which call fails, how, and how often; drawn from a seed so that a run repeats."""

import random
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from dev.simulator import errors
from dev.simulator.errors import GraphError
from dev.simulator.throttle import APP_ID

type Kind = Annotated[
    Literal["429", "503", "409", "401", "403", "reset", "timeoutAfterCommit", "timeoutBeforeCommit", "delay"],
    BeforeValidator(str),
]
type Scope = Literal["item", "request"]


class Fault(BaseModel):
    """
    One rule. ``match`` is looked for in "METHOD /path?query" below the base path, as ``assignLicense`` or ``POST
    /$batch``; behind the path of Exchange's admin endpoint stands the cmdlet, as ``InvokeCommand Set-Mailbox``.

    Scope ``item`` looks at every operation, alone or inside a batch; ``request`` at the HTTP request as a whole.
    Inside a batch the kinds that concern the connection (reset, timeouts) hit the request that carries the item.
    """

    model_config = ConfigDict(extra="forbid")

    match: str = ""
    kind: Kind
    tenant: str | None = None
    rate: float = Field(default=1.0, ge=0, le=1)
    count: int | None = Field(default=None, ge=1)
    retryAfter: float | None = Field(default=None, ge=0)  # noqa: N815 - the wire's name
    seconds: float = Field(default=1.0, ge=0, description="how long `delay` waits")
    scope: Scope | None = None
    commit: bool | None = Field(
        default=None, description="whether `reset` commits before; half of the time when absent"
    )
    seed: int = 1

    @property
    def level(self) -> Scope:
        """The scope, by default that of what is matched."""
        return self.scope or ("request" if "$batch" in self.match else "item")


class Struck(NamedTuple):
    """A fault that fires: an error to answer, or what happens to the connection, and whether the work is done."""

    error: GraphError | None = None
    transport: Literal["reset", "hold"] | None = None
    execute: bool = True
    delay: float = 0.0


class _Rule:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.left = fault.count
        self.fired = 0
        self.rng = random.Random(fault.seed)

    def fires(self) -> bool:
        if self.left == 0 or self.rng.random() >= self.fault.rate:
            return False
        if self.left is not None:
            self.left -= 1
        self.fired += 1
        return True

    def strike(self, tenant: str) -> Struck:
        fault = self.fault
        match fault.kind:
            case "429":
                after = 1 if fault.retryAfter is None else fault.retryAfter
                scope = f"Tenant_Application/ReadWrite/{APP_ID}/{tenant}"
                return Struck(errors.throttled(after, scope, "CPULimitExceeded"), execute=False)
            case "503":
                return Struck(errors.unavailable(fault.retryAfter), execute=False)
            case "409":
                return Struck(errors.concurrency(), execute=False)
            case "401":
                return Struck(errors.bad_token(), execute=False)
            case "403":
                return Struck(errors.denied(), execute=False)
            case "reset":
                commit = self.rng.random() < 0.5 if fault.commit is None else fault.commit
                return Struck(transport="reset", execute=commit)
            case "timeoutAfterCommit":
                return Struck(transport="hold")
            case "timeoutBeforeCommit":
                return Struck(transport="hold", execute=False)
            case "delay":
                return Struck(delay=fault.seconds)


class Faults:
    """The rules in force, oldest first; the first that fires wins."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._cleared: list[_Rule] = []

    def add(self, fault: Fault) -> None:
        self._rules.append(_Rule(fault))

    def clear(self) -> None:
        self._cleared += self._rules
        self._rules.clear()

    def told(self) -> list[tuple[Fault, int]]:
        """Every fault so far, those that were cleared too, and how often it fired."""
        return [(rule.fault, rule.fired) for rule in (*self._cleared, *self._rules)]

    def pick(self, scope: Scope, tenant: str, text: str) -> Struck | None:
        """What strikes this call, if anything."""
        for rule in self._rules:
            fault = rule.fault
            if fault.level == scope and fault.match in text and fault.tenant in (None, tenant) and rule.fires():
                return rule.strike(tenant)
        return None
