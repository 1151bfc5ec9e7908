"""A tenant's mailboxes: what each is for, and its conversion to a shared one before a licence goes.

Graph tells what a mailbox is for and cannot convert it; Exchange converts it (``shared/graph/cmdlets.py``).
"""

import re
from collections.abc import Sequence
from typing import cast

from shared.domain.mailbox_conversion import REQUESTED, Conversion, Facts, Reason, decide, refused
from shared.errors import Denied, GraphError
from shared.graph import batch
from shared.graph.channel import Channel, Connection
from shared.graph.cmdlets import Cmdlets
from shared.graph.parse import Json, Unreadable

_PURPOSES = {
    "UserMailbox": "user",
    "SharedMailbox": "shared",
    "RoomMailbox": "room",
    "EquipmentMailbox": "equipment",
    "LinkedMailbox": "linked",
}
_NO_ARCHIVE = "00000000-0000-0000-0000-000000000000"
_BYTES = re.compile(r"\((\d{1,3}(?:,\d{3})*) bytes\)")
_NOT_FOUND = "ManagementObjectNotFoundException"
_NOT_ALLOWED = "CommandNotFoundException"
"""Exchange knows only the cmdlets that the app's roles allow."""
_NEEDED = "The app needs Exchange.ManageAsApp and the role Exchange Recipient Administrator in this tenant."


class Mailboxes:
    """One tenant's mailboxes."""

    def __init__(self, connection: Connection, tenant_id: str, credential: str) -> None:
        self.tenant_id = tenant_id
        self._on = connection.settings.mailbox_conversion
        self._graph = Channel(connection, tenant_id, credential)
        self._exchange = Cmdlets(connection, tenant_id, credential)

    async def purposes(self, user_ids: Sequence[str]) -> dict[str, str | None]:
        """What the mailboxes of users are for, any number, by user id: ``user``, ``shared``, ``room`` and so on.

        None for a user without a mailbox, or who does not exist. As all reads of Graph it may lag behind a conversion.
        A purpose that cannot be read raises for all of them: ``Throttled``, ``Unavailable``, ``Denied`` (as without
        ``MailboxSettings.Read``) or ``GraphError``.
        https://learn.microsoft.com/graph/api/resources/mailboxsettings#userpurpose-values
        """
        wanted = list(dict.fromkeys(user_ids))
        found: dict[str, str | None] = {}
        for start in range(0, len(wanted), batch.SIZE):
            chunk = wanted[start : start + batch.SIZE]
            items = await self._graph.read_items([batch.read_purpose(user_id) for user_id in chunk])
            with self._graph.reading():
                found |= {user_id: _purpose(item, user_id) for user_id, item in zip(chunk, items, strict=True)}
        return found

    async def convert_to_shared(self, user_id: str, upn: str) -> Conversion:
        """Ask Exchange to make a user's mailbox a shared one, after a look at what forbids it.

        ``requested`` is not yet shared: only ``purposes`` tells when it is. Missing rights are a refusal, whether by
        Entra ID or by Exchange. Raises ``Throttled``, ``Unavailable`` or ``GraphError`` when nothing was converted, and
        ``OutcomeUnknown`` when nothing says whether it was; to ask again is harmless.
        """
        if not self._on:
            return refused(Reason.OFF, "The conversion of mailboxes is switched off: MAILBOX_CONVERSION is not on.")
        try:
            decided = decide(await self._facts(user_id, upn))
            if decided is None:
                await self._exchange.write("Set-Mailbox", {"Identity": user_id, "Type": "Shared"}, upn)
        except Denied as error:
            return refused(Reason.PERMISSION, f"{error} {_NEEDED}")
        except GraphError as error:
            if _NOT_ALLOWED in str(error):
                return refused(Reason.PERMISSION, f"{error} {_NEEDED}")
            raise
        return REQUESTED if decided is None else decided

    async def _facts(self, user_id: str, upn: str) -> Facts | None:
        identity = {"Identity": user_id}
        try:
            mailboxes = await self._exchange.read("Get-Mailbox", identity, upn)
        except GraphError as error:
            # Whoever has no mailbox may lose the licence: it must be this very user whom Exchange does not find.
            if _NOT_FOUND in str(error) and f"'{user_id}'" in str(error):
                return None
            raise
        statistics = await self._exchange.read("Get-MailboxStatistics", identity, upn)
        with self._exchange.reading():
            return _facts(_only(mailboxes, "Get-Mailbox"), _only(statistics, "Get-MailboxStatistics"), user_id)


def _purpose(item: batch.Item, user_id: str) -> str | None:
    if item.answer.kind != "done":
        return None
    purpose = (item.body or {}).get("userPurpose")
    if not isinstance(purpose, str) or not purpose:
        raise Unreadable(f"the mailbox settings of user {user_id} have no userPurpose")
    return purpose


def _only(found: list[Json], cmdlet: str) -> Json:
    if len(found) != 1:
        raise Unreadable(f"{cmdlet} gave {len(found)} objects, not one")
    return found[0]


def _facts(mailbox: Json, statistics: Json, user_id: str) -> Facts:
    whose = str(mailbox.get("ExternalDirectoryObjectId")).lower()
    if whose != user_id.lower():
        raise Unreadable(f"Get-Mailbox gave the mailbox of {whose} for user {user_id}")
    kind = _property(mailbox, "RecipientTypeDetails", str)
    archive = _property(mailbox, "ArchiveStatus", str), _property(mailbox, "ArchiveGuid", str)
    holds = cast(list[object], _property(mailbox, "InPlaceHolds", list))
    return Facts(
        purpose=_PURPOSES.get(kind, kind),
        size=_bytes(_property(statistics, "TotalItemSize", str)),
        archive=archive != ("None", _NO_ARCHIVE),
        # A minus sign marks a retention policy of the tenant that this mailbox is left out of.
        # https://learn.microsoft.com/purview/ediscovery-identify-a-hold-on-an-exchange-online-mailbox
        hold=_property(mailbox, "LitigationHoldEnabled", bool) or any(not str(hold).startswith("-") for hold in holds),
    )


def _property[T](source: Json, name: str, kind: type[T]) -> T:
    value = source.get(name)
    if not isinstance(value, kind):
        raise Unreadable(f"a mailbox has no readable {name}")
    return value


def _bytes(size: str) -> int:
    found = _BYTES.search(size)
    if found is None:
        raise Unreadable(f"a mailbox has the size {size!r}, which names no bytes")
    return int(found[1].replace(",", ""))
