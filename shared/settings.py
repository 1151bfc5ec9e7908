"""The settings, read from the environment once; every fault is reported together."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

GRAPH = "https://graph.microsoft.com/v1.0"


class SettingsError(ValueError):
    """One or more settings are missing or wrong; the text names each."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the app reads from its environment; durations in seconds.

    ``storage_connection`` or ``storage_account`` is set, never both None. ``graph_limit_factor`` multiplies every Graph limit
    that the app paces by; 0 lifts them. ``turn_lease`` is at least twice ``graph_timeout`` plus 5 s, so that what was sent under
    a lease has been answered or given up before it runs out.
    """

    storage_connection: str | None
    storage_account: str | None
    graph_base_url: str
    graph_credential: str
    api_keys: str
    local_api_key: str | None
    replication_horizon: float
    heartbeat_stale: float
    graph_limit_factor: float
    turn_lease: float
    graph_timeout: float
    batches_at_once: int


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[str] = []

    def text(self, name: str, default: str | None = None) -> str | None:
        value = self.environ.get(name, "").strip()
        return value or default

    def number(self, name: str, default: float, *, minimum: float) -> float:
        text = self.text(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            self.faults.append(f"{name} is not a number: {text!r}")
            return default
        if not value >= minimum:
            self.faults.append(f"{name} must be at least {minimum:g}, not {text}")
        return value


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from ``environ``.

    Raises ``SettingsError`` that names every missing or wrong one.
    """
    read = _Reader(environ)
    connection = read.text("AzureWebJobsStorage")
    account = read.text("AzureWebJobsStorage__accountName")
    if connection is None and account is None:
        read.faults.append("AzureWebJobsStorage (or AzureWebJobsStorage__accountName) is missing")
    credential = read.text("GRAPH_CREDENTIAL")
    if credential is None:
        read.faults.append("GRAPH_CREDENTIAL is missing: managedIdentity, certificate, clientSecret or static:<token>")
    lease = read.number("TURN_LEASE_SECONDS", 60, minimum=1)
    timeout = read.number("GRAPH_TIMEOUT_SECONDS", 25, minimum=0.1)
    if lease < 2 * timeout + 5:
        read.faults.append(
            f"TURN_LEASE_SECONDS ({lease:g}) must be at least twice GRAPH_TIMEOUT_SECONDS ({timeout:g}) plus 5"
        )
    settings = Settings(
        storage_connection=connection,
        storage_account=account,
        graph_base_url=(read.text("GRAPH_BASE_URL") or GRAPH).rstrip("/"),
        graph_credential=credential or "",
        api_keys=read.text("API_KEYS") or "[]",
        local_api_key=read.text("LOCALHOST_API_KEY"),
        replication_horizon=read.number("REPLICATION_HORIZON_SECONDS", 60, minimum=0),
        heartbeat_stale=read.number("HEARTBEAT_STALE_SECONDS", 180, minimum=1),
        graph_limit_factor=read.number("GRAPH_LIMIT_FACTOR", 1, minimum=0),
        turn_lease=lease,
        graph_timeout=timeout,
        batches_at_once=int(read.number("BATCHES_AT_ONCE", 8, minimum=1)),
    )
    if read.faults:
        raise SettingsError("; ".join(read.faults))
    return settings


@cache
def settings() -> Settings:
    """The settings of this process."""
    return read_settings(os.environ)
