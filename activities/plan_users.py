"""Plan one blob of users: one decision a user, written once; those with nothing to do get their outcome at once."""

from collections import defaultdict
from collections.abc import Sequence, Set
from datetime import timedelta
from typing import Any, Final

import azure.durable_functions as df

from activities.guard import check_in
from activities.refusals import halt, open_directory
from activities.settled import record_settled
from activities.traced import traced
from shared.catalogue import catalogue
from shared.contracts.planning import planner_of
from shared.contracts.stored import parse_stored
from shared.contracts.work import Halt, PlanWork, Stop
from shared.domain.codes import ResultCode
from shared.domain.drift import overlay
from shared.domain.model import Decision, User
from shared.domain.operation import Operation, OperationKind
from shared.domain.plan import CHUNK_USERS
from shared.domain.planning import Planner, given_to_nobody, not_found, refused
from shared.domain.recent import RecentWrite
from shared.domain.selection import AS_REQUESTED, Wish
from shared.errors import GraphError
from shared.graph.directory import Directory
from shared.services import Services, services

bp = df.Blueprint()

GIVING: Final[frozenset[OperationKind]] = frozenset({"assign", "transfer"})
"""Kinds whose rows name the SKU that the user gets."""


async def plan(app: Services, work: PlanWork) -> Halt:
    """Decide on the users of one blob and write the plan; a blob that is planned already stays as it is."""
    stop = await check_in(app, work)
    if stop:
        return Halt(stop=stop)
    operation = await app.operations.read_op(work.operation)
    decisions = await app.plans.find_chunk(work.plan_id, work.tenant, work.chunk)
    if decisions is None:
        try:
            decided = await _decide(app, work, operation)
        except GraphError as error:
            return halt(error)
        if isinstance(decided, Stop):
            return Halt(stop=decided)
        decisions = await app.plans.write_chunk(work.plan_id, work.tenant, work.chunk, decided)
    if operation.kind == "preview":
        return Halt()
    # Whom the reservation of an earlier run left without a seat it records itself, under a mark of its own.
    planned = [each for each in decisions if work.plan or each.code != ResultCode.INSUFFICIENT_LICENSES]
    await record_settled(app, work, work.chunk, planned)
    return Halt()


async def _decide(app: Services, work: PlanWork, operation: Operation) -> list[Decision] | Stop:
    tenant, directory = await open_directory(app, work.tenant)
    body = parse_stored(operation.work, await app.staging.get(operation.request_sha))
    planner = planner_of(body, tenant)
    skus = {sku.id: sku for sku in await directory.skus()}
    part = await app.operations.get_part(work.operation, work.tenant)
    selected = await app.plans.read_users(work.operation, work.tenant, part.selection, work.chunk)
    planners: dict[Wish, Planner] = {wish: planner.for_wish(wish) for wish in {each.wish for each in selected}}
    # What a row asks for and the tenant does not have fails that user alone, what the request asks for all of them.
    impossible = {wish: wished.impossible(skus) for wish, wished in planners.items()}
    faults = {wish: catalogue().in_words(fault) for wish, fault in impossible.items() if fault}
    if fault := faults.get(AS_REQUESTED):
        return Stop(code=ResultCode.SKU_NOT_FOUND, message=fault)
    by_wish: defaultdict[Wish, list[User]] = defaultdict(list)
    for each in selected:
        by_wish[each.wish].append(each.user)
    wanted = frozenset[str]().union(*(planners[wish].sku_ids(users) for wish, users in by_wish.items()))
    groups = await _group_names(directory, wanted, [each.user for each in selected])
    horizon = timedelta(seconds=app.settings.replication_horizon)
    since = app.tables.now() - horizon
    recent = await app.recent.since(work.tenant, since, users={each.user.id for each in selected})

    def decision(index: int, user: User, wish: Wish) -> Decision:
        if not user.id:
            return not_found(index, user.user_principal_name)
        user = _as_written(user, recent.get(user.id, []))
        fault = faults.get(wish)
        if fault:
            coming = (each.sku_id for each in wish.licences if operation.work in GIVING)
            return refused(index, user, fault, given_to_nobody(coming, skus))
        return planners[wish].decide(index, user, skus, groups)

    first = work.chunk * CHUNK_USERS
    return [decision(first + at, each.user, each.wish) for at, each in enumerate(selected)]


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


@bp.activity_trigger(input_name="work")
@traced
async def plan_users(work: Any) -> Any:
    """See ``plan``."""
    return (await plan(await services(), PlanWork.model_validate(work))).wire()
