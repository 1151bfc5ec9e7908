"""The keys of the issuer of tokens, from its discovery document (OpenID Connect Discovery 1.0).

They are kept, and asked for again after an hour or when a token names one that is not among them; made-up names of keys
make no more than a few requests of it. While the issuer does not answer, the kept keys go on for a day.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import jwt

from shared.errors import DependencyDown
from shared.settings import is_loopback

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Asymmetric ones only: with a public key nobody can sign."""
FRESH_S = 3_600.0
"""So long the keys are believed without asking; a key that the issuer withdrew is good for no longer."""
KEPT_S = 86_400.0
"""So long they are believed while the issuer does not answer."""
LOOKS, WITHIN_S = 3, 30.0
"""The issuer is asked at most so often in so many seconds."""
TIMEOUT_S = 5.0

log = logging.getLogger(__name__)


class Issuer:
    """One issuer, by the URL that its tokens bear; ``clock`` is monotonic, in seconds."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.url = url
        self._clock = clock
        import httpx  # noqa: PLC0415 - slow to import, and not needed where no tokens are believed

        self._http = httpx.AsyncClient(timeout=TIMEOUT_S)
        self._failures = (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, RecursionError)
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._read_at: float | None = None
        self._looks: deque[float] = deque(maxlen=LOOKS)
        self._looked = 0
        self._failure: DependencyDown | None = None
        self._lock = asyncio.Lock()

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def key(self, kid: str) -> jwt.PyJWK | None:
        """The key of this id; None when the issuer has none.

        Raises ``DependencyDown`` when that cannot be told, as the issuer does not answer.
        """
        await self._look_where_needed(kid)
        found = self._kept().get(kid)
        if found is None:
            self._raise_failure()
        return found

    async def check(self) -> None:
        """Raise ``DependencyDown`` when the issuer's keys are not known."""
        await self._look_where_needed(None)
        if not self._kept():
            self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failure:
            raise DependencyDown("issuer", str(self._failure), retry_after=max(1.0, self._pause()))

    def _kept(self) -> Mapping[str, jwt.PyJWK]:
        return self._keys if self._age() < KEPT_S else {}

    def _age(self) -> float:
        return float("inf") if self._read_at is None else self._clock() - self._read_at

    def _pause(self) -> float:
        """Seconds until the issuer may be asked again."""
        return self._looks[0] + WITHIN_S - self._clock() if len(self._looks) == LOOKS else 0

    async def _look_where_needed(self, kid: str | None) -> None:
        known = kid in self._kept() or (kid is None and bool(self._kept()))
        if known and (self._age() < FRESH_S or self._lock.locked()):
            return  # somebody else is asking, and what is known will do meanwhile
        looked = self._looked
        async with self._lock:
            if self._looked == looked and self._pause() <= 0:
                await self._look()

    async def _look(self) -> None:
        self._looks.append(self._clock())
        try:
            self._keys = await self._fetch()
        except DependencyDown as failure:
            log.warning("The keys of tokens cannot be read: %s", failure)
            self._failure = failure
        else:
            self._read_at, self._failure = self._clock(), None
        self._looked += 1  # at the end: who came meanwhile takes this look for its own

    async def _fetch(self) -> dict[str, jwt.PyJWK]:
        document = await self._json(self.url.rstrip("/") + "/.well-known/openid-configuration")
        if document.get("issuer") != self.url:
            raise DependencyDown("issuer", f"the discovery document of {self.url} is of another issuer")
        place = document.get("jwks_uri")
        if not isinstance(place, str) or not (urlsplit(place).scheme == "https" or is_loopback(place)):
            raise DependencyDown("issuer", f"the discovery document of {self.url} names no https address of keys")
        try:
            keys = jwt.PyJWKSet.from_dict(await self._json(place)).keys
        except (jwt.PyJWTError, TypeError) as error:
            raise DependencyDown("issuer", f"the issuer {self.url} has no keys that can be used") from error
        signing = {key.key_id: key for key in reversed(keys) if isinstance(key.key_id, str) and _signs(key)}
        if not signing:
            raise DependencyDown("issuer", f"the issuer {self.url} has no keys for signatures that are taken")
        return signing

    async def _json(self, url: str) -> dict[str, Any]:
        try:
            async with asyncio.timeout(2 * TIMEOUT_S):
                answer = await self._http.get(url)
            answer.raise_for_status()
            document = answer.json()
        except self._failures as error:
            raise DependencyDown("issuer", f"the issuer of tokens does not answer at {url}") from error
        if not isinstance(document, dict):
            raise DependencyDown("issuer", f"the issuer of tokens does not answer with a document at {url}")
        return document  # pyright: ignore[reportUnknownVariableType] - JSON


def _signs(key: jwt.PyJWK) -> bool:
    """Whether it is a public key for signatures that we take."""
    return key.public_key_use in (None, "sig") and key.algorithm_name in ALGORITHMS
