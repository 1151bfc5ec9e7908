"""Reading: tokens, pages, selections, counts and single objects."""

import httpx
import pytest

from tests.simulator.harness import E3, OTHER, TENANT, Simulator, error_of, person


async def test_a_request_without_a_usable_token_is_refused(small: Simulator) -> None:
    """Trap 28: no token, a tenant that does not exist, and an app without consent have an error each."""
    url = f"{small.client.base_url}/v1.0/users"
    await small.load(OTHER, consent=False)
    async with httpx.AsyncClient() as client:
        none = await client.get(url)
        unknown = await client.get(url, headers={"Authorization": "Bearer x.aaaaaaaa-0000-4000-8000-000000000000"})
        refused = await client.get(url, headers={"Authorization": f"Bearer x.{OTHER}"})

    assert error_of(none)[:2] == error_of(unknown)[:2] == (401, "InvalidAuthenticationToken")
    assert error_of(refused) == (
        401,
        "Authorization_IdentityNotFound",
        "The identity of the calling application could not be established.",
    )


async def test_tenants_are_told_apart_by_the_token(small: Simulator) -> None:
    """Each tenant sees its own users only; the token ends in its id or in one of its domains."""
    await small.load(OTHER, domains=["tailspin.example"], users=[person("zoe")])

    for ending in (OTHER, "tailspin.example"):
        response = await small.client.get("/v1.0/users", headers={"Authorization": f"Bearer a.b.{ending}"})

        assert [each["displayName"] for each in response.json()["value"]] == ["Zoe"]


async def test_pages_follow_the_link_with_every_option(simulator: Simulator) -> None:
    """Trap 27: the link carries $select, $filter, $top; each user comes once; only the first page has the count."""
    await simulator.load(users=[person(f"user{n:03}", department="A" if n % 2 else "B") for n in range(250)])
    page = (
        await simulator.get(
            "/users", advanced=True, filter="department eq 'A'", select="id,displayName", top="50", count="true"
        )
    ).json()
    names = [each["displayName"] for each in page["value"]]
    counts, links = [page.get("@odata.count")], [page["@odata.nextLink"]]
    while "@odata.nextLink" in page:
        page = (await simulator.client.get(page["@odata.nextLink"], headers={"ConsistencyLevel": "eventual"})).json()
        names += [each["displayName"] for each in page["value"]]
        counts.append(page.get("@odata.count"))

    assert names == [f"User{n:03}" for n in range(250) if n % 2]
    assert counts == [125, None, None]
    options = httpx.URL(links[0]).params
    assert (options["$filter"], options["$select"], options["$top"]) == ("department eq 'A'", "id,displayName", "50")


async def test_page_sizes_are_a_hundred_by_default_and_999_at_most(simulator: Simulator) -> None:
    """Trap 27: $top=1000 is an error with the service's own text."""
    await simulator.load(generate={"users": 1200})

    default = (await simulator.get("/users")).json()
    largest = (await simulator.get("/users", top="999")).json()
    too_large = await simulator.get("/users", top="1000")

    assert (len(default["value"]), len(largest["value"])) == (100, 999)
    assert error_of(too_large) == (
        400,
        "Request_UnsupportedQuery",
        "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive.",
    )


async def test_a_link_of_a_reloaded_tenant_has_expired(simulator: Simulator) -> None:
    """Trap 28: an expired page token is an error, never an empty page; a token of another query is refused."""
    await simulator.load(seed=1, generate={"users": 150})
    link = (await simulator.get("/users")).json()["@odata.nextLink"]
    foreign = await simulator.client.get(link.replace("/users?", "/groups?"))
    await simulator.load(seed=2, generate={"users": 150})
    expired = await simulator.client.get(link)

    assert foreign.status_code == 400
    assert error_of(expired)[:2] == (400, "Directory_ExpiredPageToken")


async def test_licence_properties_come_on_select_only(small: Simulator) -> None:
    """The default set has neither licences nor usage location; an unknown name in a selection is refused."""
    default = (await small.get("/users/ada@contoso.example")).json()
    chosen = (await small.get("/users/ada@contoso.example", select="usageLocation,assignedLicenses")).json()
    unknown = await small.get("/users", select="shoeSize")

    assert not {"assignedLicenses", "usageLocation", "department"} & default.keys()
    assert chosen["usageLocation"] == "CH"
    assert chosen["assignedLicenses"][0]["skuId"] == E3
    assert error_of(unknown)[2].endswith("named 'shoeSize' on type 'microsoft.graph.user'.")


async def test_counting_needs_the_header(small: Simulator) -> None:
    """/users/$count without it is refused; ?$count=true without it is silently ignored."""
    plain = await small.get("/users/$count")
    counted = await small.get("/users/$count", advanced=True, filter="usageLocation eq 'CH'")
    ignored = await small.get("/users", count="true")

    assert error_of(plain) == (400, "Request_BadRequest", "$count is not currently supported.")
    assert counted.text == "3"
    assert "@odata.count" not in ignored.json()


@pytest.mark.parametrize(
    "url", ["/users?$skip=5", "/users?$expand=manager", "/users?$fancy=1", "/devices", "/users/x/y"]
)
async def test_what_is_not_served_is_refused(small: Simulator, url: str) -> None:
    """Trap 28: an option or path that is not supported answers 400, not an empty list."""
    response = await small.client.get(f"/v1.0{url}")

    assert response.status_code == 400


async def test_subscribed_skus_tell_the_seats(small: Simulator) -> None:
    """The id is tenant and SKU; units and status are as loaded; $filter is refused."""
    skus = {each["skuPartNumber"]: each for each in (await small.get("/subscribedSkus")).json()["value"]}
    filtered = await small.get("/subscribedSkus", filter="skuPartNumber eq 'EMS'")

    assert skus["SPE_E3"]["id"] == f"{TENANT}_{E3}"
    assert skus["SPE_E3"]["consumedUnits"] == 1
    assert skus["EMS"]["prepaidUnits"] == {"enabled": 0, "suspended": 9, "warning": 0, "lockedOut": 0}
    assert skus["EMS"]["capabilityStatus"] == "Suspended"
    assert {"servicePlanId", "servicePlanName", "provisioningStatus", "appliesTo"} == skus["EMS"]["servicePlans"][
        0
    ].keys()
    assert filtered.status_code == 400


async def test_the_organization_names_its_domains(small: Simulator) -> None:
    """One organization with id, country and verified domains."""
    value = (await small.get("/organization")).json()["value"]

    assert [each["id"] for each in value] == [TENANT]
    assert value[0]["verifiedDomains"][0]["isDefault"] is True
