"""The bodies that callers send, and the normalised form of them that the engine reads.

A body names tenants by domain, SKUs by part number or friendly name, service plans by name. ``normalise`` rewrites
all of them to GUIDs; the result is the same model, is stored as ``staging/{sha256}`` and is what is executed.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from shared.catalogue import plan_of, unknown_plan
from shared.contracts.schemas import not_both
from shared.contracts.selections import AT_LEAST_ONE, Request, SkuName, Target, Targeted, Text, normalise_targets
from shared.domain.model import Sku
from shared.domain.tenant import Tenant
from shared.errors import Problem, RequestRejected

MAX_LIST = 32_000
"""Characters of a tenant's list, as JSON: it is kept in one column of a table."""

Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
"""ISO 3166 alpha-2 in capitals."""


class Licence(Request):
    """A SKU to assign: ``disabledPlans`` are switched off in addition, or exactly ``enabledPlans`` are on."""

    model_config = ConfigDict(json_schema_extra=not_both("disabledPlans", "enabledPlans"))

    sku: Text
    """Part number, GUID or friendly name; the GUID once normalised."""
    disabled_plans: Annotated[tuple[Text, ...], Field(max_length=500)] | None = None
    enabled_plans: Annotated[tuple[Text, ...], Field(max_length=500)] | None = None

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.disabled_plans is not None and self.enabled_plans is not None:
            raise PydanticCustomError("one_of", "Give disabledPlans or enabledPlans, not both")
        return self


class UsageLocation(Request):
    """Where ``usageLocation`` comes from; ``ifMissing`` leaves a location that is there."""

    value: Annotated[str, StringConstraints(pattern="^([A-Z]{2}|fromUserCountry|tenantDefault)$")]
    """ISO 3166 alpha-2 in capitals, ``fromUserCountry`` or ``tenantDefault``."""
    mode: Literal["ifMissing", "always"] = "ifMissing"


class Options(Request):
    """What happens when seats are too few, and when a licence conflicts with one that the user holds."""

    on_insufficient_licenses: Literal["fail", "partial"] = "fail"
    on_conflict: Literal["skip"] = "skip"


class AssignBody(Targeted):
    """The body of ``POST /assign``."""

    licenses: Annotated[tuple[Licence, ...], AT_LEAST_ONE, Field(max_length=50)] = ()
    """May be absent where the rows of CSVs name the SKUs."""
    usage_location: UsageLocation | None = None
    options: Options = Options()
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)] | None = None

    @field_validator("licenses")
    @classmethod
    def _some(cls, licences: tuple[Licence, ...], info: ValidationInfo) -> tuple[Licence, ...]:
        targets: tuple[Target, ...] = info.data.get("targets", ())
        by_rows = info.data.get("csv") is not None or (targets and all(t.users.csv is not None for t in targets))
        if not licences and not by_rows:
            raise PydanticCustomError("no_licence", "At least one is needed: only rows of CSVs can name SKUs instead")
        return licences

    def sku_names(self) -> Iterator[SkuName]:
        """The SKUs that the body names, in order: those of selections, then those to assign."""
        yield from super().sku_names()
        for n, licence in enumerate(self.licenses):
            plans = (*(licence.disabled_plans or ()), *(licence.enabled_plans or ()))
            yield SkuName(f"/licenses/{n}/sku", licence.sku, plans)

    def stored(self) -> bytes:
        """The JSON kept in staging: the same model gives the same bytes."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


def _short_together(texts: tuple[str, ...]) -> tuple[str, ...]:
    size = len(json.dumps(texts))
    if size > MAX_LIST:
        raise PydanticCustomError(
            "too_much",
            "All of them together have {size} characters; at most {most} are kept",
            {"size": size, "most": MAX_LIST},
        )
    return texts


Kept = AfterValidator(_short_together)


class TenantBody(Request):
    """The body of ``PUT /tenants/{tenant}``: any part of a tenant's fields.

    What is absent (not in ``model_fields_set``) stays as it is. What the directory itself says (``tenantId``,
    ``domains``, ``displayName``, ``consent``) may stand here, so that a tenant that was read can be sent back; it is
    not taken over.
    """

    enabled: bool = True
    tags: Annotated[tuple[Text, ...], Field(max_length=100), Kept] = ()
    credential: Text = "default"
    default_usage_location: Country | None = None
    protected_users: Annotated[tuple[Text, ...], Field(max_length=1_000), Kept] = ()
    drops: tuple[Literal["assign", "remove", "modify", "transfer"], ...] = ()
    tenant_id: Text | None = None
    domains: tuple[Text, ...] = ()
    display_name: str = ""
    consent: Literal["granted", "missing"] = "missing"
    notify: None = None


def parse_stored(data: bytes) -> AssignBody:
    """Read a normalised body back from staging; ``ValueError`` when it is none."""
    return AssignBody.model_validate_json(data)


def normalise(body: AssignBody, tenants: Mapping[str, Tenant], skus: Mapping[str, Sku]) -> AssignBody:
    """The body with GUIDs in place of names; its CSVs stay as they are.

    ``tenants`` and ``skus`` hold what each name of the body stands for. Raises ``RequestRejected`` (422) with a
    pointer to every service plan that its SKU does not contain, and to a SKU that is named twice.
    """
    problems: list[Problem] = []
    licences: list[Licence] = []
    seen: dict[str, int] = {}
    for n, licence in enumerate(body.licenses):
        sku = skus[licence.sku]
        first = seen.setdefault(sku.id, n)
        if first != n:
            detail = f"{licence.sku} is the SKU of /licenses/{first} again"
            problems.append(Problem(f"/licenses/{n}/sku", detail))
        plans: dict[str, tuple[str, ...] | None] = {}
        for field, names in (("disabled_plans", licence.disabled_plans), ("enabled_plans", licence.enabled_plans)):
            if names is not None:
                found = _plan_ids(sku, names, f"/licenses/{n}/{to_camel(field)}", problems)
                plans[field] = tuple(dict.fromkeys(found))
        licences.append(licence.model_copy(update={"sku": sku.id, **plans}))
    if problems:
        raise RequestRejected(422, "The request names what cannot be assigned.", problems)
    targets = normalise_targets(body.targets, tenants, skus)
    return body.model_copy(update={"targets": targets, "licenses": tuple(licences)})


def _plan_ids(sku: Sku, names: tuple[str, ...], pointer: str, problems: list[Problem]) -> Iterator[str]:
    """Ids of the plans; what the SKU does not contain goes to ``problems``."""
    for n, name in enumerate(names):
        plan = plan_of(sku, name)
        if plan is None:
            problems.append(Problem(f"{pointer}/{n}", unknown_plan(sku, name)))
        else:
            yield plan.id
