"""One turn a tenant: exclusive, paid before it is used, fair, and safe to ask for twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shared.domain.budget import Budget, prepay
from shared.domain.pacing import (
    SEEN_WITHIN,
    Ask,
    Grant,
    Limits,
    Turn,
    Wait,
    app_throttled,
    corrected,
    hand_on,
    take,
    throttled,
)

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


def test_a_free_turn_is_granted_and_paid_at_once() -> None:
    """A token a write, before anything is sent."""
    turn, grant = took(full(), ask(), 5.0)

    assert grant == Grant(batches=8, paid=160, until=65.0)
    assert (turn.holder, turn.window, turn.until, turn.tokens, turn.line) == ("a:1", 1, 65.0, 2840.0, ())


def test_asking_again_for_the_same_window_gives_the_same_grant_without_paying() -> None:
    """The activity ran twice: the row does not even change."""
    turn, grant = took(full(), ask(), 5.0)

    assert took(turn, ask(), 40.0) == (turn, grant)


def test_a_window_that_was_handed_on_is_never_granted_again() -> None:
    """A late duplicate of a call waits for nothing and does not join the line, also after others had the turn."""
    turn, _ = took(full(), ask(window=3), 0.0)
    turn = done(turn, "a:1", 3, 1.0, more=False)
    turn, _ = took(turn, ask("b:1"), 2.0)
    turn = done(turn, "b:1", 1, 3.0, more=False)

    for window in (1, 2, 3):
        assert waits(turn, ask(window=window), 4.0) == (turn, Wait(stale=True))
    assert took(turn, ask(window=4), 4.0)[1].batches == 8


def test_an_older_window_than_the_one_held_is_stale() -> None:
    """The first call for window 3 never handed on, yet window 4 is out: only that one is alive."""
    turn, _ = took(full(), ask(window=4), 0.0)

    assert waits(turn, ask(window=3), 1.0) == (turn, Wait(stale=True))


def test_handing_on_twice_counts_once() -> None:
    """The second call neither returns tokens again nor frees the next holder's turn."""
    turn, _ = took(full(), ask(), 0.0)
    turn = done(turn, "a:1", 1, 1.0, unused=40)
    assert turn.tokens == 2880.0
    turn, _ = took(turn, ask("a:1", 2), 1.0)

    assert done(turn, "a:1", 1, 2.0, unused=40) == turn


def test_a_held_turn_is_waited_for_in_line() -> None:
    """First come, first served; the holder that has more joins the end."""
    turn, _ = took(full(), ask(), 0.0)
    turn, first = waits(turn, ask("b:1"), 1.0)
    turn, _ = waits(turn, ask("c:1"), 1.0)
    turn = done(turn, "a:1", 1, 2.0)

    assert first == Wait()
    assert names(turn) == ["b:1", "c:1", "a:1"]
    assert waits(turn, ask("c:1"), 2.0)[1] == Wait()
    turn, _ = took(turn, ask("b:1"), 2.0)
    assert names(turn) == ["c:1", "a:1"]


def test_looking_every_fifth_of_a_second_writes_the_row_every_five_seconds() -> None:
    """Whoever waits says so, but not at every look."""
    turn, _ = took(full(), ask(), 0.0)
    writes = 0
    for look in range(1, 101):
        after, _ = waits(turn, ask("b:1"), look * 0.2)
        writes += after != turn
        turn = after

    assert writes == 4


def test_who_stops_asking_loses_the_place() -> None:
    """After 30 s the next one is first; who comes back is last."""
    turn, _ = took(full(), ask(), 0.0)
    turn, _ = waits(turn, ask("gone:1"), 1.0)
    turn, _ = waits(turn, ask("b:1"), 25.0)
    turn = done(turn, "a:1", 1, 28.0, more=False)

    assert waits(turn, ask("b:1"), 31.0)[1] == Wait()
    late, _ = waits(turn, ask("gone:1"), 31.1)
    assert names(late) == ["b:1", "gone:1"]
    assert took(turn, ask("b:1"), 31.1)[1].batches == 8


def test_the_lease_of_a_crashed_holder_runs_out() -> None:
    """Then the next one gets the turn, a new epoch of the same operation like anyone; the tokens are lost."""
    turn, _ = took(full(), ask("a:1"), 0.0)
    turn, _ = waits(turn, ask("a:2"), 59.9)
    turn, _ = waits(turn, ask("b:1"), 59.9)
    turn, grant = took(turn, ask("a:2"), 60.0)

    assert turn.holder == "a:2"
    assert grant.until == 120.0
    assert turn.tokens == 3000 - 160
    assert names(turn) == ["b:1"]
    assert done(turn, "a:1", 1, 61.0, unused=160, more=False).tokens == turn.tokens
    assert done(turn, "a:1", 1, 61.0, unused=160, more=False).holder == "a:2"


def test_a_kept_turn_is_free_only_when_the_lease_has_run_out() -> None:
    """An attempt may still be in flight, so nobody writes, the holder neither."""
    turn, _ = took(full(), ask(), 0.0)
    turn = done(turn, "a:1", 1, 2.0, keep=True)

    assert waits(turn, ask("a:1", 2), 59.0)[1] == Wait()
    assert took(turn, ask("a:1", 2), 60.0)[1].batches == 8


def test_giving_back_more_than_was_paid_is_an_error() -> None:
    """Tokens are not made from nothing."""
    turn, _ = took(full(), ask(), 0.0)

    with pytest.raises(ValueError, match="161 tokens given back of 160"):
        done(turn, "a:1", 1, 1.0, unused=161)
    with pytest.raises(ValueError, match="-1 tokens"):
        done(turn, "a:1", 1, 1.0, unused=-1)


@pytest.mark.parametrize("costs", [(), (20,) * 9, (20, 0)])
def test_a_window_of_no_batches_or_too_many_is_an_error(costs: tuple[int, ...]) -> None:
    """One to eight batches, each with a write."""
    with pytest.raises(ValueError, match="1 to 8 batches"):
        take(full(), Ask("a:1", 1, costs, False), 0.0, lease=LEASE, limits=GRAPH)


@pytest.mark.parametrize(
    ("tokens", "batches", "large", "others", "granted"),
    [
        pytest.param(160, 8, False, 0, 8, id="all that is asked for"),
        pytest.param(159, 8, False, 0, 7, id="what is affordable"),
        pytest.param(80, 8, False, 0, 4, id="at least four"),
        pytest.param(79, 8, False, 0, 0, id="less than four is not worth it"),
        pytest.param(40, 2, False, 0, 2, id="all that is left"),
        pytest.param(39, 2, False, 0, 0, id="not all that is left"),
        pytest.param(39, 8, False, 1, 1, id="one while others wait"),
        pytest.param(19, 8, False, 1, 0, id="not one"),
        pytest.param(360, 8, True, 0, 8, id="a large one leaves 200"),
        pytest.param(359, 8, True, 0, 0, id="a large one spends none of the 200, and waits for a whole window"),
        pytest.param(239, 8, True, 1, 1, id="a large one while others wait"),
        pytest.param(219, 8, True, 1, 0, id="a large one that cannot pay for one"),
    ],
)
def test_a_window_is_what_the_bucket_pays(tokens: int, batches: int, large: bool, others: int, granted: int) -> None:
    """Between a minimum and eight batches."""
    turn = full(tokens=tokens)
    turn, _ = waits(replace(turn, holder="x", until=1.0), ask(batches=batches, large=large), 0.0)
    if others:
        turn, _ = waits(turn, ask("b:1", large=True), 0.0)

    _, answer = take(replace(turn, until=0.0), ask(batches=batches, large=large), 0.0, lease=LEASE, limits=GRAPH)

    assert (answer.batches if isinstance(answer, Grant) else 0) == granted


def test_who_cannot_pay_is_told_when_and_can_pay_then() -> None:
    """The time is exact."""
    turn, wait = waits(full(tokens=10), ask(), 0.0)

    assert wait.until == pytest.approx(3.5)
    waits(turn, ask(), 3.4)
    assert took(turn, ask(), 3.5)[1].batches == 4


def test_a_large_one_that_cannot_pay_lets_a_small_one_pass() -> None:
    """The small one may use the 200 it leaves; among large ones the place is kept."""
    turn = full(tokens=150, holder="x", until=1.0)
    for asked in (ask("big:1", large=True), ask("huge:1", large=True), ask("small:1", batches=3)):
        turn, _ = waits(turn, asked, 0.0)
    free = replace(turn, holder="")

    stepped, _ = waits(free, ask("big:1", large=True), 0.0)
    assert names(stepped) == ["huge:1", "small:1", "big:1"]
    stepped, _ = waits(stepped, ask("huge:1", large=True), 0.0)
    assert took(stepped, ask("small:1", batches=3), 0.0)[1].batches == 3

    able = replace(free, tokens=359.0)
    assert names(waits(able, ask("big:1", large=True), 0.0)[0]) == ["huge:1", "small:1", "big:1"]
    assert took(replace(free, tokens=360.0), ask("big:1", large=True), 0.0)[1].batches == 8

    only_large = replace(free, line=free.line[:2])
    assert waits(only_large, ask("big:1", large=True), 0.0)[0] == only_large


def test_a_throttle_empties_the_bucket_until_its_time() -> None:
    """Nobody gets a window before, and then only what has flown in since; nothing unused comes back."""
    turn, _ = took(full(), ask(), 0.0)
    turn = throttled(turn, until=30.0, now=1.0)
    turn = done(turn, "a:1", 1, 2.0, unused=160)

    assert waits(turn, ask(window=2), 10.0)[1] == Wait(30.0)
    assert waits(turn, ask(window=2), 30.0)[1].until == pytest.approx(34.0)
    assert took(turn, ask(window=2), 34.0)[1].paid == 80
    assert throttled(turn, until=20.0, now=3.0).blocked_until == 30.0


def test_without_limits_everything_is_affordable() -> None:
    """A factor of 0 lifts the limits."""
    assert Limits.writes(0) is None
    assert Limits.app_writes(0) is None
    assert Limits.writes(0.5) == Limits(1500, 10)
    assert took(Turn.fresh(None, 0.0), ask(large=True), 0.0, None)[1].batches == 8


def test_a_batch_that_the_bucket_never_covers_waits_until_it_is_full_and_leaves_a_debt() -> None:
    """With tiny limits the work goes on at the allowed rate; it does not stand still for ever."""
    tiny = Limits(30, 1)
    turn, wait = waits(Turn(tokens=0.0, at=0.0), ask(cost=40, large=True), 0.0, tiny)

    assert wait.until == 30.0
    turn, grant = took(turn, ask(cost=40, large=True), 30.0, tiny)
    assert grant.batches == 1
    assert waits(done(turn, "a:1", 1, 31.0), ask(window=2, batches=1), 31.0, tiny)[1].until == pytest.approx(60.0)


def test_the_clock_of_the_rows_never_runs_backwards_for_the_bucket() -> None:
    """A reading before the last one gains nothing."""
    turn, _ = waits(Turn(tokens=10.0, at=100.0), ask(), 50.0)

    assert took(turn, ask(), 103.5)[1].paid == 80


def test_no_more_is_granted_than_was_prepaid() -> None:
    """Drawing from the app's budget is asked for only when not even the least window is paid."""
    turn, wait = waits(full(), ask(), 0.0, app=True)
    assert wait == Wait(0.0, app_tokens=160)
    turn, grants = replace(turn, app_tokens=400.0), list[int]()
    for window in (1, 2, 3):
        turn, grant = took(turn, ask(window=window), 0.0, app=True)
        grants.append(grant.paid)
        turn = done(turn, "a:1", window, 0.0)

    assert grants == [160, 160, 80]
    assert waits(turn, ask(window=4), 0.0, app=True)[1] == Wait(0.0, app_tokens=160)


def test_prepaid_tokens_come_back_to_the_turn_and_lapse_once_it_was_idle() -> None:
    """Else those of many idle tenants would add up to more than Graph allows at once."""
    turn, _ = waits(full(), ask(), 0.0, app=True)
    turn, _ = took(replace(turn, app_tokens=400.0, app_pending=20.0, app_ticket=7.0), ask(), 0.0, app=True)
    working, idle = (done(turn, "a:1", 1, 1.0, unused=60, more=more) for more in (True, False))

    assert working.app_tokens == 300
    assert took(working, ask(window=2), 2.0, app=True)[0].app_tokens == 140
    asked, _ = waits(idle, ask("b:1"), 2.0, app=True)
    assert (asked.app_tokens, asked.app_pending, asked.app_ticket) == (0, 0, None)


def test_what_graph_counts_beyond_our_own_count_lowers_the_bucket() -> None:
    """Another program of the same app writes: the bucket is what Graph has left."""
    turn = full(tokens=1000.0)

    assert corrected(turn, 0.9, 0.0, GRAPH).tokens == pytest.approx(300)
    assert corrected(turn, 1.2, 0.0, GRAPH).tokens == pytest.approx(-600)
    assert corrected(turn, 0.9, 200.0, GRAPH) == replace(turn, tokens=pytest.approx(300), at=200.0)


def test_our_own_count_stands_where_graphs_is_no_lower_than_its_rounding() -> None:
    """A hundredth of the limit is 30 writes: to take each word for it would lose a tenth of the rate."""
    turn = full(tokens=325.0)

    assert corrected(turn, 0.90, 0.0, GRAPH) == turn
    assert corrected(turn, 0.85, 0.0, GRAPH) == turn
    assert corrected(turn, 0.0, 0.0, GRAPH) == turn
    assert corrected(turn, 0.95, 0.0, None) == turn


def test_what_the_whole_app_uses_is_no_reason_to_lower_a_tenants_bucket() -> None:
    """Graph tells the closest of its limits, and the app's own is known to be close."""
    turn = full()

    assert corrected(turn, 0.97, 0.0, GRAPH, known=0.97) == turn
    assert corrected(turn, 0.97, 0.0, GRAPH, known=0.5).tokens == pytest.approx(90)


def test_a_throttle_of_the_app_keeps_the_tenant_waiting_with_its_bucket_as_it_was() -> None:
    """What was prepaid is not sent; the tenant's own limit was not hit."""
    turn = app_throttled(full(app_tokens=40.0, app_pending=20.0, app_ticket=9.0), 30.0)

    assert waits(turn, ask(), 29.0, app=True)[1] == Wait(30.0)
    again, wait = waits(turn, ask(), 30.0, app=True)
    assert (again.tokens, wait.app_tokens) == (3000, 160)


# ── A tenant's operations in simulated time ──────────────────────────────────────────────────────────────────────────


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


class TurnMachine(RuleBasedStateMachine):
    """Any order of takes, duplicates, hand-ons, crashes and throttles, with an app budget beside the bucket."""

    TENANT, APP = Limits(400, 5), Limits(900, 8)
    OPERATIONS = ("a", "b", "c")

    @initialize()
    def begin(self) -> None:
        """Everything is full."""
        self.now = 0.0
        self.turn, self.budget = Turn.fresh(self.TENANT, 0.0), Budget.fresh(self.APP, 0.0)
        self.window: dict[str, int] = dict.fromkeys(self.OPERATIONS, 1)
        self.live: dict[str, Grant] = {}
        self.net_paid = 0
        self.handed_on: set[tuple[str, int]] = set()

    def _take(self, name: str, window: int, batches: int) -> Grant | Wait:
        asked = Ask(name, window, (20,) * batches, name == "a")
        self.turn, answer = take(self.turn, asked, self.now, lease=10.0, limits=self.TENANT, app=True)
        if isinstance(answer, Grant) or not answer.app_tokens:
            return answer
        self.turn, self.budget, until = prepay(
            self.turn, self.budget, answer.app_tokens, self.now, self.APP, large=asked.large
        )
        if until is not None:
            assert until > self.now
            return Wait(until)
        self.turn, answer = take(self.turn, asked, self.now, lease=10.0, limits=self.TENANT, app=True)
        return answer

    @rule(name=st.sampled_from(OPERATIONS), batches=st.integers(1, 8))
    def ask(self, name: str, batches: int) -> None:
        """Ask for the next window, or again for the one held."""
        before, held = self.turn, self.live.get(name)
        answer = self._take(name, self.window[name], batches)
        if not isinstance(answer, Grant):
            return
        if held is not None and before.holder == name and before.until > self.now:
            assert answer == held
            assert self.turn == before
            return
        assert before.holder == "" or before.until <= self.now
        assert answer.paid == 20 * answer.batches
        assert answer.batches <= batches
        self.net_paid += answer.paid
        self.live[name] = answer

    @rule(name=st.sampled_from(OPERATIONS), back=st.integers(1, 3))
    def late_duplicate(self, name: str, back: int) -> None:
        """A window that was handed on is never granted, nor does asking change anything."""
        window = self.window[name] - back
        if (name, window) in self.handed_on:
            before = self.turn
            assert self._take(name, window, 4) == Wait(stale=True)
            assert self.turn == before

    @rule(name=st.sampled_from(OPERATIONS), share=st.integers(0, 8), more=st.booleans(), keep=st.booleans())
    def end(self, name: str, share: int, more: bool, keep: bool) -> None:
        """Hand a window on, twice."""
        grant = self.live.pop(name, None)
        if grant is None:
            return
        window, unused = self.window[name], 20 * min(share, grant.batches)
        before = self.turn
        mine = before.holder == name and before.window == window
        self.turn = done(before, name, window, self.now, unused=unused, more=more, keep=keep)
        assert done(self.turn, name, window, self.now, unused=unused, more=more, keep=keep) == self.turn
        assert (self.turn.holder == before.holder) is (keep or not mine)
        self.net_paid -= unused if mine else 0
        self.handed_on.add((name, window))
        self.window[name] += 1

    @rule(seconds=st.sampled_from([0.2, 1.0, 5.0, 11.0, 31.0]))
    def wait(self, seconds: float) -> None:
        """Time passes; what nobody hands on runs out."""
        self.now += seconds

    @rule(seconds=st.sampled_from([0.0, 3.0, 20.0]))
    def throttle(self, seconds: float) -> None:
        """Graph says no."""
        self.turn = throttled(self.turn, self.now + seconds, self.now)

    @invariant()
    def never_pays_more_than_is_allowed(self) -> None:
        """The bucket's bound and the app's, over the whole run."""
        assert self.net_paid <= self.TENANT.capacity + self.TENANT.rate * self.now + 1e-3
        assert self.net_paid + self.turn.app_tokens <= self.APP.capacity + self.APP.rate * self.now + 1e-3

    @invariant()
    def the_row_is_sound(self) -> None:
        """Nobody stands in line twice, nothing is negative, the row stays small."""
        line = names(self.turn)
        assert len(set(line)) == len(line)
        assert self.turn.tokens >= -1e-6
        assert self.turn.app_tokens >= 0
        assert self.turn.tokens <= self.TENANT.capacity
        assert len(self.turn.handed) <= 16


TestTurnMachine = TurnMachine.TestCase
TestTurnMachine.settings = settings(max_examples=60, stateful_step_count=40)


def test_a_waiter_is_seen_in_time_when_it_looks_every_ten_seconds() -> None:
    """The steps in which it is seen are well within the time after which it is dropped."""
    turn, _ = took(full(), ask(), 0.0)
    for look in range(5):
        turn, _ = waits(turn, ask("b:1"), 10.0 * look)
        turn, _ = waits(turn, ask("c:1"), 10.0 * look + SEEN_WITHIN / 6)

    assert names(turn) == ["b:1", "c:1"]


def test_a_new_epoch_takes_the_place_of_the_old_one_in_line() -> None:
    """Nobody waits for an epoch that asks no more: its successor stands in its place, and still waits for the lease."""
    turn, _ = took(full(), ask("b:1"), 0.0)
    turn, _ = waits(turn, ask("a:1"), 1.0)
    turn, _ = waits(turn, ask("c:1"), 2.0)
    turn, _ = waits(turn, ask("a:2"), 3.0)
    assert [waiter.name for waiter in turn.line] == ["a:2", "c:1"]

    turn = done(turn, "b:1", 1, 4.0, more=False)
    _, grant = took(turn, ask("a:2"), 5.0)
    assert grant.batches
