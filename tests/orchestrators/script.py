"""A scripted context: activities answer what the script says, the clock moves with the timers."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.durable_functions.testing import orchestrator_generator_wrapper
from durabletask import task

from shared.contracts.names import END_TENANT, REST_TENANT, REST_UNTIL
from shared.contracts.work import Halt, Wire

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).replace(tzinfo=None)
"""As the engine tells it: UTC without saying so."""
TIMER = "timer"
PLAIN = {REST_UNTIL: Halt(), REST_TENANT: Halt(), END_TENANT: Halt()}
"""What these answer unless the script says otherwise."""

type Answer = Wire | Exception | None
type Answers = dict[str, Sequence[Answer] | Callable[[dict[str, Any]], Answer]]


@dataclass
class Scripted:
    """A task whose result is known; reading it runs ``then``."""

    answer: Any = None
    then: Callable[[], None] = lambda: None

    @property
    def result(self) -> Any:
        """The result; raises it where it is an error."""
        self.then()
        if isinstance(self.answer, Exception):
            raise task.TaskFailedError(str(self.answer), self.answer)
        return self.answer.wire() if isinstance(self.answer, Wire) else self.answer


@dataclass
class Script:
    """Takes the place of the durable engine; ``calls`` are the steps with their inputs, in order."""

    answers: Answers
    current_utc_datetime: datetime = NOON
    calls: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    next_input: Any = None
    is_replaying: bool = False
    _asked: dict[str, int] = field(default_factory=dict[str, int])

    def call_activity(self, name: str, *, input: Any, retry_policy: task.RetryPolicy) -> Scripted:
        """Call an activity; the last scripted answer holds on."""
        assert retry_policy.max_number_of_attempts > 1
        self.calls.append((name, input))
        given = self.answers.get(name, [PLAIN.get(name)])
        if callable(given):
            return Scripted(given(input))
        number = self._asked[name] = self._asked.get(name, -1) + 1
        return Scripted(given[min(number, len(given) - 1)])

    def create_timer(self, fire_at: datetime) -> Scripted:
        """Wait; the clock then shows that time."""
        self.calls.append((TIMER, (fire_at - self.current_utc_datetime).total_seconds()))

        def ring() -> None:
            self.current_utc_datetime = max(self.current_utc_datetime, fire_at) + timedelta(milliseconds=1)

        return Scripted(then=ring)

    def call_sub_orchestrator(self, name: str, *, input: Any, instance_id: str) -> Scripted:
        """Call a child."""
        self.calls.append((name, {**input, "instance": instance_id}))
        given = self.answers.get(name, [None])
        assert callable(given)
        return Scripted(given(input))

    def continue_as_new(self, new_input: Any) -> None:
        """Go on with this input."""
        self.next_input = new_input

    def run(self, orchestrator: Callable[[Any, Any], Generator[Any, Any]], given: Any) -> "Script":
        """Run to the end of this generation."""
        for _ in orchestrator_generator_wrapper(orchestrator(self, given)):
            pass
        return self

    @property
    def names(self) -> list[str]:
        """The steps' names."""
        return [name for name, _ in self.calls]

    def inputs(self, name: str) -> list[Any]:
        """The inputs of one kind of step."""
        return [given for called, given in self.calls if called == name]
