"""What the bodies of all kinds of operations have in common."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.guarding import Options
from shared.contracts.identifying import Ids
from shared.contracts.schedules import ScheduleSpec
from shared.contracts.schemas import not_both
from shared.contracts.selections import Request, SkuName, Target, Targeted, Text
from shared.contracts.spelling import Place

MAX_SKUS = 50
MAX_PLANS = 500

Plans = Annotated[tuple[Text, ...], Field(max_length=MAX_PLANS)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000, pattern=r"\S")]
Confirm = Annotated[int, Field(ge=0)]
"""The number of affected users that the caller expects."""


class Licence(Request):
    """A SKU to assign: ``disabledPlans`` are switched off in addition, or exactly ``enabledPlans`` are on."""

    model_config = ConfigDict(json_schema_extra=not_both("disabledPlans", "enabledPlans"))

    sku: Text
    """Part number, GUID or friendly name; the GUID once normalised."""
    disabled_plans: Plans | None = None
    enabled_plans: Plans | None = None

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.disabled_plans is not None and self.enabled_plans is not None:
            raise PydanticCustomError("one_of", "Give disabledPlans or enabledPlans, not both")
        return self

    def sku_name(self, pointer: str) -> SkuName:
        """The SKU, with the plans named beside it."""
        return SkuName(f"{pointer}/sku", self.sku, (*(self.disabled_plans or ()), *(self.enabled_plans or ())))

    def with_ids(self, ids: Ids, pointer: str) -> Self:
        """This licence in GUIDs."""
        return self.model_copy(
            update={
                "sku": ids.sku_once(self.sku, f"{pointer}/sku"),
                "disabled_plans": ids.plans(self.sku, self.disabled_plans, f"{pointer}/disabledPlans"),
                "enabled_plans": ids.plans(self.sku, self.enabled_plans, f"{pointer}/enabledPlans"),
            }
        )


class UsageLocation(Request):
    """Where ``usageLocation`` comes from; ``ifMissing`` leaves a location that is there."""

    value: Place
    """ISO 3166 alpha-2 in capitals, ``fromUserCountry`` or ``tenantDefault``."""
    mode: Literal["ifMissing", "always"] = "ifMissing"


class OperationBody(Targeted):
    """What the bodies of all kinds of operations have in common."""

    options: Options = Options()
    confirm: Confirm | None = None
    reason: Reason | None = None
    schedule: ScheduleSpec | None = None
    """Start it then, once or again and again, instead of now."""

    @property
    def by_rows(self) -> bool:
        """Whether all users are named by rows of CSVs, which may then say what shall be done."""
        return self.csv is not None or all(target.users.csv is not None for target in self.targets)

    @property
    def licences(self) -> tuple[Licence, ...]:
        """The licences that the rows of a CSV stand in for, or stand beside."""
        return ()

    def with_ids(self, ids: Ids) -> Self:
        """The body with GUIDs in place of the names of SKUs and service plans."""
        raise NotImplementedError

    @property
    def grace_days(self) -> int | None:
        """So many days shall pass before licences go; None where they go at once."""
        return None

    def for_users(self, targets: tuple[Target, ...]) -> Self:
        """The body for these users instead."""
        return self.model_copy(update={"targets": targets})

    def earlier_rows(self, tenant_id: str) -> str | None:
        """The rows of a tenant's users (`shared.blobs.rows`), where the body follows from what was done to them."""
        return None

    def stored(self) -> bytes:
        """The JSON kept in staging: the same model gives the same bytes."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


def by_rows(info: ValidationInfo) -> bool:
    """Whether all users are named by rows of CSVs, which may then say what shall be done."""
    targets: tuple[Target, ...] = info.data.get("targets", ())
    return info.data.get("csv") is not None or bool(targets and all(t.users.csv is not None for t in targets))
