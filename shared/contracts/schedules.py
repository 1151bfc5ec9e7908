"""Schedules: what callers say of them, and what they get to see."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.guarding import Day, TimeZone
from shared.contracts.notify_body import NotifyBody
from shared.contracts.present import notify
from shared.contracts.responses import NotifyResource, Response
from shared.contracts.schemas import exactly_one
from shared.contracts.selections import Request
from shared.contracts.spelling import TimeOfDay
from shared.domain.caller import Caller
from shared.domain.operation import OperationKind, Status
from shared.domain.recurrence import Frequency, Recurrence
from shared.domain.schedule import OnMissed, Schedule, upcoming

EARLIEST = date(2000, 1, 1)
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256, pattern=r"\S")]
MaxChanges = Annotated[int, Field(ge=0)]
_ONLY = {"days_of_week": "weekly", "day_of_month": "monthly"}


class RecurrenceBody(Request):
    """Every ``interval`` days, weeks or months from ``startDate``, at ``time`` on the wall of a zone."""

    frequency: Frequency
    interval: Annotated[int, Field(ge=1, le=366)] = 1
    days_of_week: Annotated[tuple[Day, ...], Field(max_length=7)] = ()
    """Weekly only; the weekday of ``startDate`` unless told."""
    day_of_month: Annotated[int, Field(ge=1, le=31)] | None = None
    """Monthly only; the last day where the month is shorter. The day of ``startDate`` unless told."""
    time: TimeOfDay
    time_zone: TimeZone
    start_date: Annotated[date, Field(ge=EARLIEST)] | None = None
    """Today unless told."""
    end_date: date | None = None
    """The last date; none unless told."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for field, frequency in _ONLY.items():
            if getattr(self, field) and self.frequency != frequency:
                name = RecurrenceBody.model_fields[field].alias
                raise PydanticCustomError(
                    "only", "{name} goes with {frequency} only", {"name": name, "frequency": frequency}
                )
        if self.start_date and self.end_date and self.end_date < self.start_date:
            raise PydanticCustomError("order", "endDate is before startDate")
        return self

    def recurrence(self, today: date) -> Recurrence:
        """The recurrence, which starts today unless told."""
        return Recurrence(
            frequency=self.frequency,
            interval=self.interval,
            days_of_week=self.days_of_week,
            day_of_month=self.day_of_month,
            time=self.time,
            time_zone=self.time_zone,
            start=self.start_date or today,
            end=self.end_date,
        )


class Times(Request):
    """When an operation starts by itself, and what its runs are held to."""

    model_config = Request.model_config | {"json_schema_extra": exactly_one("runAt", "recurrence")}

    run_at: AwareDatetime | None = None
    recurrence: RecurrenceBody | None = None
    on_missed: OnMissed = "runOnce"
    remove_leavers: bool = False
    """Recurring assigns only: who is no longer selected loses what this schedule gave."""
    max_changes_per_run: MaxChanges | None = None
    """More changes than this: the run halts, and goes on when somebody resumes it."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.run_at is None) == (self.recurrence is None):
            raise PydanticCustomError("one_of", "Give exactly one of runAt and recurrence")
        if self.remove_leavers and self.recurrence is None:
            raise PydanticCustomError(
                "once", "removeLeavers needs a recurrence: a schedule that runs once has no leavers"
            )
        return self


class ScheduleSpec(Times):
    """The field ``schedule`` of a request: start it then instead of now."""

    name: Name
    notify: NotifyBody | None = None
    """Who is told of what becomes of its runs."""


class SchedulePatch(Request):
    """The body of ``PATCH /schedules/{id}``: what is absent or null stays as it is."""

    name: Name | None = None
    enabled: bool | None = None
    request: dict[str, Any] | None = None
    """The whole request anew, of the schedule's kind of operation."""
    run_at: AwareDatetime | None = None
    recurrence: RecurrenceBody | None = None
    on_missed: OnMissed | None = None
    remove_leavers: bool | None = None
    max_changes_per_run: MaxChanges | None = None
    """Null takes the limit away."""
    notify: NotifyBody | None = None
    """Null ends it."""

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.run_at is not None and self.recurrence is not None:
            raise PydanticCustomError("one_of", "Give runAt or recurrence, not both")
        return self

    @property
    def plainly(self) -> dict[str, Any]:
        """The fields of a schedule that become what the body says, whatever else it has."""
        names = ("name", "enabled", "on_missed", "remove_leavers", "max_changes_per_run")
        told = {name: getattr(self, name) for name in names if name in self.model_fields_set}
        return {name: value for name, value in told.items() if value is not None or name == "max_changes_per_run"}


class RecurrenceResource(Response):
    """When a schedule is due."""

    frequency: Frequency
    interval: int
    days_of_week: list[Day]
    day_of_month: int | None
    time: str
    time_zone: str
    start_date: date
    end_date: date | None


class LastRunBody(Response):
    """What a schedule started last; ``at`` is the time at which it was due."""

    operation_id: str
    at: datetime
    status: Status


class ScheduleResource(Response):
    """An operation to come; ``next`` holds at most five times, and is empty once nothing is due any more."""

    id: str
    name: str
    operation: OperationKind
    request: dict[str, Any] | None
    """Null where it has expired."""
    enabled: bool
    recurrence: RecurrenceResource | None
    run_at: datetime | None
    on_missed: OnMissed
    remove_leavers: bool
    max_changes_per_run: int | None
    notify: NotifyResource | None
    next: list[datetime]
    last_run: LastRunBody | None


class RunResource(Response):
    """A due time of a schedule and what came of it; ``changes`` counts the users that were changed."""

    due_at: datetime
    operation_id: str | None
    status: Status | Literal["missed", "refused"]
    changes: int
    message: str | None


def schedule_resource(
    schedule: Schedule, request: dict[str, Any] | None, caller: Caller, status: Status | None
) -> ScheduleResource:
    """A schedule with its stored request, of which only the targets in the caller's tenants are shown.

    ``status`` is that of the operation of its last run.
    """
    shown = request
    if request is not None and schedule.preview_id is None:
        targets = [each for each in request.get("targets", []) if not _hidden(each["tenant"], schedule, caller)]
        shown = request | {"targets": targets}
    run, recurrence = schedule.last_run, schedule.recurrence
    return ScheduleResource(
        id=schedule.id,
        name=schedule.name,
        operation=schedule.kind,
        request=shown,
        enabled=schedule.enabled,
        recurrence=recurrence and _recurrence(recurrence),
        run_at=schedule.run_at,
        on_missed=schedule.on_missed,
        remove_leavers=schedule.remove_leavers,
        max_changes_per_run=schedule.max_changes_per_run,
        notify=notify(schedule.notify, caller),
        next=list(upcoming(schedule)),
        last_run=LastRunBody(operation_id=run.operation_id, at=run.at, status=status) if run and status else None,
    )


def _hidden(tenant: str, schedule: Schedule, caller: Caller) -> bool:
    return tenant in schedule.tenants and not caller.sees(tenant)


def _recurrence(recurrence: Recurrence) -> RecurrenceResource:
    return RecurrenceResource(
        frequency=recurrence.frequency,
        interval=recurrence.interval,
        days_of_week=list(recurrence.days_of_week),
        day_of_month=recurrence.day_of_month,
        time=recurrence.time,
        time_zone=recurrence.time_zone,
        start_date=recurrence.start,
        end_date=recurrence.end,
    )
