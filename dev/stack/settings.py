"""Settings of the local stack: names, local defaults, and the environment each part gets."""

import fcntl
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from dev.stack.parts import StackError

# Which ports `make up` uses unless told otherwise; the Python API picks free ones.
PORTS = {
    "LOCALHOST_PORT": "7071",
    "SIMULATOR_PORT": "7073",
    "ISSUER_PORT": "7074",
    "AZURITE_BLOB_PORT": "10000",
    "AZURITE_QUEUE_PORT": "10001",
    "AZURITE_TABLE_PORT": "10002",
}

# Shorter times than in Azure, so that recovery can be watched; each can be set otherwise.
LOCAL_DEFAULTS = {
    "GRAPH_CREDENTIAL": "static:local",
    "REPLICATION_HORIZON_SECONDS": "2",
    "HEARTBEAT_STALE_SECONDS": "30",
    "TURN_LEASE_SECONDS": "9",
    "GRAPH_TIMEOUT_SECONDS": "2",
    "SWEEPER_SCHEDULE": "*/2 * * * * *",
    "SCHEDULER_SCHEDULE": "*/2 * * * * *",
    "OUTBOX_SCHEDULE": "* * * * * *",
    "CATALOGUE_URL": "off",
}

# What holds beside the simulator only: with a real tenant the conversion of mailboxes is for its owner to switch on,
# notifications leave this machine, and their secret is a real one.
SIMULATED = {"MAILBOX_CONVERSION": "on", "NOTIFY_LOCAL": "on", "NOTIFY_SECRET": "local"}

# A setting of the product reaches a stack only through its ``env``: a shell that points at a real tenant must not leak
# into a test.
_NOT_INHERITED = {
    *PORTS,
    *LOCAL_DEFAULTS,
    *SIMULATED,
    "AzureWebJobsStorage",
    "GRAPH_BASE_URL",
    "EXCHANGE_BASE_URL",
    "CONSENT_BASE_URL",
    "CONSENT_REDIRECT_URL",
    "GRAPH_LIMIT_FACTOR",
    "API_KEYS",
    "AUTH_ISSUER",
    "AUTH_AUDIENCE",
    "BEHIND_PLATFORM_SIGN_IN",
    "WEBSITE_AUTH_ENABLED",
    "BATCHES_AT_ONCE",
    "COUNT_SCHEDULE",
    "HOUSEKEEPING_SCHEDULE",
    "CATALOGUE_SCHEDULE",
    "PAUSE_LIMIT_HOURS",
    "APPROVE_WITHIN_HOURS",
    "APPROVE_BY_ANOTHER",
    "LOCALHOST_API_KEY",
    "LOCALHOST_DATA",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "TELEMETRY_FILE",
}

_PRODUCT_PREFIXES = ("AzureWebJobsStorage__", "GRAPH_", "AZURE_CLIENT_")

# The emulator's published development account (learn.microsoft.com, "Use the Azurite emulator"); it protects nothing.
_ACCOUNT = "devstoreaccount1"
_ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def base_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without the product's own settings, with local defaults and ``settings`` on top."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in _NOT_INHERITED and not name.startswith(_PRODUCT_PREFIXES)
    }
    return {**inherited, **LOCAL_DEFAULTS, "PYTHONUNBUFFERED": "1", **settings}


def connection_string(blob: str, queue: str, table: str) -> str:
    """The storage connection string of an Azurite whose services have these root URLs."""
    endpoints = zip(("Blob", "Queue", "Table"), (blob, queue, table), strict=True)
    parts = ["DefaultEndpointsProtocol=http", f"AccountName={_ACCOUNT}", f"AccountKey={_ACCOUNT_KEY}"]
    parts += [f"{service}Endpoint={url}/{_ACCOUNT}" for service, url in endpoints]
    return ";".join(parts)


def api_key(data: Path | None) -> str:
    """The local Admin key: made at the first start, then read from ``data`` (None keeps nothing)."""
    if data is None:
        return secrets.token_urlsafe(24)
    path = data / "api-key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        key = secrets.token_urlsafe(24)
        path.touch(mode=0o600)
        path.write_text(key + "\n")
        return key


def claim(data: Path) -> IO[str]:
    """Take the data folder for this stack alone, as two emulators would ruin each other's files.

    The lock lives as long as the returned file is open. Raises ``StackError`` when another stack holds it.
    """
    data.mkdir(parents=True, exist_ok=True)
    lock = (data / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise StackError(f"LOCALHOST_DATA={data} is in use by another stack") from error
    return lock
