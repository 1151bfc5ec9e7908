"""The field ``notify`` of a tenant and of a schedule."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from shared.contracts.selections import Request
from shared.domain.notify import Event, Notify
from shared.settings import is_loopback

MAX_URL = 2_000


def _webhook(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise PydanticCustomError("url", "It is not a URL") from None
    if not usable or "@" in parts.netloc or "\\" in url or parts.fragment:
        raise PydanticCustomError("url", "It needs a host, and may have neither user nor fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url)):
        raise PydanticCustomError("url", "It must be https")
    return url


WebhookUrl = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_URL, pattern="^[!-~]+$"),
    AfterValidator(_webhook),
    Field(json_schema_extra={"format": "uri"}),
]
"""An https URL in ASCII (an international name begins with ``xn--``)."""


class NotifyBody(Request):
    """Where a POST goes when an operation comes to one of these states; ``completed`` means every end."""

    url: WebhookUrl
    on: Annotated[tuple[Event, ...], Field(min_length=1, max_length=3)]

    def notify(self) -> Notify:
        """The field as it is stored: each event once."""
        return Notify(self.url, tuple(dict.fromkeys(self.on)))
