"""Tenants by what callers write, and what they are told when it leads nowhere."""

import pytest

from shared.contracts.routes import BASE
from shared.domain.caller import Caller, Role
from shared.domain.tenant import Tenant
from tests.triggers.conftest import FOREIGN, GOLD, OPERATOR, Api, assign_body
from triggers.requests.registry import HINTS, find_tenants, nearest_tenants

EVERYBODY = Caller("everybody", "everybody", Role.OPERATE)
CONTOSO, FABRIKAM, CONTOSO_LABS = (f"{n}1111111-1111-4111-8111-111111111111" for n in (1, 2, 3))


@pytest.fixture
async def three(api: Api) -> None:
    """Contoso, Fabrikam (gold) and Contoso Labs, which is disabled."""
    for tenant in (
        Tenant(id=CONTOSO, domains=("contoso.onmicrosoft.com", "contoso.com"), display_name="Contoso"),
        Tenant(id=FABRIKAM, domains=("fabrikam.onmicrosoft.com",), display_name="Fabrikam Inc", tags=("gold",)),
        Tenant(id=CONTOSO_LABS, domains=("contosolabs.example",), display_name="Labs", enabled=False),
    ):
        await api.app.tenants.put(tenant)


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        pytest.param("contso.com", "contoso.onmicrosoft.com", id="domain"),
        pytest.param("Contoso", "contoso.onmicrosoft.com", id="display name"),
        pytest.param("CONTOSO.onmicrosft.com", "contoso.onmicrosoft.com", id="the part that all have"),
        pytest.param("fabricam.onmicrosoft.com", "fabrikam.onmicrosoft.com", id="default domain"),
        pytest.param(
            "fabrikam.onmicrosft.com", "fabrikam.onmicrosoft.com", id="the only domain, in the part that all have"
        ),
        pytest.param(f"{FABRIKAM[:-1]}2", "fabrikam.onmicrosoft.com", id="GUID"),
    ],
)
@pytest.mark.usefixtures("three")
async def test_a_misspelt_tenant_names_the_nearest(api: Api, name: str, domain: str) -> None:
    """By domain, name or GUID; what is named is a domain that can be written in its place."""
    answer = await api.send("POST", "assign", assign_body(name), key=OPERATOR)

    assert answer.status == 422
    assert answer.pointers["/targets/0/tenant"].startswith(f"{name} is not registered; nearest: {domain}")
    assert (await nearest_tenants(api.app, EVERYBODY, name))[0] == domain


@pytest.mark.usefixtures("three")
async def test_what_resembles_nothing_has_no_hint(api: Api) -> None:
    """Domains of Microsoft's look alike by their end, which says nothing."""
    assert await nearest_tenants(api.app, EVERYBODY, "zyx.onmicrosoft.com") == []


@pytest.mark.usefixtures("three")
async def test_a_caller_with_limited_grants_learns_of_its_own_tenants_only(api: Api) -> None:
    """Trap 44: a foreign tenant and an unknown one have the same answer but for the name that was asked for."""
    answers = [
        await api.send("POST", "assign", assign_body(name), key=GOLD)
        for name in (
            "contoso.com",
            "contoso.net",
            CONTOSO,
            CONTOSO_LABS,
            CONTOSO[:-1] + "2",
            "fabrikan.onmicrosoft.com",
        )
    ]

    assert {answer.status for answer in answers} == {404}
    details = [answer.json["detail"] for answer in answers]
    *unlike, like = details
    assert like == (
        "There is no tenant fabrikan.onmicrosoft.com among those of this caller; nearest: fabrikam.onmicrosoft.com"
    )
    for detail in unlike:
        assert "contoso.onmicrosoft.com" not in detail
        assert "contosolabs" not in detail
        assert "disabled" not in detail
    assert details[0].replace("contoso.com", "contoso.net") == details[1]


@pytest.mark.usefixtures("three")
async def test_many_names_are_found_or_explained(api: Api) -> None:
    """As the rows of a CSV need it: each name has its tenant, or a sentence why not."""
    names = ["contoso.com", "contoso.com", FABRIKAM.upper(), "fabrikam.com", "contosolabs.example", "*"]
    found = await find_tenants(api.app, EVERYBODY, names)

    tenants = {name: each.id for name, each in found.items() if isinstance(each, Tenant)}
    assert tenants == {"contoso.com": CONTOSO, FABRIKAM.upper(): FABRIKAM}
    sentences = {name: each for name, each in found.items() if isinstance(each, str)}
    assert sentences["fabrikam.com"] == "fabrikam.com is not registered; nearest: fabrikam.onmicrosoft.com"
    assert sentences["contosolabs.example"].startswith("contosolabs.example is disabled")
    assert sentences["*"] == "* means many tenants: name one by its GUID or a verified domain"
    assert set(found) == set(names)


@pytest.mark.usefixtures("three")
async def test_many_names_give_a_limited_caller_one_sentence(api: Api) -> None:
    """Trap 44: foreign, foreign and disabled, and unknown: nothing tells them apart."""
    limited = Caller("gold", "gold", Role.OPERATE, frozenset({FABRIKAM}))
    names = ["contoso.com", "contosolabs.example", "nobody.example", FOREIGN]
    found = await find_tenants(api.app, limited, [*names, FABRIKAM])

    assert [found[name] for name in names] == [
        f"There is no tenant {name} among those of this caller" for name in names
    ]
    assert isinstance(found[FABRIKAM], Tenant)


@pytest.mark.usefixtures("three")
async def test_a_file_full_of_unknown_names_is_answered_all_the_same(api: Api) -> None:
    """Only the first ones are compared with the whole registry."""
    names = [f"contoso{n}.com" for n in range(HINTS + 5)]
    found = await find_tenants(api.app, EVERYBODY, names)

    hints = ["nearest" in str(found[name]) for name in names]
    assert hints == [True] * HINTS + [False] * 5


@pytest.mark.usefixtures("three")
async def test_each_wrong_target_has_its_own_pointer(api: Api) -> None:
    """The first place of each name, all of them at once."""
    names = ("contoso.com", "nobody.example", "contosolabs.example", "nobody.example")
    body = assign_body("x", targets=[assign_body(name)["targets"][0] for name in names])
    answer = await api.send("POST", "assign", body)

    assert answer.status == 422
    assert set(answer.pointers) == {"/targets/1/tenant", "/targets/2/tenant"}
    assert answer.json["instance"] == f"/api/{BASE}/assign"
