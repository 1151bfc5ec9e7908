"""What becomes of one user at one attempt: pure decisions on what was read and what Graph answered."""

from dataclasses import replace
from datetime import datetime
from typing import Literal

from shared.domain.codes import ResultCode
from shared.domain.drift import compare
from shared.domain.model import Change, Decision, LicenceState
from shared.domain.operation import Outcome

MAX_SENDS = 8
"""A user is sent at most so many times, then failed with the last answer's code."""


def before_sending(
    decision: Decision, change: Change, live: LicenceState, *, sent_before: bool, at: datetime
) -> Outcome | Literal["send"]:
    """What a fresh read of the user says: settled already, or to be sent.

    ``sent_before``: an earlier attempt went out and its outcome is not known. Then the after-state means that it came
    through, and anything but the before-state that nobody can tell.
    """
    standing = compare(change, live)
    if standing == "before":
        return "send"
    if standing == "after":
        if sent_before:
            return succeeded(decision, change, at, message="Confirmed by reading the user back")
        if decision.graced:  # somebody else has switched the service plans off, and the licence goes all the same
            return replace(grace_begun(decision, at, mark=""), after=change.after)
        return settled(decision, ResultCode.ALREADY_ASSIGNED, at, message="Changed by somebody else as planned")
    if sent_before:
        return settled(decision, ResultCode.OUTCOME_UNKNOWN, at)
    return settled(decision, ResultCode.DRIFTED, at)


def succeeded(
    decision: Decision, change: Change, at: datetime, *, message: str | None = None, request_id: str | None = None
) -> Outcome:
    """The outcome of a user whose change came through."""
    return Outcome(
        index=decision.index,
        user_id=decision.user_id,
        user_principal_name=decision.user_principal_name,
        code=None,
        mark="",
        completed_at=at,
        message=message or decision.message,
        added=change.add,
        removed=change.remove,
        usage_location_set=change.usage_location,
        skipped_licences=decision.skipped_licences,
        not_reverted=decision.not_reverted,
        before=change.before,
        after=change.after,
        request_id=request_id,
        graced=decision.graced,
    )


def grace_begun(decision: Decision, at: datetime, *, mark: str) -> Outcome:
    """The outcome of a user whose grace has begun without a write; ``after`` is how it left the user: as found."""
    return Outcome(
        index=decision.index,
        user_id=decision.user_id,
        user_principal_name=decision.user_principal_name,
        code=None,
        mark=mark,
        completed_at=at,
        message=decision.message,
        skipped_licences=decision.skipped_licences,
        after=decision.state,
        graced=decision.graced,
    )


def settled(
    decision: Decision,
    code: str,
    at: datetime,
    *,
    message: str | None = None,
    detail: str | None = None,
    request_id: str | None = None,
    mark: str = "",
) -> Outcome:
    """The outcome of a user whose licences stay as they were."""
    return Outcome(
        index=decision.index,
        user_id=decision.user_id,
        user_principal_name=decision.user_principal_name,
        code=code,
        mark=mark,
        completed_at=at,
        message=message,
        detail=detail,
        skipped_licences=decision.skipped_licences,
        not_reverted=decision.not_reverted,
        request_id=request_id,
    )


def with_location(outcome: Outcome, change: Change) -> Outcome:
    """The outcome of a user whose usage location was set although the licence then failed: recorded, and audited."""
    return replace(
        outcome,
        usage_location_set=change.usage_location,
        before=change.before,
        after=replace(change.before, usage_location=change.usage_location),
    )


def backoff(attempt: int) -> float:
    """Seconds before attempt ``attempt`` + 1 where Graph named no time: 2, 4, 8 … at most 30."""
    return min(2.0**attempt, 30.0)
