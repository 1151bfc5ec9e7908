"""How a CSV arrives over HTTP: as a body, as a part of a form, and all the ways in which that goes wrong."""

import json
from collections.abc import AsyncIterator
from typing import Any

import azure.functions as func
import httpx
import pytest
import pytest_asyncio
from pydantic import BaseModel

from dev.api import BASE as API_BASE
from dev.stack import Stack
from shared.contracts.routes import Route
from shared.errors import RequestRejected
from tests.triggers.conftest import Answer, Api
from triggers import API
from triggers.web.bodies import MAX_BODY, checked_body, parsed

TEXT = "UserPrincipalName,LicenseSKU\r\nana@contoso.com,SPE_E5\r\n"
CSV = TEXT.encode()
FILE = ("file", ("users.csv", CSV, "text/csv"))
HOLDER = {"users": {"group": {"id": "g"}}}
PATH = "selections/resolve"
ROUTES: dict[str, Route] = {route.name: route for router in API for route in router.routes}

type Part = tuple[str, tuple[str | None, bytes] | tuple[str | None, bytes, str]]
type Sent = tuple[bytes, str]


def form(*parts: Part) -> Sent:
    """A form as a client encodes it, and its content type."""
    request = httpx.Request("POST", "http://app.test", files=list(parts))
    return request.read(), request.headers["Content-Type"]


def rest(value: Any) -> Part:
    """The part ``request`` as a plain field; a text or bytes as they are."""
    data = value if isinstance(value, bytes) else (value if isinstance(value, str) else json.dumps(value)).encode()
    return ("request", (None, data))


def translated(sent: Sent, **params: str) -> Any:
    """What the rest of the app is given in place of the body."""
    body, content_type = sent
    request = func.HttpRequest("POST", "https://app.test", params=params, body=body)
    return json.loads(checked_body(ROUTES["assign"], request, {"content-type": content_type}))


def refusal(sent: Sent, **params: str) -> RequestRejected:
    """Why the body is not taken."""
    with pytest.raises(RequestRejected) as caught:
        translated(sent, **params)
    return caught.value


async def post(api: Api, sent: Sent, path: str = PATH, **query: str) -> Answer:
    """Send it through the route's wrapper."""
    body, content_type = sent
    return await api.send("POST", path, body, headers={"Content-Type": content_type}, query=query)


def target(tenant: str) -> dict[str, Any]:
    """The target that a CSV alone makes."""
    return {"tenant": tenant, "users": {"csv": TEXT}}


def test_a_csv_alone_becomes_the_users_of_the_named_tenant() -> None:
    """``?tenant=`` is what the target would say; without it the rows have to name their tenants."""
    assert translated((CSV, "text/csv"), tenant="contoso.com") == {"targets": [target("contoso.com")]}
    assert translated((CSV, "text/csv")) == {"csv": TEXT}


@pytest.mark.parametrize(
    ("parts", "params", "meant"),
    [
        ([FILE], {"tenant": "a.b"}, {"targets": [target("a.b")]}),
        ([FILE], {}, {"csv": TEXT}),
        ([FILE, rest({"reason": "x"})], {"tenant": "a.b"}, {"reason": "x", "targets": [target("a.b")]}),
        ([rest({"reason": "x"}), FILE], {}, {"reason": "x", "csv": TEXT}),
        ([FILE, rest({"targets": [{"tenant": "a.b"}]})], {}, {"targets": [target("a.b")]}),
        (
            [FILE, rest({"targets": [{"tenant": "a.b"}, HOLDER, {"tenant": "c.d", "include": {}}]})],
            {},
            {"targets": [target("a.b"), HOLDER, target("c.d") | {"include": {}}]},
        ),
    ],
    ids=["tenant", "alone", "tenant and rest", "rest first", "one target", "targets without users"],
)
def test_a_form_becomes_the_json_that_means_the_same(parts: list[Part], params: dict[str, str], meant: Any) -> None:
    """The file goes where its text would stand: to ``?tenant=``, to targets without users, or to the top."""
    assert translated(form(*parts), **params) == meant


@pytest.mark.parametrize(
    ("sent", "params"),
    [
        ((CSV, "text/csv"), {"tenant": "contoso.com"}),
        (form(FILE), {"tenant": "contoso.com"}),
        (form(FILE, rest({"targets": [{"tenant": "contoso.com"}]})), {}),
    ],
    ids=["csv", "form", "form with target"],
)
async def test_a_csv_selects_its_users_however_it_came(
    api: Api, registered: str, sent: Sent, params: dict[str, str]
) -> None:
    """One row of the file is one user of the tenant, for looking and for assigning."""
    resolved = await post(api, sent, **params)
    assigned = await post(api, sent, "assign", **params)

    assert resolved.status == 200
    assert [(each["tenantId"], each["count"]) for each in resolved.json["targets"]] == [(registered, 1)]
    assert assigned.status == 202
    assert len(api.started) == 1


@pytest.mark.parametrize(
    ("sent", "query", "status"),
    [
        ((CSV, "text/csv"), {"operation": "assign"}, 202),
        (form(FILE), {"operation": "assign"}, 202),
        (form(FILE, rest({"operation": "assign"})), {}, 202),
        (form(FILE, rest({"operation": "assign"})), {"operation": "assign"}, 400),
        ((CSV, "text/csv"), {}, 400),
        ((CSV, "text/csv"), {"operation": "asign"}, 400),
        ((b'{"operation": "assign"}', "application/json"), {"operation": "assign"}, 400),
    ],
    ids=["csv", "form", "form that says it", "said twice", "of what", "unknown", "beside JSON"],
)
async def test_a_csv_is_previewed_however_it_came(
    api: Api, registered: str, sent: Sent, query: dict[str, str], status: int
) -> None:
    """``?operation=`` says of what, as ``?tenant=`` says for whom."""
    body, content_type = sent
    named = {"tenant": registered} if "json" not in content_type else {}
    headers = {"Content-Type": content_type, "Prefer": "wait=0"}
    answer = await api.send("POST", "preview", body, headers=headers, query=query | named)

    assert answer.status == status, answer.body
    assert status == 202 or "operation" in answer.body.decode()


async def test_the_same_form_sent_again_is_the_same_body(api: Api, registered: str) -> None:
    """A client draws a new boundary for each try; with one idempotency key that is one operation all the same."""
    tries: list[Answer] = []
    for text in (CSV, CSV, CSV + b"ben@contoso.com,SPE_E5\r\n"):
        body, content_type = form(("file", ("users.csv", text)), rest({"targets": [{"tenant": registered}]}))
        headers = {"Content-Type": content_type, "Idempotency-Key": "k"}
        tries.append(await api.send("POST", "assign", body, headers=headers))

    assert [answer.status for answer in tries] == [202, 200, 409]
    assert tries[0].json["id"] == tries[1].json["id"]


@pytest.mark.parametrize(
    "part",
    [
        ("request", ("rest.json", b'\xef\xbb\xbf{"reason": "M\xc3\xbcller"}', "application/json; charset=UTF-8")),
        ("request", ("blob", b'{"reason": "M\xc3\xbcller"}')),
        ("request", (None, b'{"reason": "M\xc3\xbcller"}', "application/json")),
        ("request", (None, b'\xef\xbb\xbf{"reason": "M\xc3\xbcller"}')),
    ],
    ids=["file", "blob", "field with type", "field with mark"],
)
def test_the_rest_may_come_as_a_field_or_as_a_file(part: Part) -> None:
    """Browsers send a JSON blob as a file, command lines either way; a byte order mark is no fault."""
    assert translated(form(FILE, part)) == {"reason": "Müller", "csv": TEXT}


def test_numbers_of_the_rest_stay_the_numbers_they_are() -> None:
    """Rewriting turns no integer into a fraction and cuts none."""
    sent = form(FILE, rest('{"a": 247, "b": 1.5, "c": 12345678901234567890123, "d": [true, null]}'))

    assert translated(sent) == {"a": 247, "b": 1.5, "c": 12345678901234567890123, "d": [True, None], "csv": TEXT}


def test_a_form_is_known_by_its_type_in_any_spelling() -> None:
    """Case, quotes and a charset beside the boundary do not matter."""
    body, content_type = form(FILE)
    boundary = content_type.partition("boundary=")[2]

    spelled = f'Multipart/Form-Data; charset=UTF-8; Boundary="{boundary}"'
    assert translated((body, spelled)) == {"csv": TEXT}


@pytest.mark.parametrize(
    ("parts", "params", "pointer"),
    [
        ([FILE, rest({"targets": [HOLDER]})], {"tenant": "a.b"}, "/targets"),
        ([FILE, rest({"targets": [HOLDER]})], {}, "/targets"),
        ([FILE, rest({"targets": []})], {}, "/targets"),
        ([FILE, rest({"targets": {"tenant": "a.b"}})], {}, "/targets"),
        ([FILE, rest({"csv": "UserPrincipalName"})], {}, "/csv"),
        ([FILE, rest({"csv": None, "targets": []})], {"tenant": "a.b"}, "/csv"),
    ],
    ids=["tenant twice", "all have users", "no targets", "an object", "csv twice", "csv and tenant"],
)
async def test_a_file_that_has_no_place_is_refused(
    api: Api, parts: list[Part], params: dict[str, str], pointer: str
) -> None:
    """Users named twice, or a file that would count for nobody: 400 with a pointer into the part ``request``."""
    answer = await post(api, form(*parts), **params)

    assert answer.status == 400
    assert answer.media_type == "application/problem+json"
    assert "part request" in answer.json["detail"]
    assert set(answer.pointers) == {pointer}


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([rest({})], "part file is missing"),
        ([FILE, FILE], "part file stands twice"),
        ([FILE, ("file", (None, CSV))], "part file stands twice"),
        ([FILE, rest({}), rest({})], "part request stands twice"),
        ([FILE, rest({}), ("request", ("r.json", b"{}"))], "part request stands twice"),
        ([FILE, ("csv", ("users.csv", CSV))], "part csv is not known; the parts are file"),
        ([FILE, ("x" * 5_000, (None, b""))], f"part {'x' * 100} is not known"),
        ([("File", ("users.csv", CSV))], "part File is not known"),
        ([FILE, ("", (None, b""))], "has no name"),
        ([("file", (None, CSV))], "part file must be sent as a file"),
        ([FILE, *[("x", (None, b""))] * 50_000], "too many parts"),
    ],
    ids=[
        "no file", "two files", "file and field", "request twice", "request both ways", "unknown", "long name", "case",
        "no name", "file as field", "many",
    ],
)  # fmt: skip
async def test_a_form_with_wrong_parts_is_refused_by_the_parts_name(api: Api, parts: list[Part], said: str) -> None:
    """400: of two parts none is guessed to be meant, and an unknown one is not left unread."""
    answer = await post(api, form(*parts))

    assert answer.status == 400
    assert said in answer.json["detail"]


NAMELESS = b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"
HEADLESS = b"--b\r\n\r\nx\r\n--b--\r\n"
GARBLED = b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n--b--\r\n'


@pytest.mark.parametrize(
    ("body", "parameters", "said"),
    [
        (form(FILE)[0], "", "needs a boundary"),
        (form(FILE)[0], "; boundary=", "needs a boundary"),
        (form(FILE)[0], "; boundary=é", "needs a boundary"),
        (form(FILE)[0], f"; boundary={'b' * 71}", "needs a boundary"),
        (form(FILE)[0], "; boundary=another", "no parts"),
        (NAMELESS.replace(b"form-data", b"form-data; name=file") * 9, "; boundary=b; boundary=c", "no parts"),
        (b"", "; boundary=b", "no parts"),
        (b"--b--", "; boundary=b", "no parts"),
        (CSV, "; boundary=b", "no parts"),
        (NAMELESS, "; boundary=b", "has no name"),
        (HEADLESS, "; boundary=b", "no parts"),
        (GARBLED, "; boundary=b", "no parts"),
        (NAMELESS.replace(b"form-data", b"form-data" + b"; a=b" * 100_000), "; boundary=b", "headers of a part"),
        (NAMELESS.replace(b"form-data", b"form-data\r\na: b" + b"\r\na: b" * 100_000), "; boundary=b", "headers of a"),
    ],
    ids=[
        "no boundary", "empty", "not ascii", "long", "another", "two", "no body", "nothing inside", "no form",
        "no name", "no header", "header not utf-8", "long header", "many headers",
    ],
)  # fmt: skip
async def test_a_form_that_cannot_be_read_is_refused(api: Api, body: bytes, parameters: str, said: str) -> None:
    """400 that says what a form needs, never a fault of the app and never an empty CSV."""
    answer = await post(api, (body, f"multipart/form-data{parameters}"))

    assert answer.status == 400
    assert said in answer.json["detail"]


def test_a_form_cut_off_anywhere_is_refused() -> None:
    """A list that lost its end would leave people out without a word."""
    body, content_type = form(FILE, rest({"reason": "x"}))

    for end in range(len(body) - len(b"--\r\n") + 1):
        assert refusal((body[:end], content_type)).status == 400, body[:end]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no JSON"),
        (b"reason=x", "no JSON"),
        (b'{"reason": "x"}}', "trailing characters"),
        (b"[]", "must be a JSON object"),
        (b'"x"', "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'{"reason": "x", "reason": "y"}', "reason stands twice"),
        (b'{"a": [{"b": {"c": 1, "c": 1}}]}', "c stands twice"),
        (b'{"reason": "x", "r\\u0065ason": "y"}', "reason stands twice"),
        (b'{"a": NaN}', "no JSON"),
        (b'{"a": -Infinity}', "no JSON"),
        (b'{"a": 1e999}', "1e999"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "out of range"),
        (b'{"a":' * 50_000, "recursion limit"),
        (b"[" * 100_000, "recursion limit"),
        (b'{"reason": "\\ud800"}', "no JSON"),
        (b'{"reason": "\\udc00x"}', "no JSON"),
        (b'{"\\ud800": 1}', "no JSON"),
        (b'{"reason": "M\xfcller"}', "not in UTF-8"),
        (b'{"reason": "\xed\xa0\x80"}', "not in UTF-8"),
        ('{"reason": "x"}'.encode("utf-16"), "not in UTF-8"),
    ],
)
@pytest.mark.parametrize("file", [False, True], ids=["field", "file"])
def test_a_rest_that_is_not_plain_json_is_refused(data: bytes, said: str, file: bool) -> None:
    """400 that names the part and what is wrong with it, however the part was sent."""
    part: Part = ("request", ("rest.json", data, "application/json")) if file else ("request", (None, data))
    error = refusal(form(FILE, part))

    assert error.status == 400
    assert "part request" in str(error)
    assert said in str(error) or (file and said == "not in UTF-8" and "no JSON" in str(error))


def test_a_rest_in_another_charset_is_refused_by_its_name() -> None:
    """JSON is exchanged in UTF-8 (RFC 8259)."""
    part: Part = ("request", ("rest.json", '{"reason": "x"}'.encode("utf-16"), "application/json; charset=utf-16"))

    assert "UTF-8, not utf-16" in str(refusal(form(FILE, part)))


@pytest.mark.parametrize("charset", ["utf-16", "UTF-16", '"utf-16"'])
def test_the_charset_of_the_file_is_followed(charset: str) -> None:
    """Trap 41: a part has a content type of its own; text/csv has the one of the body."""
    content, content_type = TEXT.encode("utf-16"), f"text/csv; header=present; charset={charset}"

    assert translated((content, content_type)) == {"csv": TEXT}
    assert translated(form(("file", ("users.csv", content, content_type)))) == {"csv": TEXT}


@pytest.mark.parametrize(
    ("sent", "params", "pointer"),
    [
        ((CSV, "text/csv; charset=klingon"), {}, "/csv"),
        ((b"PK\x03\x04" + CSV, "text/csv"), {"tenant": "a.b"}, "/targets/0/users/csv"),
        (form(("file", ("u.xlsx", b"PK\x03\x04"))), {}, "/csv"),
        (form(("file", ("u.xlsx", b"PK\x03\x04")), rest({"targets": [HOLDER, {}]})), {}, "/targets/1/users/csv"),
    ],
    ids=["unknown charset", "workbook", "workbook in a form", "second target"],
)
async def test_a_csv_that_is_no_text_is_refused(api: Api, sent: Sent, params: dict[str, str], pointer: str) -> None:
    """400 with a pointer to where the text would stand, and a line."""
    answer = await post(api, sent, **params)

    assert answer.status == 400
    assert [(fault["pointer"], fault["line"]) for fault in answer.json["errors"]] == [(pointer, 1)]
    assert answer.json["errors"][0]["detail"]


@pytest.mark.parametrize("content_type", ["text/csv", "multipart/form-data"])
async def test_a_tenant_that_is_empty_is_refused(api: Api, content_type: str) -> None:
    """It must not count as none."""
    sent = form(FILE) if content_type.startswith("multipart") else (CSV, content_type)

    for tenant in ("", " "):
        answer = await post(api, sent, tenant=tenant)
        assert (answer.status, "tenant is empty" in answer.json["detail"]) == (400, True)


@pytest.mark.parametrize("path", [PATH, "assign"])
async def test_a_tenant_in_the_query_beside_json_is_refused(api: Api, path: str) -> None:
    """It would be ignored, and the caller believe otherwise."""
    answer = await post(api, (b"{}", "application/json"), path, tenant="contoso.com")

    assert answer.status == 400
    assert "in JSON it stands in targets" in answer.json["detail"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/vnd.ms-excel", "multipart/x", ""])
async def test_a_refused_type_is_answered_with_those_that_are_taken(api: Api, content_type: str) -> None:
    """415 names all three where a CSV is taken."""
    answer = await post(api, (CSV, content_type))

    assert answer.status == 415
    assert "application/json, text/csv or multipart/form-data" in answer.json["detail"]
    assert (content_type or "absent") in answer.json["detail"]


@pytest.mark.parametrize("sent", [(CSV, "text/csv"), form(FILE)], ids=["csv", "form"])
async def test_a_csv_is_taken_only_where_it_means_something(api: Api, sent: Sent) -> None:
    """Elsewhere it is 415, and only JSON is offered."""
    body, content_type = sent
    answer = await api.send("PUT", "tenants/contoso.com", body, headers={"Content-Type": content_type})

    assert answer.status == 415
    assert "must be application/json, not" in answer.json["detail"]


LARGE = b"x" * (21 * 1024 * 1024)


@pytest.mark.parametrize("content_type", ["application/json", "text/csv", "multipart/form-data"])
async def test_a_body_above_20_mb_is_refused_whatever_its_type(api: Api, content_type: str) -> None:
    """413 before anything of it is read; a form counts with all of its parts."""
    sent = form(("file", ("users.csv", LARGE))) if content_type.startswith("multipart") else (LARGE, content_type)
    answer = await post(api, sent)

    assert answer.status == 413
    assert str(MAX_BODY) in answer.json["detail"]


async def test_a_file_that_would_grow_above_20_mb_is_refused(api: Api) -> None:
    """413: a thousand targets would make twenty gigabytes of one form."""
    lines = CSV * 10_000
    targets = [{"tenant": f"t{n}.example"} for n in range(MAX_BODY // len(lines) + 1)]
    answer = await post(api, form(("file", ("users.csv", lines)), rest({"targets": targets})))

    assert answer.status == 413
    assert "column Tenant" in answer.json["detail"]


async def test_a_form_is_read_only_for_callers(api: Api) -> None:
    """401 comes before any look at the body."""
    body, content_type = form(FILE, FILE)
    answer = await api.send("POST", "assign", body, key=None, headers={"Content-Type": content_type})

    assert answer.status == 401


class Share(BaseModel):
    """A body with a number that may be a fraction."""

    percent: float


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_a_number_that_json_does_not_have_is_refused(number: str) -> None:
    """NaN is neither above nor below any limit, so every check of it would hold."""
    with pytest.raises(RequestRejected, match=number) as caught:
        parsed(Share, b'{"percent": %s}' % number.encode())

    assert caught.value.status == 400
    assert parsed(Share, b'{"percent": 1e2}').percent == 100


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the app on the local host, with the worker's own reading of requests in between."""
    async with Stack() as stack:
        url, headers = f"{stack.api_url}{API_BASE}", {"x-api-key": stack.api_key}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
            yield client


@pytest.mark.asyncio(loop_scope="module")
class TestOverHttp:
    """The same through a host."""

    async def test_a_csv_and_a_form_arrive_whole(self, http: httpx.AsyncClient) -> None:
        """Both lead to the target that they name, which nobody has registered: 422 with its pointer."""
        tenant = "nowhere.example"
        named = {"tenant": tenant}
        as_body = http.post(f"/{PATH}", content=CSV, headers={"Content-Type": "text/csv"}, params=named)
        as_form = http.post(f"/{PATH}", files=[FILE, rest({"targets": [named]})])
        as_file = http.post(f"/{PATH}", files=[FILE], params=named)

        for sent in (as_body, as_form, as_file):
            answer = await sent
            assert answer.status_code == 422, answer.text
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/targets/0/tenant"]

    async def test_a_broken_form_is_a_problem(self, http: httpx.AsyncClient) -> None:
        """400 and not a fault of the host or the worker."""
        body, content_type = form(FILE)
        for sent in ((body[:-9], content_type), (body, "multipart/form-data")):
            answer = await http.post("/assign", content=sent[0], headers={"Content-Type": sent[1]})
            assert answer.status_code == 400, answer.text
            assert answer.headers["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("content_type", ["application/json", "text/csv", "multipart/form-data; boundary=b"])
    async def test_21_mb_are_refused(self, http: httpx.AsyncClient, content_type: str) -> None:
        """413 by the app, as a problem."""
        answer = await http.post("/assign", content=LARGE, headers={"Content-Type": content_type})

        assert answer.status_code == 413
        assert answer.headers["Content-Type"] == "application/problem+json"

    async def test_a_template_is_a_file(self, http: httpx.AsyncClient) -> None:
        """Its type and name survive the host."""
        answer = await http.get("/csv-template", params={"operation": "assign"})

        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="assign.csv"'
        assert answer.text.startswith("UserPrincipalName,")

    async def test_what_is_not_served_is_answered_by_the_host(self, http: httpx.AsyncClient) -> None:
        """A misspelled operation is 404, a wrong method 405 that names the right one."""
        assert (await http.post("/asign", json={})).status_code == 404
        wrong = await http.delete("/assign")
        assert (wrong.status_code, wrong.headers["Allow"]) == (405, "POST")
