"""From a selection to decisions: everybody once, nobody forgotten, and what cannot be read is never "nobody"."""

from typing import Any

import pytest

from shared.domain.codes import ResultCode
from shared.domain.operation import Phase
from tests.activities.conftest import MakePart
from tests.activities.parts import E3, E5, Part, another, people, upn


def person(name: str, **fields: Any) -> dict[str, Any]:
    """One more user."""
    return {"userPrincipalName": f"{name}@contoso.com", "usageLocation": "DE", **fields}


async def selected(part: Part) -> list[str]:
    """Who the selection holds, in order."""
    await part.begin()
    assert (await part.resolve()).stop is None
    row = await part.row()
    chunks = range(-(-row.totals.total // 500))
    users = [u for n in chunks for u in await part.app.plans.read_users(*_where(part), row.selection, n)]
    assert len(users) == row.totals.total
    return [each.user.user_principal_name for each in users]


def _where(part: Part) -> tuple[str, str]:
    return part.run.operation, part.run.tenant


NESTED = [
    {"displayName": "Outer", "members": ["Inner", upn(0)]},
    {"displayName": "Inner", "members": [upn(1), upn(0), "laptop"]},
    {"displayName": "Twin", "members": []},
    {"displayName": "Twin", "members": [upn(0)]},
]


def grouped(name: str, **more: Any) -> dict[str, Any]:
    """A body that selects a group."""
    return {"users": {"group": {"displayName": name, **more}}}


async def test_members_of_inner_groups_belong_to_the_outer_one(part_of: MakePart) -> None:
    """Trap 29: nested unless told otherwise, each user once, devices never."""
    devices = [{"id": "5d0f2c1e-9b8a-4c7d-a6e5-1f2e3d4c5b60", "displayName": "laptop"}]
    groups = [{**g, "members": [devices[0]["id"] if m == "laptop" else m for m in g["members"]]} for g in NESTED]
    nested = await part_of(3, groups=groups, devices=devices, body=grouped("Outer"))
    flat = await part_of(3, groups=groups, devices=devices, body=grouped("Outer", nested=False))

    assert sorted(await selected(nested)) == [upn(0), upn(1)]
    assert await selected(flat) == [upn(0)]


async def test_who_is_left_out_is_counted_by_reason(part_of: MakePart) -> None:
    """Guests, disabled and protected accounts, and those the request excludes, are no part of the selection."""
    users = [
        *people(2),
        person("guest", userType="Guest"),
        person("leaver", accountEnabled=False),
        person("breakglass"),
        person("boss"),
    ]
    target = {"users": {"group": {"displayName": "Everyone"}}, "exclude": {"users": ["BOSS@contoso.com"]}}
    part = await part_of(users, registry={"protected_users": ("BreakGlass@contoso.com",)})
    part = await another(part.app, part.tenant, targets=[{"tenant": part.run.tenant, **target}])

    assert await selected(part) == [upn(0), upn(1)]
    assert dict((await part.row()).excluded) == {"Guest": 1, "Disabled": 1, "Protected": 1, "Excluded": 1}


async def test_named_guests_and_disabled_accounts_are_meant(part_of: MakePart) -> None:
    """The defaults of ``include`` hold for groups; protected users are never taken."""
    users = [person("guest", userType="Guest"), person("leaver", accountEnabled=False), person("breakglass")]
    names = [user["userPrincipalName"] for user in users]
    part = await part_of(
        users, registry={"protected_users": ("breakglass@contoso.com",)}, body={"users": {"users": names}}
    )

    assert await selected(part) == names[:2]


async def test_names_and_ids_of_one_user_are_one_user(part_of: MakePart) -> None:
    """Trap 6: by name, by name in capitals, by id: one decision, one write."""
    part = await part_of(2)
    one = part.tenant.user_id(upn(0))
    part = await another(part.app, part.tenant, users={"users": [upn(1), upn(0), upn(0).upper(), one, upn(1)]})

    assert await selected(part) == [upn(1), upn(0)]


async def test_a_named_user_who_does_not_exist_fails_alone(part_of: MakePart) -> None:
    """The others go on, and the name stands in the result as it was given."""
    part = await part_of(2, body={"users": {"users": [upn(0), "nobody@contoso.com", upn(1)]}})
    await part.ready()
    await part.attempt(1)
    await part.end()

    assert await part.codes() == [None, ResultCode.USER_NOT_FOUND, None]
    assert (await part.outcomes())[1].user_principal_name == "nobody@contoso.com"
    totals = (await part.row()).totals
    assert (totals.total, totals.succeeded, totals.failed, totals.pending) == (3, 2, 1, 0)


@pytest.mark.parametrize(
    ("group", "code"),
    [
        pytest.param({"displayName": "Nobody"}, "GroupNotFound", id="no such name"),
        pytest.param({"id": "11111111-1111-4111-8111-111111111111"}, "GroupNotFound", id="no such id"),
        pytest.param({"displayName": "Twin"}, "GroupAmbiguous", id="two of the name"),
    ],
)
async def test_a_group_that_cannot_be_told_ends_the_tenant(part_of: MakePart, group: dict[str, str], code: str) -> None:
    """No silent default: nobody guesses a group."""
    groups = [{**g, "members": [upn(0)]} for g in NESTED]
    part = await part_of(2, groups=groups, body={"users": {"group": group}})
    await part.begin()
    resolved = await part.resolve()

    assert resolved.stop is not None
    assert resolved.stop.code == code


async def test_a_page_that_fails_is_no_empty_page(part_of: MakePart) -> None:
    """Trap 28: the second page does not come, so nobody knows who is selected; it is tried again later."""
    part = await part_of(1005)
    part.tenant.fault("skiptoken", "503", retryAfter=0)
    await part.begin()
    resolved = await part.resolve()

    assert resolved.stop is None
    assert resolved.wait is not None
    row = await part.row()
    assert (row.phase, row.totals.total) == (Phase.RESOLVING, 0)

    part.tenant.simulator.clear_faults()
    assert len(await selected(part)) == 1005


async def test_a_tenant_without_consent_is_told_so(part_of: MakePart) -> None:
    """Trap 28: no permission is no empty group."""
    part = await part_of(2, consent=False)
    await part.begin()
    resolved = await part.resolve()

    assert resolved.stop is not None
    assert resolved.stop.code == ResultCode.PERMISSION_DENIED


async def test_a_second_run_finds_the_first_ones_selection(part_of: MakePart) -> None:
    """A late duplicate neither resolves anew nor takes the phase back."""
    part = await part_of(3)
    await part.frozen()
    before = await part.row()
    part.tenant.simulator.call("DELETE", f"/tenants/{part.tenant.id}/users/{upn(2)}")
    await part.resolve()

    after = await part.row()
    assert (after.phase, after.totals, after.selection) == (before.phase, before.totals, before.selection)


async def test_a_plan_once_made_stays(part_of: MakePart) -> None:
    """A second run of the planning, after the directory has changed, comes to the stored decisions."""
    part = await part_of(3)
    await part.begin()
    await part.resolve()
    await part.plan()
    stored = await part.app.plans.find_chunk(part.run.operation, part.run.tenant, 0)
    licences = {"licenses": [{"skuId": "SPE_E5"}]}
    part.tenant.simulator.call("PATCH", f"/tenants/{part.tenant.id}/users/{upn(0)}", json=licences)
    await part.plan()

    assert await part.app.plans.find_chunk(part.run.operation, part.run.tenant, 0) == stored
    assert await part.codes() == []


async def test_of_several_skus_only_those_not_held_are_sent(part_of: MakePart) -> None:
    """Invariant 2: what is there is named, not sent again with all its plans on."""
    part = await part_of(
        people(1, licenses=[{"skuId": "SPE_E3", "disabledPlans": ["SWAY"]}]),
        body={"licenses": [{"sku": E5}, {"sku": E3}]},
    )
    await part.ready()
    await part.attempt(1)

    (outcome,) = await part.outcomes()
    assert [licence.sku_id for licence in outcome.added] == [E5]
    assert [(s.sku_id, s.code) for s in outcome.skipped_licences] == [(E3, ResultCode.ALREADY_ASSIGNED)]
    (user,) = part.tenant.state()["users"]
    held = {each["skuId"]: each["disabledPlans"] for each in user["direct"]}
    assert len(held[E3]) == 1


async def test_a_user_without_usage_location_fails_without_a_write(part_of: MakePart) -> None:
    """Trap 17, invariant 4: no country is ever assumed."""
    part = await part_of(people(1, usageLocation=None))
    await part.frozen()
    await part.end()

    assert await part.codes() == [ResultCode.MISSING_USAGE_LOCATION]
    assert part.writes("/users/") == []


@pytest.mark.parametrize("sku", ["SPE_F1", "EMS"])
async def test_a_sku_that_cannot_be_assigned_ends_the_tenant(part_of: MakePart, sku: str) -> None:
    """Trap 9: not there, or its subscription ran out."""
    skus = [{"skuPartNumber": "SPE_E5", "enabled": 5}]
    skus.append({"skuPartNumber": "EMS", "enabled": 0, "suspended": 5, "capabilityStatus": "Suspended"})
    ids = {"SPE_F1": "66b55226-6b4f-492c-910c-a3b7a3c9d993", "EMS": "efccb6f7-5641-4e0e-bd10-b4976e1bf68e"}
    part = await part_of(1, skus=skus, body={"licenses": [{"sku": ids[sku]}]})
    await part.begin()
    await part.resolve()
    planned = await part.plan()

    assert planned.stop is not None
    assert planned.stop.code == ResultCode.SKU_NOT_FOUND


async def test_two_targets_of_one_tenant_are_one_selection(part_of: MakePart) -> None:
    """United, each user once, and what one of them excludes is excluded."""
    part = await part_of(4)
    targets = [
        {"tenant": part.run.tenant, "users": {"users": [upn(2), upn(0)]}},
        {
            "tenant": part.run.tenant,
            "users": {"group": {"displayName": "Everyone"}},
            "exclude": {"users": [upn(1)]},
        },
    ]
    part = await another(part.app, part.tenant, targets=targets)

    assert await selected(part) == [upn(2), upn(0), upn(3)]
    assert dict((await part.row()).excluded) == {"Excluded": 1}


async def test_a_slip_in_an_exclusion_excludes_nobody_silently(part_of: MakePart) -> None:
    """Who is to be left out must exist: the tenant ends with the name, and nobody is touched."""
    target = {"users": {"group": {"displayName": "Everyone"}}, "exclude": {"users": ["brekglass@contoso.com"]}}
    part = await part_of(3)
    part = await another(part.app, part.tenant, targets=[{"tenant": part.run.tenant, **target}])
    await part.begin()

    resolved = await part.resolve()

    assert resolved.stop is not None
    assert resolved.stop.code == ResultCode.USER_NOT_FOUND
    assert "brekglass@contoso.com" in resolved.stop.message


async def test_a_filter_selects_as_a_group_does(part_of: MakePart) -> None:
    """Who matches and holds the licence, each once; guests and disabled accounts only where asked."""
    held = [{"skuId": "SPE_E3"}]
    users = [
        person("ana", department="R&D", licenses=held),
        person("bob", department="R&D"),
        person("cleo", department="Sales", licenses=held),
        person("dan", department="R&D", licenses=held, userType="Guest"),
        person("eve", department="R&D", licenses=held, accountEnabled=False),
    ]
    query = {"filter": 'department eq "R&D"', "licensed": E3}
    part = await part_of(users, body={"users": query})

    assert await selected(part) == ["ana@contoso.com"]
    assert dict((await part.row()).excluded) == {"Disabled": 1, "Guest": 1}

    target = {"tenant": part.run.tenant, "users": query, "include": {"guests": True, "disabled": True}}
    everybody = await another(part.app, part.tenant, targets=[target])
    assert sorted(await selected(everybody)) == [f"{name}@contoso.com" for name in ("ana", "dan", "eve")]


async def test_who_holds_a_licence_can_be_left_out(part_of: MakePart) -> None:
    """Any selection may stand in an exclusion; there the defaults of ``include`` do not count."""
    users = [*people(2), person("ana", licenses=[{"skuId": "SPE_E3"}], accountEnabled=False)]
    part = await part_of(users)
    named = {"users": [user["userPrincipalName"] for user in users]}
    target = {"tenant": part.run.tenant, "users": named, "exclude": {"licensed": E3}}
    part = await another(part.app, part.tenant, targets=[target])

    assert await selected(part) == [upn(0), upn(1)]
    assert dict((await part.row()).excluded) == {"Excluded": 1}


async def test_a_filter_that_graph_does_not_take_ends_the_tenant(part_of: MakePart) -> None:
    """Trap 28: a bad filter is not "nobody"; Graph's own words are told."""
    part = await part_of(2, body={"users": {"filter": "shoeSize eq 42"}})
    await part.begin()

    resolved = await part.resolve()

    assert resolved.stop is not None
    assert resolved.stop.code == "BadFilter"
    assert "shoeSize" in resolved.stop.message
    assert (await part.row()).totals.total == 0
