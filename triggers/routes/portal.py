"""``GET /portal``: the web page. Its files are for anyone; what it shows it asks of the API, as its user."""

import asyncio
import html
import secrets

import azure.functions as func

from shared.contracts.routes import Answer, Route
from shared.errors import NotFound
from shared.services import Services
from shared.settings import Settings
from triggers.web.http import Call
from triggers.web.router import Router
from triggers.web.site import FOLDER, HASHED, INDEX, File, site

router = Router()

NONCE, SIGN_IN = "__NONCE__", "__SIGN_IN__"
"""What stands in the built page for the nonce of its styles, and for the ways to sign in."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self'; font-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Content-Security-Policy of the page: Fluent UI makes its style elements at run time, so these bear a nonce.

Its last line makes the browser refuse to read any text as HTML, whatever a script of the page may try.
"""
FRAMING = {"Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin"}
YEAR = "public, max-age=31536000, immutable"
NOT_BUILT = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bulk licences</title></head>
<body><h1>The page was not built</h1><p>Run <code>make portal</code> where this app comes from, and deploy it again.</p>
<p>The API works without it: <a href="/api/docs">its description</a>.</p></body></html>"""
TYPES = ("text/html", "text/javascript", "text/css", "image/svg+xml", "application/octet-stream")
NOT_THERE = Answer(503, "The page was not built, or a dependency is down.", types=("text/html",))


@router.add(
    Route(
        name="portal",
        method="GET",
        path="portal",
        summary="The web page.",
        role=None,
        any_query=True,  # its own links keep their filters there
        answers=(Answer(200, "The page.", types=("text/html",)), NOT_THERE),
    )
)
async def portal(call: Call, app: Services) -> func.HttpResponse:
    """The page at its first view."""
    return await _answer("", call, app)


@router.add(
    Route(
        name="portal_file",
        method="GET",
        path="portal/{*path}",
        summary="A file of the web page, or the page at one of its views.",
        role=None,
        any_query=True,
        answers=(
            Answer(200, "The file or the page, compressed as Accept-Encoding allows.", types=TYPES),
            Answer(304, "The file has not changed."),
            NOT_THERE,
        ),
        problems={404: "The page has no such file."},
    )
)
async def portal_file(call: Call, app: Services) -> func.HttpResponse:
    """What the page was built of; every other path is a view, which the page itself finds."""
    return await _answer(call.path.get("path", ""), call, app)


async def _answer(path: str, call: Call, app: Services) -> func.HttpResponse:
    files = await asyncio.to_thread(site, FOLDER)
    if files is None:
        headers = FRAMING | {"Content-Security-Policy": POLICY.format(nonce="none")}
        return func.HttpResponse(NOT_BUILT, status_code=503, headers=headers, mimetype="text/html", charset="utf-8")
    found = files.get(path)
    if found is None and path.startswith(HASHED):
        raise NotFound("The page has no such file.")
    if found is None or path == INDEX:
        return _page(files[INDEX], app.settings)
    return _file(found, call)


def _page(index: File, settings: Settings) -> func.HttpResponse:
    """The page with a nonce of this answer alone, which is why nobody may keep it."""
    nonce = secrets.token_urlsafe(18)
    text = index.forms[None].content.decode().replace(NONCE, nonce)
    text = text.replace(SIGN_IN, html.escape(" ".join(_sign_ins(settings))))
    headers = FRAMING | {"Content-Security-Policy": POLICY.format(nonce=nonce)}
    return func.HttpResponse(text, headers=headers, mimetype="text/html", charset="utf-8")


def _sign_ins(settings: Settings) -> list[str]:
    """The ways to be known here, for the page to offer."""
    ways = {"platform": settings.behind_platform_sign_in, "token": settings.auth_issuer is not None, "key": True}
    return [name for name, offered in ways.items() if offered]


def _file(found: File, call: Call) -> func.HttpResponse:
    sent = found.accepted(call.headers.get("accept-encoding", ""))
    headers = FRAMING | {
        "Cache-Control": YEAR if found.hashed else "no-cache",
        "ETag": sent.etag,
        "Vary": "Accept-Encoding",
    }
    if sent.etag in call.headers.get("if-none-match", ""):
        return func.HttpResponse(status_code=304, headers=headers)
    if sent.encoding:
        headers["Content-Encoding"] = sent.encoding
    return func.HttpResponse(sent.content, headers=headers, mimetype=found.media_type)
