"""From the targets of one tenant to its users: each once, in selection order; who is left out is counted by reason.

Exclusions are read first, then users who are named one by one, then those whom the directory finds: who stands in a
CSV gets what the row says, whatever else selects them. After each page the search can be put aside and taken up again.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from shared.contracts.selections import Selection, Target
from shared.domain.advice import told
from shared.domain.codes import TenantErrorCode
from shared.domain.filters import combined
from shared.domain.model import User
from shared.domain.selection import AS_REQUESTED, NamedUser, SelectedUser, Wish
from shared.errors import GraphError, RowsContradict, UserMissing
from shared.graph.directory import Directory

EXPIRED_LINK = "Directory_ExpiredPageToken"
SAMPLE = 5
"""Names of those left out that are shown for each reason."""
NAMES = 50
"""Names that are kept for each reason to choose from: some are selected after all, by another target."""


class Rows(Protocol):
    """Where the rows of a CSV stand."""

    async def read(self, name: str, chunk: int) -> tuple[tuple[NamedUser, ...], bool]:
        """One chunk of rows, and whether another follows."""
        ...


@dataclass(slots=True)
class Progress:
    """How far a search has come, and whom it has met."""

    source: int = 0
    """Which of the exclusions and selections is being read."""
    after: str | None = None
    """The page that follows in it; None for its first."""
    rows_read: int = 0
    """Rows of CSVs and lists of users; those of exclusions do not count."""
    still: set[str] = field(default_factory=set[str])
    """Ids of users who are still selected, where the users are those of an earlier operation."""
    out: set[str] = field(default_factory=set[str])
    """Ids of users to leave out."""
    seen: dict[str, int] = field(default_factory=dict[str, int])
    """Whom it has met, by id or name, with the number of the wish."""
    wishes: list[Wish] = field(default_factory=list[Wish])
    left_out: dict[str, str] = field(default_factory=dict[str, str])
    """Why a user was left out so far, by id or name."""
    names: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    """Principal names of the first of those, by code and then by id or name."""

    def excluded(self) -> dict[str, int]:
        """How many users are left out, by code; right once all is read."""
        return dict(Counter(self.left_out.values()))

    def samples(self) -> dict[str, tuple[str, ...]]:
        """Principal names of some of them, by code."""
        found = {
            code: [name for key, name in names.items() if self.left_out.get(key) == code][:SAMPLE]
            for code, names in self.names.items()
        }
        return {code: tuple(names) for code, names in found.items() if names}


@dataclass(frozen=True, slots=True)
class _Source:
    """An exclusion, or the users of a target."""

    selection: Selection
    target: Target | None
    """None for an exclusion."""
    only_asks: bool = False
    """Whether it selects nobody, but tells who of earlier users is still selected."""


@dataclass(slots=True)
class _Page:
    """Some users, and where the ones after them are found; None where there are none."""

    users: list[SelectedUser]
    after: str | None
    rows: int = 0


class Search:
    """The search for the users of a tenant's normalised targets, from where ``progress`` stands."""

    def __init__(
        self,
        directory: Directory,
        rows: Rows,
        targets: Sequence[Target],
        protected: Sequence[str] = (),
        *,
        earlier: str | None = None,
        progress: Progress | None = None,
        patience: float = 0.0,
    ) -> None:
        """Prepare the search; ``patience``: seconds to wait, once, before a named user counts as missing.

        ``earlier`` names the rows of an earlier operation's users: they are found, each with whether the targets still
        select them, and nobody else.
        """
        self.progress = progress or Progress()
        self._directory = directory
        self._rows = rows
        self._protected = frozenset(name.casefold() for name in protected)
        self._patience = patience
        self._of_earlier = earlier is not None
        self._began_anew = False
        self._wishes = {wish: n for n, wish in enumerate(self.progress.wishes)}
        ordered = sorted(targets, key=lambda target: not target.users.by_name)
        self._sources = [
            *(_Source(target.exclude, None) for target in targets if target.exclude),
            *(_Source(target.users, target, only_asks=self._of_earlier) for target in ordered),
        ]
        if earlier is not None:
            users = Selection(csv=earlier)
            self._sources.append(_Source(users, Target(tenant=directory.tenant_id, users=users)))

    @property
    def done(self) -> bool:
        """Whether everything is read."""
        return self.progress.source == len(self._sources)

    async def pages(self) -> AsyncGenerator[list[SelectedUser]]:
        """The users, page by page; ``progress`` then stands behind the page, and the next one is already asked for.

        A named user who does not exist comes with an empty id. Raises ``GraphError`` for what cannot be read,
        ``UserMissing`` among it for an excluded user who does not exist, and ``RowsContradict``. Who stops early
        closes the generator.
        """
        at = self.progress
        coming = self._ask()
        try:
            while coming is not None:
                page = await coming
                source = self._sources[at.source]
                at.after = page.after
                at.source += page.after is None
                coming = self._ask()
                taken = self._of(source, page.users)
                at.rows_read += page.rows if source.target and not source.only_asks else 0
                yield taken
        finally:
            if coming is not None:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)

    def _ask(self) -> "asyncio.Task[_Page] | None":
        """Ask for the page at which the search stands; None at its end."""
        if self.done:
            return None
        at = self.progress
        return asyncio.create_task(self._page(self._sources[at.source].selection, at.after))

    def _of(self, source: _Source, users: list[SelectedUser]) -> list[SelectedUser]:
        """Whom a page of a source selects."""
        if source.target is None:
            return self._leave_out(users)
        if source.only_asks:
            # An account that was disabled since is that of somebody who leaves, not of somebody who stays.
            kept = (None, "Disabled")
            self.progress.still |= {each.user.id for each in users if self._left_out(each.user, source.target) in kept}
            return []
        if self._of_earlier:
            still = self.progress.still
            users = [replace(u, wish=replace(u.wish, still_selected=u.user.id in still)) for u in users]
        return self._taken(users, source.target)

    def _leave_out(self, users: Sequence[SelectedUser]) -> list[SelectedUser]:
        """Note the users to leave out: a slip in one of their names must not put the wrong user in."""
        for selected in users:
            if not selected.user.id:
                name = selected.user.user_principal_name
                detail = f"{name}, who is to be excluded, does not exist"
                raise UserMissing(detail, tenant_id=self._directory.tenant_id)
            self.progress.out.add(selected.user.id)
        return []

    def _taken(self, users: Sequence[SelectedUser], target: Target) -> list[SelectedUser]:
        """Those of a target's users who belong to the selection and were not met before."""
        at, taken = self.progress, list[SelectedUser]()
        for selected in users:
            key = selected.user.id or selected.user.user_principal_name.casefold()
            if key in at.seen:
                self._check_wish(selected, at.wishes[at.seen[key]])
                continue
            code = self._left_out(selected.user, target)
            if code:
                at.left_out[key] = code
                names = at.names.setdefault(code, {})
                if len(names) < NAMES:
                    names[key] = selected.user.user_principal_name
            else:
                at.seen[key] = self._number(selected.wish)
                at.left_out.pop(key, None)  # left out of a group, and named in another selection
                taken.append(selected)
        return taken

    def _number(self, wish: Wish) -> int:
        number = self._wishes.setdefault(wish, len(self._wishes))
        if number == len(self.progress.wishes):
            self.progress.wishes.append(wish)
        return number

    def _check_wish(self, again: SelectedUser, first: Wish) -> None:
        """Refuse a row of a user whom another row names in another way and for something else.

        Rows that name a user alike were merged before; that these mean the same user only the directory tells.
        """
        wish = again.wish
        same = wish.with_request == first.with_request and set(wish.licences) == set(first.licences)
        if same or wish == AS_REQUESTED:  # a list says nothing of licences, and cannot be told from a bare row here
            return
        name, tenant_id = again.user.user_principal_name, self._directory.tenant_id
        detail = f"Rows name {name} by principal name and by object id, and ask for different licences"
        raise RowsContradict(told(TenantErrorCode.CONTRADICTORY_ROWS, detail), tenant_id=tenant_id)

    def _left_out(self, user: User, target: Target) -> str | None:
        """Why a user is not part of the selection; guests and disabled accounts are when they were named one by one."""
        named = target.users.by_name
        if user.id in self._protected or user.user_principal_name.casefold() in self._protected:
            return "Protected"
        if user.id in self.progress.out:
            return "Excluded"
        if user.guest and not (named or target.include.guests):
            return "Guest"
        if not (user.account_enabled or named or target.include.disabled):
            return "Disabled"
        return None

    async def _page(self, selection: Selection, after: str | None) -> _Page:
        """One page of a selection: rows are numbered by chunk, the directory's own pages have links."""
        if selection.csv is not None:
            chunk = int(after or 0)
            rows, more = await self._rows.read(selection.csv, chunk)
            return _Page(await self._found(rows), str(chunk + 1) if more else None, sum(row.rows for row in rows))
        if selection.users is not None:
            return _Page(await self._found([NamedUser(name) for name in selection.users]), None)
        return await self._directory_page(selection, after)

    async def _directory_page(self, selection: Selection, after: str | None) -> _Page:
        group = selection.group
        if after is not None:  # the link says all, whatever has been renamed since
            users, link = await self._following_page(selection, after)
        elif group is None:
            users, link = await self._directory.users_page(filter=combined(selection.filter, selection.licensed))
        else:
            found = await self._directory.find_group(id=group.id, display_name=group.display_name)
            users, link = await self._directory.members_page(found.id, nested=group.nested)
        return _Page([SelectedUser(user) for user in users], link)

    async def _following_page(self, selection: Selection, link: str) -> tuple[list[User], str | None]:
        """The page behind a link, or the first one anew where the link has grown too old, as it may while one rests.

        Whoever was met before is not taken twice.
        """
        try:
            return await self._directory.users_page(after=link)
        except GraphError as error:
            if error.code != EXPIRED_LINK or self._began_anew:
                raise
        self._began_anew = True
        first = await self._directory_page(selection, None)
        return [each.user for each in first.users], first.after

    async def _found(self, rows: Sequence[NamedUser]) -> list[SelectedUser]:
        """The users of the rows, in their order."""
        references = [row.reference for row in rows]
        found = await self._directory.find_users(references)
        missing = [reference for reference in references if found[reference] is None]
        if missing and self._patience:  # one created just now answers 404 at first (trap 30)
            await asyncio.sleep(self._patience)
            self._patience = 0.0
            found |= await self._directory.find_users(missing)
        return [
            SelectedUser(found[row.reference] or User(id="", user_principal_name=row.reference), row.wish)
            for row in rows
        ]
