"""The simulator as a process of its own, and the tenants a test puts into it."""

import asyncio
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class SimulatedTenant:
    """A tenant of the simulator; its faults and its log concern nobody else."""

    id: str
    simulator: "Simulator"

    def fault(self, match: str, kind: str, **more: Any) -> None:
        """Let requests whose ``METHOD /path`` contains ``match`` fail; ``count``, ``retryAfter`` and so on."""
        self.simulator.add_fault(match=match, kind=kind, tenant=self.id, **more)

    def state(self) -> dict[str, Any]:
        """All of the tenant, as it is in truth."""
        return self.simulator.call("GET", f"/tenants/{self.id}").json()

    def user(self, user_principal_name: str) -> dict[str, Any]:
        """One user, as it is in truth."""
        users = self.simulator.call("GET", f"/tenants/{self.id}", params={"users": user_principal_name}).json()["users"]
        return users[0]

    def user_id(self, user_principal_name: str) -> str:
        """The id of a user."""
        return self.user(user_principal_name)["id"]

    def requests(self, match: str = "") -> list[dict[str, Any]]:
        """The requests so far whose ``METHOD /path`` contains ``match``, in the order in which they began."""
        lines = self.simulator.call("GET", "/requests", params={"tenant": self.id}).text.splitlines()
        found = sorted((json.loads(line) for line in lines), key=lambda line: line["n"])
        return [line for line in found if match in f"{line['method']} {line['url']}"]

    async def logged(self, match: str, *, seconds: float = 5.0) -> list[dict[str, Any]]:
        """As ``requests``, once there is one: a request that was held is logged when its client has gone."""
        async with asyncio.timeout(seconds):
            while not (found := self.requests(match)):
                await asyncio.sleep(0.02)
        return found


class Simulator:
    """A running simulator: ``url`` without a path, ``graph_url`` as the app's ``GRAPH_BASE_URL``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.graph_url = f"{url}/v1.0"
        self._client = httpx.Client(base_url=f"{url}/_sim", timeout=30)

    def call(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """A call of a control route; raises ``AssertionError`` with the simulator's reason when it is refused."""
        answer = self._client.request(method, path, **arguments)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def load(self, tenant_id: str | None = None, **spec: Any) -> SimulatedTenant:
        """Put a tenant in, by default with a new id and reads that never lag."""
        tenant = SimulatedTenant(tenant_id or str(uuid.uuid4()), self)
        self.call("PUT", f"/tenants/{tenant.id}", json={"lagSeconds": [0, 0], **spec})
        return tenant

    def add_fault(self, **fault: Any) -> None:
        """Add a fault for all tenants, or for ``tenant``."""
        self.call("POST", "/faults", json=fault)

    def clear_faults(self) -> None:
        """Forget all faults."""
        self.call("DELETE", "/faults")

    def stats(self) -> dict[str, Any]:
        """Counts of requests, writes and throttles by tenant."""
        return self.call("GET", "/stats").json()

    def close(self) -> None:
        """Close the connection to the control routes."""
        self._client.close()


@contextmanager
def running_simulator(**environment: str) -> Generator[Simulator]:
    """Start a simulator without tenants on a free port, without Graph's limits unless told, and stop it at the end."""
    env = {**os.environ, "SIMULATOR_PORT": "0", "SIMULATOR_WORLD": "none", "GRAPH_LIMIT_FACTOR": "0", **environment}
    command = [sys.executable, "-m", "dev.simulator"]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            words = process.stdout.readline().split()
            assert words[:1] == ["simulator"], f"the simulator did not start: {words}"
            simulator = Simulator(words[1])
            yield simulator
            simulator.close()
        finally:
            process.terminate()
