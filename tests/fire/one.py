"""One seed from its script to what is wrong."""

from collections import Counter
from dataclasses import dataclass, field

from tests.fire.driver import Driver, stack_for
from tests.fire.gathering import gather, start_states
from tests.fire.oracle import violations
from tests.fire.script import Fault, Script, script_of

SHOWN = 20
"""Violations of a seed that are printed."""


@dataclass
class Outcome:
    """What a seed came to, with what the table needs."""

    seed: int
    violations: list[str]
    operations: int = 0
    ended: Counter[str] = field(default_factory=Counter[str])
    """Operations by their end."""
    users: Counter[str] = field(default_factory=Counter[str])
    """Results by status."""
    writes: int = 0
    faults: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Faults that fired, by kind and by what they struck."""
    broken: Counter[str] = field(default_factory=Counter[str])
    refused: list[str] = field(default_factory=list[str])
    """Operations that the API did not take, with its answer."""

    @property
    def line(self) -> str:
        """All of it in a line."""
        broken = ", ".join(name if n == 1 else f"{name} ×{n}" for name, n in sorted(self.broken.items()))
        operations = f"{self.operations} operations ({len(self.refused)} not taken)"
        counts = f"{self.users.total()} users, {self.writes} writes, {self.faults.total()} faults"
        return f"{operations}, {counts}; {broken}; {len(self.violations)} violations"

    @property
    def again(self) -> str:
        """How to run it again, and what is wrong."""
        more = [f"and {len(self.violations) - SHOWN} more"] if len(self.violations) > SHOWN else []
        return "\n".join([f"again: make fire SEED={self.seed}", *self.violations[:SHOWN], *more])


async def play(seed: int) -> Outcome:
    """Play a seed and judge it."""
    script = script_of(seed)
    async with stack_for(script) as stack:
        driver = Driver(script, stack)
        try:
            return await _judged(driver, script)
        finally:
            await driver.close()


async def _judged(driver: Driver, script: Script) -> Outcome:
    await driver.load()
    starts = await start_states(driver)
    await driver.play()
    evidence = await gather(driver, starts)
    outcome = Outcome(script.seed, [*driver.played.wrong, *violations(evidence)])
    outcome.operations = len(evidence.operations)
    outcome.ended.update(operation.body["status"] for operation in evidence.operations)
    for operation in evidence.operations:
        outcome.users.update(each["status"] for results in operation.results.values() for each in results)
    outcome.writes = sum(
        line["done"] and line["url"].startswith("/users/") and line["method"] in ("POST", "PATCH")
        for tenant in evidence.tenants
        for line in tenant.log
    )
    outcome.broken = driver.played.broken
    outcome.refused = list(driver.played.refused.values())
    told = (await driver.sim.get("/faults")).raise_for_status().json()
    for _, step in script.steps:
        if isinstance(step, Fault):
            fired = next(each["fired"] for each in told if step.body.items() <= each.items())
            outcome.faults[step.body["kind"], step.on] += fired
    return outcome
