"""Seats: what a plan takes and frees, and who has reserved how many of a tenant's.

A SKU's count of consumed seats, as Graph tells it, may lag by the replication horizon. So a seat counts as reserved
from the moment it is planned to be taken until its taking was confirmed longer ago than the horizon: never too few are
held back, at worst a few too many for that short while. Times are epoch seconds.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import Final

from shared.domain.codes import ResultCode
from shared.domain.model import Decision, Sku

MAX_YOUNG: Final = 32
"""Confirmations that a reservation keeps apart; they live in one property of a row."""


@dataclass(frozen=True, slots=True)
class SeatNeed:
    """How many users take a seat of a SKU and how many free one."""

    takes: int = 0
    frees: int = 0


@dataclass(frozen=True, slots=True)
class Reservation:
    """One operation's claim on seats of one SKU."""

    sku_id: str
    operation_id: str
    planned: int
    taken: int = 0
    """Confirmed by Graph's answers, the young ones included."""
    young: tuple[tuple[float, int], ...] = ()
    """``(when, how many)`` of those that Graph's count may not show yet, oldest first."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """Everything that is needed was there."""

    reservations: tuple[Reservation, ...]


@dataclass(frozen=True, slots=True)
class Partial:
    """Some of it was there: ``granted`` are those that wait for none to be freed, by SKU id; `trim` gives them out."""

    reservations: tuple[Reservation, ...]
    granted: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Seats of one SKU: ``needed`` by users who take one, ``available`` to this operation, ``missing`` even so."""

    needed: int
    available: int
    missing: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Not enough, by SKU id. Nothing is reserved."""

    shortfalls: Mapping[str, Shortfall]


def need(decisions: Iterable[Decision]) -> dict[str, SeatNeed]:
    """Count takes and frees by SKU id; who holds the SKU already, from whatever source, needs none (trap 7)."""
    takes: defaultdict[str, int] = defaultdict(int)
    frees: defaultdict[str, int] = defaultdict(int)
    for decision in decisions:
        for sku_id, delta in _moves(decision).items():
            (takes if delta > 0 else frees)[sku_id] += abs(delta)
    return {sku_id: SeatNeed(takes[sku_id], frees[sku_id]) for sku_id in sorted(takes.keys() | frees.keys())}


def reserved(reservations: Iterable[Reservation], now: float, horizon: float) -> dict[str, int]:
    """Seats that are spoken for but not in Graph's count for sure, by SKU id."""
    held: defaultdict[str, int] = defaultdict(int)
    for reservation in reservations:
        held[reservation.sku_id] += _held(reservation, now, horizon)
    return dict(held)


def reserve(
    skus: Mapping[str, Sku],
    reservations: Iterable[Reservation],
    operation_id: str,
    need: Mapping[str, SeatNeed],
    now: float,
    horizon: float,
    partial: bool,
) -> Reserved | Refused | Partial:
    """Reserve what an operation takes, against the seats that are free and not reserved by others.

    Freed seats count for the operation that frees them, and only for it: it reserves all its takes, and may do so where
    they exceed the free seats by no more than its frees. With ``partial`` it gets what there is. An operation that has
    reserved before gets the same answer again.

    Args:
        skus: the tenant's SKUs by id, read just now.
        reservations: all of the tenant's.
        operation_id: who asks.
        need: what it takes and frees.
        now: the time of the reservations' store.
        horizon: how long Graph's count may lag, in seconds.
        partial: whether fewer seats will do.

    Raises:
        ValueError: seats of a SKU are needed that the tenant does not have.
    """
    reservations = tuple(reservations)
    takes = {sku_id: n for sku_id, n in need.items() if n.takes}
    absent = sorted(takes.keys() - skus.keys())
    if absent:
        raise ValueError(f"seats are needed of SKUs that the tenant does not have: {', '.join(absent)}")
    own = {r.sku_id: r for r in reservations if r.operation_id == operation_id}
    if own:
        short = partial and any(sku_id not in own or own[sku_id].planned < n.takes for sku_id, n in takes.items())
        kept = tuple(own.values())
        return Partial(kept, _at_once(kept, need)) if short else Reserved(kept)

    others = reserved(reservations, now, horizon)
    free = {sku_id: max(0, skus[sku_id].available - others.get(sku_id, 0)) for sku_id in takes}
    shortfalls = {
        sku_id: Shortfall(needed=n.takes, available=free[sku_id], missing=n.takes - n.frees - free[sku_id])
        for sku_id, n in takes.items()
        if n.takes - n.frees > free[sku_id]
    }
    if not shortfalls:
        return Reserved(tuple(Reservation(sku_id, operation_id, n.takes) for sku_id, n in takes.items()))
    if not partial:
        return Refused(shortfalls)
    rows = tuple(Reservation(s, operation_id, min(n.takes, free[s] + n.frees)) for s, n in takes.items())
    return Partial(rows, _at_once(rows, need))


def confirm(reservation: Reservation, taken: int, now: float) -> Reservation:
    """Note that ``taken`` seats are confirmed by now, all in all: absolute, so that saying it twice changes nothing.

    More than ``MAX_YOUNG`` confirmations are kept by letting the oldest two count as made at the later of their times,
    which holds a seat back longer and never shorter.
    """
    more = taken - reservation.taken
    if more <= 0:
        return reservation
    young = (*reservation.young, (now, more))
    if len(young) > MAX_YOUNG:
        (_, oldest), (later, next_oldest), *others = young
        young = ((later, oldest + next_oldest), *others)
    return replace(reservation, taken=taken, young=young)


def close(reservation: Reservation) -> Reservation:
    """At the operation's end: give back what was planned and not taken."""
    return replace(reservation, planned=reservation.taken)


def expired(reservation: Reservation, now: float, horizon: float) -> bool:
    """Whether a reservation holds nothing any more, so that its row may go. Never by the clock before it is closed."""
    return _held(reservation, now, horizon) == 0


def trim(
    decisions: Iterable[Decision], seats: Mapping[str, int], skus: Mapping[str, Sku] | None = None
) -> tuple[tuple[Decision, ...], dict[str, int]]:
    """Give out seats in selection order; return the decisions in their order, and the seats that are left.

    A user who needs a seat waits until another one frees it; who still waits in the end becomes ``skipped``,
    ``InsufficientLicenses``. Who needs none goes on (trap 7). Swaps that wait for each other in a circle, without a
    spare seat, all stay out: seats are given in an order in which the changes can be made. ``skus`` only lend their
    names to the messages.
    """
    decisions = tuple(decisions)
    left = dict(seats)
    waiting: defaultdict[str, list[int]] = defaultdict(list)
    denied: dict[int, str] = {}

    def give(place: int) -> None:
        """Give the user at this place what is needed, then those who waited for what that freed."""
        candidates: list[tuple[int, str | None]] = [(place, None)]
        while candidates:
            place, waited_for = heappop(candidates)
            moves = _moves(decisions[place])
            short = next((s for s, delta in moves.items() if delta > left.get(s, 0)), None)
            if short is None:
                denied.pop(place, None)
                for sku_id, delta in moves.items():
                    left[sku_id] = left.get(sku_id, 0) - delta
            else:
                denied[place] = short
                heappush(waiting[short], place)
            freed = {s for s, delta in moves.items() if delta < 0} if short is None else {waited_for} - {short}
            for sku_id in freed:
                if sku_id is not None and waiting[sku_id]:
                    heappush(candidates, (heappop(waiting[sku_id]), sku_id))

    for place in range(len(decisions)):
        give(place)
    names = {sku_id: sku.part_number for sku_id, sku in (skus or {}).items()}
    kept = (_denied(d, names.get(denied[i], denied[i])) if i in denied else d for i, d in enumerate(decisions))
    return tuple(kept), left


def _at_once(reservations: Iterable[Reservation], need: Mapping[str, SeatNeed]) -> dict[str, int]:
    """Seats that do not wait for one of the operation's own to be freed; the same however often it is asked."""
    return {r.sku_id: max(0, r.planned - need[r.sku_id].frees) for r in reservations if r.sku_id in need}


def _moves(decision: Decision) -> dict[str, int]:
    return decision.change.seat_change() if decision.change is not None else {}


def _held(reservation: Reservation, now: float, horizon: float) -> int:
    young = sum(count for at, count in reservation.young if now - at <= horizon)
    return max(0, reservation.planned - (reservation.taken - young))


def _denied(decision: Decision, sku: str) -> Decision:
    message = f"No seat of {sku} is left for this user."
    return replace(decision, status="skipped", code=ResultCode.INSUFFICIENT_LICENSES, message=message, change=None)
