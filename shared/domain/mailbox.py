"""The service plans that keep a mailbox or a OneDrive, by name.

An allow-list, for the names mislead: ``EXCHANGE_S_FOUNDATION``, ``EXCHANGE_ANALYTICS`` and the archive plans hold no
mailbox. https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference
"""

from typing import Final

from shared.domain.model import Sku

MAILBOX_PLANS: Final = frozenset(
    {
        "EXCHANGE_B_STANDARD",
        "EXCHANGE_L_STANDARD",
        "EXCHANGE_S_DESKLESS",
        "EXCHANGE_S_DESKLESS_GOV",
        "EXCHANGE_S_ENTERPRISE",
        "EXCHANGE_S_ENTERPRISE_GOV",
        "EXCHANGE_S_ESSENTIALS",
        "EXCHANGE_S_STANDARD",
        "EXCHANGE_S_STANDARD_GOV",
        "EXCHANGE_S_STANDARD_MIDMARKET",
    }
)
"""When the last of them goes the mailbox is kept for 30 days.
https://learn.microsoft.com/microsoft-365/admin/add-users/remove-former-employee"""

ONEDRIVE_PLANS: Final = frozenset(
    {
        "ONEDRIVESTANDARD",
        "ONEDRIVE_BASIC",
        "ONEDRIVE_BASIC_P2",
        "SHAREPOINTDESKLESS",
        "SHAREPOINTENTERPRISE",
        "SHAREPOINTSTANDARD",
    }
)
"""Plans with storage of the user's own."""


def mailbox_plan_ids(sku: Sku) -> frozenset[str]:
    """Ids of the mailbox plans that a SKU contains."""
    return frozenset(sku.id_of[name] for name in MAILBOX_PLANS if name in sku.id_of)
