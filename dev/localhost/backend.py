"""durabletask's in-memory sidecar without the limits that do not fit a host which runs for hours.

The engine is ``durabletask.testing``'s; what is changed here, each where the stock code loses work or grows:

* no limit on history and message size, as exceeding one drops the work item and the orchestration hangs;
* a child's result is delivered when it ends, not by a thread that waits 30 s; a terminated parent ends its children;
* timers run on the host's loop instead of a sleeping thread each;
* results of an earlier generation (before ``continue_as_new``) or for an ended instance are dropped, not replayed;
* finished instances are forgotten after some minutes, or when there are too many.
"""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn, cast, override

import grpc
from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal import orchestrator_service_pb2_grpc as stubs
from durabletask.testing import InMemoryOrchestrationBackend
from durabletask.testing.in_memory_backend import OrchestrationInstance

# Each client that waits for an orchestration holds one of the server's threads.
_SERVER_THREADS = 64
_WAIT_SECONDS = 3600.0

type CallLater = Callable[[float, Callable[[], None]], None]


@dataclass(frozen=True)
class Retention:
    """How long finished instances can be asked for: at most so many seconds, and at most so many of them."""

    seconds: float = 300.0
    count: int = 200


@dataclass(frozen=True)
class _Parent:
    instance_id: str
    token: int  # of the parent's turn that started the child
    task_id: int


class Refused(Exception):
    """The engine refused a request made in process; carries the gRPC status."""

    def __init__(self, code: grpc.StatusCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class InProcess:
    """Stands for the gRPC context in calls made in process."""

    def is_active(self) -> bool:
        """The caller is there as long as the process is."""
        return True

    def time_remaining(self) -> None:
        """No deadline."""

    def abort(self, code: grpc.StatusCode, detail: str) -> NoReturn:
        """Refuse the request."""
        raise Refused(code, detail)


IN_PROCESS = cast(grpc.ServicerContext, InProcess())


class Backend(InMemoryOrchestrationBackend):
    """The engine of one host. ``call_later(seconds, callback)`` may be called from any thread."""

    def __init__(self, call_later: CallLater, retention: Retention) -> None:
        super().__init__(max_history_size=sys.maxsize, port=0)
        self._call_later = call_later
        self._retention = retention
        self._parents: dict[str, _Parent] = {}
        self._first_token: dict[str, int] = {}
        self._finished: dict[str, float] = {}  # in order of their end

    @override
    def start(self) -> str:
        """Start the gRPC server the durable client talks to, on a free port; returns its address."""
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self._shutdown_event.clear()
        self._server = grpc.server(ThreadPoolExecutor(_SERVER_THREADS), options=options)
        # The generated function has no types.
        stubs.add_TaskHubSidecarServiceServicer_to_server(self, self._server)  # pyright: ignore[reportUnknownMemberType]
        self._port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        return f"127.0.0.1:{self._port}"

    def is_wanted(self, instance_id: str, token: str) -> bool:
        """Whether a result for work that this turn scheduled can still change something."""
        with self._lock:
            instance = self._instances.get(instance_id)
            if instance is None or self._is_ended(instance):
                return False
            return int(token) >= self._first_token[instance_id]

    @override
    def StartInstance(
        self, request: pb.CreateInstanceRequest, context: grpc.ServicerContext
    ) -> pb.CreateInstanceResponse:
        """Start an instance; a start in the future is refused, as the stock engine would start it at once."""
        if request.HasField("scheduledStartTimestamp"):
            when = request.scheduledStartTimestamp.ToDatetime(tzinfo=UTC)
            if when > datetime.now(UTC) + timedelta(seconds=1):
                context.abort(grpc.StatusCode.UNIMPLEMENTED, "the local host cannot start an orchestration later")
        with self._lock:
            response = super().StartInstance(request, context)
            self._begin(response.instanceId)
        return response

    @override
    def CompleteOrchestratorTask(
        self, request: pb.OrchestratorResponse, context: grpc.ServicerContext
    ) -> pb.CompleteTaskResponse:
        """Take the actions of a turn, then see to events that came during it."""
        with self._lock:
            response = super().CompleteOrchestratorTask(request, context)
            instance = self._instances.get(request.instanceId)
            if instance and instance.pending_events:
                self._enqueue_orchestration(request.instanceId)
        return response

    @override
    def CompleteActivityTask(
        self, request: pb.ActivityResponse, context: grpc.ServicerContext
    ) -> pb.CompleteTaskResponse:
        """Take the result of an activity, unless nobody waits for it any more."""
        with self._lock:
            if not self.is_wanted(request.instanceId, request.completionToken):
                return pb.CompleteTaskResponse()
            return super().CompleteActivityTask(request, context)

    def forget_old(self) -> None:
        """Forget the finished instances that retention does not cover."""
        with self._lock:
            oldest = time.monotonic() - self._retention.seconds
            surplus = len(self._finished) - self._retention.count
            for number, (instance_id, ended) in enumerate(list(self._finished.items())):
                if number >= surplus and ended > oldest:
                    break
                del self._finished[instance_id]
                instance = self._instances.get(instance_id)
                if instance and self._is_ended(instance):
                    del self._instances[instance_id]
            # Purges by a client end here too.
            for instance_id in self._first_token.keys() - self._instances.keys():
                del self._first_token[instance_id]
            for instance_id in self._finished.keys() - self._instances.keys():
                del self._finished[instance_id]

    def _begin(self, instance_id: str) -> None:
        instance = self._instances[instance_id]
        self._first_token[instance_id] = instance.completion_token
        self._finished.pop(instance_id, None)

    @override
    def _create_instance_internal(
        self, instance_id: str, name: str, encoded_input: str | None = None, version: str | None = None
    ) -> None:
        super()._create_instance_internal(instance_id, name, encoded_input, version)
        self._begin(instance_id)

    def _is_ended(self, instance: OrchestrationInstance) -> bool:
        return self._is_terminal_status(instance.status)

    @override
    def _wait_for_state(
        self, instance_id: str, predicate: Callable[[OrchestrationInstance], bool], timeout: float | None
    ) -> OrchestrationInstance | None:
        return super()._wait_for_state(instance_id, predicate, timeout or _WAIT_SECONDS)

    @override
    def _enqueue_orchestration(self, instance_id: str) -> None:
        instance = self._instances.get(instance_id)
        if instance and self._is_ended(instance):
            instance.pending_events.clear()
        elif instance_id not in self._orchestration_in_flight:
            # What comes during a turn is enqueued at its end; in the queue it would only be put back, with a pause.
            super()._enqueue_orchestration(instance_id)

    @override
    def _process_complete_orchestration_action(
        self, instance: OrchestrationInstance, complete_action: pb.CompleteOrchestrationAction
    ) -> None:
        if complete_action.orchestrationStatus == pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW:
            # Turns of the new generation take their tokens from here on.
            self._first_token[instance.instance_id] = self._next_completion_token
            # Results of the old generation that wait already; events from outside are kept.
            outside = [event for event in instance.pending_events if not _is_result(event)]
            instance.pending_events[:] = outside
        super()._process_complete_orchestration_action(instance, complete_action)

    @override
    def _process_create_timer_action(self, instance: OrchestrationInstance, action: pb.OrchestratorAction) -> None:
        instance_id, token, timer_id = instance.instance_id, str(instance.completion_token), action.id
        fire_at = action.createTimer.fireAt.ToDatetime(tzinfo=UTC)
        instance.history.append(helpers.new_timer_created_event(timer_id, fire_at))
        if instance.status == pb.ORCHESTRATION_STATUS_PENDING:
            instance.status = pb.ORCHESTRATION_STATUS_RUNNING

        def fire() -> None:
            with self._lock:
                if not self.is_wanted(instance_id, token):
                    return
                self._instances[instance_id].pending_events.append(helpers.new_timer_fired_event(timer_id, fire_at))
                self._enqueue_orchestration(instance_id)

        self._call_later(max(0.0, (fire_at - datetime.now(UTC)).total_seconds()), fire)

    @override
    def _watch_sub_orchestration(self, parent_instance_id: str, sub_instance_id: str, task_id: int) -> None:
        token = self._instances[parent_instance_id].completion_token
        self._parents[sub_instance_id] = _Parent(parent_instance_id, token, task_id)

    @override
    def _notify_waiters(self, instance_id: str) -> None:
        """Called by the engine whenever an instance has taken a turn."""
        super()._notify_waiters(instance_id)
        instance = self._instances[instance_id]
        if not self._is_ended(instance):
            return
        self._finished[instance_id] = time.monotonic()
        parent = self._parents.pop(instance_id, None)
        if parent and self.is_wanted(parent.instance_id, str(parent.token)):
            self._instances[parent.instance_id].pending_events.append(_child_ended(instance, parent.task_id))
            self._enqueue_orchestration(parent.instance_id)

    @override
    def _terminate_instance_internal(self, instance_id: str, output: str | None, recursive: bool = False) -> None:
        super()._terminate_instance_internal(instance_id, output)
        if recursive:
            for child in [child for child, parent in self._parents.items() if parent.instance_id == instance_id]:
                self._terminate_instance_internal(child, output, recursive=True)


def _child_ended(child: OrchestrationInstance, task_id: int) -> pb.HistoryEvent:
    if child.status == pb.ORCHESTRATION_STATUS_COMPLETED:
        return helpers.new_sub_orchestration_completed_event(task_id, child.output)
    status = pb.OrchestrationStatus.Name(child.status).removeprefix("ORCHESTRATION_STATUS_").lower()
    event = helpers.new_sub_orchestration_failed_event(task_id, RuntimeError(f"child {child.instance_id} was {status}"))
    if child.failure_details:
        event.subOrchestrationInstanceFailed.failureDetails.CopyFrom(child.failure_details)
    return event


def _is_result(event: pb.HistoryEvent) -> bool:
    """Whether an event answers something the orchestrator scheduled."""
    return event.WhichOneof("eventType") in {
        "taskCompleted",
        "taskFailed",
        "timerFired",
        "subOrchestrationInstanceCompleted",
        "subOrchestrationInstanceFailed",
    }
