"""Grants: who may do what in which tenants, which of several counts, and who may give them."""

import re
from dataclasses import dataclass, field

from shared.domain.caller import Caller, Role

EVERYWHERE = "*"
TAG = "tag:"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def principal_id(text: str) -> str:
    """The one spelling of a principal: object ids in lower case, names as they are."""
    return text.lower() if _GUID.fullmatch(text) else text


@dataclass(frozen=True, slots=True)
class Grant:
    """What a principal may do; ``tenants`` are tenant GUIDs, ``*`` or ``tag:…``, in lower case.

    ``delegated``: an administrator of some tenants gave it to a principal that had none. Such a grant does not stand
    against an app role of the directory, or else that administrator could shut out those above.
    """

    principal: str
    role: Role
    tenants: frozenset[str]
    delegated: bool = False
    etag: str | None = field(default=None, compare=False)

    @property
    def everywhere(self) -> bool:
        """Whether it reaches every tenant."""
        return EVERYWHERE in self.tenants

    @property
    def tags(self) -> frozenset[str]:
        """The tags whose tenants it reaches, also those that bear one later."""
        return frozenset(each.removeprefix(TAG) for each in self.tenants if each.startswith(TAG))

    @property
    def named(self) -> frozenset[str]:
        """The tenants that it names by id."""
        return frozenset(each for each in self.tenants if each != EVERYWHERE and not each.startswith(TAG))

    def within(self, caller: Caller) -> bool:
        """Whether it reaches no further than the caller, now and later."""
        if caller.tenants is None:
            return True
        return not self.everywhere and self.tags <= caller.tags and self.named <= caller.tenants


def effective(own: Grant | None, stored: Grant | None, *, of_directory: bool) -> Grant | None:
    """The grant that counts, whole, never a mix of two: the stored one, else the principal's own; None without either.

    ``own`` is what the proof itself gives: a key's entry in the settings, or (``of_directory``) an app role.
    """
    if stored is None or (stored.delegated and of_directory and own is not None):
        return own
    return stored
