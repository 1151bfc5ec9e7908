"""Processes of the stack: start one in its own group, wait until it serves, follow it, stop it."""

import asyncio
import contextlib
import os
import random
import re
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

LOOPBACK = "127.0.0.1"
_TAIL_LINES = 25
_POLL_SECONDS = 0.03
_PATIENCE_SECONDS = 30.0


class StackError(Exception):
    """The stack cannot start, or a part of it died; the message names the part, port or setting."""


class Guard:
    """The process that kills the parts when this one is gone without stopping them (see ``guard.py``)."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))]
        self._process = Popen(command, stdin=PIPE, stdout=DEVNULL, start_new_session=True, text=True, bufsize=1)

    def watch(self, group: int) -> None:
        """Kill this process group when the stack is gone."""
        self._tell(f"+{group}\n")

    def release(self, group: int) -> None:
        """Forget a process group that has ended."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """End the guard; whatever it still watches is killed."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line)
        self._process.stdin.flush()


class Part:
    """One process of the stack, leader of its own group, with its output in a log file."""

    def __init__(self, name: str, process: Process, log: Path, guard: Guard) -> None:
        self.name = name
        self._process = process
        self._log = log
        self._guard = guard
        self.stopping = False

    @classmethod
    async def start(
        cls, name: str, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path, guard: Guard
    ) -> "Part":
        """Start ``command``; its output (both streams) is appended to a fresh ``log``.

        Raises ``StackError`` when the program does not exist.
        """
        with log.open("wb") as sink:
            try:
                process = await asyncio.create_subprocess_exec(
                    *command, env=env, cwd=cwd, stdin=DEVNULL, stdout=sink, stderr=sink, start_new_session=True
                )
            except FileNotFoundError as error:
                raise StackError(f"{name}: cannot start {command[0]!r}: {error.strerror}") from error
        guard.watch(process.pid)
        return cls(name, process, log, guard)

    @property
    def pid(self) -> int:
        """The process id, also the id of its process group."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.returncode

    def log_text(self) -> str:
        """Everything the part has printed so far."""
        return self._log.read_text(errors="replace")

    def tail(self) -> str:
        """The last lines of the log, indented for an error message."""
        lines = self.log_text().splitlines()[-_TAIL_LINES:]
        return "\n".join(f"  {line}" for line in lines) or "  (it printed nothing)"

    def death(self) -> StackError:
        """The error that says the part ended, with the tail of its log."""
        return StackError(f"{self.name} ended with exit code {self.returncode}; the end of {self._log}:\n{self.tail()}")

    async def announced(self, line: str, *, count: int = 1) -> list[str]:
        """Wait until the part has printed so many lines that match; returns the pattern's group of each.

        ``line`` is a regular expression with one group. Raises as ``until``.
        """
        pattern = re.compile(line, re.MULTILINE)

        async def all_there() -> bool:
            return len(pattern.findall(self.log_text())) >= count

        await self.until(all_there, what=f"line {line!r}")
        return pattern.findall(self.log_text())

    async def until(self, ready: Callable[[], Awaitable[bool]], *, what: str) -> None:
        """Wait until ``ready`` answers true.

        Raises ``StackError`` when the part ends first, or has not come so far in half a minute.
        """
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while not await ready():
                    if self.returncode is not None:
                        raise self.death()
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError as error:
            raise StackError(
                f"{self.name}: no {what} within {_PATIENCE_SECONDS:g} s; its log ends:\n{self.tail()}"
            ) from error

    async def ended(self) -> int:
        """Wait for the end of the process; returns its exit code."""
        return await self._process.wait()

    async def stop(self, *, seconds: float = 10.0) -> int:
        """Ask the process to end, kill its group when it has not after ``seconds``; returns the exit code."""
        self.stopping = True
        if self.returncode is None:
            self.signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), seconds)
        return await self.kill()

    async def kill(self) -> int:
        """Kill the whole process group (SIGKILL) and reap it; returns the exit code."""
        self.stopping = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        code = await self._process.wait()
        self._guard.release(self.pid)
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process itself."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


def steady_port() -> str:
    """A free port that no outgoing connection is ever given: what is stopped can be started on it again.

    Those are given from 32768 (Linux) or 49152 (RFC 6335, section 6) on.
    """
    while True:
        port = random.randrange(10_000, 32_768)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return str(port)


def check_port(setting: str, value: str) -> str:
    """Return the port of a setting; ``0`` lets the part pick a free one and announce it.

    Raises ``StackError`` naming the setting when the value is no port or the port on 127.0.0.1 is taken.
    """
    if not value.isdecimal() or int(value) > 65535:
        raise StackError(f"{setting}={value!r} is not a port: a number from 0 (any free port) to 65535 is expected")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, int(value)))
        except OSError as error:
            reason = f"port {value} ({setting}) on {LOOPBACK} cannot be used: {error.strerror}"
            raise StackError(f"{reason}; set {setting}=0 to pick a free one") from error
    return value
