"""What the app's folder and the environment tell the host: ``host.json``, ``local.settings.json``, the port."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from dev.localhost.errors import HostError

_DEFAULT_PORT = "7071"


@dataclass(frozen=True)
class HostSettings:
    """The parts of ``host.json`` the host honours."""

    route_prefix: str
    durable: dict[str, Any]


def read_host_json(app_dir: Path) -> HostSettings:
    """Read ``host.json``; raises ``HostError`` when it is missing or no version 2."""
    content = _read_json(app_dir / "host.json")
    if content is None or content.get("version") != "2.0":
        raise HostError(f'{app_dir / "host.json"} must be there and have "version": "2.0"')
    extensions = _section(content, "extensions")
    prefix = _section(extensions, "http").get("routePrefix", "api")
    return HostSettings(str(prefix), _section(extensions, "durableTask"))


def apply_local_settings(app_dir: Path) -> None:
    """Put ``Values`` of ``local.settings.json``, where there is one, into the environment; what is set there wins."""
    content = _read_json(app_dir / "local.settings.json")
    for name, value in _section(content or {}, "Values").items():
        os.environ.setdefault(name, str(value))


def port() -> int:
    """``LOCALHOST_PORT``; 0 picks a free one. Raises ``HostError``."""
    value = os.environ.get("LOCALHOST_PORT") or _DEFAULT_PORT
    if not value.isdecimal() or int(value) > 65535:
        raise HostError(f"LOCALHOST_PORT={value!r} is not a port: a number from 0 (any free port) to 65535 is expected")
    return int(value)


def function_key() -> str:
    """``LOCALHOST_FUNCTION_KEY``: the key of functions that are not anonymous; empty means they need none."""
    return os.environ.get("LOCALHOST_FUNCTION_KEY", "")


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise HostError(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise HostError(f"{path} is not a JSON object")
    return cast(dict[str, Any], content)


def _section(content: dict[str, Any], name: str) -> dict[str, Any]:
    value = content.get(name, {})
    if not isinstance(value, dict):
        raise HostError(f"{name} is not a JSON object: {value!r}")
    return cast(dict[str, Any], value)
