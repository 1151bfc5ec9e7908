"""One turn a tenant: who may write to it now, and how much.

One row a tenant holds the turn, the token bucket and the line of operations that want it. A window is `take` (pays a
token a write before anything is sent), the batches, and `hand_on` (returns what was not sent). Whoever comes again with
the same window gets the same grant; whoever comes with a window that was handed on gets none. A crash wastes tokens, it
never oversends. Beside it one row of the app holds the budget over all tenants; a turn draws chunks of it in advance.

Times are epoch seconds of the rows' store. Limits: https://learn.microsoft.com/graph/throttling-limits
(identity and access: 3,000 writes per 150 s for an app and tenant, 35,000 per 300 s for an app).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import ceil
from typing import Final

MAX_BATCHES: Final = 8
"""Batches of one window."""
MIN_BATCHES: Final = 4
"""A window is worth its three steps from here on, while nobody else waits whom a smaller one would serve.

A large operation waits for a whole one: the fewer its windows, the less often a small one finds the turn taken.
"""
SPARE_TOKENS: Final = 200
"""What a large operation leaves for small ones (less where the bucket itself is smaller)."""
LARGE_USERS: Final = 200
"""An operation that has more users than this left is large."""
SEEN_WITHIN: Final = 30.0
"""Seconds after which one that does not ask any more loses its place in the line."""
LONGEST_LINE: Final = 200
"""Operations in line, at most; further ones ask again until there is room, as a row has only so much."""
SEEN_STEP: Final = 5.0
"""Asking writes the row no more often than this, in seconds."""
_REMEMBERED: Final = 16
"""Operations whose last window is remembered after they handed it on."""
EPSILON: Final = 1e-6
"""Tokens are floats: so much may be missing to a whole one."""
ROUNDING: Final = 0.01
"""Graph tells the share of a limit that is in use in hundredths."""


@dataclass(frozen=True, slots=True)
class Limits:
    """A token bucket: it holds ``capacity`` and gains ``rate`` a second."""

    capacity: float
    rate: float

    @classmethod
    def writes(cls, factor: float) -> "Limits | None":
        """Graph's limit of an app's writes to one tenant, multiplied; None (factor 0) means that there is none."""
        return cls(3000 * factor, 20 * factor) if factor else None

    @classmethod
    def app_writes(cls, factor: float) -> "Limits | None":
        """Graph's limit of an app's writes to all tenants, multiplied; None (factor 0) means that there is none."""
        return cls(35000 * factor, 35000 / 300 * factor) if factor else None


@dataclass(frozen=True, slots=True)
class Waiter:
    """An operation in line: ``name`` is ``{operation}:{epoch}``, ``seen`` when it asked last (in steps)."""

    name: str
    seen: float
    large: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A tenant's turn: its row in ``turns``."""

    tokens: float
    at: float
    """When ``tokens`` was right; in the future while Graph wants us to wait."""
    holder: str = ""
    window: int = 0
    until: float = 0.0
    """End of the holder's lease."""
    large: bool = False
    granted: int = 0
    """Batches of the holder's window."""
    paid: int = 0
    line: tuple[Waiter, ...] = ()
    handed: tuple[tuple[str, int], ...] = ()
    """The last window that each of the latest holders handed on."""
    blocked_until: float = 0.0
    app_tokens: float = 0.0
    """Drawn from the app's budget and not spent yet."""
    app_pending: float = 0.0
    """Drawn as well, but to be spent only once the budget has served its ticket."""
    app_ticket: float | None = None

    @classmethod
    def fresh(cls, limits: Limits | None, now: float) -> "Turn":
        """Return the turn of a tenant that was never written to: a full bucket, nobody in line."""
        return cls(tokens=limits.capacity if limits else 0.0, at=now)


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for which window: ``window`` rises by one each, ``costs`` are the Graph writes of the next batches."""

    name: str
    window: int
    costs: tuple[int, ...]
    large: bool


@dataclass(frozen=True, slots=True)
class Grant:
    """The first ``batches`` of those asked for may go out until the lease ends; ``paid`` tokens cover them."""

    batches: int
    paid: int
    until: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now. ``until`` is when it may change, where that is known: not while somebody else holds the turn.

    ``app_tokens`` above 0: only the app's budget is missing; prepay so many and take again.
    ``stale``: this window was handed on long ago, the call is a late duplicate; nothing will ever come of it.
    """

    until: float | None = None
    app_tokens: int = 0
    stale: bool = False


def take(
    turn: Turn, ask: Ask, now: float, *, lease: float, limits: Limits | None, app: bool = False
) -> tuple[Turn, Grant | Wait]:
    """Ask for a window; the turn returned is to be written (with its ETag) where it differs, before the grant is used.

    Args:
        ask: who asks for what; 1 to 8 costs.
        now: the store's time.
        lease: how long a grant lasts, in seconds.
        limits: this tenant's; None: every window is affordable.
        app: whether the app's budget counts too; no more is granted than was prepaid then.

    Raises:
        ValueError: there are no costs, more than 8, or one below 1.
    """
    if not 0 < len(ask.costs) <= MAX_BATCHES or min(ask.costs) < 1:
        raise ValueError(f"a window asks for 1 to {MAX_BATCHES} batches of at least one write, not {ask.costs}")
    if _handed(turn, ask.name) >= ask.window:
        return turn, Wait(stale=True)
    taken = turn.until > now and turn.holder != ""
    if taken and turn.holder == ask.name and turn.window >= ask.window:
        same = turn.window == ask.window
        return turn, Grant(turn.granted, turn.paid, turn.until) if same else Wait(stale=True)

    line = _queue(turn.line, ask, now)
    if not taken and len(line) == 1 and all(_operation_of(w.name) != _operation_of(ask.name) for w in turn.line):
        # Prepaid tokens of an idle tenant lapse: over many tenants they would add up to more than Graph allows at once.
        turn = replace(turn, app_tokens=0.0, app_pending=0.0, app_ticket=None)
    turn = replace(turn, line=line)
    if taken:
        return turn, Wait()
    if turn.blocked_until > now:
        return turn, Wait(turn.blocked_until)
    if not turn.line or turn.line[0].name != ask.name:
        return turn, Wait()
    return _pay(turn, ask, now, lease, limits, app)


def _pay(turn: Turn, ask: Ask, now: float, lease: float, limits: Limits | None, app: bool) -> tuple[Turn, Grant | Wait]:
    """Grant the first in line as many batches as it can pay, if they are enough."""
    totals = tuple(accumulate(ask.costs))
    others = turn.line[1:]
    # A large one that cannot pay a window of use lets a small one pass, rather than keep it waiting for less.
    passed = ask.large and any(not waiter.large for waiter in others)
    worth = MAX_BATCHES if ask.large else MIN_BATCHES
    fewest = min(worth, len(totals)) if passed or not others else 1
    tokens, batches = turn.tokens, len(totals)
    if limits is not None:
        usable = limits.capacity - (_spare(limits) if ask.large else 0.0)
        while fewest > 1 and totals[fewest - 1] > usable:
            fewest -= 1
        # A batch that even the full bucket does not cover waits until it is full, and the rest becomes a debt.
        lowest = min(totals[fewest - 1], usable) - usable + limits.capacity
        tokens = _refill(turn.tokens, turn.at, now, limits)
        if tokens < lowest - EPSILON:
            return step_back(turn, ask), Wait(max(now, turn.at) + (lowest - tokens) / limits.rate)
        batches = max(fewest, _affordable(totals, tokens - limits.capacity + usable))
    if app:
        prepaid = _affordable(totals, turn.app_tokens)
        if prepaid < fewest:
            return turn, Wait(now, app_tokens=ceil(totals[batches - 1] - turn.app_tokens))
        batches = min(batches, prepaid)

    paid = totals[batches - 1]
    granted = replace(
        turn,
        holder=ask.name,
        window=ask.window,
        until=now + lease,
        large=ask.large,
        granted=batches,
        paid=paid,
        tokens=tokens - paid if limits else turn.tokens,
        at=max(now, turn.at),
        line=turn.line[1:],
        app_tokens=turn.app_tokens - paid if app else 0.0,
    )
    return granted, Grant(batches, paid, granted.until)


def hand_on(turn: Turn, name: str, window: int, *, unused: int, now: float, more: bool, keep: bool) -> Turn:
    """End a window; a second call for the same one changes nothing.

    Args:
        name, window: who took the turn, for which window.
        unused: tokens that were not sent; lost where the lease ran out and the turn went to somebody else.
        now: the store's time.
        more: whether batches are left, for which to stand at the end of the line.
        keep: an attempt may still be in flight, so nobody may write before the lease has run out by itself.

    Raises:
        ValueError: more is given back than was paid.
    """
    if _handed(turn, name) >= window:
        return turn
    handed = (*(entry for entry in turn.handed if entry[0] != name), (name, window))[-_REMEMBERED:]
    line = tuple(waiter for waiter in turn.line if waiter.name != name or more)
    mine = turn.holder == name and turn.window == window
    if more and all(waiter.name != name for waiter in line):
        line = (*line, Waiter(name, now, turn.large if mine else False))
    if not mine:
        return replace(turn, handed=handed, line=line)

    if not 0 <= unused <= turn.paid:
        raise ValueError(f"{unused} tokens given back of {turn.paid} paid by {name} for window {window}")
    tokens = turn.tokens if turn.blocked_until > now else turn.tokens + unused
    app_tokens = turn.app_tokens + unused
    turn = replace(turn, handed=handed, line=line, tokens=tokens, app_tokens=app_tokens, granted=0, paid=0)
    return turn if keep else replace(turn, holder="", until=0.0)


def leave(turn: Turn, name: str) -> Turn:
    """Stand in line no longer; a turn that is held stays held."""
    return replace(turn, line=tuple(waiter for waiter in turn.line if waiter.name != name))


def step_back(turn: Turn, ask: Ask) -> Turn:
    """Let those behind a large operation that cannot pay go first.

    Only where a small one is among them: large ones need the same tokens, and would push each other back at every look.
    """
    first, *others = turn.line
    if not ask.large or first.name != ask.name or all(waiter.large for waiter in others):
        return turn
    return replace(turn, line=(*others, first))


def throttled(turn: Turn, until: float, now: float) -> Turn:
    """Note that Graph refused a write for this tenant's limit until then: the bucket is empty, nobody gets a window."""
    until = max(until, now, turn.blocked_until)
    return replace(turn, tokens=min(0.0, turn.tokens), at=max(until, turn.at), blocked_until=until)


def app_throttled(turn: Turn, until: float) -> Turn:
    """Note that Graph refused a write for the limit of the whole app until then; this tenant's bucket is as it was."""
    return replace(turn, blocked_until=max(until, turn.blocked_until), app_tokens=0.0, app_pending=0.0, app_ticket=None)


def corrected(turn: Turn, used: float, now: float, limits: Limits | None, *, known: float = 0.0) -> Turn:
    """Lower the bucket where Graph counts more than we do: some other program writes with the app's identity.

    Args:
        used: the share of a limit in use as Graph tells it (``x-ms-throttle-limit-percentage``), of whichever limit is
            closest.
        now: the store's time.
        limits: this tenant's.
        known: the share of the app's limit, over all tenants, that we know to be in use.

    Graph rounds to hundredths, which are 30 writes of a tenant: within that our own count is the better one.
    """
    if limits is None or used <= known + ROUNDING:
        return turn
    told = (1 - used) * limits.capacity
    if _refill(turn.tokens, turn.at, now, limits) <= told + ROUNDING * limits.capacity:
        return turn
    return replace(turn, tokens=told, at=max(now, turn.at))


def _refill(tokens: float, at: float, now: float, limits: Limits) -> float:
    return min(limits.capacity, tokens + max(0.0, now - at) * limits.rate)


def _spare(limits: Limits) -> float:
    """A fifteenth of the bucket, as 200 are of Graph's 3,000, so that a bucket made smaller still serves large ones."""
    return min(SPARE_TOKENS, limits.capacity / 15)


def _affordable(totals: Sequence[int], tokens: float) -> int:
    """How many leading batches so many tokens pay."""
    return sum(total <= tokens + EPSILON for total in totals)


def _handed(turn: Turn, name: str) -> int:
    return dict(turn.handed).get(name, -1)


def _queue(line: tuple[Waiter, ...], ask: Ask, now: float) -> tuple[Waiter, ...]:
    """Drop those who stopped asking, and have the asker in line, seen now.

    An operation stands in line once: its new epoch takes the place of the old one, which nobody shall wait for.
    """
    present = Waiter(ask.name, now, ask.large)
    operation = _operation_of(ask.name)
    kept = [w for w in line if now - w.seen <= SEEN_WITHIN]
    place = next((i for i, w in enumerate(kept) if _operation_of(w.name) == operation), None)
    if place is None and len(kept) < LONGEST_LINE:
        kept.append(present)
    elif place is None:
        return tuple(kept)
    elif now - kept[place].seen >= SEEN_STEP or kept[place] != replace(present, seen=kept[place].seen):
        kept[place] = present
    return tuple(kept)


def _operation_of(name: str) -> str:
    """The operation in ``{operation}:{epoch}``."""
    return name.rpartition(":")[0] or name
