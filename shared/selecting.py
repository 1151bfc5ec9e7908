"""From the targets of one tenant to its users: each once, in selection order; who is left out is counted by reason."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from shared.contracts.selections import Selection, Target
from shared.domain.filters import combined
from shared.domain.model import User
from shared.errors import UserMissing
from shared.graph.directory import Directory

LOOK_UP_AT_ONCE = 1000


@dataclass(slots=True)
class Search:
    """One search for users by name or id."""

    directory: Directory
    patience: float = 0.0
    """Seconds to wait, once, before a user counts as missing: one created just now answers 404 at first (trap 30)."""

    async def find(self, references: Sequence[str]) -> dict[str, User | None]:
        """The users by reference; None for one that does not exist."""
        found = await self.directory.find_users(references)
        missing = [reference for reference in references if found[reference] is None]
        if missing and self.patience:
            await asyncio.sleep(self.patience)
            self.patience = 0.0
            found |= await self.directory.find_users(missing)
        return found


async def selected(
    search: Search, targets: Sequence[Target], protected: tuple[str, ...], excluded: Counter[str]
) -> AsyncIterator[User]:
    """The users of all the tenant's normalised targets; a named user who does not exist comes with an empty id.

    What is left out is counted in ``excluded`` once the last user has come. Raises ``GraphError`` for what cannot be
    read, ``UserMissing`` among it for an excluded user who does not exist.
    """
    barred = {name.casefold() for name in protected}
    out = {user.id for target in targets if target.exclude async for user in _excluded(search, target.exclude)}
    seen: set[str] = set()
    left_out: dict[str, str] = {}
    for target in targets:
        async for user in _users(search, target.users):
            key = user.id or user.user_principal_name.casefold()
            if key in seen:
                continue
            code = _left_out(user, target, barred, out)
            if code:
                left_out[key] = code
            else:
                seen.add(key)
                left_out.pop(key, None)  # left out of a group, and named in another selection
                yield user
    excluded.update(left_out.values())


async def _excluded(search: Search, selection: Selection) -> AsyncIterator[User]:
    """The users to leave out.

    Raises ``UserMissing`` for a named one who does not exist: a slip in a name must not put the wrong user in.
    """
    async for user in _users(search, selection):
        if not user.id:
            raise UserMissing(
                f"{user.user_principal_name}, who is to be excluded, does not exist",
                tenant_id=search.directory.tenant_id,
            )
        yield user


def _left_out(user: User, target: Target, barred: set[str], out: set[str]) -> str | None:
    """Why a user is not part of the selection; guests and disabled accounts are when they were named one by one."""
    named = target.users.users is not None
    if user.id in barred or user.user_principal_name.casefold() in barred:
        return "Protected"
    if user.id in out:
        return "Excluded"
    if user.guest and not (named or target.include.guests):
        return "Guest"
    if not (user.account_enabled or named or target.include.disabled):
        return "Disabled"
    return None


async def _users(search: Search, selection: Selection) -> AsyncIterator[User]:
    """The users of one selection; a named user who does not exist comes with an empty id."""
    if selection.users is None:
        async for page in await _pages(search.directory, selection):
            for user in page:
                yield user
    references = selection.users or ()
    for first in range(0, len(references), LOOK_UP_AT_ONCE):
        some = references[first : first + LOOK_UP_AT_ONCE]
        found = await search.find(some)
        for reference in some:
            yield found[reference] or User(id="", user_principal_name=reference)


async def _pages(directory: Directory, selection: Selection) -> AsyncIterator[list[User]]:
    """The users that the directory itself finds: a group's members, or those of a filter."""
    if selection.group is None:
        return directory.users_of_filter(combined(selection.filter, selection.licensed))
    group = await directory.find_group(id=selection.group.id, display_name=selection.group.display_name)
    return directory.users_of_group(group.id, nested=selection.group.nested)
