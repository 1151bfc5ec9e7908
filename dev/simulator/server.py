"""
The HTTP server: Graph below ``/v1.0``, Exchange's admin endpoint below ``/adminapi``, Microsoft's list of products,
admin consent below a tenant,
control routes below ``/_sim``.

Started by ``python -m dev.simulator [--port N]``; prints one line ``simulator http://127.0.0.1:PORT`` when it serves.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp import web

from dev.simulator import adminconsent, batch, exchange, productlist
from dev.simulator.calls import BASE_PATH, Call, Reply
from dev.simulator.control import Control
from dev.simulator.engine import Engine, Latency
from dev.simulator.errors import GraphError
from dev.simulator.faults import Struck
from dev.simulator.requestlog import Entry
from dev.simulator.world import load_world

HOST = "127.0.0.1"
DEFAULT_PORT = 7073
LOOK_EVERY = 0.02
MAX_BODY = 512 << 20  # whole tenants are loaded in one request
DIAGNOSTIC = '{"ServerInfo":{"DataCenter":"Simulator","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"SIM"}}'


class GraphServer:
    """HTTP around an engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._stopping = asyncio.Event()

    def application(self) -> web.Application:
        """The whole web application."""
        app = web.Application(client_max_size=MAX_BODY)
        products = productlist.ProductList()
        app.router.add_get(productlist.PATH, products.get)
        app.router.add_put("/_sim/products", products.put)
        app.add_subapp("/_sim/", Control(self.engine).application())
        app.router.add_route("*", BASE_PATH + "/{path:.*}", self.graph)
        app.router.add_route("*", exchange.BASE_PATH + "/{path:.*}", self.exchange)
        app.router.add_get(adminconsent.PATH, partial(adminconsent.grant, self.engine))
        app.on_shutdown.append(self._release)
        return app

    async def _release(self, app: web.Application) -> None:
        del app
        self._stopping.set()

    async def graph(self, request: web.Request) -> web.StreamResponse:
        """One request to Graph, a batch or an operation."""
        url = request.raw_path.removeprefix(BASE_PATH)
        return await self._answer(request, await _call(request, url, BASE_PATH))

    async def exchange(self, request: web.Request) -> web.StreamResponse:
        """One request to Exchange's admin endpoint; its base path stays in the url, as in the log and for faults."""
        call = await _call(request, request.raw_path, "")
        call.cmdlet = exchange.cmdlet_of(call.body)
        return await self._answer(request, call)

    async def _answer(self, request: web.Request, call: Call) -> web.StreamResponse:
        engine, headers = self.engine, call.headers
        struck = engine.faults.pick("request", engine.tenant_of(headers) or "", call.title) or Struck()
        request_id = engine.guid()
        client_id = headers.get("client-request-id", request_id)
        is_batch = call.method == "POST" and call.segments == ("$batch",)
        if is_batch or struck.error is not None or not struck.execute:
            entry = engine.log.begin(
                engine.tenant_of(headers) or None, call.method, call.url, headers, call.body, engine.clock.now()
            )
            await engine.clock.sleep(struck.delay)
            reply, transport = await self._whole(call, struck, entry, request_id)
            if transport is not None:
                return await self._break(request, transport, entry)
            engine.log.end(entry, reply.status, engine.clock.now(), reply.headers.get("Retry-After"))
            return self._respond(reply, request_id, client_id)
        admitted = engine.admit(call, headers)
        await engine.clock.sleep(struck.delay + engine.seconds(admitted))
        reply = engine.finish(admitted, answered=struck.transport is None)
        transport = struck.transport or (admitted.struck.transport if admitted.struck is not None else None)
        if transport is not None:
            return await self._break(request, transport, None)
        return self._respond(reply, admitted.request_id, headers.get("client-request-id", admitted.request_id))

    async def _whole(self, call: Call, struck: Struck, entry: Entry, request_id: str) -> batch.Outcome:
        """A batch, or a request that a fault stops before it is looked at."""
        engine = self.engine
        if not struck.execute and struck.error is None:
            return batch.Outcome(Reply(504), struck.transport)
        try:
            if struck.error is not None:
                raise struck.error
            owner = engine.identify(call.headers)
            items = batch.parse(call.body, call.root)
        except GraphError as error:
            reply = engine.refusal(call, error, engine.clock.now(), request_id)
            engine.count(entry.tenant, reply.status)
            return batch.Outcome(reply, struck.transport)
        outcome = await batch.run(engine, items, call.headers, entry.n, owner.id)
        return batch.Outcome(outcome.reply, struck.transport or outcome.transport)

    @staticmethod
    def _respond(reply: Reply, request_id: str, client_id: str) -> web.Response:
        headers = {
            "request-id": request_id,
            "client-request-id": client_id,
            "x-ms-ags-diagnostic": DIAGNOSTIC,
            **reply.headers,
        }
        if reply.status == 204:
            headers.pop("Content-Type", None)
            return web.Response(status=204, headers=headers)
        return web.Response(status=reply.status, body=reply.encode(), headers=headers)

    async def _break(self, request: web.Request, transport: str, entry: Entry | None) -> web.StreamResponse:
        """Leave the client without an answer: cut the connection at once, or hold it until the client goes."""
        if transport == "hold":
            while request.transport is not None and not request.transport.is_closing() and not self._stopping.is_set():
                await asyncio.sleep(LOOK_EVERY)
        if entry is not None:
            self.engine.log.end(entry, None, self.engine.clock.now(), None)
        connection = request.transport
        if connection is not None:
            sock = connection.get_extra_info("socket")
            if sock is not None:  # no lingering: the client sees a reset, not an end
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.abort()
        return web.Response(status=500)  # goes nowhere


async def _call(request: web.Request, url: str, base_path: str) -> Call:
    headers = {name.lower(): value for name, value in request.headers.items()}
    root = f"{request.scheme}://{request.host}{base_path}"
    return Call(request.method, url, headers, _json_or_bytes(await request.read()), root)


def _json_or_bytes(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def engine_from_environment(environment: Mapping[str, str] = os.environ) -> Engine:
    """
    An engine with ``GRAPH_LIMIT_FACTOR``, the latencies, and the demo world unless ``SIMULATOR_WORLD=none``.

    Raises:
        ValueError: a variable is no number, or ``SIMULATOR_WORLD`` is neither ``demo`` nor ``none``.
    """
    engine = Engine(
        limit_factor=float(environment.get("GRAPH_LIMIT_FACTOR") or 1), latency=Latency.from_environment(environment)
    )
    world = environment.get("SIMULATOR_WORLD") or "demo"
    if world not in ("demo", "none"):
        raise ValueError(f"SIMULATOR_WORLD: expected 'demo' or 'none', got {world!r}")
    if world == "demo":
        load_world(engine)
    return engine


async def start(engine: Engine, port: int = 0) -> tuple[web.AppRunner, str]:
    """Serve an engine; the runner to clean up and the address."""
    runner = web.AppRunner(GraphServer(engine).application(), access_log=None, shutdown_timeout=2)
    await runner.setup()
    site = web.TCPSite(runner, HOST, port, backlog=1024)
    await site.start()
    return runner, f"http://{HOST}:{runner.addresses[0][1]}"


async def serve(port: int, environment: Mapping[str, str] = os.environ) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    runner, address = await start(engine_from_environment(environment), port)
    print(f"simulator {address}", flush=True)
    with contextlib.suppress(asyncio.CancelledError):
        await stop.wait()
    await runner.cleanup()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m dev.simulator", description="A simulator of Microsoft Graph tenants."
    )
    default = int(os.environ.get("SIMULATOR_PORT") or DEFAULT_PORT)
    parser.add_argument("--port", type=int, default=default, help="port on 127.0.0.1; 0 picks a free one")
    asyncio.run(serve(parser.parse_args().port))
