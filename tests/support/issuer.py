"""The issuer of the local stack, in the process of the test, and tokens that only look like its own."""

import base64
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from dev.issuer.server import SigningKey, TokenIssuer, start


@cache
def _first_key() -> SigningKey:
    """One for all tests: to make one takes a while."""
    return SigningKey()


@asynccontextmanager
async def running_issuer() -> AsyncGenerator[TokenIssuer]:
    """An issuer that serves on a free port."""
    issuer = TokenIssuer(_first_key())
    runner = await start(issuer)
    try:
        yield issuer
    finally:
        await runner.cleanup()


def part(value: Any) -> str:
    """A part of a token: JSON in base64url."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unchecked."""
    text = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
