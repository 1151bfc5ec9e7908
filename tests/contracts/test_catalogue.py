"""The catalogue finds SKUs by what people call them, and guesses near a miss."""

import pytest

from shared.catalogue import AmbiguousSku, Catalogue, catalogue, described, find_plan, nearest_plans
from shared.domain.model import ServicePlan, Sku

E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"


@pytest.mark.parametrize(
    "text", ["SPE_E5", "spe_e5", " Spe_E5 ", "Microsoft 365 E5", "microsoft 365 e5", E5, E5.upper()]
)
def test_a_sku_is_found_by_part_number_name_and_guid(text: str) -> None:
    """Case and surrounding spaces do not matter."""
    found = catalogue().find(text)

    assert found is not None
    assert found.id == E5


@pytest.mark.parametrize(
    ("part_number", "name"),
    [
        ("O365_BUSINESS_PREMIUM", "Microsoft 365 Business Standard"),
        ("SPB", "Microsoft 365 Business Premium"),
        ("SPE_F1", "Microsoft 365 F3"),
    ],
)
def test_part_numbers_do_not_say_what_the_product_is(part_number: str, name: str) -> None:
    """Trap 13: the friendly name is looked up, never read off the part number."""
    found = catalogue().find(name)

    assert found is not None
    assert found.part_number == part_number


def test_a_miss_is_none_and_comes_with_the_nearest() -> None:
    """A misspelled part number or name is not taken for another SKU."""
    assert catalogue().find("SPE_E9") is None
    assert "SPE_E5" in [sku.part_number for sku in catalogue().nearest("SPE_E9")]
    assert catalogue().nearest("zzzzzzzzzzzzzz") == []


@pytest.mark.parametrize(
    ("text", "part_number"),
    [
        ("SPE-E5", "SPE_E5"),
        ("SPE_E55", "SPE_E5"),
        ("E5", "SPE_E5"),
        ("M365 E3", "SPE_E3"),
        ("M365_E5", "SPE_E5"),
        ("Microsoft365 E5", "SPE_E5"),
        ("O365 E3", "ENTERPRISEPACK"),
        ("Ofice 365 E3", "ENTERPRISEPACK"),
        ("EMS E3", "EMS"),
        ("Business Premium", "SPB"),
        ("M365 Business Standard", "O365_BUSINESS_PREMIUM"),
        ("PowerBI Pro", "POWER_BI_PRO"),
        ("Teams Phone", "MCOEV"),
        ("Exchange Plan 1", "EXCHANGESTANDARD"),
        ("Copilot", "Microsoft_365_Copilot"),
    ],
)
def test_what_people_write_comes_first_among_the_nearest(text: str, part_number: str) -> None:
    """Common slips and short forms: unknown as written, and the first hint is what was meant."""
    assert catalogue().find(text) is None
    assert catalogue().nearest(text)[0].part_number == part_number


def test_a_hint_says_what_the_product_is() -> None:
    """Trap 13: a hint with the bare part number would lead to Business Standard."""
    standard = catalogue().find("O365_BUSINESS_PREMIUM")
    assert standard is not None

    assert described(standard) == "O365_BUSINESS_PREMIUM (Microsoft 365 Business Standard)"
    assert described(Sku("a" * 36, "NEW")) == "NEW"


@pytest.mark.parametrize(
    ("text", "plan"),
    [("yammer", "YAMMER_ENTERPRISE"), ("Teams", "TEAMS1"), ("SharePoint Enterprise", "SHAREPOINTENTERPRISE")],
)
def test_service_plans_are_guessed_alike(text: str, plan: str) -> None:
    """By words of the plan's name."""
    e5 = catalogue().find("SPE_E5")
    assert e5 is not None

    assert nearest_plans(e5, text)[0] == plan


def test_a_name_of_several_skus_is_ambiguous_and_a_part_number_wins() -> None:
    """Two products of one name must be told apart by the caller; a part number is never ambiguous with a name."""
    one, two = Sku("a" * 36, "ONE", name="Twin"), Sku("b" * 36, "TWO", name="Twin")
    named_like_one = Sku("c" * 36, "THREE", name="One")
    known = Catalogue([one, two, named_like_one])

    with pytest.raises(AmbiguousSku, match=r"ONE .* TWO"):
        known.find("twin")
    assert known.find("one") == one


def test_of_several_skus_of_one_name_the_tenants_own_is_meant() -> None:
    """Microsoft's list has such names; what two tenants hold is as ambiguous as before."""
    one, two = Sku("a" * 36, "ONE", name="Twin"), Sku("b" * 36, "TWO", name="Twin")
    known = Catalogue([one, two, Sku("c" * 36, "THREE", name="Triplet")])

    found = known.with_skus([Sku(two.id, "TWO", enabled=5)]).find("twin")

    assert found
    assert found.part_number == "TWO"
    with pytest.raises(AmbiguousSku):
        known.with_skus([one, two]).find("twin")
    with pytest.raises(AmbiguousSku):
        known.with_skus([Sku("d" * 36, "FOUR")]).find("twin")


def test_what_a_tenant_subscribes_to_adds_to_what_is_known() -> None:
    """A SKU or a service plan that is newer than the catalogue is found once a tenant has it."""
    known_e5 = catalogue().find("SPE_E5")
    assert known_e5 is not None
    new_plan = ServicePlan("0" * 36, "BRAND_NEW")
    merged = catalogue().with_skus([Sku(E5, "SPE_E5", (new_plan,)), Sku("1" * 36, "NEW_SKU")])

    e5 = merged.find("Microsoft 365 E5")
    assert e5 is not None
    assert find_plan(e5, "brand_new") == new_plan
    assert set(known_e5.service_plans) < set(e5.service_plans)
    assert merged.find("new_sku") is not None
    assert catalogue().find("new_sku") is None


def test_plans_count_only_within_their_sku() -> None:
    """Trap 3: a plan of another SKU is unknown here, and near names come from this SKU."""
    power_bi = catalogue().find("POWER_BI_PRO")
    assert power_bi is not None

    assert find_plan(power_bi, "YAMMER_ENTERPRISE") is None
    assert find_plan(power_bi, "bi_azure_p2") is not None
    assert nearest_plans(power_bi, "BI_AZURE") == ["BI_AZURE_P2"]
