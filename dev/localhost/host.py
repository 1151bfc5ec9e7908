"""The host: puts loading, HTTP, the durable engine, timers and blob triggers together."""

import logging
import socket
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from dev.localhost import loading
from dev.localhost.blobs import BlobTriggers, Watch, watches
from dev.localhost.durable import DurableHost
from dev.localhost.errors import AppLoadError, HostError
from dev.localhost.http import MAX_BODY_BYTES, HttpTriggers
from dev.localhost.loading import Function
from dev.localhost.routing import Routes
from dev.localhost.settings import function_key, read_host_json
from dev.localhost.timers import Schedule, Timers, schedules
from dev.localhost.webhooks import Webhooks

log = logging.getLogger("localhost")

LOOPBACK = "127.0.0.1"
# How long requests under way may take when the host is stopped.
_GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class _App:
    """An app that is known to be servable: everything that can be refused has been looked at."""

    functions: tuple[Function, ...]
    routes: Routes
    timers: tuple[Schedule, ...]
    watches: tuple[Watch, ...]


class Host:
    """Serves the app of one folder. Create it inside the event loop that is to serve."""

    def __init__(self, app_dir: Path) -> None:
        """Raises ``HostError`` when ``host.json`` cannot be used."""
        self._app_dir = app_dir
        settings = read_host_json(app_dir)
        self._durable = DurableHost(settings.durable)
        self._http = HttpTriggers(self._durable, settings.route_prefix, function_key())
        self._timers = Timers(self._durable)
        self._blobs = BlobTriggers(self._durable)
        self._runner = web.AppRunner(self._web_app(), access_log=None, shutdown_timeout=_GRACE_SECONDS)

    async def start(self, port: int) -> str:
        """Load the app and serve it on this port of the loopback interface; returns the root URL.

        Raises ``HostError`` when the app does not load or the port cannot be used.
        """
        app = self._check(loading.load(self._app_dir))
        listener = _listen(port)
        origin = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        self._durable.start(origin)
        await self._serve(app, starting=True)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        return origin

    async def reload(self) -> None:
        """Load the app's code again and serve it; when it does not load, the old code goes on."""
        try:
            app = self._check(loading.reload(self._app_dir))
        except AppLoadError as error:
            log.error("reload failed, the old code goes on: %s", error)
            return
        await self._serve(app, starting=False)
        log.info("reloaded %d functions", len(app.functions))

    async def stop(self) -> None:
        """Take no new work, let requests under way end, then stop the engine."""
        for site in list(self._runner.sites):
            await site.stop()
        await self._timers.stop()
        await self._blobs.stop()
        await self._runner.cleanup()
        await self._durable.stop()

    def _web_app(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        Webhooks(self._durable.backend).add_to(app)
        app.router.add_route("*", r"/{path:[\s\S]*}", self._http.handle)  # also what holds an encoded line break
        return app

    def _check(self, functions: tuple[Function, ...]) -> _App:
        return _App(functions, self._http.prepare(functions), schedules(functions), watches(functions))

    async def _serve(self, app: _App, *, starting: bool) -> None:
        self._durable.replace(app.functions)
        self._http.replace(app.routes)
        self._timers.replace(app.timers, starting=starting)
        await self._blobs.replace(app.watches)


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        reason = f"port {port} (LOCALHOST_PORT) on {LOOPBACK} cannot be used: {error.strerror}"
        raise HostError(f"{reason}; set LOCALHOST_PORT=0 to pick a free one") from error
    return listener
