"""Whatever the order of takes, duplicates, hand-ons, crashes and throttles: one holder, and nothing oversent."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shared.domain.budget import Budget, prepay
from shared.domain.pacing import Ask, Grant, Limits, Turn, Wait, take, throttled
from tests.domain.turning import done, names


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
