"""The stack as a value: what runs, where it listens, and how to break it on purpose."""

import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob.aio import BlobServiceClient

from dev.issuer import AUDIENCE
from dev.stack.parts import LOOPBACK, Guard, Part, StackError, check_port, steady_port
from dev.stack.settings import SIMULATED, api_key, base_environment, claim, connection_string
from shared.blobs.drops import CONTAINER as DROPS
from shared.blobs.exports import CONTAINER as RESULTS

REPOSITORY = Path(__file__).resolve().parents[2]
_AZURITE = REPOSITORY / "dev" / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
_HOST_LINE = r"^host (http://\S+)$"
_SIMULATOR_LINE = r"^simulator (http://\S+)$"
_ISSUER_LINE = r"^issuer (http://\S+)$"
# Printed in the order blob, queue, table: one service starts after the other.
_AZURITE_LINE = r"^Azurite \w+ service is successfully listening at (http://\S+)$"
_RELOADED = "reloaded "
_NOT_RELOADED = "reload failed"

type World = Literal["none", "demo"]


class Host:
    """One running host process."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self.url = ""

    @property
    def pid(self) -> int:
        """The process id of the host."""
        return self._part.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._part.returncode

    def log_text(self) -> str:
        """Everything the host has logged so far."""
        return self._part.log_text()

    async def kill(self) -> None:
        """End the host without warning (SIGKILL)."""
        await self._part.kill()

    async def stop(self) -> int:
        """End the host in order (SIGTERM); returns its exit code."""
        return await self._part.stop()

    def freeze(self) -> None:
        """Let the host stand still (SIGSTOP): its connections stay open, its clock goes on."""
        self._part.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen host go on (SIGCONT)."""
        self._part.signal(signal.SIGCONT)

    async def reload(self) -> None:
        """Let the host load the app's code again (SIGHUP) and wait for it; raises ``StackError`` when it could not."""
        before = self._verdicts()
        self._part.signal(signal.SIGHUP)

        async def answered() -> bool:
            return len(self._verdicts()) > len(before)

        await self._part.until(answered, what="answer to the reload")
        if _NOT_RELOADED in self._verdicts()[-1]:
            raise StackError(f"{self._part.name}: the new code did not load:\n{self._part.tail()}")

    async def until_serving(self) -> None:
        """Wait until the host has printed its address; raises ``StackError`` when it ends first."""
        [self.url] = await self._part.announced(_HOST_LINE)

    def _verdicts(self) -> list[str]:
        return [line for line in self.log_text().splitlines() if _RELOADED in line or _NOT_RELOADED in line]


class Stack:
    """Azurite, the simulator and ``hosts`` hosts, for the length of an ``async with``.

    ``env`` holds settings of the product and of the stack (see the settings table), and wins over the local defaults;
    settings in this process's own environment are not inherited. Ports not set are free ones. With ``in_memory``
    nothing is kept; otherwise data and logs live under ``LOCALHOST_DATA``. ``world="demo"`` starts the simulator with
    its demo tenants (not yet registered with the app, see ``register_tenants``). Where ``GRAPH_BASE_URL`` is set or
    ``simulator`` is false no simulator starts. With ``issuer`` the app believes the tokens of an issuer that gives them
    to whoever asks: beside the simulator only, and where no other ``AUTH_ISSUER`` is set. With ``storage_log`` each
    request to storage is a line in ``logs / "azurite.log"``. Raises ``StackError`` when a part cannot start.
    """

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        *,
        in_memory: bool = True,
        world: World = "none",
        hosts: int = 1,
        simulator: bool = True,
        issuer: bool = False,
        storage_log: bool = False,
        app_dir: Path = REPOSITORY,
    ) -> None:
        self._env = dict(env or {})
        self._in_memory = in_memory
        self._world: World = world
        self._host_count = hosts
        self._with_simulator = simulator and not self._env.get("GRAPH_BASE_URL")
        self._with_issuer = issuer and self._with_simulator and not self._env.get("AUTH_ISSUER")
        self._storage_log = storage_log
        self._app_dir = app_dir
        self._cleanup = AsyncExitStack()
        self._parts: list[Part] = []
        self.logs = Path()
        self._data: Path | None = None
        self._guard: Guard | None = None
        self._started = 0
        self._azurite: Part | None = None
        self._ports: dict[str, str] = {}
        self.hosts: list[Host] = []
        self.simulator_url = ""
        self.issuer_url = ""
        self.storage = ""
        self.blob_url = ""
        self.api_key = ""

    @property
    def api_url(self) -> str:
        """Root of the first running host, without a path: the API is ``{api_url}/api/automation/bulk-licenses``."""
        return self.host_urls[0]

    @property
    def host_urls(self) -> list[str]:
        """Roots of the running hosts, in order of their start."""
        return [host.url for host in self.hosts if host.returncode is None]

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._cleanup.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._cleanup.aclose()

    @property
    def pids(self) -> dict[str, int]:
        """Process ids of the running parts by name: ``azurite``, ``simulator``, ``issuer``, ``host1``, …"""
        return {part.name: part.pid for part in self._parts if part.returncode is None}

    async def start_host(self, env: Mapping[str, str] | None = None, app_dir: Path | None = None) -> Host:
        """Start one more host on the same storage and simulator; ``env`` wins over the stack's settings."""
        self._started += 1
        number = self._started
        # Only the first host can have the configured port.
        port = self._port("LOCALHOST_PORT") if number == 1 else "0"
        settings = {
            **self._environment(),
            "LOCALHOST_PORT": port,
            **(env or {}),
        }
        command = [sys.executable, "-m", "dev.localhost", "--app", str(app_dir or self._app_dir)]
        host = Host(await self._start_part(f"host{number}", command, settings))
        self.hosts.append(host)
        await host.until_serving()
        return host

    async def stop_azurite(self) -> None:
        """Stop storage in order; who asks it meanwhile is refused."""
        assert self._azurite
        await self._azurite.stop()

    async def start_azurite_again(self) -> None:
        """Start stopped storage on the same ports, with what it held (nothing where it is kept in memory)."""
        await self._start_azurite(self._data)

    async def died(self) -> StackError:
        """Wait until a part ends that nobody stopped; returns the error that names it."""
        while True:
            waits = {asyncio.create_task(part.ended()): part for part in self._parts if not part.stopping}
            done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            for task in done:
                if not waits[task].stopping:
                    return waits[task].death()

    async def _start(self) -> None:
        self._data = data = self._open_data()
        self._guard = Guard()
        self._cleanup.callback(self._guard.close)
        self.api_key = self._env.get("LOCALHOST_API_KEY") or api_key(data)
        starts = [self._start_azurite(data)]
        if self._with_simulator:
            starts.append(self._start_simulator())
        if self._with_issuer:
            starts.append(self._start_issuer())
        # Every start is awaited, so that a part started beside a failing one is known and stopped.
        results = await asyncio.gather(*starts, return_exceptions=True)
        for result in results:
            if result is not None:
                raise result
        for _ in range(self._host_count):
            await self.start_host()

    def _open_data(self) -> Path | None:
        folder = self._env.get("LOCALHOST_DATA", ".localhost")
        if self._in_memory or not folder:
            self.logs = Path(self._cleanup.enter_context(tempfile.TemporaryDirectory(prefix="stack-")))
            return None
        data = (REPOSITORY / folder).resolve()
        self._cleanup.enter_context(claim(data))
        self.logs = data / "logs"
        self.logs.mkdir(exist_ok=True)
        return data

    async def _start_azurite(self, data: Path | None) -> None:
        node = shutil.which("node")
        if node is None or not _AZURITE.exists():
            raise StackError(
                f"Azurite needs Node and {_AZURITE.relative_to(REPOSITORY)}: run it through make, which installs them"
            )
        services = ("blob", "queue", "table")
        command = [node, str(_AZURITE), "--disableTelemetry", "--skipApiVersionCheck"]
        command += [] if self._storage_log else ["--silent"]
        for service in services:
            port = self._ports.get(service) or self._port(f"AZURITE_{service.upper()}_PORT")
            port = steady_port() if port == "0" else port
            command += [f"--{service}Host", LOOPBACK, f"--{service}Port", port]
        command += ["--inMemoryPersistence"] if data is None else ["--location", str(data / "azurite")]
        part = self._azurite = await self._start_part("azurite", command, self._environment())
        blob, queue, table = await part.announced(_AZURITE_LINE, count=len(services))
        urls = zip(services, (blob, queue, table), strict=True)
        self._ports = {service: url.rpartition(":")[2] for service, url in urls}
        self.storage = connection_string(blob, queue, table)
        self.blob_url = blob
        # In Azure they come with the account, here too: whoever drops a file need not make a container first.
        async with BlobServiceClient.from_connection_string(self.storage) as service:
            for container in (DROPS, RESULTS):
                with suppress(ResourceExistsError):
                    await service.get_container_client(container).create_container()

    async def _start_simulator(self) -> None:
        settings = {"SIMULATOR_PORT": self._port("SIMULATOR_PORT"), "SIMULATOR_WORLD": self._world}
        command = [sys.executable, "-m", "dev.simulator"]
        part = await self._start_part("simulator", command, {**self._environment(), **settings})
        [self.simulator_url] = await part.announced(_SIMULATOR_LINE)

    async def _start_issuer(self) -> None:
        settings = {**self._environment(), "ISSUER_PORT": self._port("ISSUER_PORT")}
        part = await self._start_part("issuer", [sys.executable, "-m", "dev.issuer"], settings)
        [self.issuer_url] = await part.announced(_ISSUER_LINE)

    async def _start_part(self, name: str, command: list[str], env: Mapping[str, str]) -> Part:
        assert self._guard
        part = await Part.start(
            name, command, env=env, cwd=REPOSITORY, log=self.logs / f"{name}.log", guard=self._guard
        )
        self._parts.append(part)
        self._cleanup.push_async_callback(part.stop)
        return part

    def _port(self, setting: str) -> str:
        return check_port(setting, self._env.get(setting, "0"))

    def _environment(self) -> dict[str, str]:
        found = {"LOCALHOST_API_KEY": self.api_key, "LOCALHOST_DATA": str(self._data or "")}
        if self.storage:
            found["AzureWebJobsStorage"] = self.storage
        if self.simulator_url:
            found["GRAPH_BASE_URL"] = f"{self.simulator_url}/v1.0"
            found["EXCHANGE_BASE_URL"] = self.simulator_url
            found["CONSENT_BASE_URL"] = self.simulator_url
        if self.issuer_url:
            found |= {"AUTH_ISSUER": self.issuer_url, "AUTH_AUDIENCE": AUDIENCE}
        settings = {**(SIMULATED if self.simulator_url else {}), **self._env}
        settings = {name: value for name, value in settings.items() if name not in found}
        return {**base_environment(settings), **found}
