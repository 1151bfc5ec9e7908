"""Decide on chunks of resolved users: one decision a user, written once."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from activities.refusals import open_directory
from shared.catalogue import catalogue
from shared.contracts.planning import planner_of
from shared.contracts.stored import parse_stored
from shared.contracts.work import Stop, TenantRun
from shared.domain.codes import ResultCode
from shared.domain.drift import overlay
from shared.domain.model import Decision, Sku, User
from shared.domain.operation import Operation, OperationKind
from shared.domain.plan import CHUNK_USERS
from shared.domain.planning import Planner, given_to_nobody, not_found, refused
from shared.domain.recent import RecentWrite
from shared.domain.selection import AS_REQUESTED, Wish
from shared.errors import LicenceError
from shared.graph.directory import Directory
from shared.services import Services

GIVING: Final[frozenset[OperationKind]] = frozenset({"assign", "transfer"})
"""Kinds whose rows name the SKU that the user gets."""
AHEAD_AT_ONCE = 4
"""Chunks that are decided on side by side while users are still being read."""


class Ahead:
    """Decides on chunks while the users after them are read: a head start, on which nothing depends.

    What it does not come to, or cannot do, is left to ``plan_users``, which also says why.
    """

    def __init__(self, app: Services, run: TenantRun, operation: Operation) -> None:
        self._deciding = Deciding(app, run, operation)
        self._waiting: deque[int] = deque()
        self._working: set[asyncio.Task[None]] = set()

    def begin(self, chunks: Iterable[int]) -> None:
        """Decide on these chunks too, whose users are known for good."""
        self._waiting.extend(chunks)
        for _ in range(AHEAD_AT_ONCE - len(self._working)):
            worker = asyncio.create_task(self._work())
            self._working.add(worker)
            worker.add_done_callback(self._working.discard)

    async def close(self) -> None:
        """Begin no other chunk, and see those under way to their end."""
        self._waiting.clear()
        await asyncio.gather(*self._working)

    async def _work(self) -> None:
        while self._waiting:
            with suppress(LicenceError):
                await self._deciding.decide(self._waiting.popleft())


class Deciding:
    """What the decisions on a tenant's users rest on, read once for many chunks."""

    def __init__(self, app: Services, run: TenantRun, operation: Operation) -> None:
        self._app, self._run, self._operation = app, run, operation
        self._opening = asyncio.Lock()
        self._opened: _Opened | None = None

    async def decide(self, chunk: int) -> Sequence[Decision] | Stop:
        """The decisions on a chunk, written where it has none yet; or why the whole tenant cannot be planned.

        Raises ``GraphError`` where the directory does not say what is needed.
        """
        plan, tenant = self._run.plan_id, self._run.tenant
        decisions = await self._app.plans.find_chunk(plan, tenant, chunk)
        if decisions is not None:
            return decisions
        async with self._opening:
            if self._opened is None:
                self._opened = await self._open()
        decided = await self._decide(self._opened, chunk)
        if isinstance(decided, Stop):
            return decided
        return await self._app.plans.write_chunk(plan, tenant, chunk, decided)

    async def _open(self) -> "_Opened":
        operation = self._operation
        tenant, directory = await open_directory(self._app, self._run.tenant)
        body = parse_stored(operation.work, await self._app.staging.get(operation.request_sha))
        return _Opened(directory, planner_of(body, tenant), {sku.id: sku for sku in await directory.skus()})

    async def _decide(self, given: "_Opened", chunk: int) -> list[Decision] | Stop:
        app, run, skus = self._app, self._run, given.skus
        part = await app.operations.get_part(run.operation, run.tenant)
        selected = await app.plans.read_users(run.operation, run.tenant, part.selection, chunk)
        planners = {wish: given.planner.for_wish(wish) for wish in {each.wish for each in selected}}
        # What a row asks for and the tenant does not have fails that user alone, what the request asks for all of them.
        impossible = {wish: wished.impossible(skus) for wish, wished in planners.items()}
        faults = {wish: catalogue().in_words(fault) for wish, fault in impossible.items() if fault}
        if fault := faults.get(AS_REQUESTED):
            return Stop(code=ResultCode.SKU_NOT_FOUND, message=fault)
        by_wish: defaultdict[Wish, list[User]] = defaultdict(list)
        for each in selected:
            by_wish[each.wish].append(each.user)
        wanted = frozenset[str]().union(*(planners[wish].sku_ids(users) for wish, users in by_wish.items()))
        groups = await _group_names(given.directory, wanted, [each.user for each in selected])
        since = app.tables.now() - timedelta(seconds=app.settings.replication_horizon)
        recent = await app.recent.since(run.tenant, since, users={each.user.id for each in selected})

        def decision(index: int, user: User, wish: Wish) -> Decision:
            if not user.id:
                return not_found(index, user.user_principal_name)
            user = _as_written(user, recent.get(user.id, []))
            fault = faults.get(wish)
            if fault:
                coming = (each.sku_id for each in wish.licences if self._operation.work in GIVING)
                return refused(index, user, fault, given_to_nobody(coming, skus))
            return planners[wish].decide(index, user, skus, groups)

        first = chunk * CHUNK_USERS
        return [decision(first + at, each.user, each.wish) for at, each in enumerate(selected)]


@dataclass(frozen=True, slots=True)
class _Opened:
    """A tenant's directory with its SKUs, and the planner of the request."""

    directory: Directory
    planner: Planner
    skus: Mapping[str, Sku]


async def _group_names(directory: Directory, wanted: Set[str], users: Sequence[User]) -> dict[str, str]:
    """Names of the groups from which users inherit a wanted SKU."""
    groups = {a.group_id for user in users for a in user.state.assignments if a.sku_id in wanted and a.group_id}
    return await directory.group_names(groups) if groups else {}


def _as_written(user: User, writes: list[RecentWrite]) -> User:
    """The user with our own recent writes, which Graph's reads may not show yet (trap 25)."""
    if not writes:
        return user
    return User(
        id=user.id,
        user_principal_name=user.user_principal_name,
        state=overlay(user.state, writes),
        display_name=user.display_name,
        country=user.country,
        account_enabled=user.account_enabled,
        guest=user.guest,
    )
