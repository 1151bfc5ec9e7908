"""HTTP, timer and blob functions; what the latter two saw is asked for at ``/api/seen/{what}``."""

import asyncio
import json
import threading
import time
from collections import defaultdict
from typing import Any, cast

import azure.durable_functions as df
import azure.functions as func
from azurefunctions.extensions.bindings.blob import BlobClient

triggers = df.Blueprint(http_auth_level=func.AuthLevel.ANONYMOUS)
seen: defaultdict[str, list[Any]] = defaultdict(list)


def _json(value: Any, status: int = 200) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(value), status_code=status, mimetype="application/json")


@triggers.route(route="echo/{n:int}", methods=["GET", "POST"])
def echo(req: func.HttpRequest) -> func.HttpResponse:
    """Answer what arrived."""
    body = {
        "n": req.route_params["n"],
        "method": req.method,
        "query": dict(req.params),
        "header": req.headers.get("x-in"),
        "bytes": len(req.get_body()),
        "url": req.url,
        "main_thread": threading.current_thread() is threading.main_thread(),
    }
    response = _json(body, 201)
    response.headers["x-out"] = "two"
    return response


@triggers.route(route="echo/special", methods=["GET"])
async def special(req: func.HttpRequest) -> func.HttpResponse:
    """Answer at a literal route beside a parameter."""
    return _json({"main_thread": threading.current_thread() is threading.main_thread()})


@triggers.route(route="hello/{who?}")
def hello(req: func.HttpRequest) -> str:
    """Answer plain text to whoever is or is not named."""
    return f"hello {req.route_params.get('who', 'world')}"


@triggers.route(route="files/{*rest}", methods=["GET"])
def files(req: func.HttpRequest) -> func.HttpResponse:
    """Answer bytes that are no text, and the path, in a header."""
    headers = {"x-rest": req.route_params["rest"]}
    return func.HttpResponse(bytes(range(256)), mimetype="application/octet-stream", headers=headers)


@triggers.route(route="secret", auth_level=func.AuthLevel.FUNCTION)
def secret(req: func.HttpRequest) -> str:
    """Answer only who has the key."""
    return "open"


@triggers.route(route="broken")
def broken(req: func.HttpRequest) -> str:
    """Raise."""
    raise RuntimeError("broken on purpose")


@triggers.route(route="slow")
async def slow(req: func.HttpRequest) -> str:
    """Answer after the number of seconds asked for."""
    await asyncio.sleep(float(req.params["seconds"]))
    return "done"


@triggers.route(route="seen/{what}")
def what_was_seen(req: func.HttpRequest) -> func.HttpResponse:
    """Answer the log of a timer or blob function."""
    return _json(seen[req.route_params["what"]])


@triggers.timer_trigger(arg_name="timer", schedule="%TICK_SCHEDULE%", run_on_startup=True)
def tick(timer: func.TimerRequest) -> None:
    """Take longer than the time between two due times."""
    start = time.monotonic()
    time.sleep(1.2)
    seen["tick"].append({"start": start, "end": time.monotonic(), "past_due": timer.past_due})


@triggers.timer_trigger(arg_name="timer", schedule="* * * * * *")
async def pulse(timer: func.TimerRequest) -> None:
    """Note each second whether it came too late."""
    seen["pulse"].append(timer.past_due)


@triggers.blob_trigger(
    arg_name="blob", path="drops/{name}.csv", connection="AzureWebJobsStorage", source=func.BlobSource.EVENT_GRID
)
def drop(blob: func.InputStream) -> None:
    """Note name and version; the name ``bad`` cannot be taken."""
    properties = cast(Any, blob).blob_properties  # declared by the class the worker gives, not by the annotation's
    seen["drop"].append({"name": blob.name, "etag": properties["ETag"], "length": blob.length})
    if blob.name == "drops/bad.csv":
        raise ValueError("bad drop")
    if blob.name == "drops/read.csv":
        blob.read()


@triggers.blob_trigger(arg_name="blob", path="deferred/{name}", connection="AzureWebJobsStorage")
async def deferred_drop(blob: BlobClient) -> None:
    """Note what a client of the blob is a client of."""
    seen["deferred"].append({"container": blob.container_name, "name": blob.blob_name, "account": blob.account_name})
