"""Grants over HTTP: who may give what to whom, and that it counts at once."""

import pytest

from shared.domain.caller import Role
from tests.triggers.conftest import ADMIN, FOREIGN, GOLD, GOLD_ADMIN, OPERATOR, READER, Api

OID = "8c6c9a0e-0d3b-4c7e-9a52-6f3f2d1b7e44"
OTHER = "1d2f8a55-7c4b-4b0e-8f11-0a9c6e5d4b33"
READ, OPERATE, ADMIN_ROLE = "BulkLicenses.Read", "BulkLicenses.Operate", "BulkLicenses.Admin"


@pytest.fixture
async def gold(api: Api, registered: str) -> str:
    """Contoso bears the tag gold, so that GOLD_ADMIN is its administrator."""
    assert (await api.send("PUT", f"tenants/{registered}", {"tags": ["gold"]})).status == 200
    return registered


async def test_a_grant_is_given_read_changed_and_taken_away(api: Api, registered: str) -> None:
    """Domains become ids, ids of people have one spelling; the list is by principal."""
    body = {"role": OPERATE, "tenants": ["Contoso.com", "TAG:Gold", FOREIGN.upper()]}
    given = await api.send("PUT", f"grants/{OID.upper()}", body)
    assert given.status == 201
    assert given.json == {"principal": OID, "role": OPERATE, "tenants": sorted([registered, "tag:gold", FOREIGN])}

    changed = await api.send("PUT", f"grants/{OID}", {"role": READ, "tenants": ["*"]})
    assert (changed.status, changed.json["tenants"]) == (200, ["*"])
    await api.send("PUT", f"grants/{OTHER}", {"role": READ, "tenants": []})
    listed = await api.send("GET", "grants", key=READER)
    assert [each["principal"] for each in listed.json["value"]] == [OTHER, OID]
    assert listed.json["nextLink"] is None

    taken = await api.send("DELETE", f"grants/{OID.upper()}")
    assert (taken.status, taken.body) == (204, b"")
    assert (await api.send("DELETE", f"grants/{OID}")).status == 404


async def test_the_list_has_pages(api: Api) -> None:
    """As every list has."""
    for name in "abc":
        await api.send("PUT", f"grants/{name}", {"role": READ, "tenants": ["*"]})
    first = await api.send("GET", "grants", top="2")
    rest = await api.send("GET", first.json["nextLink"].partition("/bulk-licenses/")[2])

    assert [each["principal"] for each in (*first.json["value"], *rest.json["value"])] == ["a", "b", "c"]
    assert rest.json["nextLink"] is None


async def test_a_grant_for_a_key_counts_at_its_next_request(api: Api, registered: str) -> None:
    """Raised, cut down, and back to what the settings say."""
    body = {"role": ADMIN_ROLE, "tenants": [registered]}
    assert (await api.send("PUT", f"tenants/{registered}", {}, key=READER)).status == 403
    await api.send("PUT", f"grants/{READER}", body)
    assert (await api.send("PUT", f"tenants/{registered}", {}, key=READER)).status == 200

    await api.send("PUT", f"grants/{READER}", {"role": READ, "tenants": []})
    assert (await api.send("GET", f"tenants/{registered}", key=READER)).status == 404
    await api.send("DELETE", f"grants/{READER}")
    assert (await api.send("GET", f"tenants/{registered}", key=READER)).status == 200


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/role", "/tenants"]),
        ({"role": "Owner", "tenants": ["*"]}, ["/role"]),
        ({"role": READ, "tenants": "*"}, ["/tenants"]),
        ({"role": READ, "tenants": [" "]}, ["/tenants/0"]),
        ({"role": READ, "tenants": ["*", "tag:"]}, ["/tenants/1"]),
        ({"role": READ, "tenants": ["*"], "principal": OTHER}, ["/principal"]),
        ({"role": READ, "tenants": [FOREIGN] * 801}, ["/tenants"]),
    ],
)
async def test_a_body_that_is_no_grant_is_refused(api: Api, body: dict[str, object], pointers: list[str]) -> None:
    """400 with a pointer to each fault, and nothing is stored."""
    answer = await api.send("PUT", f"grants/{OID}", body)

    assert answer.status == 400
    assert list(answer.pointers) == pointers
    assert (await api.send("GET", "grants")).json["value"] == []


async def test_an_unknown_domain_is_refused_with_the_nearest(api: Api, registered: str) -> None:
    """422 for each; an id may be that of a tenant still to be registered."""
    body = {"role": READ, "tenants": ["contoso.com", "contosso.com", FOREIGN, "nothing.alike"]}
    answer = await api.send("PUT", f"grants/{OID}", body)

    assert answer.status == 422
    assert list(answer.pointers) == ["/tenants/1", "/tenants/3"]
    assert "contoso" in answer.pointers["/tenants/1"]
    assert (await api.send("GET", "grants")).json["value"] == []


@pytest.mark.parametrize("principal", ["a/b", "a\\b", "a#b", "a?b", "x" * 257, " ", "a\nb", "a\u200bb"])
async def test_a_path_that_can_be_no_principal_is_refused(api: Api, principal: str) -> None:
    """As the host hands it on, decoded."""
    path = {"principal": principal}
    put = await api.send("PUT", "grants/x", {"role": READ, "tenants": ["*"]}, path_parameters=path)
    delete = await api.send("DELETE", "grants/x", path_parameters=path)

    assert (put.status, list(put.pointers)) == (422, ["/principal"])
    assert delete.status == 404


async def test_only_administrators_give(api: Api, registered: str) -> None:
    """Whatever stands in the body."""
    for key in (READER, OPERATOR, GOLD):
        body = {"role": ADMIN_ROLE, "tenants": ["*"]}
        assert (await api.send("PUT", f"grants/{key}", body, key=key)).status == 403
        assert (await api.send("DELETE", f"grants/{key}", key=key)).status == 403
    assert (await api.send("GET", "grants")).json["value"] == []


async def test_an_administrator_of_some_tenants_gives_within_them(api: Api, gold: str) -> None:
    """By tag, id and domain; what it gave it sees, changes and takes away."""
    for tenants in (["tag:gold"], [gold], ["contoso.com"], []):
        body = {"role": ADMIN_ROLE, "tenants": tenants}
        assert (await api.send("PUT", f"grants/{OID}", body, key=GOLD_ADMIN)).status in (200, 201)
    assert [each["principal"] for each in (await api.send("GET", "grants", key=GOLD_ADMIN)).json["value"]] == [OID]
    assert (await api.send("DELETE", f"grants/{OID}", key=GOLD_ADMIN)).status == 204


@pytest.mark.parametrize(
    ("tenants", "status"),
    [
        (["*"], 403),
        (["tag:silver"], 403),
        ([FOREIGN], 404),
        (["fabrikam.com"], 404),
        (["unknown.example"], 404),
        (["contoso.com", "fabrikam.com"], 404),
    ],
)
async def test_an_administrator_of_some_tenants_gives_nothing_beyond(
    api: Api, gold: str, tenants: list[str], status: int
) -> None:
    """Neither to others nor to itself; a foreign tenant and one that does not exist look the same."""
    for principal in (OID, GOLD_ADMIN):
        body = {"role": ADMIN_ROLE, "tenants": tenants}
        answer = await api.send("PUT", f"grants/{principal}", body, key=GOLD_ADMIN)
        assert answer.status == status
    assert (await api.send("GET", "grants")).json["value"] == []


async def test_what_reaches_beyond_does_not_exist_for_an_administrator_of_some_tenants(api: Api, gold: str) -> None:
    """Stored grants, keys of the settings and the local key: neither seen, nor changed, nor taken away."""
    for name, tenants in ((OID, ["*"]), (OTHER, [gold, FOREIGN])):
        await api.send("PUT", f"grants/{name}", {"role": READ, "tenants": tenants})
    before = (await api.send("GET", "grants")).json["value"]

    assert (await api.send("GET", "grants", key=GOLD_ADMIN)).json["value"] == []
    for name in (OID, OTHER, READER, GOLD, "localhost"):
        body = {"role": READ, "tenants": [gold]}
        assert (await api.send("PUT", f"grants/{name}", body, key=GOLD_ADMIN)).status == 404, name
        assert (await api.send("DELETE", f"grants/{name}", key=GOLD_ADMIN)).status == 404, name
    assert (await api.send("GET", "grants")).json["value"] == before


async def test_what_was_cut_down_from_above_is_not_given_back_from_below(api: Api, gold: str) -> None:
    """A key with all tenants by the settings, cut down to one: its administrator can change that, not undo it."""
    await api.send("PUT", f"grants/{OID}", {"role": READ, "tenants": [gold]})

    assert (await api.send("DELETE", f"grants/{OID}", key=GOLD_ADMIN)).status == 403
    body = {"role": OPERATE, "tenants": [gold]}
    assert (await api.send("PUT", f"grants/{OID}", body, key=GOLD_ADMIN)).status == 200
    assert (await api.send("DELETE", f"grants/{OID}", key=GOLD_ADMIN)).status == 403
    stored = await api.app.grants.find(OID)
    assert stored
    assert (stored.role, stored.delegated) == (Role.OPERATE, False)


async def test_an_administrator_may_lose_its_own_access(api: Api) -> None:
    """The settings bring it back: a key of API_KEYS without a grant has what stands there."""
    assert (await api.send("PUT", "grants/localhost", {"role": READ, "tenants": []})).status == 201
    assert (await api.send("DELETE", "grants/localhost", key=ADMIN)).status == 403
