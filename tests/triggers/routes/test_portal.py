"""The web page as it is served: to anyone, under a strict policy, and nothing but its own files."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.triggers.conftest import ADMIN, GOLD, READER, Api
from triggers.routes import portal

SCRIPT = "console.log('the page')"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page in a folder of its own, with something beside it that is nobody's business."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    page = f'<meta name="sign-in" content="{portal.SIGN_IN}"><script nonce="{portal.NONCE}" src="x.js"></script>'
    (dist / "index.html").write_text(page)
    (dist / "assets" / "x-1a2b.js").write_text(SCRIPT)
    (dist / "assets" / "x-1a2b.js.br").write_text("compressed")
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setattr(portal, "FOLDER", dist)
    return dist


async def test_the_page_is_for_anyone_and_for_this_answer_alone(api: Api) -> None:
    """No caller is needed; each answer has a nonce of its own, so none may be kept."""
    one, other = [await api.send("GET", path, key=None) for path in ("/portal", "/portal/operations/7?tenant=x")]

    for answer in (one, other):
        assert (answer.status, answer.media_type) == (200, "text/html")
        assert answer.headers["Cache-Control"] == "no-store"
        assert f'content="key"><script nonce="{nonce_of(answer.headers)}"' in answer.body.decode()
    assert nonce_of(one.headers) != nonce_of(other.headers)


def nonce_of(headers: dict[str, str]) -> str:
    """The nonce in the policy of an answer."""
    found = re.search(r"style-src 'self' 'nonce-([\w-]{20,})'", headers["Content-Security-Policy"])
    assert found
    return found[1]


async def test_the_policy_lets_nothing_in_and_nobody_around_it(api: Api) -> None:
    """No script but the page's own, no inline script or style without the nonce, no frame, no other host."""
    headers = (await api.send("GET", "/portal", key=None)).headers
    policy = dict(each.strip().split(" ", 1) for each in headers["Content-Security-Policy"].split(";"))

    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "http" not in headers["Content-Security-Policy"]
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


async def test_hashed_files_are_kept_for_good_and_come_compressed(api: Api) -> None:
    """Their names change with their content; who has one already is told so."""
    path = "/portal/assets/x-1a2b.js"
    plain = await api.send("GET", path, key=None)
    small = await api.send("GET", path, key=None, headers={"Accept-Encoding": "gzip, br"})
    again = await api.send(
        "GET",
        path,
        key=None,
        headers={"Accept-Encoding": "gzip, br", "If-None-Match": f'W/"x", {small.headers["ETag"]}'},
    )

    assert (plain.status, plain.media_type, plain.body) == (200, "text/javascript", SCRIPT.encode())
    assert "immutable" in plain.headers["Cache-Control"]
    assert "Content-Encoding" not in plain.headers
    assert (small.headers["Content-Encoding"], small.body) == ("br", b"compressed")
    assert plain.headers["Vary"] == small.headers["Vary"] == "Accept-Encoding"
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path", ["../secret.txt", "assets/../../secret.txt", "/etc/passwd", "..\\secret.txt", "%2e%2e/x"]
)
async def test_no_path_leads_out_of_the_page(api: Api, path: str) -> None:
    """What is none of its files is a view of it, or below assets/ nothing; a file elsewhere is never read."""
    answer = await api.send("GET", "/portal/x", key=None, path_parameters={"path": path})

    assert answer.status in (200, 404)
    assert b"secret" not in answer.body
    assert b"root:" not in answer.body
    assert answer.media_type in ("text/html", "application/problem+json")


async def test_an_asset_of_another_build_is_not_there(api: Api) -> None:
    """A page in place of a script would only hide that the script is missing."""
    assert (await api.send("GET", "/portal/assets/x-0000.js", key=None)).status == 404


async def test_without_a_build_it_says_what_to_do(api: Api, folder: Path) -> None:
    """The API works without the page."""
    (folder / "index.html").unlink()
    answer = await api.send("GET", "/portal", key=None)

    assert (answer.status, answer.media_type) == (503, "text/html")
    assert b"make portal" in answer.body
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_the_page_is_told_the_ways_to_sign_in(api: Api) -> None:
    """Only what is set here is offered there."""
    settings = replace(api.app.settings, behind_platform_sign_in=True, auth_issuer="https://issuer.example")
    api.app = replace(api.app, settings=settings)

    assert b'content="platform token key"' in (await api.send("GET", "/portal", key=None)).body


@pytest.mark.parametrize(
    ("key", "role", "everywhere"), [(ADMIN, "Admin", True), (READER, "Read", True), (GOLD, "Operate", False)]
)
async def test_callers_learn_who_they_are(api: Api, registered: str, key: str, role: str, everywhere: bool) -> None:
    """Name, role and tenants of the grant that counts; a tag stands for the tenants that bear it."""
    await api.send("PUT", f"tenants/{registered}", {"tags": ["gold"]})
    told = (await api.send("GET", "me", key=key)).json

    assert told["role"] == f"BulkLicenses.{role}"
    assert ("*" in told["tenants"]) is everywhere
    assert everywhere or registered in told["tenants"]
    assert (await api.send("GET", "me", key=None)).status == 401
