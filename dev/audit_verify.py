"""Verify the audit chain of every tenant that a key sees, over HTTP, and say what was found.

``python -m dev.audit_verify`` (`make audit-verify`). ``API_URL`` is the root of the app and ``API_KEY`` a key with role
Read; without them it asks the local stack. Exit code 0: no chain is broken; 1: one is; 2: not all could be looked at
(of its own make knows one code for all failures, 2).
"""

import asyncio
import os
import sys
from collections.abc import Mapping

import httpx

from dev.api import Api, ApiError, Json
from dev.stack.settings import PORTS
from dev.stack.stack import REPOSITORY

REQUEST_SECONDS = 240
"""A little longer than the platform lets a request take."""
INTACT, BROKEN, UNSEEN = 0, 1, 2


async def verify(api: Api) -> int:
    """Print a line a tenant and a total; gives the exit code. Raises ``ApiError`` when the tenants cannot be listed."""
    found: dict[str, int] = {}
    entries = 0
    for tenant in await api.all("/audit/tenants"):
        name = tenant["domain"] or "not registered"
        try:
            chain = await _chain(api, tenant["tenantId"])
        except (ApiError, httpx.TransportError) as error:
            chain: Json = {"status": "unseen", "entries": 0}
            said = str(error) or type(error).__name__
        else:
            said = _said(chain)
        print(f"{tenant['tenantId']}  {chain['status']:<7} {chain['entries']:>9} entries  {name}: {said}", flush=True)
        found[chain["status"]] = found.get(chain["status"], 0) + 1
        entries += chain["entries"]
    counts = ", ".join(f"{number} {status}" for status, number in sorted(found.items()))
    print(f"{sum(found.values())} tenants ({counts or 'none'}), {entries} entries")
    if "broken" in found:
        return BROKEN
    return UNSEEN if "unseen" in found else INTACT


async def _chain(api: Api, tenant: str) -> Json:
    """The verdict on a tenant's chain, in as many requests as it takes."""
    chain = await api.call("GET", "/audit/verify", params={"tenant": tenant})
    while chain["status"] == "unfinished":
        chain = await api.call("GET", chain["nextLink"])
    return chain


def _said(chain: Json) -> str:
    anchored = f"last anchored {chain['anchoredAt']}" if chain["anchoredAt"] else "not anchored yet"
    if chain["status"] == "broken":
        return f"entry {chain['firstBroken']} is not what was recorded; {anchored}"
    return "nothing was changed yet" if chain["status"] == "empty" else anchored


def local_key(environment: Mapping[str, str]) -> str | None:
    """The key of the local stack, where one has started."""
    if key := environment.get("LOCALHOST_API_KEY"):
        return key
    path = REPOSITORY / (environment.get("LOCALHOST_DATA") or ".localhost") / "api-key"
    return path.read_text().strip() if path.exists() else None


async def main(environment: Mapping[str, str]) -> int:
    """Verify what the environment names; gives the exit code."""
    port = environment.get("LOCALHOST_PORT") or PORTS["LOCALHOST_PORT"]
    root = (environment.get("API_URL") or f"http://127.0.0.1:{port}").rstrip("/")
    key = environment.get("API_KEY") or (None if environment.get("API_URL") else local_key(environment))
    if not key:
        print("audit-verify: set API_KEY to a key of the app, or start the local stack with make up", file=sys.stderr)
        return UNSEEN
    try:
        async with Api(root, key, timeout=REQUEST_SECONDS) as api:
            return await verify(api)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        hint = "start it with make up, or set API_URL and API_KEY"
        print(f"audit-verify: nothing answers at {root} ({reason}): {hint}", file=sys.stderr)
    except (ApiError, ValueError) as error:  # refused, or something else than the app answers there
        print(f"audit-verify: {root} cannot be looked at: {error}", file=sys.stderr)
    return UNSEEN


if __name__ == "__main__":
    sys.exit(asyncio.run(main(os.environ)))
