"""HTTP triggers over aiohttp, on the loopback interface only."""

import hmac
import logging
import time
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any, cast

from aiohttp import web
from azure_functions_runtime.bindings.datumdef import Datum
from multidict import CIMultiDict

from dev.localhost.durable import DurableHost
from dev.localhost.errors import InvocationError
from dev.localhost.loading import Function, invoke
from dev.localhost.routing import Route, Routes

log = logging.getLogger("localhost.http")

# The app answers 413 above its own limit, so what the host lets through has to be larger.
MAX_BODY_BYTES = 25 * 1024 * 1024
# aiohttp sets these from the body it is given.
_OWN_HEADERS = {"content-length", "transfer-encoding", "connection"}


class HttpTriggers:
    """Answers requests by the app's HTTP functions."""

    def __init__(self, durable: DurableHost, prefix: str, key: str) -> None:
        """``key`` is what functions that are not anonymous ask for; empty: they ask for none."""
        self._durable = durable
        self._prefix = prefix
        self._key = key
        self._routes = Routes((), prefix)

    def prepare(self, functions: tuple[Function, ...]) -> Routes:
        """Compile the routes of these functions; raises ``AppLoadError``."""
        return Routes(functions, self._prefix)

    def replace(self, routes: Routes) -> None:
        """Answer by these routes from the next request on."""
        self._routes = routes

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        start = time.monotonic()
        response = await self._answer(request)
        took = (time.monotonic() - start) * 1000
        log.info("%s %s %d %.0f ms", request.method, request.path, response.status, took)
        return response

    async def _answer(self, request: web.Request) -> web.Response:
        found = self._routes.find(request.method, request.raw_path.partition("?")[0])
        if isinstance(found, frozenset):
            if found:
                return web.Response(status=405, text="Method not allowed", headers={"Allow": ", ".join(sorted(found))})
            return web.Response(status=404, text="Not found")
        route, parameters = found
        if not self._is_allowed(route, request):
            return web.Response(status=401, text="Unauthorized")
        function = route.function
        inputs = [(function.trigger["name"], await _request_datum(request, parameters))]
        if function.client_parameter:
            inputs.append((function.client_parameter, self._durable.client_input(f"http://{request.host}")))
        try:
            answer = await invoke(function, inputs, {"$request": inputs[0][1]})
        except InvocationError as error:
            log.error("%s\n%s", error, error.trace)
            return web.Response(status=500, text="Internal server error")
        return _response(answer)

    def _is_allowed(self, route: Route, request: web.Request) -> bool:
        if route.auth_level == "ANONYMOUS" or not self._key:
            return True
        given = request.headers.get("x-functions-key") or request.query.get("code") or ""
        return hmac.compare_digest(given.encode(), self._key.encode())


async def _request_datum(request: web.Request, parameters: Mapping[str, str]) -> Datum:
    value = {
        "method": _string(request.method),
        "url": _string(f"{request.scheme}://{request.host}{request.raw_path}"),
        "headers": _joined(request.headers),
        "query": _joined(request.query),
        "params": {name: _string(text) for name, text in parameters.items()},
        "body": Datum(await request.read(), "bytes"),
    }
    return Datum(value, "http")


def _joined(values: Any) -> dict[str, Datum]:
    """Headers or query as a map; the Functions host joins what is repeated by commas."""
    return {name: _string(",".join(values.getall(name))) for name in values}


def _response(answer: Any) -> web.Response:
    if answer is None or answer.value is None:
        return web.Response(status=204)
    if answer.type != "http":
        return web.Response(text=str(answer.value))
    value = cast(dict[str, Any], answer.value)
    headers: CIMultiDict[str] = CIMultiDict()
    for name, header in cast(dict[str, Any], value["headers"]).items():
        if name.lower() not in _OWN_HEADERS:
            headers.add(name, header.value)
    for cookie in cast(list[SimpleCookie], value["cookies"] or []):
        for morsel in cookie.values():
            headers.add("Set-Cookie", morsel.OutputString())
    return web.Response(status=int(value["status_code"].value), headers=headers, body=value["body"].value)


def _string(text: str) -> Datum:
    return Datum(text, "string")
