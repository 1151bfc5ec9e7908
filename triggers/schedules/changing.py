"""What ``PATCH`` makes of a schedule."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.contracts.requests import BODIES, KINDS, OperationBody, PlannedKind
from shared.contracts.schedules import SchedulePatch
from shared.contracts.stored import parse_stored
from shared.domain.operation import OperationKind
from shared.domain.schedule import Schedule, in_hand
from shared.errors import Problem, RequestRejected, StateConflict
from shared.services import Services
from triggers.follow_ups.notifying import checked_notify
from triggers.schedules.making import StoredRequest, check_ahead, check_comes, check_fits, recurrence_of, stored_request
from triggers.web.bodies import NOT_VALID, parsed
from triggers.web.http import Call

type Change = Callable[[Schedule], Schedule]


async def changed_by(app: Services, call: Call, schedule: Schedule, patch: SchedulePatch) -> Change:
    """The change that a patch makes of the stored schedule.

    Raises ``StateConflict`` for a schedule that is not the caller's to change, ``RequestRejected`` for what does not
    fit together, and as ``understood`` does. The change raises ``StateConflict`` while the schedule is carried out.
    """
    if schedule.owner_id is not None:
        raise StateConflict("The schedule ends a grace: it can be deleted, which ends the grace, and not changed.")
    if schedule.preview_id is not None and (patch.request is not None or patch.recurrence is not None):
        raise StateConflict("The schedule executes a preview, once: make a new one for something else.")
    await app.tables.refresh_clock()
    now = app.tables.now()
    update = patch.plainly
    if patch.run_at is not None:
        if schedule.preview_id is not None:
            check_ahead(patch.run_at, now)
        update |= {"run_at": patch.run_at, "recurrence": None}
    elif patch.recurrence is not None:
        update |= {"run_at": None, "recurrence": recurrence_of(patch.recurrence, now)}
    if "notify" in patch.model_fields_set:
        update["notify"] = checked_notify(app, patch.notify, "/notify")
    body: OperationBody | None = None
    if patch.request is not None:
        request, body = await _request(app, call, schedule.kind, patch.request)
        update |= request._asdict()
    elif schedule.preview_id is None and (patch.recurrence is not None or patch.remove_leavers):
        body = parse_stored(schedule.kind, await app.staging.get(schedule.request_sha))

    def change(stored: Schedule) -> Schedule:
        if in_hand(stored):
            raise StateConflict("The schedule is being carried out just now.")
        after = replace(stored, **update)
        check_fits(after.kind, remove_leavers=after.remove_leavers, recurs=after.recurrence is not None, request=body)
        return _begun_anew(stored, after, patch, now)

    change(schedule)
    return change


def _begun_anew(stored: Schedule, after: Schedule, patch: SchedulePatch, now: datetime) -> Schedule:
    """The changed schedule, whose times count from now on where they are new or it was switched on.

    Raises ``RequestRejected`` where none is to come.
    """
    timed = patch.run_at is not None or patch.recurrence is not None
    if timed and patch.enabled is None and stored.run_at is not None and stored.run_at <= stored.done_until:
        after = replace(after, enabled=True)  # it was switched off by its only run, and not by somebody
    if timed or (after.enabled and not stored.enabled):
        check_comes(after, now)
        after = replace(after, done_until=now)  # what has passed is not made up for
    return after


async def _request(
    app: Services, call: Call, kind: OperationKind, given: dict[str, Any]
) -> tuple[StoredRequest, OperationBody]:
    """The new request as it is stored, and as it was given."""
    planned: PlannedKind = next(known for known in KINDS if known == kind)
    body = parsed(BODIES[planned], json.dumps(given).encode(), under="/request")
    if body.schedule is not None:
        raise RequestRejected(400, NOT_VALID, [Problem("/request/schedule", "The schedule stands beside the request")])
    return await stored_request(app, call.caller, planned, body, "/request"), body
