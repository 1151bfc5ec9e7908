"""A tenant's directory: what the app reads of Microsoft Graph and the two things it writes.

A read returns what it was asked for or raises; an empty answer always means that there is nothing.
"""

import asyncio
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import quote

from shared.domain.advice import told
from shared.domain.codes import TenantErrorCode
from shared.domain.model import Sku, User
from shared.domain.nearest import hint
from shared.errors import Denied, GraphError, GroupAmbiguous, GroupNotFound
from shared.graph import batch, likely, parse, query
from shared.graph.channel import Channel, Connection
from shared.graph.mailboxes import Mailboxes
from shared.graph.model import Group, ItemAnswer, LicenceWrite, Organization
from shared.settings import Settings

__all__ = ["Directory", "Graph", "Group", "ItemAnswer", "LicenceWrite", "Mailboxes", "Organization"]

_IDS_A_CALL = 1000
_BATCHES_AT_ONCE = 4
"""Batches of reads side by side: far below the limit of resource units, far above one at a time."""


class Graph:
    """Microsoft Graph for all tenants of this process; made once, closed at its end."""

    def __init__(self, settings: Settings) -> None:
        self._connection = Connection(settings)
        self._directories: dict[tuple[str, str], Directory] = {}
        self._mailboxes: dict[tuple[str, str], Mailboxes] = {}

    def directory(self, tenant_id: str, credential: str = "default") -> "Directory":
        """The directory of a tenant, reached with the credential of this name."""
        key = (tenant_id, credential)
        if key not in self._directories:
            self._directories[key] = Directory(Channel(self._connection, tenant_id, credential))
        return self._directories[key]

    def mailboxes(self, tenant_id: str, credential: str = "default") -> Mailboxes:
        """The mailboxes of a tenant, reached with the credential of this name."""
        key = (tenant_id, credential)
        if key not in self._mailboxes:
            self._mailboxes[key] = Mailboxes(self._connection, tenant_id, credential)
        return self._mailboxes[key]

    async def close(self) -> None:
        """Close all connections."""
        self._directories.clear()
        self._mailboxes.clear()
        await self._connection.close()


class Directory:
    """One tenant's directory.

    Every read raises ``Throttled`` or ``Unavailable`` (may pass), ``Denied`` (consent or token), or ``GraphError``.
    """

    def __init__(self, channel: Channel) -> None:
        self.tenant_id = channel.tenant_id
        self._channel = channel

    async def organization(self) -> Organization:
        """The tenant's name and verified domains. https://learn.microsoft.com/graph/api/organization-list"""
        page = await self._channel.read(f"/organization?$select={parse.ORGANIZATION_FIELDS}")
        with self._channel.reading():
            found = parse.objects(page, "value", "the list of organizations")
            if len(found) != 1:
                raise parse.Unreadable(f"it has {len(found)} organizations")
            return parse.organization(found[0])

    async def skus(self) -> list[Sku]:
        """The SKUs the tenant subscribes to. https://learn.microsoft.com/graph/api/subscribedsku-list"""
        found: list[Sku] = []
        async for page in self._channel.pages(f"/subscribedSkus?$select={parse.SKU_FIELDS}"):
            with self._channel.reading():
                found += [parse.sku(source) for source in page]
        return found

    async def members_page(self, group_id: str, *, nested: bool) -> tuple[list[User], str | None]:
        """The first users of a group, at most 999, and the link to the next page, which ``users_page`` takes.

        With ``nested`` those of the groups inside it as well. Devices and groups are left out by the type cast, which
        Graph answers from its eventually consistent index. Raises ``GroupNotFound``.
        https://learn.microsoft.com/graph/api/group-list-transitivemembers
        """
        relation = "transitiveMembers" if nested else "members"
        path = (
            f"/groups/{quote(group_id, safe='')}/{relation}/microsoft.graph.user"
            f"?$count=true&$select={parse.USER_FIELDS}&$top={query.PAGE}"
        )
        try:
            page, following = await self._channel.page(path, advanced=True)
        except GraphError as error:
            raise self._without_group(error, group_id) from error
        with self._channel.reading():
            return [parse.user(source) for source in page], following

    async def users_page(
        self, *, search: str | None = None, filter: str | None = None, top: int = query.PAGE, after: str | None = None
    ) -> tuple[list[User], str | None]:
        """At most ``top`` (up to 999) users whose names match, and the link to the next page.

        ``search`` finds beginnings of words in display name, principal name and mail; ``after`` is the link that came
        with the page before and then says all. Raises ``BadFilter``.
        """
        try:
            page, following = await self._channel.page(after or query.users(search, filter, top), advanced=True)
        except GraphError as error:
            # A later page may be refused for its age; the filter was taken with the first one.
            if filter and not after and error.status in query.REFUSED:
                raise query.bad_filter(error, filter) from error
            raise
        with self._channel.reading():
            return [parse.user(source) for source in page], following

    async def groups_page(
        self, *, search: str | None, top: int, after: str | None = None
    ) -> tuple[list[Group], str | None]:
        """At most ``top`` (up to 999) groups whose display names match, and the link to the next page; see above."""
        page, following = await self._channel.page(after or query.groups(search, top), advanced=True)
        with self._channel.reading():
            return [parse.group(source) for source in page], following

    async def user_counts(self, group_ids: Sequence[str]) -> dict[str, int]:
        """How many users at most 20 groups have, those of groups inside them as well, in one ``$batch``.

        A group of which Graph does not tell it just now is absent.
        """
        if not group_ids:
            return {}
        items = await self._channel.read_batch([batch.count_users(group_id) for group_id in group_ids])
        counts = {
            group_id: (item.body or {}).get("@odata.count") for group_id, item in zip(group_ids, items, strict=True)
        }
        return {group_id: count for group_id, count in counts.items() if isinstance(count, int)}

    def owns(self, link: str, path: str) -> bool:
        """Whether a link leads to a page of the collection at ``path`` (``/users``) of this Graph."""
        return self._channel.owns(link, path)

    async def find_group(self, *, id: str | None, display_name: str | None) -> Group:
        """The group with this id, or else the only one with this display name.

        Raises ``GroupNotFound``, which names the groups nearest to a display name, or ``GroupAmbiguous``, which names
        the candidates' ids.
        """
        if id is not None:
            return await self._group(id)
        if not display_name:
            raise ValueError("a group is found by its id or its display name")
        name = quote(display_name.replace("'", "''"), safe="")
        path = f"/groups?$filter=displayName%20eq%20'{name}'&$select={parse.GROUP_FIELDS}&$top={query.PAGE}"
        found: list[Group] = []
        async for page in self._channel.pages(path):
            with self._channel.reading():
                found += [parse.group(source) for source in page]
        if not found:
            raise self._no_group(f"named {display_name!r}", hint(await self._groups_like(display_name)))
        if len(found) > 1:
            ids = tuple(sorted(group.id for group in found))
            message = f"{len(found)} groups are named {display_name!r}: {', '.join(ids)}"
            error = GroupAmbiguous(told(TenantErrorCode.GROUP_AMBIGUOUS, message), tenant_id=self.tenant_id)
            error.group_ids = ids
            raise error
        return found[0]

    async def _groups_like(self, name: str) -> list[str]:
        """Names of at most three groups that were probably meant.

        When the search itself is refused there are no hints: that the group is not there is known already, and says
        more than a search that failed.
        """
        found: list[Group] = []
        with suppress(GraphError):
            for words in likely.searches(name):
                page, _ = await self._channel.page(query.groups_with_any(words, query.PAGE), advanced=True)
                with self._channel.reading():
                    found = [parse.group(source) for source in page]
                if found:
                    break
        return likely.named(name, found)

    async def _group(self, group_id: str) -> Group:
        if not _is_guid(group_id):  # Graph would answer 400, which says less
            raise self._no_group(f"with the id {group_id!r}")
        try:
            source = await self._channel.read(f"/groups/{group_id}?$select={parse.GROUP_FIELDS}")
        except GraphError as error:
            raise self._without_group(error, group_id) from error
        with self._channel.reading():
            return parse.group(source)

    async def find_users(self, references: Sequence[str]) -> dict[str, User | None]:
        """Users by id or principal name, any number, keyed by the references; None for one that does not exist."""
        found: dict[str, User | None] = {}
        wanted: list[str] = []
        for reference in dict.fromkeys(references):
            # Anything else after `/users/` would be another resource: `delta`, `$count`, or all users.
            if _is_guid(reference) or "@" in reference:
                wanted.append(reference)
            else:
                found[reference] = None
        chunks = [wanted[start : start + batch.SIZE] for start in range(0, len(wanted), batch.SIZE)]
        for start in range(0, len(chunks), _BATCHES_AT_ONCE):
            window = chunks[start : start + _BATCHES_AT_ONCE]
            # All are awaited before the first failure is raised, so that none goes on unseen.
            answers = await asyncio.gather(*map(self._find_chunk, window), return_exceptions=True)
            for answer in answers:
                if isinstance(answer, BaseException):
                    raise answer
                found |= answer
        return {reference: found[reference] for reference in references}

    async def _find_chunk(self, references: Sequence[str]) -> dict[str, User | None]:
        items = await self._channel.read_items([batch.read_user(reference) for reference in references])
        with self._channel.reading():
            return {ref: _user(item) for ref, item in zip(references, items, strict=True)}

    async def read_users(self, user_ids: Sequence[str]) -> dict[str, User | ItemAnswer | None]:
        """At most 20 users in one ``$batch``: None for one that does not exist, an ``ItemAnswer`` for one not read."""
        items = await self._channel.read_batch([batch.read_user(user_id) for user_id in user_ids])
        with self._channel.reading():
            return {user_id: _read(item) for user_id, item in zip(user_ids, items, strict=True)}

    async def assign(self, changes: Sequence[LicenceWrite]) -> dict[str, ItemAnswer]:
        """Change the licences of at most 20 users in one ``$batch`` that is sent once; the answers by user id.

        Raises ``Throttled``, ``Denied`` or ``GraphError`` only when Graph refused the batch as a whole, and
        ``ValueError`` for a user named twice. https://learn.microsoft.com/graph/api/user-assignlicense
        """
        return await self._write({change.user_id: batch.assign_license(change) for change in changes}, len(changes))

    async def set_usage_locations(self, locations: Mapping[str, str]) -> dict[str, ItemAnswer]:
        """Set usage locations (ISO 3166, two letters) of at most 20 users by id; answers and errors as ``assign``."""
        requests = {user_id: batch.set_usage_location(user_id, location) for user_id, location in locations.items()}
        return await self._write(requests, len(locations))

    async def _write(self, requests: Mapping[str, batch.Request], count: int) -> dict[str, ItemAnswer]:
        if len({user_id.lower() for user_id in requests}) != count:
            raise ValueError("a user is named twice in one batch")
        if not requests:
            return {}
        answers = await self._channel.write_batch(list(requests.values()))
        return dict(zip(requests, answers, strict=True))

    async def group_names(self, group_ids: Iterable[str]) -> dict[str, str]:
        """Display names of groups by id; absent is who is no group of the tenant, and whose name is not ours to read.

        A name is a word of a message, and the id says the same: so a refusal of this call alone is no error.
        https://learn.microsoft.com/graph/api/directoryobject-getbyids
        """
        wanted = list(dict.fromkeys(group_id.lower() for group_id in group_ids))
        names: dict[str, str] = {}
        for start in range(0, len(wanted), _IDS_A_CALL):
            body = {"ids": wanted[start : start + _IDS_A_CALL], "types": ["group"]}
            try:
                page = await self._channel.read("/directoryObjects/getByIds", body=body)
            except Denied as error:
                if error.status != HTTPStatus.FORBIDDEN:
                    raise
                return names
            with self._channel.reading():
                names |= parse.names(parse.objects(page, "value", "the list of groups"))
        return names

    def _no_group(self, which: str, hint: str = "") -> GroupNotFound:
        message = told(TenantErrorCode.GROUP_NOT_FOUND, f"There is no group {which} in tenant {self.tenant_id}{hint}")
        return GroupNotFound(message, tenant_id=self.tenant_id, status=404)

    def _without_group(self, error: GraphError, group_id: str) -> GraphError:
        return self._no_group(f"with the id {group_id!r}") if error.status == 404 else error


def _read(item: batch.Item) -> User | ItemAnswer | None:
    return _user(item) if item.answer.conclusive else item.answer


def _user(item: batch.Item) -> User | None:
    if item.answer.kind != "done":
        return None
    if item.body is None:
        raise parse.Unreadable("a user has no body")
    return parse.user(item.body)


def _is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
