"""What a change does to a user's services beside what was asked: the warnings of a preview.

All of them are judged on what is on before and after, over direct and inherited licences together.
"""

from enum import StrEnum
from typing import Final

from shared.domain.conflicts import EXCLUSIVE_NAMES, NEEDS
from shared.domain.mailbox import MAILBOX_PLANS, ONEDRIVE_PLANS


class Warn(StrEnum):
    """What is worth knowing before a change is made."""

    MAILBOX_LOSS = "MailboxLoss"
    """The last mailbox plan goes: the mailbox is deleted 30 days later."""
    ONEDRIVE_LOSS = "OneDriveLoss"
    """The last SharePoint or OneDrive plan goes."""
    DEPENDENT_ADD_ON = "DependentAddOn"
    """A service plan that the user keeps loses the one it needs."""
    PROXY_ADDRESS_CHANGE = "ProxyAddressChange"
    """A mailbox plan comes or goes, which may change the user's proxy addresses."""
    DEPENDENCY_MISSING = "DependencyMissing"
    """A service plan comes without the one it needs."""


WATCHED: Final = (
    MAILBOX_PLANS | ONEDRIVE_PLANS | EXCLUSIVE_NAMES | NEEDS.keys() | frozenset[str]().union(*NEEDS.values())
)
"""Names of all service plans that warnings and conflicts depend on."""


def warnings(was_on: frozenset[str], on: frozenset[str]) -> tuple[str, ...]:
    """Codes of what is worth a warning, given the ``WATCHED`` plans that are on before and after."""
    if was_on == on:
        return ()
    mailbox_before, mailbox_after = not was_on.isdisjoint(MAILBOX_PLANS), not on.isdisjoint(MAILBOX_PLANS)
    lacking = [plan for plan, needed in NEEDS.items() if plan in on and on.isdisjoint(needed)]
    found = {
        Warn.MAILBOX_LOSS: mailbox_before and not mailbox_after,
        Warn.ONEDRIVE_LOSS: not was_on.isdisjoint(ONEDRIVE_PLANS) and on.isdisjoint(ONEDRIVE_PLANS),
        Warn.DEPENDENT_ADD_ON: any(p in was_on and not was_on.isdisjoint(NEEDS[p]) for p in lacking),
        Warn.PROXY_ADDRESS_CHANGE: mailbox_before != mailbox_after,
        Warn.DEPENDENCY_MISSING: any(p not in was_on for p in lacking),
    }
    return tuple(code.value for code, present in found.items() if present)
