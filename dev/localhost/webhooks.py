"""``/runtime/webhooks/durabletask``: the management routes of the Durable extension, as far as a developer needs them.

Routes and status codes: learn.microsoft.com, "HTTP API reference, Durable Functions".
"""

import json
from typing import Any

import grpc
from aiohttp import web
from azure.durable_functions.internal.compat.durable_orchestration_status import DurableOrchestrationStatus
from durabletask.client import (
    OrchestrationState,
    OrchestrationStatus,
    new_orchestration_state,
    parse_orchestration_state,
)
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.wrappers_pb2 import StringValue

from dev.localhost.backend import IN_PROCESS, Backend, Refused

PREFIX = "/runtime/webhooks/durabletask"
_ENDED = {OrchestrationStatus.COMPLETED, OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED}
_POLL_SECONDS = "1"


class Webhooks:
    """Status, list, purge and steering of one engine's instances."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        one = f"{PREFIX}/instances/{{id}}"
        app.router.add_get(f"{PREFIX}/instances", self._list)
        app.router.add_get(one, self._status)
        app.router.add_delete(one, self._purge)
        app.router.add_post(one + "/{action:terminate|suspend|resume}", self._steer)
        app.router.add_post(one + "/raiseEvent/{event}", self._raise_event)

    async def _list(self, request: web.Request) -> web.Response:
        query = pb.InstanceQuery(fetchInputsAndOutputs=request.query.get("showInput") != "false")
        for name in filter(None, request.query.get("runtimeStatus", "").split(",")):
            try:
                query.runtimeStatus.append(_STATUS[name.strip().lower()])
            except KeyError:
                reason = f"runtimeStatus: {name!r} is none of {', '.join(sorted(_STATUS))}"
                raise web.HTTPBadRequest(text=reason) from None
        if prefix := request.query.get("instanceIdPrefix"):
            query.instanceIdPrefix.CopyFrom(StringValue(value=prefix))
        if top := request.query.get("top"):
            if not top.isdecimal():
                raise web.HTTPBadRequest(text=f"top: {top!r} is not a number")
            query.maxInstanceCount = int(top)
        if token := request.headers.get("x-ms-continuation-token"):
            query.continuationToken.CopyFrom(StringValue(value=token))
        found = self._backend.QueryInstances(pb.QueryInstancesRequest(query=query), IN_PROCESS)
        response = web.json_response([_json(parse_orchestration_state(state)) for state in found.orchestrationState])
        if found.HasField("continuationToken"):
            response.headers["x-ms-continuation-token"] = found.continuationToken.value
        return response

    async def _status(self, request: web.Request) -> web.Response:
        state = self._state(request)
        body = _json(state, with_input=request.query.get("showInput") != "false")
        if state.runtime_status not in _ENDED:
            return web.json_response(
                body, status=202, headers={"Location": str(request.url), "Retry-After": _POLL_SECONDS}
            )
        as_error = request.query.get("returnInternalServerErrorOnFailure") == "true"
        failed = state.runtime_status is OrchestrationStatus.FAILED
        return web.json_response(body, status=500 if failed and as_error else 200)

    async def _purge(self, request: web.Request) -> web.Response:
        purge = pb.PurgeInstancesRequest(instanceId=request.match_info["id"])
        count = self._backend.PurgeInstances(purge, IN_PROCESS).deletedInstanceCount
        return web.json_response({"instancesDeleted": count}, status=200 if count else 404)

    async def _steer(self, request: web.Request) -> web.Response:
        instance_id, reason = self._unended(request), StringValue(value=request.query.get("reason", ""))
        match request.match_info["action"]:
            case "terminate":
                terminate = pb.TerminateRequest(instanceId=instance_id, output=_as_json(reason), recursive=True)
                self._backend.TerminateInstance(terminate, IN_PROCESS)
            case "suspend":
                self._backend.SuspendInstance(pb.SuspendRequest(instanceId=instance_id, reason=reason), IN_PROCESS)
            case _:
                self._backend.ResumeInstance(pb.ResumeRequest(instanceId=instance_id, reason=reason), IN_PROCESS)
        return web.Response(status=202)

    async def _raise_event(self, request: web.Request) -> web.Response:
        event = pb.RaiseEventRequest(instanceId=self._unended(request), name=request.match_info["event"])
        if body := await request.text():
            event.input.CopyFrom(StringValue(value=body))
        try:
            self._backend.RaiseEvent(event, IN_PROCESS)
        except Refused as refused:
            raise _as_http(refused) from refused
        return web.Response(status=202)

    def _state(self, request: web.Request) -> OrchestrationState:
        instance_id = request.match_info["id"]
        found = self._backend.GetInstance(
            pb.GetInstanceRequest(instanceId=instance_id, getInputsAndOutputs=True), IN_PROCESS
        )
        state = new_orchestration_state(instance_id, found)
        if state is None:
            raise web.HTTPNotFound(text=f"there is no instance {instance_id!r}")
        return state

    def _unended(self, request: web.Request) -> str:
        state = self._state(request)
        if state.runtime_status in _ENDED:
            raise web.HTTPGone(text=f"instance {state.instance_id!r} has ended: {state.runtime_status.name}")
        return state.instance_id


# The enum's own types are told wrong: its values are plain ints.
_STATUS: dict[str, Any] = {
    name.removeprefix("ORCHESTRATION_STATUS_").replace("_", "").lower(): pb.OrchestrationStatus.Value(name)
    for name in pb.OrchestrationStatus.keys()  # noqa: SIM118 (a protobuf enum is no mapping)
}


def _json(state: OrchestrationState, *, with_input: bool = True) -> dict[str, Any]:
    status = DurableOrchestrationStatus.from_orchestration_state(state, include_input=with_input)
    return status.to_json()


def _as_json(text: StringValue) -> StringValue:
    """An instance's output is JSON; the reason of a termination is plain text."""
    return StringValue(value=json.dumps(text.value))


def _as_http(refused: Refused) -> web.HTTPException:
    if refused.code is grpc.StatusCode.NOT_FOUND:
        return web.HTTPNotFound(text=str(refused))
    return web.HTTPConflict(text=str(refused))
