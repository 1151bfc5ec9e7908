"""The bodies of ``POST /schedules``: a request, which kind of operation it is of, and when it starts."""

from typing import Literal

from shared.contracts.requests import AssignBody, ExecuteBody, ModifyBody, PlannedKind, RemoveBody, TransferBody
from shared.contracts.schedules import ScheduleSpec


class _ScheduleBody(ScheduleSpec):
    enabled: bool = True


class AssignSchedule(_ScheduleBody):
    """Schedule an assign."""

    operation: Literal["assign"]
    request: AssignBody


class RemoveSchedule(_ScheduleBody):
    """Schedule a remove."""

    operation: Literal["remove"]
    request: RemoveBody


class ModifySchedule(_ScheduleBody):
    """Schedule a modify."""

    operation: Literal["modify"]
    request: ModifyBody


class TransferSchedule(_ScheduleBody):
    """Schedule a transfer."""

    operation: Literal["transfer"]
    request: TransferBody


class ExecuteSchedule(_ScheduleBody):
    """Schedule the execution of a preview."""

    operation: PlannedKind
    request: ExecuteBody


type ScheduleBody = AssignSchedule | RemoveSchedule | ModifySchedule | TransferSchedule | ExecuteSchedule

SCHEDULES: dict[PlannedKind, type[AssignSchedule | RemoveSchedule | ModifySchedule | TransferSchedule]] = {
    "assign": AssignSchedule,
    "remove": RemoveSchedule,
    "modify": ModifySchedule,
    "transfer": TransferSchedule,
}
"""The bodies by the operation that they name; a preview that is executed is told apart before."""
