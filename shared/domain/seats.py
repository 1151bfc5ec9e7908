"""Seats: what a plan takes and frees, and who has reserved how many of a tenant's.

A SKU's count of consumed seats, as Graph tells it, may lag by the replication horizon. So a seat counts as reserved
from the moment it is planned to be taken until its taking was confirmed longer ago than the horizon: never too few are
held back, at worst a few too many for that short while. Times are epoch seconds.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

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
    """Some of it was there: ``shared.domain.ordering`` says who gets it."""

    reservations: tuple[Reservation, ...]


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


def free_seats(
    skus: Mapping[str, Sku], reservations: Iterable[Reservation], operation_id: str, now: float, horizon: float
) -> dict[str, int]:
    """Seats by SKU id that are free and not reserved by others; below zero where a SKU was given out too often."""
    others = reserved((r for r in reservations if r.operation_id != operation_id), now, horizon)
    return {s: max(sku.available - others.get(s, 0), min(0, sku.available)) for s, sku in skus.items()}


def to_begin_with(
    free: Mapping[str, int], reservations: Iterable[Reservation], need: Mapping[str, SeatNeed]
) -> dict[str, int]:
    """The seats by SKU id that an operation with these reservations may give out before it has freed any.

    Where it reserved fewer than it needs it never gives out more than these, however many are free by now.
    """
    held = {r.sku_id: r.planned for r in reservations}
    short = {s: held[s] - n.frees for s, n in need.items() if held.get(s, n.takes) < n.takes}
    return {**free, **short}


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
    they exceed the free seats by no more than its frees. Of a SKU that was given out too often the first of them only
    make that good. With ``partial`` it gets what there is. An operation that has
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
        return Partial(kept) if short else Reserved(kept)

    free = free_seats(skus, reservations, operation_id, now, horizon)
    there = {sku_id: max(0, free[sku_id] + n.frees) for sku_id, n in takes.items()}
    shortfalls = {
        sku_id: Shortfall(needed=n.takes, available=max(0, free[sku_id]), missing=n.takes - there[sku_id])
        for sku_id, n in takes.items()
        if n.takes > there[sku_id]
    }
    if not shortfalls:
        return Reserved(tuple(Reservation(sku_id, operation_id, n.takes) for sku_id, n in takes.items()))
    if not partial:
        return Refused(shortfalls)
    rows = tuple(Reservation(s, operation_id, min(n.takes, there[s])) for s, n in takes.items())
    return Partial(rows)


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


def _moves(decision: Decision) -> dict[str, int]:
    return decision.change.seat_change() if decision.change is not None else {}


def _held(reservation: Reservation, now: float, horizon: float) -> int:
    young = sum(count for at, count in reservation.young if now - at <= horizon)
    return max(0, reservation.planned - (reservation.taken - young))
