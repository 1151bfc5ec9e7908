"""The table of service plans that are one service in several sizes, against Microsoft's list."""

from shared.catalogue import catalogue
from shared.domain.conflicts import EXCLUSIVE_NAMES, NEEDS
from shared.domain.equivalents import EQUIVALENTS
from shared.domain.mailbox import MAILBOX_PLANS, ONEDRIVE_PLANS

KNOWN = {name for sku in catalogue()._by_id.values() for name in sku.id_of}


def test_every_equivalent_is_a_plan_of_a_known_sku() -> None:
    """A name that no SKU contains would be a slip of the pen."""
    assert EQUIVALENTS.keys() <= KNOWN


def test_equivalence_goes_both_ways_and_never_to_itself() -> None:
    """Whoever moves up can move down again."""
    for name, others in EQUIVALENTS.items():
        assert name not in others
        assert all(name in EQUIVALENTS[other] for other in others)


def test_the_tables_of_conflicts_and_mailboxes_name_known_plans() -> None:
    """Trap 12: what mentions Exchange and holds no mailbox is not in the list."""
    government_and_old = {name for name in MAILBOX_PLANS if "GOV" in name or "MIDMARKET" in name}
    bundles = {"EXCHANGE_S_ESSENTIALS", "EXCHANGE_B_STANDARD", "EXCHANGE_L_STANDARD"}

    assert MAILBOX_PLANS - government_and_old - bundles <= KNOWN
    assert ONEDRIVE_PLANS <= KNOWN
    assert NEEDS.keys() | {n for needed in NEEDS.values() for n in needed} <= KNOWN | MAILBOX_PLANS
    assert EXCLUSIVE_NAMES - {"TEAMS_FREE"} <= KNOWN
    assert MAILBOX_PLANS.isdisjoint({"EXCHANGE_S_FOUNDATION", "EXCHANGE_ANALYTICS", "EXCHANGE_S_ARCHIVE_ADDON"})
