"""Azurite, the storage emulator: one process a test run, an account of its own for each test."""

import base64
import hashlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from shared.settings import Settings, read_settings

PROGRAM = Path(__file__).parents[2] / "dev/azurite/node_modules/azurite/dist/src/azurite.js"
ACCOUNTS = 1500
START_SECONDS = 30.0


def _key(account: str) -> str:
    return base64.b64encode(hashlib.sha256(account.encode()).digest()).decode()


@dataclass
class Azurite:
    """A running emulator on 127.0.0.1; rows and blobs live in memory and end with it."""

    blob_port: int
    queue_port: int
    table_port: int
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def connection_string(self, account: str = "account0") -> str:
        """How to reach one account."""
        ports = {"Blob": self.blob_port, "Queue": self.queue_port, "Table": self.table_port}
        endpoints = ";".join(f"{name}Endpoint=http://127.0.0.1:{port}/{account}" for name, port in ports.items())
        return f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={_key(account)};{endpoints};"

    def fresh(self) -> str:
        """The connection string of an account that nobody has used yet."""
        number = next(self._numbers)
        assert number < ACCOUNTS, "more tests than accounts: raise ACCOUNTS"
        return self.connection_string(f"account{number}")

    def settings(self, **environ: str) -> Settings:
        """Settings over a fresh account; ``environ`` adds or replaces settings by their names."""
        defaults = {
            "AzureWebJobsStorage": self.fresh(),
            "GRAPH_BASE_URL": "http://127.0.0.1:9/v1.0",
            "GRAPH_CREDENTIAL": "static:test",
            "CATALOGUE_URL": "off",
        }
        return read_settings({**defaults, **environ})


def free_ports(number: int) -> list[int]:
    """Ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


@contextmanager
def running_azurite() -> Generator[Azurite]:
    """Start the emulator, wait until its ports answer, and end it."""
    node = shutil.which("node")
    assert node, "node is missing"
    assert PROGRAM.exists(), "Azurite is not installed: run make azurite"
    blob, queue, table = free_ports(3)
    accounts = ";".join(f"account{number}:{_key(f'account{number}')}" for number in range(ACCOUNTS))
    process = subprocess.Popen(
        [
            *(node, str(PROGRAM), "--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"),
            *("--blobPort", str(blob), "--queuePort", str(queue), "--tablePort", str(table)),
        ],
        env={**os.environ, "AZURITE_ACCOUNTS": accounts},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for([blob, queue, table], process)
        yield Azurite(blob, queue, table)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(ports: list[int], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    for port in ports:
        while True:
            assert process.poll() is None, f"Azurite ended with code {process.returncode}"
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < end, f"Azurite does not listen on port {port}"
                time.sleep(0.05)
