"""One tenant: its directory, its seats, what is in flight, and the commit of a write."""

import copy
import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from dev.simulator.catalogue import plan_id
from dev.simulator.lag import LaggingCounter, Versions, Visibility
from dev.simulator.mailboxplans import MAILBOX_PLANS
from dev.simulator.model import Device, Group, Licences, Mailbox, Member, Sku, User, held_skus, merge
from dev.simulator.snapshots import Snapshots

INDEX_EXTRA = 1 / 3  # ASSUMPTION: the index and consumedUnits trail a direct read by up to a third of the longest lag


def default_conflicts() -> list[tuple[str, str]]:
    """Plans that exclude each other: the documented sample."""
    return [(plan_id("TEAMS1"), plan_id("TEAMS_FREE"))]


def default_dependencies() -> dict[str, tuple[str, ...]]:
    """What a plan needs (any of): seen in real errors. ASSUMPTION: the alternatives of the target plans."""
    exchange = tuple(plan_id(n) for n in ("EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_STANDARD", "EXCHANGE_S_DESKLESS"))
    return {
        plan_id("SHAREPOINT_PROJECT"): (plan_id("SHAREPOINTENTERPRISE"),),
        plan_id("MCOEV"): (plan_id("MCOSTANDARD"), plan_id("TEAMS1")),
        plan_id("THREAT_INTELLIGENCE"): exchange,
    }


@dataclass(slots=True)
class Settings:
    """What a tenant may be told about itself."""

    display_name: str = "Simulated"
    domains: tuple[str, ...] = ("simulated.onmicrosoft.com",)
    country: str = "US"
    consent: bool = True
    group_names: bool = True
    """Whether the app may read what ``getByIds`` tells of groups beside their ids."""
    lag_seconds: tuple[float, float] = (0.0, 1.5)
    stale_usage_location: bool = True
    stale_seats: bool = False
    reprocess_seconds: float = 0.5
    prohibited_usage_locations: frozenset[str] = frozenset()
    conflicts: list[tuple[str, str]] = field(default_factory=default_conflicts)
    dependencies: dict[str, tuple[str, ...]] = field(default_factory=default_dependencies)


class Tenant:
    """A directory whose writes are judged against the true state and seen with lag."""

    def __init__(self, tenant_id: str, settings: Settings, seed: int = 1) -> None:
        self.id = tenant_id
        self.settings = settings
        self.rng = random.Random(f"{seed}/{tenant_id}")
        self.generation = f"{self.rng.getrandbits(32):08x}"
        self.users: Versions[User] = Versions()
        self.groups: Versions[Group] = Versions()
        self.devices: dict[str, Device] = {}
        self.skus: dict[str, Sku] = {}
        self.consumed = LaggingCounter()
        self.by_upn: dict[str, str] = {}
        self.snapshots = Snapshots()
        self.in_flight: dict[str, int] = {}
        self.most_in_flight = 0
        self._groups_of: dict[str, set[str]] = {}
        self._due: list[tuple[float, str]] = []
        self._plans: dict[Any, frozenset[str]] = {}

    # --- loading: no lag, nothing is checked but identity ---

    def load_user(self, user: User) -> None:
        """Add a user that was always there."""
        upn = user.user_principal_name.lower()
        if upn in self.by_upn or user.id in self.users.current:
            raise ValueError(f"user {user.user_principal_name!r} is there twice")
        self.users.load(user.id, user)
        self.by_upn[upn] = user.id
        for sku in held_skus(user.licences):
            self.consumed.add(sku, 1, 0, 0)

    def load_group(self, group: Group) -> None:
        """Add a group that was always there; its members come in by ``relink``."""
        self.groups.load(group.id, group)
        self._link(group)

    def _link(self, group: Group) -> None:
        for member in group.members:
            if member.kind == "user":
                self._groups_of.setdefault(member.id, set()).add(group.id)

    # --- reading ---

    def user_id(self, reference: str) -> str | None:
        """The id behind an id or a userPrincipalName."""
        lowered = reference.lower()
        return lowered if lowered in self.users.current else self.by_upn.get(lowered)

    def read_user(self, reference: str, now: float) -> User | None:
        """A user as a direct read sees it."""
        key = self.user_id(reference)
        return None if key is None else self.users.read(key, now)

    def licensing_groups(self, user_id: str) -> list[Group]:
        """The groups that hand licences to this user. Group-based licensing looks at direct members only."""
        groups = (self.groups.current[each] for each in sorted(self._groups_of.get(user_id, ())))
        return [group for group in groups if group.licences]

    def transitive(self, group: Group, now: float, *, index: bool) -> Iterator[Member]:
        """All members of the tree below a group, each once, nearest first."""
        seen: set[str] = {group.id}
        level = [group]
        while level:
            below: list[Group] = []
            for parent in level:
                for member in parent.members:
                    if member.id in seen:
                        continue
                    seen.add(member.id)
                    yield member
                    if member.kind == "group":
                        child = self.groups.read(member.id, now, index=index)
                        below += [child] if child is not None else []
            level = below

    def enabled_plans(self, licences: Licences) -> frozenset[str]:
        """The ids of all service plans these licences enable."""
        key = merge(licences)
        found = self._plans.get(key)
        if found is None:
            if len(self._plans) > 16_384:
                self._plans.clear()
            found = frozenset[str]().union(
                *(self.skus[sku].plan_ids.difference(off) for sku, off in key if sku in self.skus)
            )
            self._plans[key] = found
        return found

    def mailbox_of(self, user: User) -> Mailbox | None:
        """The user's mailbox: with a plan that brings one, or of a kind that needs no licence.

        The 30 days for which a mailbox without a licence could be brought back are not played.
        """
        there = user.mailbox.purpose != "user" or not MAILBOX_PLANS.isdisjoint(self.enabled_plans(user.licences))
        return user.mailbox if there and user.mailbox.made else None

    def free_seats(self, sku_id: str, now: float | None = None) -> int:
        """Seats left in truth; negative when over-allocated.

        With ``now`` less those that came free so lately that licensing may not know of them, where it lags.
        """
        consumed = self.consumed.current.get(sku_id, 0)
        if now is not None and self.settings.stale_seats:  # ASSUMPTION: what is taken counts at once
            consumed = max(consumed, self.consumed.read(now).get(sku_id, 0))
        return self.skus[sku_id].seats - consumed

    # --- writing ---

    def visibility(self, now: float) -> Visibility:
        """Draw when a write of ``now`` shows."""
        low, high = self.settings.lag_seconds
        if high <= 0:
            return Visibility(now, now)
        direct = now + self.rng.uniform(low, high)
        return Visibility(direct, direct + self.rng.uniform(0, high * INDEX_EXTRA))

    def commit(self, user: User, now: float) -> None:
        """Put a changed user in place and count its seats, all at one moment."""
        before = self.users.current[user.id]
        visible = self.visibility(now)
        held, holds = held_skus(before.licences), held_skus(user.licences)
        for sku in held - holds:
            self.consumed.add(sku, -1, now, visible.index_at)
        for sku in holds - held:
            self.consumed.add(sku, 1, now, visible.index_at)
        if user.user_principal_name != before.user_principal_name:
            self.by_upn.pop(before.user_principal_name.lower(), None)
            self.by_upn[user.user_principal_name.lower()] = user.id
        self.users.put(user.id, user, now, visible)

    def create(self, user: User, now: float) -> None:
        """Add a user that readers see after the lag."""
        visible = self.visibility(now)
        self.users.put(user.id, user, now, visible)
        self.by_upn[user.user_principal_name.lower()] = user.id
        for sku in held_skus(user.licences):
            self.consumed.add(sku, 1, now, visible.index_at)

    def delete(self, user_id: str, now: float) -> None:
        """Remove a user, its seats and its memberships. It is gone by id at once, from lists after the lag."""
        for group_id in sorted(self._groups_of.pop(user_id, ())):
            group = self.groups.current[group_id]
            left = tuple(member for member in group.members if member.id != user_id)
            self.groups.put(group_id, replace(group, members=left), now, self.visibility(now))
        user, visible = self.users.current[user_id], self.visibility(now)
        for sku in held_skus(user.licences):
            self.consumed.add(sku, -1, now, visible.index_at)
        self.users.put(user_id, None, now, visible)
        self.by_upn.pop(user.user_principal_name.lower(), None)

    def change(self, user_id: str, now: float, **changes: Any) -> User:
        """Commit a copy of a user with some attributes replaced."""
        user = copy.copy(self.users.current[user_id])
        for name, value in changes.items():
            setattr(user, name, value)
        self.commit(user, now)
        return user

    def commit_group(self, group: Group, now: float) -> None:
        """Put a changed group in place; every user that came or went is reprocessed after the delay."""
        before = self.groups.current.get(group.id)
        old = {m.id for m in before.members if m.kind == "user"} if before else set[str]()
        new = {m.id for m in group.members if m.kind == "user"}
        for gone in old - new:
            self._groups_of[gone].discard(group.id)
        self._link(group)
        self.groups.put(group.id, group, now, self.visibility(now))
        relicensed = before is None or before.licences != group.licences
        for user_id in sorted(old | new if relicensed else old ^ new):
            self.schedule_reprocessing(user_id, now)

    def schedule_reprocessing(self, user_id: str, now: float) -> None:
        """Queue a user for group-based licensing."""
        heapq.heappush(self._due, (now + self.settings.reprocess_seconds, user_id))

    def due_reprocessing(self, now: float) -> Iterator[str]:
        """Users whose reprocessing is due, taken off the queue."""
        while self._due and self._due[0][0] <= now:
            user_id = heapq.heappop(self._due)[1]
            if user_id in self.users.current:
                yield user_id

    def begin_write(self, user_id: str) -> bool:
        """Mark a write as under way; False when another one is, and this one clashes."""
        running = self.in_flight.get(user_id, 0)
        self.most_in_flight = max(self.most_in_flight, running + 1)
        if running:
            return False
        self.in_flight[user_id] = 1
        return True

    def end_write(self, user_id: str) -> None:
        """The write is over."""
        self.in_flight.pop(user_id, None)
