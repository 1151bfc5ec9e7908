"""Takes, waits for and hands on turns, with Graph's limits for a tenant."""

from dataclasses import replace
from typing import Any

from shared.domain.pacing import Ask, Grant, Limits, Turn, Wait, hand_on, take

LEASE = 60.0
GRAPH = Limits(3000, 20)


def ask(name: str = "a:1", window: int = 1, batches: int = 8, *, large: bool = False, cost: int = 20) -> Ask:
    """Ask for so many batches of 20 writes."""
    return Ask(name, window, (cost,) * batches, large)


def full(**fields: Any) -> Turn:
    """A free turn with a full bucket at 0."""
    return replace(Turn.fresh(GRAPH, 0.0), **fields)


def took(turn: Turn, asked: Ask, now: float, limits: Limits | None = GRAPH, *, app: bool = False) -> tuple[Turn, Grant]:
    """Take a turn, which must be granted."""
    turn, answer = take(turn, asked, now, lease=LEASE, limits=limits, app=app)
    assert isinstance(answer, Grant), answer
    return turn, answer


def waits(turn: Turn, asked: Ask, now: float, limits: Limits | None = GRAPH, *, app: bool = False) -> tuple[Turn, Wait]:
    """Ask for a turn, which must not be granted."""
    turn, answer = take(turn, asked, now, lease=LEASE, limits=limits, app=app)
    assert isinstance(answer, Wait), answer
    return turn, answer


def done(
    turn: Turn, name: str, window: int, now: float, *, unused: int = 0, more: bool = True, keep: bool = False
) -> Turn:
    """Hand a turn on."""
    return hand_on(turn, name, window, unused=unused, now=now, more=more, keep=keep)


def names(turn: Turn) -> list[str]:
    """Who is in line."""
    return [waiter.name for waiter in turn.line]
