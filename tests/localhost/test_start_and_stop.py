"""How the host starts, refuses to start, and ends."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from dev.stack import Stack, StackError

# One loop for the folder: the shared stack and its client live on it.
pytestmark = pytest.mark.asyncio(loop_scope="session")

GREETER = """
import os
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route(route="greeting")
def greeting(req: func.HttpRequest) -> str:
    return os.environ["GREETING"] + os.environ["NAME"]
"""


def write_app(folder: Path, code: str) -> Path:
    """An app of one file."""
    (folder / "function_app.py").write_text(code)
    (folder / "host.json").write_text(json.dumps({"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}))
    return folder


async def test_a_stop_lets_requests_under_way_end(stack: Stack) -> None:
    """SIGTERM: the request under way is answered; exit code 0, though a sync function still blocks a thread."""
    host = await stack.start_host()
    async with httpx.AsyncClient(base_url=host.url, timeout=10) as http:
        await http.post("/api/start/blocked", json=60)
        slow = asyncio.create_task(http.get("/api/slow", params={"seconds": "1"}))
        await asyncio.sleep(0.2)
        assert await host.stop() == 0
        assert (await slow).text == "done"
        with pytest.raises(httpx.ConnectError):
            await http.get("/api/hello")


async def test_a_killed_host_is_gone(stack: Stack) -> None:
    """SIGKILL ends it at once, and the stack lists it no more."""
    host = await stack.start_host()
    await host.kill()

    assert host.returncode == -9
    assert host.url not in stack.host_urls


async def test_local_settings_fill_in_what_the_environment_lacks(stack: Stack, tmp_path: Path) -> None:
    """``Values`` are applied, but never over the environment; an empty route prefix is honoured."""
    app = write_app(tmp_path, GREETER)
    (app / "local.settings.json").write_text(json.dumps({"Values": {"GREETING": "hello ", "NAME": "file"}}))

    host = await stack.start_host(env={"NAME": "environment"}, app_dir=app)
    async with httpx.AsyncClient(base_url=host.url) as http:
        assert (await http.get("/greeting")).text == "hello environment"
    await host.stop()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param("@app.route(route='x')\ndef f(req: func.HttpRequest) -> dict: ...", "return", id="worker refuses"),
        pytest.param(
            "@app.blob_trigger('b', path='c/{n}', connection='X')\ndef f(b: bytes): ...", "InputStream", id="bytes"
        ),
        pytest.param(
            "@app.queue_trigger('q', 'name', 'X')\ndef f(q: func.QueueMessage): ...", "queueTrigger", id="queue"
        ),
    ],
)
async def test_an_app_that_cannot_be_served_is_refused_by_name(
    stack: Stack, tmp_path: Path, line: str, reason: str
) -> None:
    """The host ends with the function or setting at fault instead of serving half an app."""
    app = write_app(tmp_path, GREETER + line)

    with pytest.raises(StackError, match=f"(?s)exit code 1.*localhost: .*({reason})"):
        await stack.start_host(app_dir=app)


async def test_a_taken_port_is_named_with_its_setting(stack: Stack) -> None:
    """The message says which port and which setting to change."""
    taken = stack.api_url.rpartition(":")[2]

    with pytest.raises(StackError, match=f"port {taken} .LOCALHOST_PORT. .*LOCALHOST_PORT=0"):
        await stack.start_host(env={"LOCALHOST_PORT": taken})
