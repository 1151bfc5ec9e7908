"""Plan one blob of users: one decision a user, written once; those with nothing to do get their outcome at once."""

from collections.abc import Sequence, Set
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from activities.guard import check_in
from activities.refusals import halt, open_directory
from activities.settled import record_settled
from shared.contracts.planning import assign_request, for_wish
from shared.contracts.requests import parse_stored
from shared.contracts.work import Halt, PlanWork, Stop
from shared.domain.assign import impossible, not_found, plan_assign, refused
from shared.domain.codes import ResultCode
from shared.domain.drift import overlay
from shared.domain.model import Decision, User
from shared.domain.plan import CHUNK_USERS
from shared.domain.recent import RecentWrite
from shared.domain.selection import Wish
from shared.errors import GraphError
from shared.graph.directory import Directory
from shared.services import Services, services

bp = df.Blueprint()


async def plan(app: Services, work: PlanWork) -> Halt:
    """Decide on the users of one blob and write the plan; a blob that is planned already stays as it is."""
    stop = await check_in(app, work)
    if stop:
        return Halt(stop=stop)
    decisions = await app.plans.find_chunk(work.operation, work.tenant, work.chunk)
    if decisions is None:
        try:
            decided = await _decide(app, work)
        except GraphError as error:
            return halt(error)
        if isinstance(decided, Stop):
            return Halt(stop=decided)
        decisions = await app.plans.write_chunk(work.operation, work.tenant, work.chunk, decided)
    # Whom an earlier run left without a seat the reservation records, under a mark of its own.
    planned = [decision for decision in decisions if decision.code != ResultCode.INSUFFICIENT_LICENSES]
    await record_settled(app, work, work.chunk, planned)
    return Halt()


async def _decide(app: Services, work: PlanWork) -> list[Decision] | Stop:
    operation = await app.operations.read_op(work.operation)
    tenant, directory = await open_directory(app, work.tenant)
    request = assign_request(parse_stored(await app.staging.get(operation.request_sha)), tenant)
    skus = {sku.id: sku for sku in await directory.skus()}
    fault = impossible(request, skus)
    if fault:
        return Stop(code=ResultCode.SKU_NOT_FOUND, message=fault)
    part = await app.operations.get_part(work.operation, work.tenant)
    selected = await app.plans.read_users(work.operation, work.tenant, part.selection, work.chunk)
    requests = {each.wish: for_wish(request, each.wish) for each in selected}
    # What a row asks for and the tenant does not have fails that user alone.
    faults = {wish: impossible(wished, skus) for wish, wished in requests.items()}
    wanted = {licence.sku_id for wished in requests.values() for licence in wished.licences}
    groups = await _group_names(directory, wanted, [each.user for each in selected])
    horizon = timedelta(seconds=app.settings.replication_horizon)
    since = app.tables.now() - horizon
    recent = await app.recent.since(work.tenant, since, users={each.user.id for each in selected})

    def decision(index: int, user: User, wish: Wish) -> Decision:
        if not user.id:
            return not_found(index, user.user_principal_name)
        user = _as_written(user, recent.get(user.id, []))
        fault = faults[wish]
        return refused(index, user, fault) if fault else plan_assign(requests[wish], index, user, skus, groups)

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
async def plan_users(work: Any) -> Any:
    """See ``plan``."""
    return (await plan(await services(), PlanWork.model_validate(work))).wire()
