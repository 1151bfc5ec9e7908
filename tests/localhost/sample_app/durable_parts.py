"""Orchestrators that each use one durable feature, their activities, and a route that starts any of them."""

import asyncio
import json
import time
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import grpc
from durabletask import task

durable = df.Blueprint(http_auth_level=func.AuthLevel.ANONYMOUS)

RETRY = task.RetryPolicy(first_retry_interval=timedelta(milliseconds=50), max_number_of_attempts=3)
_tries: dict[str, int] = {}


class Gauge:
    """How many activities run, and how many did at most."""

    now = most = 0


@durable.route(route="start/{name}", methods=["POST"])
@durable.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
    """Start an orchestrator with the JSON body as input, at ``?id=`` if given."""
    body = req.get_body()
    try:
        instance_id = await client.schedule_new_orchestration(
            req.route_params["name"], input=json.loads(body) if body else None, instance_id=req.params.get("id")
        )
    except grpc.aio.AioRpcError as error:
        return func.HttpResponse(error.code().name, status_code=409)
    return client.create_check_status_response(req, instance_id)


@durable.orchestration_trigger(context_name="context")
def fan_out(ctx: task.OrchestrationContext, count: int) -> Any:
    """Run that many activities side by side; answers their sum and how many ran at once."""
    results = yield task.when_all([ctx.call_activity("double", input=n) for n in range(count)])
    most = yield ctx.call_activity("most_running", input=None)
    return {"sum": sum(results), "most": most}


@durable.orchestration_trigger(context_name="context")
def steps(ctx: task.OrchestrationContext, _: Any) -> Any:
    """Two steps with an event between; the reload test changes their order."""
    first = yield ctx.call_activity("double", input=1)
    ctx.set_custom_status("waiting")
    event = yield ctx.wait_for_external_event("go")
    second = yield ctx.call_activity("label", input=event)
    return [first, second]


@durable.orchestration_trigger(context_name="context")
def retried(ctx: task.OrchestrationContext, key: dict[str, Any]) -> Any:
    """An activity that fails ``failures`` times, with three attempts."""
    try:
        return (yield ctx.call_activity("flaky", input={**key, "id": ctx.instance_id}, retry_policy=RETRY))
    except task.TaskFailedError as error:
        return {"type": error.details.error_type, "message": error.details.message}


@durable.orchestration_trigger(context_name="context")
def silent_failure(ctx: task.OrchestrationContext, _: Any) -> Any:
    """An activity whose exception has no message must fail as well."""
    try:
        return (yield ctx.call_activity("raise_without_message", input=None))
    except task.TaskFailedError as error:
        return error.details.error_type.rsplit(".", 1)[-1]


@durable.orchestration_trigger(context_name="context")
def race(ctx: task.OrchestrationContext, seconds: float) -> Any:
    """An event or a timer, whichever is first."""
    event, timer = ctx.wait_for_external_event("go"), ctx.create_timer(timedelta(seconds=seconds))
    if (yield task.when_any([event, timer])) is event:
        timer.cancel()
        return event.get_result()
    return "timer"


@durable.orchestration_trigger(context_name="context")
def generations(ctx: task.OrchestrationContext, left: int) -> Any:
    """Continue as new until nothing is left, with an activity and a timer each time."""
    yield ctx.call_activity("double", input=left)
    yield ctx.create_timer(timedelta(milliseconds=20))
    if left:
        ctx.continue_as_new(left - 1)
        return None
    return "last generation"


@durable.orchestration_trigger(context_name="context")
def stale_answers(ctx: task.OrchestrationContext, generation: int) -> Any:
    """Leave a slow activity behind, then ask for another under the same task id in the next generation."""
    if generation == 0:
        ctx.call_activity("wait", input={"seconds": 0.4, "answer": "stale"})
        yield ctx.create_timer(timedelta(milliseconds=50))
        ctx.continue_as_new(1)
        return None
    return (yield ctx.call_activity("wait", input={"seconds": 0.9, "answer": "fresh"}))


@durable.orchestration_trigger(context_name="context")
def parent(ctx: task.OrchestrationContext, child: dict[str, Any]) -> Any:
    """Call a child by name, with its input."""
    try:
        return (yield ctx.call_sub_orchestrator(child["name"], input=child["input"], instance_id=child["id"]))
    except task.TaskFailedError as error:
        return {"failed": error.details.message}


@durable.orchestration_trigger(context_name="context")
def failing(ctx: task.OrchestrationContext, _: Any) -> Any:
    """Fail while an activity is still under way."""
    ctx.call_activity("wait", input={"seconds": 0.5, "answer": "nobody asks"})
    yield ctx.create_timer(timedelta(milliseconds=50))
    raise RuntimeError("failed on purpose")


@durable.orchestration_trigger(context_name="context")
def waiting(ctx: task.OrchestrationContext, seconds: float) -> Any:
    """Wait in an activity."""
    return (yield ctx.call_activity("wait", input={"seconds": seconds, "answer": "waited"}))


@durable.orchestration_trigger(context_name="context")
def blocked(ctx: task.OrchestrationContext, seconds: float) -> Any:
    """Hold a thread of the worker's pool."""
    return (yield ctx.call_activity("block", input=seconds))


@durable.orchestration_trigger(context_name="context")
def large(ctx: task.OrchestrationContext, size: int) -> Any:
    """Answer that many characters."""
    return "x" * size
    yield


@durable.activity_trigger(input_name="number")
async def double(number: int) -> int:
    """Twice the number; counts how many of it run."""
    Gauge.now += 1
    Gauge.most = max(Gauge.most, Gauge.now)
    await asyncio.sleep(0.01)
    Gauge.now -= 1
    return 2 * number


@durable.activity_trigger(input_name="nothing")
def most_running(nothing: Any) -> int:
    """How many of ``double`` ran at once at most."""
    return Gauge.most


@durable.activity_trigger(input_name="text")
def label(text: str) -> str:
    """The text with a label."""
    return f"old:{text}"


@durable.activity_trigger(input_name="key")
def flaky(key: Any) -> int:
    """Fail as often as asked, then answer the number of tries."""
    _tries[key["id"]] = _tries.get(key["id"], 0) + 1
    if _tries[key["id"]] <= key["failures"]:
        raise ValueError("flaky on purpose")
    return _tries[key["id"]]


@durable.activity_trigger(input_name="nothing")
def raise_without_message(nothing: Any) -> None:
    """Raise an exception that says nothing."""
    raise LookupError


@durable.activity_trigger(input_name="seconds")
def block(seconds: float) -> None:
    """Block the thread it runs in."""
    time.sleep(seconds)


@durable.activity_trigger(input_name="order")
async def wait(order: Any) -> str:
    """Answer late."""
    await asyncio.sleep(order["seconds"])
    return order["answer"]
