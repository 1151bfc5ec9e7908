"""Users named by rows: read in steps, each with what its row asks for."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from activities.resolve_users import resolve
from shared.domain.codes import ResultCode, TenantErrorCode
from shared.domain.operation import Phase
from shared.domain.selection import NamedUser, RowLicence, Wish
from shared.services import Services
from tests.activities.conftest import MakePart
from tests.activities.parts import E3, E5, Part, another, people, upn

YAMMER = "7547a3fe-08ee-4ccb-b430-5077c5041653"
SWAY = "a23b959c-7ce8-4e57-9140-b90eb88a9e97"
NO_PLAN = "00000000-0000-4000-8000-000000000001"
AT_ONCE = 0.0


def row(number: int, *licences: RowLicence, with_request: bool = False) -> NamedUser:
    """A row of the ``number``-th user."""
    return NamedUser(upn(number), Wish(licences, with_request) if licences else Wish())


async def by_rows(app: Services, part: Part, rows: Sequence[NamedUser], **target: Any) -> Part:
    """Another operation on the part's tenant, whose users are named by rows."""
    entry = {"tenant": part.run.tenant, "users": {"csv": await app.rows.write(rows)}, **target}
    return await another(app, part.tenant, targets=[entry])


async def in_steps(part: Part, seconds: float) -> int:
    """Resolve to the end, each run with so much time; gives how many it took."""
    runs = 1
    while (done := await resolve(part.app, part.run, seconds)).more:
        runs += 1
    assert done.stop is None
    assert done.wait is None
    return runs


async def names_of(part: Part) -> list[str]:
    """The selected users, in order."""
    selected = await part.row()
    chunks = range(-(-selected.totals.total // 500))
    users = [
        each.user
        for n in chunks
        for each in await part.app.plans.read_users(part.run.operation, part.run.tenant, selected.selection, n)
    ]
    return [user.user_principal_name for user in users]


def held(part: Part, number: int) -> Mapping[str, set[str]]:
    """What a user holds directly in truth: disabled plans by SKU id."""
    user = next(u for u in part.tenant.state()["users"] if u["userPrincipalName"] == upn(number))
    return {each["skuId"]: set(each["disabledPlans"]) for each in user["direct"]}


async def test_a_search_in_many_steps_selects_the_same_users(app: Services, part_of: MakePart) -> None:
    """Each step ends after one page here; blobs are full all the same, and nobody comes twice or is forgotten."""
    users = [*people(2_600), {"userPrincipalName": "guest@x.com", "userType": "Guest", "usageLocation": "DE"}]
    whole = await part_of(users)
    cut = await another(app, whole.tenant)
    await whole.begin()
    await cut.begin()

    assert await in_steps(whole, 60) == 1
    assert await in_steps(cut, AT_ONCE) == 3
    assert await names_of(cut) == await names_of(whole)
    assert dict((await cut.row()).excluded) == {"Guest": 1}
    assert (await cut.row()).totals.total == 2_600


async def test_exclusions_groups_and_rows_are_taken_up_where_they_were_put_aside(
    app: Services, part_of: MakePart
) -> None:
    """Who is met in one step is known in all later ones: excluded, selected before, left out for a reason."""
    part = await part_of(1_500)
    rows = [row(n, RowLicence(E3)) for n in range(1_200, 200, -1)]
    rest = {"tenant": part.run.tenant, "users": {"group": {"displayName": "Everyone"}}}
    part = await another(
        app,
        part.tenant,
        targets=[
            {**rest, "exclude": {"users": [upn(5), upn(600)]}},
            {"tenant": part.run.tenant, "users": {"csv": await app.rows.write(rows)}},
        ],
    )
    await part.begin()
    steps = await in_steps(part, AT_ONCE)
    selected = await names_of(part)

    assert steps == 4
    assert selected[:999] == [named.reference for named in rows if named.reference != upn(600)]
    assert sorted(selected) == sorted(upn(n) for n in range(1_500) if n not in (5, 600))
    assert dict((await part.row()).excluded) == {"Excluded": 2}


async def test_rows_read_grow_with_each_page(app: Services, part_of: MakePart) -> None:
    """``rowsRead`` counts the lines of the file, repetitions too, while the phase is ``reading``."""
    part = await by_rows(app, await part_of(3), [NamedUser(upn(n % 3), rows=2) for n in range(1_500)])
    await part.begin()
    await resolve(app, part.run, AT_ONCE)
    during = await part.row()
    last = await resolve(app, part.run, AT_ONCE)
    after = await part.row()

    assert (during.rows_read, during.totals.total) == (2_000, 0)
    assert last.chunks == 1
    assert (after.rows_read, after.totals.total, after.phase) == (3_000, 3, Phase.PLANNING)


async def test_a_directory_that_stops_answering_does_not_lose_what_was_read(part_of: MakePart) -> None:
    """Trap 20: the pages before the refusal are kept, the search goes on behind them."""
    part = await part_of(2_100)
    await part.begin()
    first = await resolve(part.app, part.run, AT_ONCE)
    part.tenant.fault("transitiveMembers", "429", retryAfter=30)
    refused = await resolve(part.app, part.run)
    part.tenant.simulator.clear_faults()
    before = len(part.tenant.requests("transitiveMembers"))
    done = await resolve(part.app, part.run)

    assert refused.wait
    assert refused.step == first.step
    assert done.chunks == 5
    assert len(part.tenant.requests("transitiveMembers")) - before == 2


async def test_each_user_gets_what_its_row_asks_for(app: Services, part_of: MakePart) -> None:
    """Own SKU, own service plans, the request's where the row names none, both where rows say both."""
    part = await by_rows(
        app,
        await part_of(4),
        [
            row(0, RowLicence(E3, frozenset({YAMMER, SWAY}))),
            row(1),
            row(2, RowLicence(E3), with_request=True),
            NamedUser("nobody@contoso.com", Wish((RowLicence(E3),), with_request=False)),
        ],
    )
    await part.ready()
    await part.attempt()
    await part.end()

    assert held(part, 0) == {E3: {YAMMER, SWAY}}
    assert held(part, 1) == {E5: set()}
    assert set(held(part, 2)) == {E3, E5}
    assert held(part, 3) == {}
    assert await part.codes() == [None, None, None, ResultCode.USER_NOT_FOUND]


async def test_the_row_of_a_user_counts_whatever_else_selects_it(app: Services, part_of: MakePart) -> None:
    """A group that holds the user too adds nothing: the row stands in for the request's licences."""
    part = await part_of(2)
    part = await another(
        app,
        part.tenant,
        targets=[
            {"tenant": part.run.tenant, "users": {"group": {"displayName": "Everyone"}}},
            {"tenant": part.run.tenant, "users": {"csv": await app.rows.write([row(1, RowLicence(E3))])}},
        ],
    )
    await part.ready()
    await part.attempt()

    assert set(held(part, 0)) == {E5}
    assert set(held(part, 1)) == {E3}


async def test_rows_of_exclusions_are_no_rows_read(app: Services, part_of: MakePart) -> None:
    """They tell how far the selection is, and there is none to tell of a group."""
    part = await part_of(2)
    exclude = {"csv": await app.rows.write([row(1)])}
    users = {"group": {"displayName": "Everyone"}}
    part = await another(app, part.tenant, targets=[{"tenant": part.run.tenant, "users": users, "exclude": exclude}])
    await in_steps(part, AT_ONCE)

    assert await names_of(part) == [upn(0)]
    assert (await part.row()).rows_read is None


async def test_rows_that_name_one_user_in_two_ways_must_agree(app: Services, part_of: MakePart) -> None:
    """Trap 6: by principal name and by object id; what the second row asks for is not dropped unsaid."""
    part = await part_of(2)
    ana = next(user["id"] for user in part.tenant.state()["users"] if user["userPrincipalName"] == upn(0))
    wish = Wish((RowLicence(E5), RowLicence(E3)), with_request=False)
    same = row(0, RowLicence(E3), RowLicence(E5))
    alike = await by_rows(app, part, [same, NamedUser(ana, wish), row(1, RowLicence(E5))])
    unlike = await by_rows(app, part, [row(0, RowLicence(E3)), row(1, RowLicence(E3)), NamedUser(ana, wish)])

    await in_steps(alike, AT_ONCE)
    assert await names_of(alike) == [upn(0), upn(1)]
    done = await resolve(app, unlike.run)
    assert done.stop
    assert done.stop.code == TenantErrorCode.CONTRADICTORY_ROWS
    assert upn(0) in done.stop.message


@pytest.mark.parametrize(
    ("licence", "says"),
    [
        pytest.param(RowLicence("f8a1db68-be16-40ed-86d5-cb42ce701560"), "no subscription to POWER_BI_PRO", id="SKU"),
        pytest.param(
            RowLicence(E3, frozenset({"00000000-0000-4000-8000-000000000001"})), "does not contain", id="plan"
        ),
    ],
)
async def test_a_row_that_the_tenant_cannot_serve_fails_alone(
    app: Services, part_of: MakePart, licence: RowLicence, says: str
) -> None:
    """The other rows are served."""
    part = await by_rows(app, await part_of(2), [row(0, licence), row(1, RowLicence(E3))])
    await part.ready()
    await part.attempt()
    await part.end()

    assert await part.codes() == [ResultCode.SKU_NOT_FOUND, None]
    assert says in ((await part.outcomes())[0].message or "")
    assert held(part, 0) == {}


async def test_protected_users_stay_out_of_rows(part_of: MakePart) -> None:
    """However they were selected; guests and disabled accounts are meant when a row names them."""
    users = [*people(1), {"userPrincipalName": "leaver@contoso.com", "accountEnabled": False, "usageLocation": "DE"}]
    part = await part_of(users, registry={"protected_users": (upn(0),)})
    part = await by_rows(part.app, part, [row(0), NamedUser("leaver@contoso.com")])
    await part.begin()
    await in_steps(part, 60)

    assert await names_of(part) == ["leaver@contoso.com"]
    assert dict((await part.row()).excluded) == {"Protected": 1}
