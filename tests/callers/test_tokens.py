"""Which tokens are believed, and how often the issuer is asked for its keys: over HTTP, with the stack's own issuer."""

import asyncio
import time
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, HMACAlgorithm
from jwt.utils import base64url_encode

from dev.issuer import AUDIENCE
from dev.issuer.server import DISCOVERY, SigningKey, TokenIssuer
from shared.callers.issuer import FRESH_S, KEPT_S, LOOKS, WITHIN_S, Issuer
from shared.callers.tokens import LEEWAY_S, Tokens
from shared.domain.caller import Role
from shared.domain.grants import Grant
from shared.errors import DependencyDown, NoCaller
from tests.support.issuer import claims_of, part, running_issuer

ADMIN = "BulkLicenses.Admin"


class Clock:
    """Goes on when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def issuer() -> AsyncIterator[TokenIssuer]:
    """The issuer of the local stack."""
    async with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def clock() -> Clock:
    """The time of the kept keys."""
    return Clock()


@pytest.fixture
async def tokens(issuer: TokenIssuer, clock: Clock) -> AsyncIterator[Tokens]:
    """Believes that issuer."""
    tokens = Tokens(Issuer(issuer.url, clock), AUDIENCE)
    yield tokens
    await tokens.issuer.close()


async def gathered(*calls: Awaitable[Any]) -> list[Any]:
    """What all of them give, or the error of each."""
    return await asyncio.gather(*calls, return_exceptions=True)


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncGenerator[str]:
    """The URL of a server that gives every request to ``handler``."""
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def signed(issuer: TokenIssuer, claims: dict[str, Any] | None = None, **header: Any) -> str:
    """A token with the issuer's own signature that says something else (None: nothing), or has another header."""
    said = claims_of(issuer.token({})) | (claims or {})
    key = issuer.keys[0]
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, key.private, algorithm="RS256", headers={"kid": key.kid} | header)


async def test_who_bears_a_good_token(issuer: TokenIssuer, tokens: Tokens) -> None:
    """Id from oid, else sub; the highest of the app's roles, on all tenants; a name of a person or an application."""
    oid = "8C6C9A0E-0D3B-4C7E-9A52-6F3F2D1B7E44"
    person = await tokens.principal(issuer.token({"oid": oid, "name": "Ana", "roles": ["Other", ADMIN]}))
    app = await tokens.principal(issuer.token({"oid": None, "sub": "s-1", "name": None, "azp": "runner"}))

    assert (person.id, person.name, person.of_directory) == (oid.lower(), "Ana", True)
    assert person.own == Grant(oid.lower(), Role.ADMIN, frozenset({"*"}))
    assert (app.id, app.name, app.own) == ("s-1", "runner", None)


def _no_algorithm(issuer: TokenIssuer) -> str:
    header = {"alg": "none", "typ": "JWT", "kid": issuer.keys[0].kid}
    return f"{part(header)}.{part(claims_of(issuer.token({'roles': [ADMIN]})))}."


def _signed_with_the_public_key(issuer: TokenIssuer) -> str:
    """Key confusion: HS256, with the text of the public key as the secret."""
    key = issuer.keys[0]
    pem = key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = {"alg": "HS256", "typ": "JWT", "kid": key.kid}
    text = f"{part(header)}.{part(claims_of(issuer.token({})))}"
    signature = HMACAlgorithm(HMACAlgorithm.SHA256).sign(text.encode(), pem)
    return f"{text}.{base64url_encode(signature).decode()}"


def _signed_by_another(issuer: TokenIssuer) -> str:
    other = TokenIssuer()
    other.url, other.keys[0].kid = issuer.url, issuer.keys[0].kid
    return other.token({"roles": [ADMIN]})


def _with_more_rights(issuer: TokenIssuer) -> str:
    head, _, signature = issuer.token({}).split(".")
    return f"{head}.{part(claims_of(issuer.token({'roles': [ADMIN]})))}.{signature}"


def _with_its_own_key(issuer: TokenIssuer) -> str:
    """A key that comes along in the header is no key."""
    own = SigningKey()
    claims = claims_of(issuer.token({"roles": [ADMIN]}))
    return jwt.encode(claims, own.private, algorithm="RS256", headers={"kid": issuer.keys[0].kid, "jwk": own.public()})


type Make = Callable[[TokenIssuer], str]

NOT_GOOD: dict[str, tuple[Make, str]] = {
    "empty": (lambda _: "", "cannot be read"),
    "no token": (lambda _: "abc", "cannot be read"),
    "three parts of nothing": (lambda _: "a.b.c", "cannot be read"),
    "no ASCII": (lambda _: "é.é.é", "cannot be read"),
    "a list for a header": (lambda _: f"{part([])}.{part({})}.", "cannot be read"),
    "alg none": (_no_algorithm, "not taken"),
    "key confusion": (_signed_with_the_public_key, "not taken"),
    "another algorithm than the key's": (lambda i: signed(i, alg="PS256", typ="JWT"), "not taken"),
    "another key under the same id": (_signed_by_another, "signature"),
    "claims put in": (_with_more_rights, "signature"),
    "its own key": (_with_its_own_key, "signature"),
    "broken signature": (lambda i: i.token({})[:-4] + "AAAA", "signature"),
    "typ": (lambda i: signed(i, typ="logout+jwt"), "another type"),
    "kid": (lambda i: signed(i, kid="guess"), "none of the keys"),
    "long kid": (lambda i: signed(i, kid="k" * 300), "none of the keys"),
    "critical extension": (lambda i: signed(i, crit=["exp"]), "cannot be read"),
    "audience": (lambda i: i.token({"aud": "api://other"}), "another audience"),
    "audiences": (lambda i: i.token({"aud": ["a", "b"]}), "another audience"),
    "no audience": (lambda i: i.token({"aud": None}), "lacks"),
    "issuer": (lambda i: i.token({"iss": "https://evil.example"}), "another issuer"),
    "nearly the issuer": (lambda i: i.token({"iss": f"{i.url}/"}), "another issuer"),
    "no issuer": (lambda i: signed(i, {"iss": None}), "lacks"),
    "expired": (lambda i: i.token({"lifetime": -LEEWAY_S - 5}), "expired"),
    "never expires": (lambda i: i.token({"exp": None}), "lacks"),
    "an expiry that is none": (lambda i: i.token({"exp": "later"}), "cannot be read"),
    "not yet": (lambda i: i.token({"nbf": time.time() + LEEWAY_S + 30}), "not valid yet"),
    "nobody": (lambda i: i.token({"oid": None, "sub": ""}), "names nobody"),
    "no fit name": (lambda i: i.token({"oid": "a\nb", "sub": "x" * 300}), "names nobody"),
}
"""How a token is made that is not good, and what is said of it."""


@pytest.mark.parametrize(("made", "says"), NOT_GOOD.values(), ids=NOT_GOOD)
async def test_a_token_that_is_not_good_is_nobody(issuer: TokenIssuer, tokens: Tokens, made: Make, says: str) -> None:
    """Traps 44 and 45: whoever forges, borrows or keeps a token is nobody, and is told why, never what was sent."""
    token = made(issuer)
    with pytest.raises(NoCaller, match=says) as caught:
        await tokens.principal(token)

    assert caught.value.token
    assert caught.value.challenge.startswith('Bearer error="invalid_token", error_description="The ')
    assert caught.value.__cause__ is None
    assert all(piece not in str(caught.value) for piece in token.split(".") if len(piece) > 3)


async def test_clocks_may_be_a_little_apart(issuer: TokenIssuer, tokens: Tokens) -> None:
    """A minute before the beginning and after the end of a token."""
    assert await tokens.principal(issuer.token({"nbf": time.time() + LEEWAY_S / 2}))
    assert await tokens.principal(issuer.token({"lifetime": -LEEWAY_S / 2}))


async def test_keys_that_cannot_sign_for_us_are_no_keys(issuer: TokenIssuer) -> None:
    """Secrets, short keys, and keys for encryption in the issuer's set are left out; the others go on."""
    secret = {"kty": "oct", "kid": "secret", "k": part("x" * 40)}
    weak = SigningKey()
    weak.private = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - what is refused
    sealing = SigningKey()
    curve = ec.generate_private_key(ec.SECP256R1())
    oval = ECAlgorithm.to_jwk(curve.public_key(), as_dict=True) | {"kid": "oval"}
    keys = [
        secret,
        weak.public(),
        sealing.public() | {"use": "enc"},
        oval,
        {"kty": "new", "kid": "n"},
        oval | {"kid": ["n"]},
        5,
    ]

    async def served(request: web.Request) -> web.Response:
        if request.path == DISCOVERY:
            url = f"http://{request.host}"
            return web.json_response({"issuer": url, "jwks_uri": f"{url}/keys"})
        return web.json_response({"keys": keys})

    async with serving(served) as url:
        tokens = Tokens(Issuer(url), AUDIENCE)
        claims = claims_of(issuer.token({})) | {"iss": url}
        good = jwt.encode(claims, curve, algorithm="ES256", headers={"kid": "oval"})
        assert (await tokens.principal(good)).name == "developer"
        for key, says in ((weak, "cannot be read"), (sealing, "none of the keys")):
            with warnings.catch_warnings(action="ignore"):  # of the short key
                token = jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.kid})
            with pytest.raises(NoCaller, match=says):
                await tokens.principal(token)
        with pytest.raises(NoCaller, match="none of the keys"):
            await tokens.principal(signed(issuer, kid="secret"))
        await tokens.issuer.close()


async def test_the_issuer_is_asked_once_for_many(issuer: TokenIssuer, tokens: Tokens) -> None:
    """Also when they come at the same time; and again after an hour."""
    await gathered(*(tokens.principal(issuer.token({"name": str(n)})) for n in range(20)))
    await tokens.principal(issuer.token({}))

    assert issuer.requests["/keys"] == issuer.requests[DISCOVERY] == 1


async def test_a_new_key_is_found_at_once_and_a_withdrawn_one_ends(
    issuer: TokenIssuer, tokens: Tokens, clock: Clock
) -> None:
    """The old one is good until the keys are read again."""
    old = issuer.token({})
    await tokens.principal(old)
    issuer.rotate()
    await tokens.principal(issuer.token({}))
    await tokens.principal(old)

    issuer.rotate(withdraw=True)
    clock.now += FRESH_S
    with pytest.raises(NoCaller, match="none of the keys"):
        await tokens.principal(old)
    await tokens.principal(issuer.token({}))


async def test_made_up_keys_do_not_make_us_flood_the_issuer(issuer: TokenIssuer, tokens: Tokens, clock: Clock) -> None:
    """However many come, side by side or one after the other; good tokens go on, and soon new keys are found again."""
    good = issuer.token({})
    await tokens.principal(good)
    for start in (0, 100):
        made_up = [tokens.principal(signed(issuer, kid=f"made-up-{start + n}")) for n in range(100)]
        assert all(isinstance(each, NoCaller) for each in await gathered(*made_up))
    await tokens.principal(good)
    assert issuer.requests["/keys"] <= LOOKS

    issuer.rotate()
    clock.now += WITHIN_S
    await tokens.principal(issuer.token({}))


async def test_tokens_that_cannot_be_right_ask_nobody(issuer: TokenIssuer, tokens: Tokens) -> None:
    """No algorithm of ours, no type of ours, no key: refused before the issuer is asked for anything."""
    for token in (_no_algorithm(issuer), signed(issuer, typ="other"), signed(issuer, kid=""), "x.y.z"):
        with pytest.raises(NoCaller):
            await tokens.principal(token)

    assert issuer.requests == {}


async def test_an_issuer_that_is_down_is_an_outage_and_nobody_is_let_in(clock: Clock) -> None:
    """Come back later: never "your token is bad", never a way in; it is not hammered meanwhile, and found again."""
    async with running_issuer() as issuer:
        pass
    tokens = Tokens(Issuer(issuer.url, clock), AUDIENCE)
    for _ in range(LOOKS):
        with pytest.raises(DependencyDown):
            await tokens.principal(issuer.token({}))
    with pytest.raises(DependencyDown) as caught:
        await tokens.principal(issuer.token({}))
    assert caught.value.retry_after == WITHIN_S
    await tokens.issuer.close()


async def test_kept_keys_go_on_for_a_day_while_the_issuer_is_down(clock: Clock) -> None:
    """A short outage shuts nobody out; a key that nobody knows is an outage then, and after a day all are."""
    async with running_issuer() as issuer:
        tokens = Tokens(Issuer(issuer.url, clock), AUDIENCE)
        await tokens.issuer.check()
    clock.now += FRESH_S
    assert await tokens.principal(issuer.token({}))
    with pytest.raises(DependencyDown):
        await tokens.principal(signed(issuer, kid="new"))
    clock.now += KEPT_S - FRESH_S
    with pytest.raises(DependencyDown):
        await tokens.principal(issuer.token({}))
    await tokens.issuer.close()


@pytest.mark.parametrize(
    ("document", "status"),
    [
        pytest.param({"issuer": "https://other.example", "jwks_uri": "{url}/keys"}, 200, id="of another issuer"),
        pytest.param({"issuer": "{url}"}, 200, id="no keys"),
        pytest.param({"issuer": "{url}", "jwks_uri": 5}, 200, id="a number for keys"),
        pytest.param({"issuer": "{url}", "jwks_uri": "http://10.0.0.1/keys"}, 200, id="keys over plain http"),
        pytest.param({"issuer": "{url}", "jwks_uri": "{url}/nothing"}, 200, id="keys that are not there"),
        pytest.param({"issuer": "{url}", "jwks_uri": f"{{url}}{DISCOVERY}"}, 200, id="keys that are none"),
        pytest.param({"issuer": "{url}", "jwks_uri": "{url}/sealing"}, 200, id="keys for something else"),
        pytest.param([], 200, id="no document"),
        pytest.param({"issuer": "{url}", "jwks_uri": "{url}/keys"}, 302, id="sent elsewhere"),
        pytest.param({"issuer": "{url}", "jwks_uri": "{url}/keys"}, 500, id="a fault"),
    ],
)
async def test_a_document_that_is_not_the_issuers_gives_no_keys(document: Any, status: int) -> None:
    """What is not plainly the issuer's own is an outage; nothing is fetched from elsewhere."""
    key = SigningKey()

    async def served(request: web.Request) -> web.Response:
        if request.path in {"/keys", "/sealing"}:
            use = {"use": "enc"} if request.path == "/sealing" else {}
            return web.json_response({"keys": [key.public() | use]})
        url = f"http://{request.host}"
        filled = {n: v.format(url=url) if isinstance(v, str) else v for n, v in dict(document).items()}
        return web.json_response(
            filled if isinstance(document, dict) else document,
            status=status if request.path == DISCOVERY else 404,
            headers={"Location": f"{url}/keys"},
        )

    async with serving(served) as url:
        checked = Issuer(url)
        with pytest.raises(DependencyDown) as caught:
            await checked.key(key.kid)
        assert caught.value.dependency == "issuer"
        with pytest.raises(DependencyDown):
            await checked.check()
        await checked.close()
