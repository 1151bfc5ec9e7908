"""The bodies of remove, modify and transfer: what is stored, what is refused where, and what rows of a CSV mean."""

from typing import Any

import pytest

from shared.contracts.requests import ModifyBody, RemoveBody, ReplaceWith, TransferBody
from shared.contracts.stored import parse_stored
from shared.domain.caller import SYSTEM
from shared.domain.guards import Canary, Guards, OffHours, StopRule
from shared.domain.selection import ALL_SKUS, RowLicence
from tests.triggers.conftest import E3, E5, OPERATOR, Answer, Api

YAMMER, SWAY = "7547a3fe-08ee-4ccb-b430-5077c5041653", "a23b959c-7ce8-4e57-9140-b90eb88a9e97"
EXCHANGE = "4b9405b0-7788-4568-add1-99614e613b69"


async def post(api: Api, kind: str, tenant: str, *, csv: str | None = None, **body: Any) -> Answer:
    """Start an operation on Ana, or on the users of a CSV."""
    users = {"users": ["ana@contoso.com"]} if csv is None else {"csv": csv}
    return await api.send("POST", kind, {"targets": [{"tenant": tenant, "users": users}], **body}, key=OPERATOR)


async def stored(api: Api, answer: Answer) -> Any:
    """The request of a started operation."""
    assert answer.status == 202, answer.body
    operation = await api.app.operations.read_op(answer.json["id"])
    return parse_stored(operation.work, await api.app.staging.get(operation.request_sha))


async def wishes(api: Api, answer: Answer) -> list[tuple[RowLicence, ...]]:
    """What the rows of a started operation ask for."""
    rows, _ = await api.app.rows.read((await stored(api, answer)).targets[0].users.csv, 0)
    return [row.wish.licences for row in rows]


async def test_a_remove_names_skus_or_all(api: Api, registered: str) -> None:
    """In ids, with what keeps the mailbox."""
    some = await stored(
        api,
        await post(
            api, "remove", registered, licenses=[{"sku": "SPE_E3"}], mailbox={"replaceWith": "Exchange Online (Plan 1)"}
        ),
    )
    everything = await stored(api, await post(api, "remove", registered, licenses="all"))

    assert isinstance(some, RemoveBody)
    assert [held.sku for held in some.skus] == [E3]
    assert isinstance(some.mailbox, ReplaceWith)
    assert some.mailbox.replace_with == EXCHANGE
    assert everything.licenses == "all"


async def test_a_modify_names_edits_additions_and_swaps(api: Api, registered: str) -> None:
    """All in ids; the same SKU may stand in each of the three."""
    body = await stored(
        api,
        await post(
            api,
            "modify",
            registered,
            licenses=[{"sku": "SPE_E5", "enablePlans": ["sway"], "disablePlans": ["YAMMER_ENTERPRISE"]}],
            add=[{"sku": "POWER_BI_PRO"}],
            swap=[{"from": "SPE_E3", "to": "SPE_E5"}],
        ),
    )

    assert isinstance(body, ModifyBody)
    assert (body.licenses[0].sku, body.licenses[0].enable_plans, body.licenses[0].disable_plans) == (
        E5,
        (SWAY,),
        (YAMMER,),
    )
    assert (body.swap[0].source, body.swap[0].to) == (E3, E5)


async def test_a_transfer_may_have_several_sources(api: Api, registered: str) -> None:
    """One as a text, several as a list."""
    one = await stored(api, await post(api, "transfer", registered, transfers=[{"from": "SPE_E3", "to": "SPE_E5"}]))
    several = await stored(
        api,
        await post(
            api,
            "transfer",
            registered,
            transfers=[{"from": ["EMS", "ENTERPRISEPACK"], "to": "SPE_E3", "keepDisabledPlans": False}],
        ),
    )

    assert isinstance(one, TransferBody)
    assert (one.transfers[0].sources, one.transfers[0].to, one.transfers[0].keep_disabled_plans) == ((E3,), E5, True)
    assert len(several.transfers[0].sources) == 2
    assert not several.transfers[0].keep_disabled_plans


@pytest.mark.parametrize(
    ("kind", "body", "status", "pointer"),
    [
        pytest.param("remove", {}, 400, "", id="remove nothing"),
        pytest.param("remove", {"licenses": "some"}, 400, "/licenses", id="remove what"),
        pytest.param("remove", {"licenses": [{"sku": "SPE-E3"}]}, 422, "/licenses/0/sku", id="remove an unknown SKU"),
        pytest.param("remove", {"licenses": "all", "mailbox": "shared"}, 400, "/mailbox", id="mailbox"),
        pytest.param("remove", {"licenses": "all", "grace": {"days": 0}}, 400, "/grace/days", id="grace of no day"),
        pytest.param(
            "remove", {"licenses": "all", "mailbox": {"replaceWith": "EXO"}}, 422, "/mailbox/replaceWith", id="replace"
        ),
        pytest.param("modify", {}, 400, "", id="modify nothing"),
        pytest.param("modify", {"licenses": [{"sku": "SPE_E5"}]}, 400, "/licenses/0", id="no plan"),
        pytest.param(
            "modify",
            {"licenses": [{"sku": "SPE_E5", "enablePlans": ["SWAY"], "disablePlans": ["sway"]}]},
            400,
            "/licenses/0",
            id="on and off",
        ),
        pytest.param(
            "modify",
            {"licenses": [{"sku": "SPE_E5", "enablePlans": ["SWAI"]}]},
            422,
            "/licenses/0/enablePlans/0",
            id="unknown plan",
        ),
        pytest.param("modify", {"swap": [{"from": "SPE_E3", "to": "SPE_E3"}]}, 422, "/swap/0/to", id="swap itself"),
        pytest.param(
            "modify",
            {"swap": [{"from": "SPE_E3", "to": "SPE_E5"}, {"from": "spe_e3", "to": "SPB"}]},
            422,
            "/swap/1/from",
            id="swap twice",
        ),
        pytest.param(
            "remove",
            {"licenses": [{"sku": "SPE_E3", "disabledPlans": []}]},
            400,
            "/licenses/0/disabledPlans",
            id="remove plans",
        ),
        pytest.param(
            "remove",
            {"licenses": "all", "mailbox": {"replaceWith": "POWER_BI_PRO"}},
            422,
            "/mailbox/replaceWith",
            id="replacement without a mailbox",
        ),
        pytest.param(
            "remove",
            {"licenses": [{"sku": "SPE_E3"}], "mailbox": {"replaceWith": "Microsoft 365 E3"}},
            422,
            "/mailbox/replaceWith",
            id="replacement that goes",
        ),
        pytest.param(
            "modify",
            {"swap": [{"from": "SPE_E3", "to": "SPE_E5"}, {"from": "SPE_E5", "to": "SPB"}]},
            422,
            "/swap/0/to",
            id="swap in a chain",
        ),
        pytest.param(
            "modify",
            {"swap": [{"from": "SPE_E3", "to": "SPE_E5"}], "add": [{"sku": "SPE_E3"}]},
            422,
            "/add/0/sku",
            id="add what is swapped away",
        ),
        pytest.param(
            "transfer",
            {"transfers": [{"from": "SPB", "to": "SPE_E3"}, {"from": ["EMS", "SPE_E3"], "to": "SPE_E5"}]},
            422,
            "/transfers/0/to",
            id="transfer in a chain",
        ),
        pytest.param(
            "transfer",
            {
                "transfers": [
                    {"from": "SPB", "to": "SPE_E5"},
                    {"from": "EMS", "to": "SPE_E5", "keepDisabledPlans": False},
                ]
            },
            422,
            "/transfers/1/keepDisabledPlans",
            id="keep and not keep",
        ),
        pytest.param("transfer", {}, 400, "/transfers", id="transfer nothing"),
        pytest.param("transfer", {"transfers": [{"from": [], "to": "SPE_E5"}]}, 400, None, id="from nowhere"),
        pytest.param(
            "transfer",
            {"transfers": [{"from": ["EMS", "E2"], "to": "SPE_E5"}]},
            422,
            "/transfers/0/from/1",
            id="source",
        ),
        pytest.param(
            "transfer",
            {"transfers": [{"from": ["SPE_E3", "SPE_E5"], "to": "SPE_E5"}]},
            422,
            "/transfers/0/to",
            id="itself",
        ),
        pytest.param("transfer", {"licenses": [{"sku": "SPE_E5"}]}, 400, "/licenses", id="a field of another kind"),
        pytest.param(
            "transfer",
            {
                "transfers": [{"from": "SPE_E3", "to": "SPE_E5"}],
                "options": {
                    "window": {"days": ["monday"], "from": "22:00", "to": "05:00", "timeZone": "Europe/Berlinn"}
                },
            },
            400,
            "/options/window/timeZone",
            id="no time zone",
        ),
    ],
)
async def test_what_cannot_be_done_is_refused_with_a_pointer(
    api: Api, registered: str, kind: str, body: dict[str, Any], status: int, pointer: str | None
) -> None:
    """Trap 5: nothing is assumed, nothing is started."""
    answer = await post(api, kind, registered, **body)

    assert answer.status == status, answer.body
    if pointer is not None:
        assert pointer in answer.pointers
    assert api.started == []


async def test_rows_say_what_to_remove_change_and_move(api: Api, registered: str) -> None:
    """Each kind reads the columns in its own way."""
    remove = await post(
        api, "remove", registered, csv="UserPrincipalName,LicenseSKU\na@contoso.com,*\nb@contoso.com,SPE_E3\n"
    )
    modify = await post(
        api, "modify", registered, csv="UserPrincipalName,LicenseSKU,DisabledPlans\na@contoso.com,SPE_E5,SWAY\n"
    )
    transfer = await post(
        api, "transfer", registered, csv="UserPrincipalName,FromSKU,LicenseSKU\na@contoso.com,EMS;SPE_E3,SPE_E5\n"
    )

    assert await wishes(api, remove) == [(RowLicence(ALL_SKUS),), (RowLicence(E3),)]
    assert await wishes(api, modify) == [(RowLicence(E5, frozenset({SWAY})),)]
    ((moved,),) = await wishes(api, transfer)
    assert (moved.sku_id, moved.from_sku_ids[1]) == (E5, E3)


@pytest.mark.parametrize(
    ("kind", "csv", "says"),
    [
        ("remove", "UserPrincipalName\na@contoso.com\n", "names nothing that would stand in for it"),
        ("remove", "UserPrincipalName,DisabledPlans\na@contoso.com,SWAY\n", "DisabledPlans"),
        ("modify", "UserPrincipalName,LicenseSKU\na@contoso.com,SPE_E5\n", "DisabledPlans is empty"),
        ("modify", "UserPrincipalName,DisabledPlans\na@contoso.com,SWAY\n", "say whose service plans"),
        ("transfer", "UserPrincipalName,LicenseSKU\na@contoso.com,SPE_E5\n", "needs both FromSKU and LicenseSKU"),
        ("transfer", "UserPrincipalName,FromSKU,LicenseSKU\na@contoso.com,SPE_E5,SPE_E5\n", "are both SPE_E5"),
        (
            "transfer",
            "UserPrincipalName,FromSKU,LicenseSKU\na@contoso.com,EMS,SPE_E3\na@contoso.com,STANDARDPACK,SPE_E3\n",
            "name all of them in one row",
        ),
    ],
)
async def test_a_row_that_says_too_little_is_refused_by_line(
    api: Api, registered: str, kind: str, csv: str, says: str
) -> None:
    """What a row leaves open is not guessed."""
    answer = await post(api, kind, registered, csv=csv)

    assert answer.status == 400
    assert says in answer.json["errors"][0]["detail"]
    assert api.started == []


async def test_options_become_the_guards_of_the_operation(api: Api, registered: str) -> None:
    """The engine looks at the row, not at the request."""
    answer = await post(
        api,
        "transfer",
        registered,
        transfers=[{"from": "SPE_E3", "to": "SPE_E5"}],
        confirm=3,
        options={
            "canary": {"users": 10, "approve": "auto"},
            "stopWhen": {"failedPercent": 20, "minimum": 5},
            "window": {"days": ["saturday"], "from": "22:00", "to": "05:00", "timeZone": "Europe/Berlin"},
            "maxUsers": 7,
        },
    )
    operation = await api.app.operations.get(SYSTEM, answer.json["id"])

    assert operation.guards == Guards(
        canary=Canary(10, "auto"),
        stop_when=StopRule(20, 5),
        window=OffHours(("saturday",), "22:00", "05:00", "Europe/Berlin"),
        max_users=7,
        confirm=3,
    )
