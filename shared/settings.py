"""The settings, read from the environment once; every fault is reported together."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

GRAPH = "https://graph.microsoft.com/v1.0"
EXCHANGE = "https://outlook.office365.com"
PRODUCTS = (
    "https://download.microsoft.com/download/e/3/e/e3e9faf2-f28b-490a-9ada-c6089a1fc5b0/"
    "Product%20names%20and%20service%20plan%20identifiers%20for%20licensing.csv"
)
"""Microsoft's list of products, linked from
https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference"""
ENTRA = "https://login.microsoftonline.com"


class SettingsError(ValueError):
    """One or more settings are missing or wrong; the text names each."""


@dataclass(frozen=True, slots=True)
class GraphCredential:
    """How the app proves to Entra ID who it is; which fields are set depends on ``kind``.

    ``certificate`` is the path of a PEM or PFX file, a PEM text, or a PFX in base64, each without a password.
    ``token`` is the made-up token of a simulator on this machine.
    """

    kind: str
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    managed_identity_client_id: str | None = None
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the app reads from its environment; durations in seconds.

    ``storage_connection`` or ``storage_account`` is set, never both None. ``graph_limit_factor`` multiplies every Graph
    limit that the app paces by; 0 lifts them. ``turn_lease`` is at least twice ``graph_timeout`` plus 5 s, so that what
    was sent under a lease has been answered or given up before it runs out. ``graph_credentials`` are keyed by the name
    that a tenant's ``credential`` gives, in lower case: ``default`` from GRAPH_CREDENTIAL, any other from
    GRAPH_CREDENTIAL_<NAME>. ``exchange_base_url`` is asked only with ``mailbox_conversion``. ``auth_issuer`` and
    ``auth_audience`` are both set or both None. ``catalogue_url`` is None where only the built-in products shall be
    known. ``notify_local`` lets notifications go to this machine.
    """

    storage_connection: str | None
    storage_account: str | None
    graph_base_url: str
    exchange_base_url: str
    mailbox_conversion: bool
    graph_credentials: Mapping[str, GraphCredential]
    api_keys: str
    local_api_key: str | None
    auth_issuer: str | None
    auth_audience: str | None
    behind_platform_sign_in: bool
    replication_horizon: float
    heartbeat_stale: float
    graph_limit_factor: float
    turn_lease: float
    graph_timeout: float
    batches_at_once: int
    pause_limit_hours: float
    approve_within_hours: float
    approve_by_another: bool
    catalogue_url: str | None
    notify_secret: str | None = field(default=None, repr=False)
    notify_local: bool = False
    consent_base_url: str = ENTRA
    consent_redirect_url: str | None = None


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

    def switch(self, name: str, *, default: bool) -> bool:
        text = self.text(name)
        if text is None:
            return default
        if text not in {"on", "off", "true", "false"}:
            self.faults.append(f"{name} must be on or off (or true or false), not {text!r}")
        return text in {"on", "true"}

    def root(self, name: str, default: str) -> str:
        """A service's root without a slash at its end; plain HTTP goes to this machine only: tokens travel with it."""
        return self.url(name, (self.text(name) or default).rstrip("/"))

    def url(self, name: str, url: str) -> str:
        """The URL as it is, https or of this machine."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            self.faults.append(f"{name} is not a URL: {url!r}")
        elif parts.scheme == "http" and not is_loopback(url):
            self.faults.append(f"{name} must be https: {url}")
        return url

    def issuer(self) -> tuple[str | None, str | None]:
        """Who issues tokens, and for whom: both or neither."""
        issuer, audience = self.text("AUTH_ISSUER"), self.text("AUTH_AUDIENCE")
        if (issuer is None) != (audience is None):
            missing, there = ("AUTH_ISSUER", "AUTH_AUDIENCE") if issuer is None else ("AUTH_AUDIENCE", "AUTH_ISSUER")
            self.faults.append(f"{missing} is missing: {there} is set, and tokens need both")
        if issuer:
            self.url("AUTH_ISSUER", issuer)
        return issuer, audience

    def platform_sign_in(self) -> bool:
        """Whether the platform's sign-in is in front; where the platform itself says that it is not, it is a fault."""
        on, platforms = self.switch("BEHIND_PLATFORM_SIGN_IN", default=False), self.text("WEBSITE_AUTH_ENABLED")
        if on and platforms and platforms.lower() == "false":
            fault = "BEHIND_PLATFORM_SIGN_IN is on, but the platform's sign-in is off (WEBSITE_AUTH_ENABLED is False)"
            self.faults.append(f"{fault}: anybody could write the header that is trusted then")
        return on

    def graph_credentials(self, base_url: str) -> dict[str, GraphCredential]:
        """The credential ``default`` and one for each GRAPH_CREDENTIAL_<NAME>."""
        prefix = "GRAPH_CREDENTIAL_"
        names = sorted(name.removeprefix(prefix) for name in self.environ if name.startswith(prefix))
        found = {name.lower(): self._graph_credential(f"_{name}", base_url) for name in names}
        return {"default": self._graph_credential("", base_url), **found}

    def _graph_credential(self, suffix: str, base_url: str) -> GraphCredential:
        setting = f"GRAPH_CREDENTIAL{suffix}"
        kind, _, token = (self.text(setting) or "").partition(":")
        credential = GraphCredential(
            kind,
            client_id=self.text(f"GRAPH_CLIENT_ID{suffix}"),
            client_secret=self.text(f"GRAPH_CLIENT_SECRET{suffix}"),
            certificate=self.text(f"GRAPH_CERTIFICATE{suffix}"),
            managed_identity_client_id=self.text(
                f"GRAPH_MANAGED_IDENTITY_CLIENT_ID{suffix}", self.text("AZURE_CLIENT_ID")
            ),
            token=token or None,
        )
        needed = {
            "managedIdentity": {
                f"GRAPH_CLIENT_ID{suffix}": credential.client_id,
                f"GRAPH_MANAGED_IDENTITY_CLIENT_ID{suffix} (or AZURE_CLIENT_ID)": credential.managed_identity_client_id,
            },
            "certificate": {
                f"GRAPH_CLIENT_ID{suffix}": credential.client_id,
                f"GRAPH_CERTIFICATE{suffix}": credential.certificate,
            },
            "clientSecret": {
                f"GRAPH_CLIENT_ID{suffix}": credential.client_id,
                f"GRAPH_CLIENT_SECRET{suffix}": credential.client_secret,
            },
            "static": {f"the token after static: in {setting}": credential.token},
        }
        if kind not in needed:
            state = "is missing" if not kind else "is none of these"
            self.faults.append(f"{setting} {state}: managedIdentity, certificate, clientSecret or static:<token>")
        else:
            self.faults += [f"{name} is missing" for name, value in needed[kind].items() if value is None]
        if kind == "static" and not is_loopback(base_url):
            self.faults.append(f"{setting}: a static token is for a Graph on this machine only, not for {base_url}")
        return credential


def is_loopback(url: str) -> bool:
    """Whether the URL points to this machine by a name that cannot point elsewhere."""
    return urlsplit(url).hostname in {"127.0.0.1", "::1", "localhost"}


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from ``environ``.

    Raises ``SettingsError`` that names every missing or wrong one.
    """
    read = _Reader(environ)
    connection = read.text("AzureWebJobsStorage")
    account = read.text("AzureWebJobsStorage__accountName")
    if connection is None and account is None:
        read.faults.append("AzureWebJobsStorage (or AzureWebJobsStorage__accountName) is missing")
    base_url = read.root("GRAPH_BASE_URL", GRAPH)
    exchange = read.root("EXCHANGE_BASE_URL", EXCHANGE)
    conversion = read.switch("MAILBOX_CONVERSION", default=False)
    credentials = read.graph_credentials(base_url)
    if conversion and not is_loopback(exchange) and any(each.kind == "static" for each in credentials.values()):
        read.faults.append(f"EXCHANGE_BASE_URL: a static token is for this machine only, not for {exchange}")
    catalogue_url = None if read.text("CATALOGUE_URL") == "off" else read.root("CATALOGUE_URL", PRODUCTS)
    notify_local = read.switch("NOTIFY_LOCAL", default=False)
    if notify_local and not is_loopback(base_url):
        read.faults.append(f"NOTIFY_LOCAL is for a Graph on this machine only, not for {base_url}")
    lease = read.number("TURN_LEASE_SECONDS", 60, minimum=1)
    timeout = read.number("GRAPH_TIMEOUT_SECONDS", 25, minimum=0.1)
    if lease < 2 * timeout + 5:
        read.faults.append(
            f"TURN_LEASE_SECONDS ({lease:g}) must be at least twice GRAPH_TIMEOUT_SECONDS ({timeout:g}) plus 5"
        )
    issuer, audience = read.issuer()
    settings = Settings(
        storage_connection=connection,
        storage_account=account,
        graph_base_url=base_url,
        exchange_base_url=exchange,
        mailbox_conversion=conversion,
        graph_credentials=credentials,
        api_keys=read.text("API_KEYS") or "[]",
        local_api_key=read.text("LOCALHOST_API_KEY"),
        auth_issuer=issuer,
        auth_audience=audience,
        behind_platform_sign_in=read.platform_sign_in(),
        replication_horizon=read.number("REPLICATION_HORIZON_SECONDS", 60, minimum=0),
        heartbeat_stale=read.number("HEARTBEAT_STALE_SECONDS", 180, minimum=1),
        graph_limit_factor=read.number("GRAPH_LIMIT_FACTOR", 1, minimum=0),
        turn_lease=lease,
        graph_timeout=timeout,
        batches_at_once=int(read.number("BATCHES_AT_ONCE", 8, minimum=1)),
        pause_limit_hours=read.number("PAUSE_LIMIT_HOURS", 72, minimum=0),
        approve_within_hours=read.number("APPROVE_WITHIN_HOURS", 72, minimum=0),
        approve_by_another=read.switch("APPROVE_BY_ANOTHER", default=False),
        catalogue_url=catalogue_url,
        notify_secret=read.text("NOTIFY_SECRET"),
        notify_local=notify_local,
        consent_base_url=read.root("CONSENT_BASE_URL", ENTRA),
        consent_redirect_url=read.root("CONSENT_REDIRECT_URL", "") if read.text("CONSENT_REDIRECT_URL") else None,
    )
    if read.faults:
        raise SettingsError("; ".join(read.faults))
    return settings


@cache
def settings() -> Settings:
    """The settings of this process."""
    return read_settings(os.environ)


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """Where telemetry goes: ``connection_string`` is that of Application Insights, ``file`` one of this machine.

    ``signs_in``: Application Insights takes nothing without a token; ``identity`` is the client id of the managed
    identity that gets one, None for the system-assigned one.
    """

    connection_string: str | None
    file: Path | None
    signs_in: bool
    identity: str | None


def telemetry_settings() -> TelemetrySettings | None:
    """Where telemetry goes; None where nothing is collected. Orchestrators ask, so it depends on nothing else."""
    read = _Reader(os.environ)
    connection, file = read.text("APPLICATIONINSIGHTS_CONNECTION_STRING"), read.text("TELEMETRY_FILE")
    sign_in = read.text("APPLICATIONINSIGHTS_AUTHENTICATION_STRING") or ""  # as the host reads it too
    if connection is None and file is None:
        return None
    said: dict[str, str] = {}
    for part in sign_in.split(";"):  # Authorization=AAD;ClientId=<id>
        name, _, value = part.partition("=")
        said[name.strip()] = value.strip()
    return TelemetrySettings(
        connection, Path(file) if file else None, said.get("Authorization") == "AAD", said.get("ClientId")
    )


def sweeper_schedule() -> str:
    """NCRONTAB of the sweeper: the host wants it while it loads the app, before anything else is read."""
    return os.environ.get("SWEEPER_SCHEDULE") or "*/30 * * * * *"


def outbox_schedule() -> str:
    """NCRONTAB of the outbox: what follows from a state is done so much later at most."""
    return os.environ.get("OUTBOX_SCHEDULE") or "*/5 * * * * *"


def scheduler_schedule() -> str:
    """NCRONTAB of the scheduler: what is due starts so much later at most."""
    return os.environ.get("SCHEDULER_SCHEDULE") or "*/30 * * * * *"


def count_schedule() -> str:
    """NCRONTAB of the look at what Graph counts in each tenant: a month is compared by the looks next to its ends."""
    return os.environ.get("COUNT_SCHEDULE") or "0 20 * * * *"


def housekeeping_schedule() -> str:
    """NCRONTAB of the look for plans, requests and exports that have had their time."""
    return os.environ.get("HOUSEKEEPING_SCHEDULE") or "0 40 * * * *"


def catalogue_schedule() -> str:
    """NCRONTAB of the look at Microsoft's list of products."""
    return os.environ.get("CATALOGUE_SCHEDULE") or "0 10 3 * * *"
