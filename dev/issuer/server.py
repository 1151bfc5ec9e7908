"""
The HTTP server: discovery and keys as Entra ID has them, tokens for whoever asks, control routes below ``/_issuer``.

Started by ``python -m dev.issuer [--port N]``; prints one line ``issuer http://127.0.0.1:PORT`` when it serves.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from dev.issuer import AUDIENCE

HOST = "127.0.0.1"
DEFAULT_PORT = 7074
LIFETIME_S = 3_600
DISCOVERY = "/.well-known/openid-configuration"
ALGORITHM = "RS256"

type Json = dict[str, Any]


class SigningKey:
    """A key pair with an id of its own."""

    def __init__(self) -> None:
        self.kid = uuid.uuid4().hex
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public(self) -> Json:
        """The public half as a JWK; without ``alg``, as Entra ID leaves it out."""
        return RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True) | {"kid": self.kid, "use": "sig"}


class TokenIssuer:
    """Its keys, the newest of which signs; ``requests`` counts what was asked for, by path."""

    def __init__(self, key: SigningKey | None = None) -> None:
        self.url = ""
        self.keys = [key or SigningKey()]
        self.requests: Counter[str] = Counter()

    def rotate(self, *, withdraw: bool = False) -> None:
        """Sign with a new key from now on; the others stay valid unless they are withdrawn."""
        self.keys = [SigningKey(), *([] if withdraw else self.keys)]

    def token(self, claims: Json) -> str:
        """A signed token: what ``claims`` leave out is filled in, ``lifetime`` is in seconds."""
        key, now = self.keys[0], int(time.time())
        lifetime = int(claims.pop("lifetime", LIFETIME_S))
        name = str(claims.get("name", "developer"))
        person = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        filled = {"iss": self.url, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + lifetime, "ver": "2.0"}
        filled |= {"oid": person, "sub": person, "name": name}
        return jwt.encode(filled | claims, key.private, algorithm=ALGORITHM, headers={"kid": key.kid})

    def application(self) -> web.Application:
        """The whole web application."""

        @web.middleware
        async def for_this_machine(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            # A page in a browser may have its own name resolve to this machine, and so read the answers.
            if urlsplit(f"//{request.host}").hostname not in {HOST, "localhost"}:
                return web.Response(status=403, text="for this machine only\n")
            self.requests[request.path] += 1
            return await handler(request)

        app = web.Application(middlewares=[for_this_machine])
        app.router.add_get(DISCOVERY, self._discovery)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        app.router.add_post("/_issuer/rotate", self._rotate)
        app.router.add_get("/_issuer/stats", self._stats)
        return app

    async def _discovery(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(
            {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
                "token_endpoint": f"{self.url}/token",
                "id_token_signing_alg_values_supported": [ALGORITHM],
            }
        )

    async def _keys(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"keys": [key.public() for key in self.keys]})

    async def _token(self, request: web.Request) -> web.Response:
        """The claims as JSON or as a form, where ``roles`` may stand several times; the token is all of the answer."""
        if request.content_type == "application/json":
            claims: Json = await request.json()
        else:
            form = await request.post()
            claims = {name: form[name] for name in form if name != "roles"}
            claims |= {"roles": form.getall("roles")} if "roles" in form else {}
        return web.Response(text=self.token(claims) + "\n")

    async def _rotate(self, request: web.Request) -> web.Response:
        self.rotate(withdraw=request.query.get("withdraw") == "1")
        return web.json_response({"keys": [key.kid for key in self.keys]})

    async def _stats(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(self.requests)


async def start(issuer: TokenIssuer, port: int = 0) -> web.AppRunner:
    """Serve an issuer, which learns its address; returns the runner to clean up."""
    runner = web.AppRunner(issuer.application(), access_log=None, shutdown_timeout=2)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    issuer.url = f"http://{HOST}:{runner.addresses[0][1]}"
    return runner


async def serve(port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    issuer = TokenIssuer()
    runner = await start(issuer, port)
    print(f"issuer {issuer.url}", flush=True)
    with contextlib.suppress(asyncio.CancelledError):
        await stop.wait()
    await runner.cleanup()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m dev.issuer", description="An issuer of tokens for development.")
    default = int(os.environ.get("ISSUER_PORT") or DEFAULT_PORT)
    parser.add_argument("--port", type=int, default=default, help="port on 127.0.0.1; 0 picks a free one")
    asyncio.run(serve(parser.parse_args().port))
