"""What a clumsy or hostile caller sends: each is refused by name, and nothing is changed."""

import codecs
from typing import Any

import pytest

from shared.contracts.openapi import DOCS_POLICY
from shared.tables.paging import make_cursor
from tests.triggers.conftest import FOREIGN, GOLD, READER, Api, assign_body
from triggers.requests.skus import HINTS
from triggers.web.bodies import MAX_FAULTS
from triggers.web.strict_json import MAX_PARTS


def raw(tenant: str, licences: str = '[{"sku": "SPE_E5"}]') -> str:
    """An assign body as text, to be spoiled."""
    return f'{{"targets": [{{"tenant": "{tenant}", "users": {{"users": ["a@b.c"]}}}}], "licenses": {licences}}}'


async def unchanged(api: Api) -> bool:
    """Whether nothing was started or claimed."""
    return not api.started and (await api.send("GET", "operations")).json["value"] == []


GOOD = raw("contoso.com")
SPOILED = {
    "twice": (GOOD[:-1] + ', "licenses": [{"sku": "SPE_E3"}]}', "licenses stands twice"),
    "twice inside": (GOOD.replace('"tenant"', '"tenant": "other.example", "tenant"'), "tenant stands twice"),
    "utf-16": (GOOD.encode("utf-16"), "UTF-16"),
    "deep": ('{"a":' * 50_000, "recursion limit"),
    "trailing": (GOOD + "x", "trailing characters"),
    "half a character": (GOOD.replace("a@b.c", "\\ud800"), "line 1 column"),
    "latin-1": (GOOD.replace("a@b.c", "é").encode("latin-1"), "line 1 column"),
}


@pytest.mark.parametrize(("body", "said"), SPOILED.values(), ids=SPOILED.keys())
async def test_a_body_that_is_not_plain_json_is_refused(
    api: Api, registered: str, body: str | bytes, said: str
) -> None:
    """400 that says what is wrong; of two fields with one name none is guessed to be meant."""
    answer = await api.send("POST", "assign", body if isinstance(body, bytes) else body.encode())

    assert answer.status == 400
    assert said in answer.json["detail"]
    assert await unchanged(api)


MANY = MAX_PARTS + 1


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('{"targets": [' + ",".join(["{}"] * MANY) + "]}", id="targets"),
        pytest.param(raw("contoso.com").replace('"a@b.c"', ",".join(["1"] * MANY)), id="numbers"),
        pytest.param(raw("contoso.com").replace('"a@b.c"', ",".join(['" "'] * MANY)), id="blanks"),
        pytest.param("{" + ",".join(f'"{n}": 1' for n in range(MANY)) + "}", id="fields"),
        pytest.param(raw("contoso.com", f"[{','.join(['{}'] * MANY)}]"), id="licences"),
    ],
)
async def test_faults_by_the_million_are_not_gathered(api: Api, registered: str, body: str) -> None:
    """Each takes a kilobyte: a body of 20 MB could take all memory there is, and the operations in it along."""
    answer = await api.send("POST", "assign", body.encode())

    assert answer.status == 400
    assert "more than 50,000 fields and entries" in answer.json["detail"]


async def test_a_thousand_unknown_skus_are_told_with_hints_for_some(api: Api, registered: str) -> None:
    """To look for what is near takes milliseconds for each, while every other call waits."""
    targets = [{"tenant": registered, "users": {"licensed": f"SPE_E{n:04}"}} for n in range(1_000)]
    answer = await api.send("POST", "selections/resolve", {"targets": targets})

    assert answer.status == 422
    assert len(answer.json["errors"]) == 1_000
    assert sum("nearest" in fault["detail"] for fault in answer.json["errors"]) == HINTS


async def test_a_byte_order_mark_is_no_fault(api: Api, registered: str) -> None:
    """Windows tools put one in front of UTF-8."""
    answer = await api.send("POST", "assign", codecs.BOM_UTF8 + raw(registered).encode())

    assert answer.status == 202


@pytest.mark.parametrize(("charset", "status"), [("utf-16", 415), ("iso-8859-1", 415), ('"UTF-8"', 202)])
async def test_only_utf_8_is_taken(api: Api, registered: str, charset: str, status: int) -> None:
    """JSON is exchanged in UTF-8 (RFC 8259); another charset is refused by its name."""
    headers = {"Content-Type": f"application/json; charset={charset}"}
    answer = await api.send("POST", "assign", raw(registered).encode(), headers=headers)

    assert answer.status == status
    assert status == 202 or charset in answer.json["detail"]


async def test_faults_beyond_a_hundred_are_not_told(api: Api, registered: str) -> None:
    """One mistake many times gives a short answer."""
    body = assign_body(registered, targets=[{"tenant": registered, "users": {"users": [""] * 40_000}}])
    answer = await api.send("POST", "assign", body)

    assert answer.status == 400
    assert "more than 100 faults" in answer.json["detail"]
    assert len(answer.json["errors"]) == MAX_FAULTS


@pytest.mark.parametrize(
    ("changes", "pointer", "said"),
    [
        ({"licenses": []}, "/licenses", "At least"),
        ({"licenses": [{"sku": "SPE_E5"}] * 51}, "/licenses", "At most 50"),
        ({"confirmed": 247}, "/confirmed", "not known"),
        ({"options": {"canary": {"users": 1}}}, "/options/canary/approve", "missing"),
        ({"options": None}, "/options", "object"),
    ],
    ids=["none", "too many", "confirm", "canary", "null"],
)
async def test_a_fault_is_told_in_plain_words(
    api: Api, registered: str, changes: dict[str, Any], pointer: str, said: str
) -> None:
    """The pointer leads to it, and no word of the parser's own language is in the way."""
    answer = await api.send("POST", "assign", assign_body(registered, **changes))

    assert answer.status == 400
    assert said in answer.pointers[pointer]
    assert "Tuple" not in answer.pointers[pointer]
    assert await unchanged(api)


TWO = {"group": {"id": "g"}, "users": ["ana@contoso.com"]}
USERS = "/targets/0/users"


@pytest.mark.parametrize(
    ("users", "pointer", "said"),
    [
        (TWO, USERS, "exactly one of"),
        ({"csv": "UserPrincipalName", "filter": "accountEnabled eq true"}, USERS, "exactly one of"),
        ({}, USERS, "exactly one of"),
        ({"group": {}}, f"{USERS}/group", "exactly one of"),
        ({"group": {"id": "g", "displayName": "Sales"}}, f"{USERS}/group", "exactly one of"),
        ({"users": []}, f"{USERS}/users", "At least 1"),
        ({"users": "ana@contoso.com"}, f"{USERS}/users", "array"),
        ({"users": ["ana@contoso.com", 7]}, f"{USERS}/users/1", "string"),
        ({"users": ["ana@contoso.com", " "]}, f"{USERS}/users/1", ""),
        ({"csv": ["UserPrincipalName"]}, f"{USERS}/csv", "string"),
        ({"filter": {"department": "Sales"}}, f"{USERS}/filter", "string"),
        ({"group": {"id": "g", "nested": "yes"}}, f"{USERS}/group/nested", "boolean"),
        ({"group": {"name": "Sales"}}, f"{USERS}/group/name", "not known"),
        ({"everyone": True}, f"{USERS}/everyone", "not known"),
        ("ana@contoso.com", USERS, "object"),
        (None, USERS, "object"),
    ],
    ids=[
        "two", "csv and filter", "empty", "group without name", "group named twice", "no users", "users a text",
        "user a number", "user blank", "csv a list", "filter an object", "nested a text", "unknown in group", "unknown",
        "a text", "null",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["assign", "selections/resolve"])
async def test_a_selection_that_is_none_is_refused(
    api: Api, registered: str, path: str, users: Any, pointer: str, said: str
) -> None:
    """400 with a pointer to the very field, and nobody is selected by a part of what was said."""
    body = assign_body(registered, targets=[{"tenant": registered, "users": users}])
    answer = await api.send("POST", path, body if path == "assign" else {"targets": body["targets"]})

    assert answer.status == 400
    assert said in answer.pointers[pointer]
    assert await unchanged(api)


@pytest.mark.parametrize(
    "changes",
    [{"targets": []}, {"targets": {}}, {"targets": ["contoso.com"]}, {"licenses": "SPE_E5"}, {"licenses": [7]}],
    ids=["no targets", "an object", "a text", "licences a text", "licence a number"],
)
async def test_a_field_of_another_type_is_refused(api: Api, registered: str, changes: dict[str, Any]) -> None:
    """400 that points into the field; a list that is none, or empty, never means everybody."""
    answer = await api.send("POST", "assign", assign_body(registered, **changes))

    assert answer.status == 400
    assert all(pointer.startswith(f"/{next(iter(changes))}") for pointer in answer.pointers)
    assert await unchanged(api)


@pytest.mark.parametrize("query", [{}, {"operation": "asign"}, {"operation": "Assign"}, {"operation": ""}])
async def test_a_template_is_given_only_for_an_operation_by_its_name(api: Api, query: dict[str, str]) -> None:
    """400 that names the parameter, and the four that there are where another was meant."""
    answer = await api.send("GET", "csv-template", query=query)

    assert answer.status == 400
    assert "operation" in answer.json["detail"]
    assert query == {"operation": ""} or "assign, remove, modify, transfer" in answer.json["detail"]


@pytest.mark.parametrize("operation", ["assign", "remove", "modify", "transfer"])
async def test_a_template_is_a_csv_of_its_operation(api: Api, operation: str) -> None:
    """A reader gets a file with the columns and two rows."""
    answer = await api.send("GET", "csv-template", operation=operation, key=READER)

    assert (answer.status, answer.media_type) == (200, "text/csv")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{operation}.csv"'
    header, *rows = answer.body.decode().splitlines()
    assert header.startswith("UserPrincipalName,")
    assert len(rows) == 2


@pytest.mark.parametrize("key", [None, "nobodys-key"])
@pytest.mark.parametrize("path", ["assign", "selections/resolve"])
async def test_whoever_has_no_key_learns_how_to_ask(api: Api, path: str, key: str | None) -> None:
    """401 with WWW-Authenticate, before any look at the body."""
    answer = await api.send("POST", path, b"\xff", key=key)

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"]


async def test_a_body_where_none_is_taken_is_refused(api: Api, registered: str) -> None:
    """Cancel with a tenant in the body would cancel all of them; an empty object is what clients send for nothing."""
    started = (await api.send("POST", "assign", assign_body(registered))).json["id"]
    refused = await api.send("POST", f"operations/{started}/cancel", {"tenant": registered})

    assert refused.status == 400
    assert (await api.send("GET", f"operations/{started}")).json["status"] == "queued"
    assert (await api.send("POST", f"operations/{started}/cancel", {})).status == 202


@pytest.mark.parametrize("path", ["operations", "audit"])
@pytest.mark.parametrize(
    ("begin", "end", "status"),
    [
        ("2026-11-25", "2026-11-01", 400),
        ("2026-11-25", "2026-11-25", 400),
        ("9999-12-31T23:59:59-23:00", None, 400),
        (None, "0001-01-01T00:00:00+23:00", 400),
        ("0001-01-01", "9999-12-31", 200),
        ("9999-12-31", None, 200),
        (None, "0001-01-01", 200),
    ],
)
async def test_times_at_the_edge_of_time_are_no_fault_of_the_app(
    api: Api, path: str, begin: str | None, end: str | None, status: int
) -> None:
    """What cannot be is refused; a period may reach beyond all there is, and costs no more for it."""
    answer = await api.send("GET", path, query={k: v for k, v in (("from", begin), ("to", end)) if v})

    assert answer.status == status


async def test_a_period_beyond_all_there_is_holds_everything(api: Api, registered: str) -> None:
    """Neither end of it cuts anything off."""
    started = (await api.send("POST", "assign", assign_body(registered))).json["id"]

    async def listed(**query: str) -> list[str]:
        return [each["id"] for each in (await api.send("GET", "operations", query=query)).json["value"]]

    assert await listed(**{"from": "0001-01-01", "to": "9999-12-31"}) == [started]
    assert await listed(**{"from": "9999-12-30"}) == []
    assert await listed(to="0001-01-02") == []


@pytest.mark.parametrize(
    "path", ["tenants", "tenants/contoso.com/licenses", "audit", "operations", "operations/{id}/results"]
)
async def test_a_cursor_of_any_other_list_is_refused(api: Api, registered: str, path: str) -> None:
    """It would show the wrong page without saying so; numbers that no list has are no exception."""
    started = (await api.send("POST", "assign", assign_body(registered))).json["id"]
    path = path.format(id=started)
    cursors = {
        "tenants": [registered],
        "licenses": ["3"],
        "operations": ["8236004750145297|x"],
        "results": [registered, "5"],
        "audit": [FOREIGN, "9" * 5000],
        "unheard of": ["9" * 5000],
        "beyond": [registered, "9" * 5000],
    }
    own = path.rpartition("/")[2]
    for name, parts in cursors.items():
        if name != own and not (own == "audit" and name == "results"):
            answer = await api.send("GET", path, cursor=make_cursor(*parts))
            assert answer.status == 400, name


NO_NAMES = ["é.example", "%00", "\x00", "*", "tag:gold", "a b", "common", "a/b", "x" * 600, "-a.b"]


@pytest.mark.parametrize("name", NO_NAMES)
async def test_what_is_no_tenants_name_cannot_be_registered(api: Api, name: str) -> None:
    """422 before any directory or token service is asked by such a name."""
    answer = await api.send("PUT", "tenants/x", {}, path_parameters={"tenant": name})

    assert answer.status == 422
    assert "GUID" in answer.pointers["/tenant"]


async def test_a_credential_that_the_app_does_not_have_is_refused(api: Api, registered: str) -> None:
    """Otherwise the tenant would silently lose its consent; the text names the setting that is missing."""
    answer = await api.send("PUT", f"tenants/{registered}", {"credential": "gov"})

    assert answer.status == 422
    assert "GRAPH_CREDENTIAL_GOV" in answer.pointers["/credential"]
    assert (await api.send("GET", f"tenants/{registered}")).json["consent"] == "granted"


async def test_lists_too_long_to_be_kept_are_refused_with_a_pointer(api: Api, registered: str) -> None:
    """A thousand long names do not fit."""
    answer = await api.send("PUT", f"tenants/{registered}", {"protectedUsers": ["x" * 100] * 1000})

    assert answer.status == 400
    assert "characters" in answer.pointers["/protectedUsers"]


@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json", "operations", "operations/none"])
async def test_no_answer_is_kept_or_guessed_at(api: Api, path: str) -> None:
    """Answers hold people's names: nothing between us and the caller may store them, whatever their status."""
    answer = await api.send("GET", path)

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_page_may_load_nothing_but_its_own_style(api: Api) -> None:
    """The browser itself keeps it from asking for anything else, or from running anything."""
    answer = await api.send("GET", "/docs")

    assert answer.headers["Content-Security-Policy"] == DOCS_POLICY
    assert "default-src 'none'" in DOCS_POLICY
    assert "unsafe" not in DOCS_POLICY


async def test_a_sign_in_header_makes_nobody_a_caller(api: Api) -> None:
    """Trap 45: whoever reaches the app directly can write such headers."""
    headers = {"X-MS-CLIENT-PRINCIPAL": "eyJhIjoxfQ==", "X-MS-CLIENT-PRINCIPAL-ID": "x", "Authorization": "Bearer x"}

    assert (await api.send("GET", "operations", key=None, headers=headers)).status == 401


async def test_a_tenant_in_the_body_is_not_believed(api: Api, registered: str) -> None:
    """Trap 44: the caller's tenants come from its grant, and what lies outside does not exist."""
    answer = await api.send("POST", "assign", assign_body(registered), key=GOLD)

    assert answer.status == 404
    assert await unchanged(api)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("operations?type=promote", "assign"),
        ("operations?status=done", "succeeded"),
        ("csv-template?operation=promote", "assign"),
        ("audit?format=xlsx", "csv"),
        ("/health?ready=yes", "1"),
    ],
)
async def test_a_word_that_is_none_of_the_known_ones_is_refused(api: Api, path: str, said: str) -> None:
    """Trap 5: 400 with the known words; what is not known never falls through to something else."""
    answer = await api.send("GET", path)

    assert answer.status == 400
    assert said in answer.json["detail"]


@pytest.mark.parametrize("header", ["Idempotency-Key", "x-api-key", "Accept"])
async def test_a_header_that_is_no_text_is_refused(api: Api, registered: str, header: str) -> None:
    """Bytes that are not UTF-8 reach us as halves of characters: 400 by the header's name, and nothing is started."""
    answer = await api.send("POST", "assign", assign_body(registered), headers={header: "key-\udc84"})

    assert answer.status == 400
    assert header.lower() in answer.json["detail"].lower()
    assert await unchanged(api)
