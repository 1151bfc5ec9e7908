"""Serve the engine's work items in process: turns of orchestrators and activities, each through the worker runtime."""

import asyncio
import base64
import json
import logging
import threading
from collections.abc import Coroutine, Mapping
from typing import Any

from azure_functions_runtime.bindings.datumdef import Datum
from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.wrappers_pb2 import StringValue

from dev.localhost import background
from dev.localhost.backend import IN_PROCESS, Backend, Retention
from dev.localhost.errors import InvocationError
from dev.localhost.loading import Function, invoke

log = logging.getLogger("localhost.durable")

_FORGET_SECONDS = 1.0
# host.json's defaults for these limits depend on the plan; 10 is that of Flex Consumption and Consumption.
_DEFAULT_CONCURRENCY = 10


class DurableHost:
    """The orchestrators and activities of the loaded functions, run by one in-memory engine."""

    def __init__(self, settings: Mapping[str, Any], retention: Retention | None = None) -> None:
        """``settings`` is ``extensions.durableTask`` of host.json."""
        self._loop = asyncio.get_running_loop()
        self.backend = Backend(self._call_later, retention or Retention())
        self.hub = str(settings.get("hubName", "LocalHub"))
        self._activities = asyncio.Semaphore(int(settings.get("maxConcurrentActivityFunctions", _DEFAULT_CONCURRENCY)))
        self._turns = asyncio.Semaphore(int(settings.get("maxConcurrentOrchestratorFunctions", _DEFAULT_CONCURRENCY)))
        self._functions: dict[tuple[str, str], Function] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._take_work, name="durable-work", daemon=True)
        self.address = ""
        self.origin = ""

    def replace(self, functions: tuple[Function, ...]) -> None:
        """Serve these functions from the next work item on."""
        table: dict[tuple[str, str], Function] = {}
        for function in functions:
            trigger = function.trigger
            if trigger["type"] == "orchestrationTrigger":
                table["orchestration", trigger.get("orchestration") or function.name] = function
            elif trigger["type"] == "activityTrigger":
                table["activity", trigger.get("activity") or function.name] = function
        self._functions = table

    def start(self, origin: str) -> None:
        """Start the engine and the thread that takes its work items; ``origin`` is the root URL of this host."""
        self.origin = origin
        self.address = self.backend.start()
        self._thread.start()
        self._run(self._forget())

    async def stop(self) -> None:
        """Take no more work and drop what runs."""
        self._stopping.set()
        await asyncio.to_thread(self.backend.stop, 0)
        await asyncio.to_thread(self._thread.join, 2.0)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def client_input(self, origin: str | None = None) -> Datum:
        """The durable client binding's value, as the extension sends it; ``origin`` is where the caller sees us."""
        webhooks = f"{origin or self.origin}/runtime/webhooks/durabletask"
        return Datum(
            json.dumps(
                {
                    "taskHubName": self.hub,
                    "baseUrl": webhooks,
                    "httpBaseUrl": webhooks,
                    "rpcBaseUrl": self.address,
                    "requiredQueryStringParameters": f"taskHub={self.hub}&connection=Storage",
                    "maxGrpcMessageSizeInBytes": 2**31 - 1,
                }
            ),
            "string",
        )

    def _call_later(self, seconds: float, callback: Any) -> None:
        self._loop.call_soon_threadsafe(self._loop.call_later, seconds, callback)

    def _take_work(self) -> None:
        """Body of the work thread: hand each item to the loop. The engine ends its stream on an error of its own."""
        while not self._stopping.is_set():
            for item in self.backend.GetWorkItems(pb.GetWorkItemsRequest(), IN_PROCESS):
                if self._stopping.is_set():
                    return
                self._loop.call_soon_threadsafe(self._dispatch, item)

    def _dispatch(self, item: pb.WorkItem) -> None:
        if item.HasField("orchestratorRequest"):
            self._run(self._turn(item.orchestratorRequest, item.completionToken))
        elif item.HasField("activityRequest"):
            self._run(self._activity(item.activityRequest, item.completionToken))
        else:
            log.error("a %s arrived; entities are not served by the local host", item.WhichOneof("request"))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = background.start(work, "a work item")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _turn(self, request: pb.OrchestratorRequest, token: str) -> None:
        name = next(
            event.executionStarted.name
            for events in (request.newEvents, request.pastEvents)
            for event in reversed(events)
            if event.HasField("executionStarted")
        )
        async with self._turns:
            try:
                function = self._function("orchestration", name)
                payload = Datum(base64.b64encode(request.SerializeToString()).decode(), "string")
                answer = await invoke(function, [(function.trigger["name"], payload)])
                response = pb.OrchestratorResponse.FromString(base64.b64decode(answer.value))
            except InvocationError as error:
                response = _failed(request.instanceId, error.cause)
        response.completionToken = token
        for action in response.actions:
            if action.HasField("completeOrchestration") and action.completeOrchestration.HasField("failureDetails"):
                details = action.completeOrchestration.failureDetails
                error_type, message = details.errorType, details.errorMessage
                log.warning("orchestrator %s (%s) failed: %s: %s", name, request.instanceId, error_type, message)
        self.backend.CompleteOrchestratorTask(response, IN_PROCESS)

    async def _activity(self, request: pb.ActivityRequest, token: str) -> None:
        instance_id = request.orchestrationInstance.instanceId
        response = pb.ActivityResponse(instanceId=instance_id, taskId=request.taskId, completionToken=token)
        async with self._activities:
            if not self.backend.is_wanted(instance_id, token):
                return
            try:
                function = self._function("activity", request.name)
                payload = Datum(request.input.value if request.HasField("input") else "null", "json")
                inputs = [(function.trigger["name"], payload)]
                if function.client_parameter:
                    inputs.append((function.client_parameter, self.client_input()))
                answer = await invoke(function, inputs)
                response.result.CopyFrom(StringValue(value=answer.value if answer else "null"))
            except InvocationError as error:
                log.warning("activity %s (%s) failed: %r\n%s", request.name, instance_id, error.cause, error.trace)
                response.failureDetails.CopyFrom(_details(error.cause))
        self.backend.CompleteActivityTask(response, IN_PROCESS)

    def _function(self, kind: str, name: str) -> Function:
        try:
            return self._functions[kind, name]
        except KeyError:
            raise InvocationError(name, LookupError(f"there is no {kind} function {name!r}"), "") from None

    async def _forget(self) -> None:
        while True:
            await asyncio.sleep(_FORGET_SECONDS)
            self.backend.forget_old()


def _details(error: Exception) -> pb.TaskFailureDetails:
    details = helpers.new_failure_details(error)
    # The engine takes a failure without a message for a success.
    details.errorMessage = details.errorMessage or repr(error)
    return details


def _failed(instance_id: str, error: Exception) -> pb.OrchestratorResponse:
    complete = pb.CompleteOrchestrationAction(
        orchestrationStatus=pb.ORCHESTRATION_STATUS_FAILED, failureDetails=_details(error)
    )
    action = pb.OrchestratorAction(id=0, completeOrchestration=complete)
    return pb.OrchestratorResponse(instanceId=instance_id, actions=[action])
