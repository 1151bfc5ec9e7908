"""A tenant's operations in simulated time: the limit is used, and nobody waits for long."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from shared.domain.pacing import Ask, Grant, Turn, take
from tests.domain.turning import GRAPH, LEASE, ask, done, full, took


@dataclass
class Operation:
    """A simulated operation: so many batches, windows of one second."""

    name: str
    batches: int
    start: float = 0.0
    large: bool = True
    cost: int = 20
    window: int = 1
    sending: tuple[float, int] | None = None
    """When the running window ends, and its batches."""
    windows: list[float] = field(default_factory=list[float])
    finished: float | None = None


@dataclass
class Simulation:
    """One tenant's row, looked at by every operation each fifth of a second."""

    operations: Sequence[Operation]
    turn: Turn
    sent: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])

    def run(self, until: float, *, stop: Callable[[float], bool] = lambda _: False) -> float:
        """Run until all is done, or so long; return the time."""
        now = 0.0
        while now < until and not stop(now) and any(op.finished is None for op in self.operations):
            for operation in self.operations:
                self._step(operation, now)
            now = round(now + 0.2, 6)
        return now

    def _step(self, op: Operation, now: float) -> None:
        if op.finished is not None or now < op.start:
            return
        if op.sending is not None:
            ends, batches = op.sending
            if now < ends:
                return
            op.sending, op.batches = None, op.batches - batches
            self.turn = done(self.turn, op.name, op.window, now, more=op.batches > 0)
            op.window += 1
            if not op.batches:
                op.finished = now
            return
        asked = Ask(op.name, op.window, (op.cost,) * min(8, op.batches), op.large)
        self.turn, answer = take(self.turn, asked, now, lease=LEASE, limits=GRAPH)
        if isinstance(answer, Grant):
            op.sending = (now + 1.0, answer.batches)
            op.windows.append(now)
            self.sent.append((now, answer.paid))


def test_one_large_operation_uses_what_is_allowed() -> None:
    """With windows of a second at least 0.98 of the writes that the limit allows once the bucket is spent."""
    simulation = Simulation([Operation("large", 100_000)], full())

    now = simulation.run(900.0)

    assert sum(paid for _, paid in simulation.sent) >= 0.98 * (3000 - 200 + 20 * now)


def test_two_large_operations_alternate() -> None:
    """Neither gets two windows while the other waits, and both get the same share."""
    simulation = Simulation([Operation("large1", 100_000), Operation("large2", 100_000)], full())

    now = simulation.run(600.0)

    first, second = (op.windows for op in simulation.operations)
    order = [name for _, name in sorted([(at, "1") for at in first] + [(at, "2") for at in second])]
    assert all(a != b for a, b in pairwise(order))
    assert abs(len(first) - len(second)) <= 1
    assert sum(paid for _, paid in simulation.sent) >= 0.98 * (3000 - 200 + 20 * now)


@pytest.mark.parametrize("start", [0.1, 60.1, 200.3, 300.7])
def test_a_small_operation_behind_large_ones_waits_one_window(start: float) -> None:
    """Fifty users get their turn after at most one window of those before them, however empty the bucket is."""
    small = Operation("small", 3, start=start, large=False)
    simulation = Simulation([Operation("large1", 100_000), small], full())

    simulation.run(400.0, stop=lambda _: small.finished is not None)

    assert small.finished is not None
    assert small.finished - start <= 1.0 + 1.0 + 3 * 0.2


def test_a_crashed_holder_delays_the_others_by_its_lease_only() -> None:
    """It never comes back: the next one works on after the lease."""
    turn, _ = took(full(), ask("crashed:1"), 0.0)
    operation = Operation("large", 8)

    Simulation([operation], turn).run(200.0)

    assert operation.windows[0] == pytest.approx(LEASE, abs=0.3)
