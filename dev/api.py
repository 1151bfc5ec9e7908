"""The product's HTTP API as the demo, the bench and the end-to-end tests call it: over HTTP, like any portal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self

import httpx

BASE = "/api/automation/bulk-licenses"
ENDED = frozenset({"succeeded", "partiallySucceeded", "failed", "cancelled"})

type Json = dict[str, Any]


class ApiError(Exception):
    """The API refused; the text is its problem document."""


class Api:
    """A caller with an API key; ``async with`` opens and closes its connections."""

    def __init__(self, root: str, api_key: str, *, timeout: float = 60) -> None:
        self._http = httpx.AsyncClient(base_url=root + BASE, headers={"x-api-key": api_key}, timeout=timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def call(self, method: str, path: str, **options: Any) -> Json:
        """One call; ``path`` is below the base path, or an absolute ``nextLink``. Raises ``ApiError``."""
        answer = await self._http.request(method, path, **options)
        if answer.is_error:
            raise ApiError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    async def pages(self, path: str, **parameters: str) -> AsyncIterator[Json]:
        """Every entry of a list."""
        page = await self.call("GET", path, params=parameters)
        while True:
            for entry in page["value"]:
                yield entry
            if not page["nextLink"]:
                return
            page = await self.call("GET", page["nextLink"])

    async def all(self, path: str, **parameters: str) -> list[Json]:
        """A whole list."""
        return [entry async for entry in self.pages(path, top="1000", **parameters)]

    async def register(self, tenant: str, **fields: Any) -> Json:
        """Register a tenant."""
        return await self.call("PUT", f"/tenants/{tenant}", json=fields)

    async def assign(self, body: Json, key: str | None = None) -> Json:
        """Start an assign operation."""
        return await self.call("POST", "/assign", json=body, headers={"Idempotency-Key": key} if key else {})

    async def assign_csv(self, csv: bytes, tenant: str) -> tuple[int, Json]:
        """Send a CSV to assign what its rows name: the status and the operation, or the problem."""
        answer = await self._http.post(
            "/assign", params={"tenant": tenant}, content=csv, headers={"Content-Type": "text/csv"}
        )
        return answer.status_code, answer.json()

    async def operation(self, operation_id: str) -> Json:
        """An operation as it stands."""
        return await self.call("GET", f"/operations/{operation_id}")

    async def until_ended(
        self, operation_id: str, *, seconds: float, every: float = 0.5, look: Callable[[Json], None] | None = None
    ) -> Json:
        """Look until the operation has ended. Raises ``TimeoutError`` with where it stands."""
        operation: Json = {}
        try:
            async with asyncio.timeout(seconds):
                while True:
                    operation = await self.operation(operation_id)
                    if look:
                        look(operation)
                    if operation["status"] in ENDED:
                        return operation
                    await asyncio.sleep(every)
        except TimeoutError:
            where = {name: operation.get(name) for name in ("status", "phase", "progress")}
            raise TimeoutError(f"operation {operation_id} has not ended after {seconds:g} s: {where}") from None
