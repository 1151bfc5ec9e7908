"""Container ``plans``: a tenant's selected users and decisions, in chunks, and the manifest that freezes them.

Paths: ``{operation}/{tenant}/users-{step}-{n}.ndjson.gz``, ``search-{step}.json.gz``, ``plan-{n}.ndjson.gz``,
``seats.json``, ``impact.json``, ``manifest.json``. Users are resolved in steps, each of which writes blobs of its own;
the tenant's row says which of them count (``shared.domain.selection.Steps``). Until the manifest is there chunks may be
replaced; the first manifest wins, and from then on everything is read-only.
"""

import gzip
from collections.abc import Iterable, Mapping

from pydantic import TypeAdapter

from shared.blobs.client import Blobs
from shared.blobs.ndjson import LEVEL, Lines
from shared.blobs.recently_used import RecentlyUsed
from shared.domain.impact import Impact
from shared.domain.model import Decision
from shared.domain.plan import Manifest
from shared.domain.selection import SelectedUser, Steps
from shared.errors import NotFound, RowConflict

CONTAINER = "plans"
CHUNKS_KEPT = 8
MANIFESTS_KEPT = 64
GZIP = "application/gzip"
USERS = Lines(SelectedUser, tuple[SelectedUser, ...])
DECISIONS = Lines(Decision, tuple[Decision, ...])
JSON = "application/json"
IMPACT: TypeAdapter[Impact] = TypeAdapter(Impact)
MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Manifest)
SEATS: TypeAdapter[dict[str, int]] = TypeAdapter(dict[str, int])


class PlanStore:
    """Plans by operation and tenant; the chunks read last stay decoded, as their batches are read one by one."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._chunks: RecentlyUsed[tuple[str, str, int], tuple[Decision, ...]] = RecentlyUsed(CHUNKS_KEPT)
        self._impacts: RecentlyUsed[tuple[str, str], Impact | None] = RecentlyUsed(MANIFESTS_KEPT)
        self._manifests: RecentlyUsed[tuple[str, str], Manifest | None] = RecentlyUsed(MANIFESTS_KEPT)

    async def write_users(self, op: str, tenant: str, step: str, n: int, users: Iterable[SelectedUser]) -> None:
        """Store the ``n``-th chunk of the users that a step has selected, in selection order."""
        await self._blobs.write(CONTAINER, _users_path(op, tenant, step, n), USERS.pack(users), media_type=GZIP)

    async def read_users(self, op: str, tenant: str, selection: str, n: int) -> tuple[SelectedUser, ...]:
        """The ``n``-th chunk of a tenant's selected users; ``selection`` is ``Steps.text``.

        Raises ``NotFound`` when it was never written or has expired.
        """
        step, within = Steps.parse(selection).locate(n)
        return USERS.unpack(await self._read(_users_path(op, tenant, step, within)))

    async def write_disabled(self, op: str, tenant: str, user_ids: Iterable[str]) -> None:
        """Store who was left out of a tenant's selection only because the account is disabled."""
        content = gzip.compress("\n".join(user_ids).encode(), LEVEL)
        await self._blobs.write(CONTAINER, _disabled_path(op, tenant), content, media_type=GZIP)

    async def disabled(self, op: str, tenant: str) -> frozenset[str]:
        """Ids of those users.

        Raises ``NotFound`` when they were never written, or have expired.
        """
        return frozenset(gzip.decompress(await self._read(_disabled_path(op, tenant))).decode().splitlines())

    async def put_aside(self, op: str, tenant: str, step: str, search: bytes) -> None:
        """Store where a step's search stands."""
        await self._blobs.write(
            CONTAINER, _search_path(op, tenant, step), gzip.compress(search, LEVEL), media_type=GZIP
        )

    async def take_up(self, op: str, tenant: str, step: str) -> bytes:
        """Where a step's search was put aside.

        Raises ``NotFound`` when it was not, or has expired.
        """
        return gzip.decompress(await self._read(_search_path(op, tenant, step)))

    async def write_chunk(self, op: str, tenant: str, n: int, decisions: Iterable[Decision]) -> tuple[Decision, ...]:
        """Store the decisions on the ``n``-th chunk of users once, and return the stored ones.

        Whoever plans the same chunk again gets what was planned first.
        """
        decisions = tuple(decisions)
        try:
            await self._blobs.create(CONTAINER, _chunk_path(op, tenant, n), DECISIONS.pack(decisions), media_type=GZIP)
        except RowConflict:
            return await self.read_chunk(op, tenant, n)
        return decisions

    async def replace_chunk(self, op: str, tenant: str, n: int, decisions: Iterable[Decision]) -> None:
        """Store other decisions on a chunk.

        Raises ``RowConflict`` once the plan is frozen.
        """
        if await self.manifest(op, tenant) is not None:
            raise RowConflict(f"the plan of operation {op} for tenant {tenant} is frozen")
        await self._blobs.write(CONTAINER, _chunk_path(op, tenant, n), DECISIONS.pack(decisions), media_type=GZIP)

    async def find_chunk(self, op: str, tenant: str, n: int) -> tuple[Decision, ...] | None:
        """The decisions on the ``n``-th chunk of users; None before it is planned."""
        content = await self._blobs.read(CONTAINER, _chunk_path(op, tenant, n))
        return None if content is None else DECISIONS.unpack(content)

    async def read_chunk(self, op: str, tenant: str, n: int) -> tuple[Decision, ...]:
        """The decisions on the ``n``-th chunk of users.

        Raises ``NotFound`` when it was never written or has expired.
        """

        async def load() -> tuple[tuple[Decision, ...], bool]:
            frozen = await self.manifest(op, tenant) is not None
            return DECISIONS.unpack(await self._read(_chunk_path(op, tenant, n))), frozen

        return await self._chunks.get((op, tenant, n), load)

    async def give_out(self, op: str, tenant: str, seats: Mapping[str, int]) -> dict[str, int]:
        """Store once from which free seats, by SKU id, the users' order is made, and return the stored ones.

        Whoever orders the same plan again, perhaps at the same time, comes to the same order.
        """
        path = _path(op, tenant, "seats", "json")
        try:
            await self._blobs.create(CONTAINER, path, SEATS.dump_json(dict(seats)), media_type=JSON)
        except RowConflict:
            return SEATS.validate_json(await self._read(path))
        return dict(seats)

    async def write_impact(self, op: str, tenant: str, impact: Impact) -> None:
        """Store what a plan does to a tenant, over what was stored before."""
        await self._blobs.write(
            CONTAINER, _path(op, tenant, "impact", "json"), IMPACT.dump_json(impact), media_type=JSON
        )

    async def impact(self, op: str, tenant: str) -> Impact | None:
        """What a frozen plan does to a tenant; None before it is frozen, and once it has expired."""

        async def load() -> tuple[Impact | None, bool]:
            if await self.manifest(op, tenant) is None:
                return None, False
            content = await self._blobs.read(CONTAINER, _path(op, tenant, "impact", "json"))
            return (None, False) if content is None else (IMPACT.validate_json(content), True)

        return await self._impacts.get((op, tenant), load)

    async def freeze(self, op: str, tenant: str, manifest: Manifest) -> Manifest:
        """Freeze the plan, and return its manifest: the stored one where somebody froze it before."""
        path = _path(op, tenant, "manifest", "json")
        try:
            await self._blobs.create(CONTAINER, path, MANIFEST.dump_json(manifest), media_type=JSON)
        except RowConflict:
            stored = await self.manifest(op, tenant)
            if stored is None:
                raise
            return stored
        self._manifests.put((op, tenant), manifest)
        return manifest

    async def manifest(self, op: str, tenant: str) -> Manifest | None:
        """The manifest of a frozen plan; None before it is frozen."""

        async def load() -> tuple[Manifest | None, bool]:
            content = await self._blobs.read(CONTAINER, _path(op, tenant, "manifest", "json"))
            return (MANIFEST.validate_json(content), True) if content is not None else (None, False)

        return await self._manifests.get((op, tenant), load)

    async def frozen(self, op: str, tenant: str) -> Manifest:
        """The manifest of a plan that is known to be frozen.

        Raises ``NotFound`` when it is not.
        """
        manifest = await self.manifest(op, tenant)
        if manifest is None:
            raise NotFound(f"operation {op} has no frozen plan for tenant {tenant}")
        return manifest

    async def _read(self, path: str) -> bytes:
        content = await self._blobs.read(CONTAINER, path)
        if content is None:
            raise NotFound(f"there is no {CONTAINER}/{path}: it was never written, or it has expired")
        return content


def _chunk_path(op: str, tenant: str, n: int) -> str:
    return _path(op, tenant, f"plan-{n:05d}")


def _users_path(op: str, tenant: str, step: str, n: int) -> str:
    return _path(op, tenant, f"users-{step}-{n:05d}")


def _disabled_path(op: str, tenant: str) -> str:
    return _path(op, tenant, "disabled", "txt.gz")


def _search_path(op: str, tenant: str, step: str) -> str:
    return _path(op, tenant, f"search-{step}", "json.gz")


def _path(op: str, tenant: str, name: str, ending: str = "ndjson.gz") -> str:
    return f"{op}/{tenant}/{name}.{ending}"
