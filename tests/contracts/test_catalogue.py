"""The catalogue finds SKUs by what people call them, and guesses near a miss."""

import pytest

from shared.catalogue import AmbiguousSku, Catalogue, catalogue, find_plan, nearest_plans
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
    assert "SPE_E5" in catalogue().nearest("SPE_E9")
    assert "ENTERPRISEPACK" in catalogue().nearest("Ofice 365 E3")
    assert catalogue().nearest("zzzzzzzzzzzzzz") == []


def test_a_name_of_several_skus_is_ambiguous_and_a_part_number_wins() -> None:
    """Two products of one name must be told apart by the caller; a part number is never ambiguous with a name."""
    one, two = Sku("a" * 36, "ONE", name="Twin"), Sku("b" * 36, "TWO", name="Twin")
    named_like_one = Sku("c" * 36, "THREE", name="One")
    known = Catalogue([one, two, named_like_one])

    with pytest.raises(AmbiguousSku, match=r"ONE .* TWO"):
        known.find("twin")
    assert known.find("one") == one


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
