"""Who goes first where seats are short: a change that takes a seat waits for the change that frees it (trap 8).

The changes of a plan fall into waves. Those of wave 0 need only seats that are free now; those of wave *k* may use what
the waves before *k* free, never what their own wave does, as the writes of one wave are under way side by side.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

from shared.domain.codes import ResultCode
from shared.domain.model import Decision, Sku

type Move = tuple[tuple[str, int], ...]
"""Seats that one change takes (+1) and frees (-1), as pairs of SKU id and number."""


class Moves:
    """The seat moves of a plan, added chunk by chunk: one number a change, as few kinds of moves fill large plans."""

    def __init__(self) -> None:
        self.users = 0
        """One more than the highest index."""
        self.by_kind: dict[Move, array[int]] = {}
        """Indices of the users with the same move, in selection order; who moves no seat is in none."""

    @classmethod
    def of(cls, decisions: Iterable[Decision]) -> "Moves":
        """The moves of a whole plan, or of one chunk."""
        moves = cls()
        moves.add(decisions)
        return moves

    def add(self, decisions: Iterable[Decision]) -> None:
        """Add the next chunk, in selection order."""
        for decision in decisions:
            self.users = decision.index + 1
            move = tuple(decision.change.seat_change().items()) if decision.change else ()
            if move:
                self.by_kind.setdefault(move, array("i")).append(decision.index)

    def total(self) -> Counter[str]:
        """Seats by SKU id: how many more are taken than freed in the end."""
        total: Counter[str] = Counter()
        for move, users in self.by_kind.items():
            for sku_id, delta in move:
                total[sku_id] += delta * len(users)
        return total


@dataclass(frozen=True, slots=True)
class Order:
    """The wave of every user by index, and who can be in none."""

    waves: "array[int]"
    """Of one who can never be served ``~n``: the SKU number ``n`` of ``skus`` is short."""
    skus: tuple[str, ...]
    left: Mapping[str, int]
    """Seats that are free in the end, by SKU id."""
    seatless: int
    """How many can never be served."""
    spare: Mapping[str, int]
    """Seats that were lent to serve everybody; only `order_lending` does."""

    def short_of(self, index: int) -> str | None:
        """The SKU of which a user finds no seat in any wave."""
        wave = self.waves[index]
        return None if wave >= 0 else self.skus[~wave]


def order(moves: Moves, free: Mapping[str, int]) -> Order:
    """Give out the ``free`` seats, and then those that are freed, wave by wave and in selection order within a wave.

    Less than none are free of a SKU that was given out too often: the first that are freed make that good.
    Selection order alone can spend a seat on somebody who gives none back, although others could have passed it round
    among themselves before. Where there are seats enough for all in the end, that is mended: the last user who takes
    a seat of a SKU is then one through whom it goes on to where it may stay. Where everybody takes and frees at most
    one seat, nobody is left out but those who swap in a circle that no free seat reaches (as Euler's trails through a
    graph: each seat wanders along the swaps, and leaves each SKU for the last time along a tree that leads to an end).
    """
    plain = _Game(moves, free).play()
    if not plain.seatless or _too_few(moves, free):
        return plain
    patient = _Game(moves, free, last=_last_takers(moves, free)).play()
    return plain if patient.seatless else patient


def order_lending(moves: Moves, free: Mapping[str, int]) -> Order:
    """As `order`, but whenever all wait for each other one of them is lent a seat: ``spare`` says of what, how many."""
    last = {} if _too_few(moves, free) else _last_takers(moves, free)
    return _Game(moves, free, last=last).play(lending=True)


def placed(decisions: Iterable[Decision], order: Order, skus: Mapping[str, Sku] | None = None) -> tuple[Decision, ...]:
    """One chunk's decisions with their waves; who can never be served is ``skipped``, ``InsufficientLicenses``.

    Who needs no seat goes on (trap 7). ``skus`` only lend their names to the messages.
    """
    names = {sku_id: sku.part_number for sku_id, sku in (skus or {}).items()}

    def place(decision: Decision) -> Decision:
        if decision.change is None:
            return decision
        short = order.short_of(decision.index)
        if short is None:
            wave = order.waves[decision.index]
            return decision if wave == decision.wave else replace(decision, wave=wave)
        message = f"No seat of {names.get(short, short)} is left for this user."
        return replace(
            decision, status="skipped", code=ResultCode.INSUFFICIENT_LICENSES, message=message, change=None, wave=0
        )

    return tuple(place(decision) for decision in decisions)


class Opening:
    """How many seats must be free at the start, by SKU id, for the waves that the decisions of a plan carry."""

    def __init__(self) -> None:
        self._takes: Counter[tuple[int, str]] = Counter()
        self._frees: Counter[tuple[int, str]] = Counter()

    def add(self, decisions: Iterable[Decision]) -> None:
        """Add the next chunk."""
        for decision in decisions:
            for sku_id, delta in decision.change.seat_change().items() if decision.change else ():
                (self._takes if delta > 0 else self._frees)[decision.wave, sku_id] += 1

    def seats(self) -> dict[str, int]:
        """The seats; below zero where those that are freed first would do even for a SKU given out too often."""
        held: Counter[str] = Counter()
        most: dict[str, int] = {}
        freed: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
        for (wave, sku_id), number in self._frees.items():
            freed[wave + 1].append((sku_id, number))
        taken: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
        for (wave, sku_id), number in self._takes.items():
            taken[wave].append((sku_id, number))
        for wave in sorted({*freed, *taken}):
            for sku_id, number in freed[wave]:
                held[sku_id] -= number
            for sku_id, number in taken[wave]:
                held[sku_id] += number
                most[sku_id] = max(most.get(sku_id, held[sku_id]), held[sku_id])
        return most


class _Line:
    """Users with the same move, who stand in line in selection order."""

    __slots__ = ("frees", "gone", "takes", "users")

    def __init__(self, move: Move, users: "array[int]") -> None:
        self.takes = tuple(sku_id for sku_id, delta in move if delta > 0)
        self.frees = tuple(sku_id for sku_id, delta in move if delta < 0)
        self.users = users
        self.gone = 0

    @property
    def left(self) -> int:
        return len(self.users) - self.gone

    @property
    def head(self) -> int:
        return self.users[self.gone]


class _Game:
    """One round of giving out; ``last`` are the kinds of move, by SKU id, one of which shall take its last seat."""

    def __init__(self, moves: Moves, free: Mapping[str, int], last: Mapping[str, Move] | None = None) -> None:
        self._seats: Counter[str] = Counter(free)
        self._waves = array("i", bytes(array("i").itemsize * moves.users))
        self._lines = {move: _Line(move, users) for move, users in moves.by_kind.items()}
        self._last = {sku_id: self._lines[move] for sku_id, move in (last or {}).items()}
        self._takers: defaultdict[str, list[_Line]] = defaultdict(list)
        for line in self._lines.values():
            for sku_id in line.takes:
                self._takers[sku_id].append(line)
        self._spare: Counter[str] = Counter()

    def play(self, *, lending: bool = False) -> Order:
        """Play to the end; each line is used up by it."""
        waiting, wave = list(self._lines.values()), 0
        while waiting:
            if self._play_wave(waiting, wave):
                wave += 1
            elif lending:
                self._lend(min(waiting, key=lambda line: line.head))
            else:
                break
            waiting = [line for line in waiting if line.left]
        return self._result(waiting)

    def _play_wave(self, waiting: list[_Line], wave: int) -> bool:
        """Give out what is free, and put back what is freed by that when the wave is over; whether anybody went."""
        seats, waves = self._seats, self._waves
        freed: Counter[str] = Counter()
        ready = [(*self._rank(line), n) for n, line in enumerate(waiting) if self._fits(line)]
        heapify(ready)
        went = bool(ready)
        while ready:
            line = waiting[n := heappop(ready)[2]]
            if line.takes and not self._fits(line):
                continue
            waves[line.head] = wave
            line.gone += 1
            for sku_id in line.takes:
                seats[sku_id] -= 1
            for sku_id in line.frees:
                freed[sku_id] += 1
            if line.left:
                heappush(ready, (*self._rank(line), n))
        seats.update(freed)
        return went

    def _fits(self, line: _Line) -> bool:
        return all(self._seats[sku_id] > 0 for sku_id in line.takes)

    def _rank(self, line: _Line) -> tuple[bool, int]:
        """Selection order, but for the one who shall be the last to take."""
        return (bool(self._last) and line.left == 1 and self._others_wait(line)), line.head

    def _others_wait(self, line: _Line) -> bool:
        mine = (sku_id for sku_id in line.takes if self._last.get(sku_id) is line)
        return any(other.left for sku_id in mine for other in self._takers[sku_id] if other is not line)

    def _lend(self, line: _Line) -> None:
        for sku_id in line.takes:
            missing = 1 - self._seats[sku_id]
            if missing > 0:
                self._seats[sku_id] += missing
                self._spare[sku_id] += missing

    def _result(self, waiting: list[_Line]) -> Order:
        numbers: dict[str, int] = {}
        for line in waiting:
            short = next(sku_id for sku_id in line.takes if self._seats[sku_id] < 1)
            mark = ~numbers.setdefault(short, len(numbers))
            for index in line.users[line.gone :]:
                self._waves[index] = mark
        seatless = sum(line.left for line in waiting)
        return Order(self._waves, tuple(numbers), dict(self._seats), seatless, dict(self._spare))


def _too_few(moves: Moves, free: Mapping[str, int]) -> bool:
    """Whether somebody must go without a seat in any order."""
    return any(number > free.get(sku_id, 0) for sku_id, number in moves.total().items())


def _last_takers(moves: Moves, free: Mapping[str, int]) -> dict[str, Move]:
    """By SKU id the kind of move through which its last seat gets on the shortest way to where it may stay.

    It may stay where some are free in the end, or with somebody who frees none for it.
    """
    total = moves.total()
    ends = {sku_id for sku_id in {*total, *free} if free.get(sku_id, 0) > total[sku_id]}
    last: dict[str, Move] = {}
    while more := dict(_one_step_more(moves.by_kind, ends)):
        last |= more
        ends |= more.keys()
    return last


def _one_step_more(kinds: Iterable[Move], ends: set[str]) -> Iterator[tuple[str, Move]]:
    for move in kinds:
        frees = [sku_id for sku_id, delta in move if delta < 0]
        if not frees or not ends.isdisjoint(frees):
            yield from ((sku_id, move) for sku_id, delta in move if delta > 0 and sku_id not in ends)
