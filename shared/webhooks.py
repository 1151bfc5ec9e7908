"""Calls to addresses that customers name: over TLS, to the public internet only, and never further than told."""

import socket
from typing import Any
from urllib.parse import urlsplit

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorSSLError,
    ClientError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)

from shared.domain.addresses import is_public, parsed
from shared.errors import LicenceError
from shared.settings import is_loopback

INSIDE = "leads to an address that is not on the public internet"
HEADERS = {"Content-Type": "application/json", "User-Agent": "bulk-licences"}


class WebhookFailed(LicenceError):
    """A webhook was not called, or did not take what it was sent; the text does not tell what it answered."""


def fault_of(url: str, *, local: bool) -> str | None:
    """Why this URL is not called, as far as it can be told without asking for its name; None where it may be.

    ``local`` allows this machine, without TLS too.
    """
    if is_loopback(url):
        return None if local else INSIDE
    if urlsplit(url).scheme != "https":
        return "is not https"
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return INSIDE
    return INSIDE if parsed(host) and not is_public(host) else None


async def post(url: str, body: bytes, headers: dict[str, str], *, seconds: float, local: bool) -> None:
    """Send JSON, once; a redirect is not followed, and the answer's body is not read.

    What is connected to is the very address that was looked at: a name that leads elsewhere a moment later gains
    nothing. Proxies of the environment are not used. Raises ``WebhookFailed``.
    """
    if fault := fault_of(url, local=local):
        raise WebhookFailed(f"It {fault}")
    refused = False

    def checked_socket(info: tuple[Any, ...]) -> socket.socket:
        nonlocal refused
        family, kind, protocol, _, (address, *_) = info
        found = parsed(str(address))
        if not is_public(str(address)) and not (local and found and found.is_loopback):
            refused = True
            raise OSError("not on the public internet")
        return socket.socket(family, kind, protocol)

    connector = TCPConnector(socket_factory=checked_socket, force_close=True, use_dns_cache=False)
    timeout = ClientTimeout(total=seconds)
    try:
        async with (
            ClientSession(
                connector=connector, timeout=timeout, cookie_jar=DummyCookieJar(), trust_env=False
            ) as session,
            session.post(url, data=body, headers=HEADERS | headers, allow_redirects=False) as answer,
        ):
            status = answer.status
    except TimeoutError:
        raise WebhookFailed(f"It did not answer within {seconds:g} s") from None
    except ClientConnectorDNSError:
        raise WebhookFailed("Its name is not known") from None
    except (ClientConnectorCertificateError, ClientConnectorSSLError):
        raise WebhookFailed("Its certificate does not prove that it is what its name says") from None
    except ClientError:
        raise WebhookFailed(f"It {INSIDE}" if refused else "There is no connection to it") from None
    if not 200 <= status < 300:
        raise WebhookFailed(f"It answered {status}")
