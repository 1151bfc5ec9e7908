"""What reviewers are shown: tenants together, money as numbers, and each list with the names of the contract."""

from decimal import Decimal
from typing import Any

from shared.catalogue import catalogue
from shared.contracts import review
from shared.domain.effects import Warn
from shared.domain.impact import MAX_SAMPLE, MESSAGES, Found, Impact, SkuImpact, UserConflict
from shared.domain.model import Conflict
from shared.domain.prices import Cost, PriceBook, UnusedSeats

E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
GOLDEN = Cost("USD", Decimal("28470.00"), Decimal("31240.00"), (), (UnusedSeats("SPE_E3", 246, Decimal("2398.50")),))


def impact(tenant: str, **fields: Any) -> Impact:
    """The impact on a tenant of 250 users."""
    given: dict[str, Any] = {
        "users_affected": 247,
        "users_unchanged": 2,
        "users_skipped": (Found("InheritedFromGroup", 1, (f"ana@{tenant}",)),),
        "excluded": (Found("Protected", 1, (f"breakglass@{tenant}",)),),
        "licences": (SkuImpact("SPE_E5", E5, 500, 423, 500),),
        "cost": GOLDEN,
        "conflicts": (UserConflict(f"bo@{tenant}", Conflict(("TEAMS1", "TEAMS_FREE"), "skip")),),
        "conflicts_total": 1,
        "warnings": (Found(Warn.MAILBOX_LOSS, 3, tuple(f"u{n}@{tenant}" for n in range(3))),),
    }
    return Impact(tenant_id=tenant, **(given | fields))


def shown(*impacts: Impact) -> dict[str, Any]:
    """What a caller sees of them."""
    return review.impact(impacts, catalogue()).model_dump(mode="json", by_alias=True)


def test_one_tenant_has_the_shape_of_the_contract() -> None:
    """Every field by its name; products by their names, too (Trap 13)."""
    assert shown(impact("t1")) == {
        "usersSelected": 250,
        "usersAffected": 247,
        "usersUnchanged": 2,
        "usersSkipped": [{"code": "InheritedFromGroup", "count": 1, "sample": ["ana@t1"]}],
        "excluded": [{"code": "Protected", "count": 1, "sample": ["breakglass@t1"]}],
        "licenses": [
            {
                "tenantId": "t1",
                "sku": "SPE_E5",
                "skuId": E5,
                "name": "Microsoft 365 E5",
                "total": 500,
                "before": 423,
                "after": 500,
                "change": 77,
                "availableAfter": 0,
                "shortfall": 0,
            }
        ],
        "cost": [
            {
                "tenantId": "t1",
                "currency": "USD",
                "monthlyBefore": 28470.0,
                "monthlyAfter": 31240.0,
                "change": 2770.0,
                "unpriced": [],
                "unusedPaidSeats": [{"sku": "SPE_E3", "seats": 246, "monthly": 2398.5}],
            }
        ],
        "totalCost": {"currency": "USD", "monthlyBefore": 28470.0, "monthlyAfter": 31240.0, "change": 2770.0},
        "conflicts": [
            {"tenantId": "t1", "userPrincipalName": "bo@t1", "plans": ["TEAMS1", "TEAMS_FREE"], "resolution": "skip"}
        ],
        "conflictsTotal": 1,
        "warnings": [
            {
                "code": "MailboxLoss",
                "count": 3,
                "message": MESSAGES[Warn.MAILBOX_LOSS],
                "sample": ["u0@t1", "u1@t1", "u2@t1"],
            }
        ],
    }


def test_tenants_add_up() -> None:
    """Counts are sums, lists stand one after the other, a sample stays one."""
    both = shown(impact("t1"), impact("t2", users_skipped=(Found("Drifted", 5),), warnings=()))

    assert (both["usersSelected"], both["usersAffected"], both["usersUnchanged"]) == (504, 494, 4)
    assert {each["code"]: each["count"] for each in both["usersSkipped"]} == {"Drifted": 5, "InheritedFromGroup": 1}
    assert [each["tenantId"] for each in both["licenses"] + both["cost"] + both["conflicts"]] == ["t1", "t2"] * 3
    assert both["excluded"] == [{"code": "Protected", "count": 2, "sample": ["breakglass@t1", "breakglass@t2"]}]
    assert both["totalCost"]["change"] == 5540.0
    more = shown(impact("t1"), impact("t2"))["warnings"]
    assert [(each["count"], len(each["sample"])) for each in more] == [(6, MAX_SAMPLE)]


def test_a_cost_that_is_not_known_is_null_and_so_is_the_total() -> None:
    """Trap 15, Invariant 13: the SKU without a price is named, no number stands in for it."""
    found = shown(impact("t1"), impact("t2", cost=Cost("USD", None, None, ("VISIOCLIENT",))))
    unknown = found["cost"][1]

    assert (unknown["monthlyBefore"], unknown["monthlyAfter"], unknown["change"]) == (None, None, None)
    assert unknown["unpriced"] == ["VISIOCLIENT"]
    assert found["totalCost"] is None


def test_currencies_are_not_added_up() -> None:
    """Each tenant keeps its own; there is no total."""
    found = shown(impact("t1"), impact("t2", cost=Cost("EUR", Decimal("1.00"), Decimal("2.00"))))

    assert [each["currency"] for each in found["cost"]] == ["USD", "EUR"]
    assert found["totalCost"] is None


def test_prices_are_numbers_with_their_day() -> None:
    """A book without a day says so."""
    book = PriceBook("EUR", {"SPE_E5": Decimal("57.50")})
    found = review.prices(book, {"t1": book}).model_dump(mode="json", by_alias=True)

    told = {"currency": "EUR", "monthly": {"SPE_E5": 57.5}, "asOf": None}
    assert found == {"default": told, "tenants": {"t1": told}}
