"""The bodies that callers send to start an operation, and the normalised form of them that the engine reads.

A body names tenants by domain, SKUs by part number or friendly name, service plans by name. ``normalise`` rewrites
all of them to GUIDs; the result is the same model, is stored as ``staging/{sha256}`` and is what is executed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.guarding import ExecuteOptions
from shared.contracts.identifying import Ids
from shared.contracts.operation_body import (
    MAX_SKUS,
    Confirm,
    Licence,
    OperationBody,
    Plans,
    Reason,
    UsageLocation,
    by_rows,
)
from shared.contracts.schedules import ScheduleSpec
from shared.contracts.selections import AT_LEAST_ONE, Request, SkuName, Text, normalise_targets
from shared.contracts.spelling import ResourceId
from shared.domain.model import Sku
from shared.domain.tenant import Tenant
from shared.errors import Problem, RequestRejected


class AssignBody(OperationBody):
    """The body of ``POST /assign``."""

    licenses: Annotated[tuple[Licence, ...], AT_LEAST_ONE, Field(max_length=MAX_SKUS)] = ()
    """May be absent where the rows of CSVs name the SKUs."""
    usage_location: UsageLocation | None = None
    """The location to set before the licences come; none is ever set unless told."""

    @field_validator("licenses")
    @classmethod
    def _some(cls, licences: tuple[Licence, ...], info: ValidationInfo) -> tuple[Licence, ...]:
        if not licences and not by_rows(info):
            raise PydanticCustomError("no_licence", "At least one is needed: only rows of CSVs can name SKUs instead")
        return licences

    @property
    def licences(self) -> tuple[Licence, ...]:
        """The licences to assign."""
        return self.licenses

    def sku_names(self) -> Iterator[SkuName]:
        """The SKUs that the body names, in order: those of selections, then those to assign."""
        yield from super().sku_names()
        for n, licence in enumerate(self.licenses):
            yield licence.sku_name(f"/licenses/{n}")

    def with_ids(self, ids: Ids) -> Self:
        """The body with GUIDs in place of the names of SKUs and service plans."""
        licences = tuple(each.with_ids(ids, f"/licenses/{n}") for n, each in enumerate(self.licenses))
        return self.model_copy(update={"licenses": licences})


class HeldSku(Request):
    """A SKU to take."""

    sku: Text
    """Part number, GUID or friendly name; the GUID once normalised."""


class Grace(Request):
    """Licences go only after so many days; until then they stay as they are, or with their service plans off."""

    days: Annotated[int, Field(ge=1, le=365)]
    during: Literal["keep", "disablePlans"] = "keep"


class ReplaceWith(Request):
    """An Exchange SKU that keeps the mailbox, given in the same call."""

    replace_with: Text
    """Part number, GUID or friendly name; the GUID once normalised."""


class RemoveBody(OperationBody):
    """The body of ``POST /remove``."""

    licenses: Annotated[tuple[HeldSku, ...], Field(max_length=MAX_SKUS)] | Literal["all"] = ()
    """``all``: every direct one. May be absent where the rows of CSVs name the SKUs."""
    grace: Grace | None = None
    mailbox: ReplaceWith | Literal["none", "convertToShared"] = "none"

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.licenses and not self.by_rows:
            raise PydanticCustomError("no_licence", "licenses is missing: only rows of CSVs can name SKUs instead")
        return self

    @property
    def skus(self) -> tuple[HeldSku, ...]:
        """The SKUs that are named."""
        return self.licenses if isinstance(self.licenses, tuple) else ()

    @property
    def grace_days(self) -> int | None:
        """So many days shall pass before licences go; None where they go at once."""
        return self.grace.days if self.grace else None

    def sku_names(self) -> Iterator[SkuName]:
        """The SKUs that the body names, in order."""
        yield from super().sku_names()
        for n, held in enumerate(self.skus):
            yield SkuName(f"/licenses/{n}/sku", held.sku)
        if isinstance(self.mailbox, ReplaceWith):
            yield SkuName("/mailbox/replaceWith", self.mailbox.replace_with)

    def with_ids(self, ids: Ids) -> Self:
        """The body with GUIDs in place of the names of SKUs."""
        skus = tuple(
            each.model_copy(update={"sku": ids.sku_once(each.sku, f"/licenses/{n}/sku")})
            for n, each in enumerate(self.skus)
        )
        update: dict[str, object] = {"licenses": skus} if isinstance(self.licenses, tuple) else {}
        if isinstance(self.mailbox, ReplaceWith):
            kept = ids.mailbox(self.mailbox.replace_with, [held.sku for held in skus], "/mailbox/replaceWith")
            update["mailbox"] = self.mailbox.model_copy(update={"replace_with": kept})
        return self.model_copy(update=update)


class PlanEdit(Request):
    """Service plans of a held SKU to switch on and off; all others stay as they are."""

    sku: Text
    """Part number, GUID or friendly name; the GUID once normalised."""
    enable_plans: Plans = ()
    disable_plans: Plans = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.enable_plans and not self.disable_plans:
            raise PydanticCustomError("nothing", "Name service plans to enable or to disable")
        if both := {each.casefold() for each in self.enable_plans} & {each.casefold() for each in self.disable_plans}:
            raise PydanticCustomError("both", "{plan} cannot be enabled and disabled", {"plan": min(both).upper()})
        return self


class Swap(Request):
    """A SKU in place of another one: the service plans that were off stay off."""

    source: Annotated[Text, Field(alias="from")]
    """Part number, GUID or friendly name; the GUID once normalised."""
    to: Text
    """As ``from``."""


class ModifyBody(OperationBody):
    """The body of ``POST /modify``: what is not named stays as it is."""

    licenses: Annotated[tuple[PlanEdit, ...], Field(max_length=MAX_SKUS)] = ()
    """Licences whose service plans change."""
    add: Annotated[tuple[Licence, ...], Field(max_length=MAX_SKUS)] = ()
    """Licences to assign besides."""
    swap: Annotated[tuple[Swap, ...], Field(max_length=MAX_SKUS)] = ()
    """Licences to replace by others, in one call a user."""
    usage_location: UsageLocation | None = None
    """The location to set before the licences come; none is ever set unless told."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.licenses or self.add or self.swap or self.by_rows):
            raise PydanticCustomError("nothing", "Name something to change: licenses, add or swap, or rows of a CSV")
        return self

    def sku_names(self) -> Iterator[SkuName]:
        """The SKUs that the body names, in order."""
        yield from super().sku_names()
        for n, edit in enumerate(self.licenses):
            yield SkuName(f"/licenses/{n}/sku", edit.sku, (*edit.enable_plans, *edit.disable_plans))
        for n, licence in enumerate(self.add):
            yield licence.sku_name(f"/add/{n}")
        for n, swap in enumerate(self.swap):
            yield SkuName(f"/swap/{n}/from", swap.source)
            yield SkuName(f"/swap/{n}/to", swap.to)

    def with_ids(self, ids: Ids) -> Self:
        """The body with GUIDs in place of the names of SKUs and service plans."""
        edits = tuple(
            edit.model_copy(
                update={
                    "sku": ids.sku_once(edit.sku, f"/licenses/{n}/sku"),
                    "enable_plans": ids.plans(edit.sku, edit.enable_plans, f"/licenses/{n}/enablePlans"),
                    "disable_plans": ids.plans(edit.sku, edit.disable_plans, f"/licenses/{n}/disablePlans"),
                }
            )
            for n, edit in enumerate(self.licenses)
        )
        added = ids.anew()
        sources = ids.anew()
        swaps: list[Swap] = []
        for n, swap in enumerate(self.swap):
            source, target = sources.sku_once(swap.source, f"/swap/{n}/from"), ids.sku(swap.to)
            ids.differ(source, target, f"/swap/{n}/to")
            swaps.append(swap.model_copy(update={"source": source, "to": target}))
        left = {swap.source for swap in swaps}
        for n, swap in enumerate(swaps):
            ids.stays(swap.to, left - {swap.source}, f"/swap/{n}/to")
        add = tuple(each.with_ids(added, f"/add/{n}") for n, each in enumerate(self.add))
        for n, each in enumerate(add):
            ids.stays(each.sku, left, f"/add/{n}/sku")
        return self.model_copy(update={"licenses": edits, "add": add, "swap": tuple(swaps)})


class Move(Request):
    """Who holds one or more of the sources gets the target in their place, in one call."""

    source: Annotated[Text | Annotated[tuple[Text, ...], Field(min_length=1, max_length=MAX_SKUS)], Field(alias="from")]
    """Part number, GUID or friendly name of one SKU or of several; GUIDs once normalised."""
    to: Text
    """Part number, GUID or friendly name; the GUID once normalised."""
    keep_disabled_plans: bool = True

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources as a list."""
        return (self.source,) if isinstance(self.source, str) else self.source


class TransferBody(OperationBody):
    """The body of ``POST /transfer``."""

    transfers: Annotated[tuple[Move, ...], AT_LEAST_ONE, Field(max_length=MAX_SKUS)] = ()
    """May be absent where the rows of CSVs name sources and targets."""
    usage_location: UsageLocation | None = None
    """The location to set before the licences come; none is ever set unless told."""

    @field_validator("transfers")
    @classmethod
    def _some(cls, moves: tuple[Move, ...], info: ValidationInfo) -> tuple[Move, ...]:
        if not moves and not by_rows(info):
            raise PydanticCustomError("no_move", "At least one is needed: only rows of CSVs can name SKUs instead")
        return moves

    def sku_names(self) -> Iterator[SkuName]:
        """The SKUs that the body names, in order."""
        yield from super().sku_names()
        for n, move in enumerate(self.transfers):
            for k, name in enumerate(move.sources):
                yield SkuName(move_pointer(n, move, k), name)
            yield SkuName(f"/transfers/{n}/to", move.to)

    def with_ids(self, ids: Ids) -> Self:
        """The body with GUIDs in place of the names of SKUs."""
        moves: list[Move] = []
        for n, move in enumerate(self.transfers):
            sources = tuple(ids.sku_once(name, move_pointer(n, move, k)) for k, name in enumerate(move.sources))
            target = ids.sku(move.to)
            for source in sources:
                ids.differ(source, target, f"/transfers/{n}/to")
            moves.append(move.model_copy(update={"source": sources, "to": target}))
        left = {source for move in moves for source in move.sources}
        keeps: dict[str, bool] = {}
        for n, move in enumerate(moves):
            ids.stays(move.to, left.difference(move.sources), f"/transfers/{n}/to")
            if keeps.setdefault(move.to, move.keep_disabled_plans) != move.keep_disabled_plans:
                detail = "An earlier move to the same SKU says otherwise"
                ids.problems.append(Problem(f"/transfers/{n}/keepDisabledPlans", detail))
        return self.model_copy(update={"transfers": tuple(moves)})


def move_pointer(n: int, move: Move, k: int) -> str:
    """Where the ``k``-th source of the ``n``-th move stands."""
    return f"/transfers/{n}/from" + ("" if isinstance(move.source, str) else f"/{k}")


class ExecuteBody(Request):
    """The body that executes a preview: exactly its plan."""

    preview_id: ResourceId
    options: ExecuteOptions = ExecuteOptions()
    confirm: Confirm | None = None
    reason: Reason | None = None
    schedule: ScheduleSpec | None = None
    """Start it then instead of now: once, at most 30 days ahead."""

    def stored(self) -> bytes:
        """The JSON kept in staging: the same model gives the same bytes."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


class RevertBody(Request):
    """The body of ``POST /operations/{id}/revert``; it may be left out."""

    preview_id: ResourceId | None = None
    """Execute exactly this preview of the revert."""
    options: ExecuteOptions = ExecuteOptions()
    confirm: Confirm | None = None
    reason: Reason | None = None


PlannedKind = Literal["assign", "remove", "modify", "transfer"]
KINDS: tuple[PlannedKind, ...] = get_args(PlannedKind)
BODIES: Mapping[PlannedKind, type[OperationBody]] = {
    "assign": AssignBody,
    "remove": RemoveBody,
    "modify": ModifyBody,
    "transfer": TransferBody,
}


def normalise[B: OperationBody](body: B, tenants: Mapping[str, Sequence[Tenant]], skus: Mapping[str, Sku]) -> B:
    """The body with GUIDs in place of names; its CSVs stay as they are.

    ``tenants`` and ``skus`` hold what each name of the body stands for; a target that stands for many tenants becomes
    one for each. Raises ``RequestRejected`` (422) with a
    pointer to every service plan that its SKU does not contain, and to a SKU that is named twice.
    """
    ids = Ids(skus)
    found = body.with_ids(ids)
    if ids.problems:
        raise RequestRejected(422, "The request names what cannot be done.", ids.problems)
    return found.model_copy(update={"targets": normalise_targets(body.targets, tenants, skus)})
