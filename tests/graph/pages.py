"""Whole collections of users, page by page, as the product reads them."""

from collections.abc import AsyncIterator

from shared.domain.model import User
from shared.graph.directory import Directory


async def member_pages(directory: Directory, group_id: str, *, nested: bool) -> AsyncIterator[list[User]]:
    """The users of a group."""
    page, after = await directory.members_page(group_id, nested=nested)
    yield page
    while after:
        page, after = await directory.users_page(after=after)
        yield page


async def filter_pages(directory: Directory, filter: str) -> AsyncIterator[list[User]]:
    """The users that match a filter."""
    page, after = await directory.users_page(filter=filter)
    yield page
    while after:
        page, after = await directory.users_page(after=after)
        yield page
