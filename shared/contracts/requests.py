"""The bodies that callers send, and the normalised form of them that the engine reads.

A body names tenants by domain, SKUs by part number or friendly name, service plans by name. ``normalise`` rewrites
all of them to GUIDs; the result is the same model, is stored as ``staging/{sha256}`` and is what is executed.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from shared.domain.model import ServicePlan, Sku
from shared.domain.tenant import Tenant
from shared.errors import Problem, RequestRejected

MAX_USERS = 200_000
MAX_TARGETS = 1_000
MAX_LIST = 32_000
"""Characters of a tenant's list, as JSON: it is kept in one column of a table."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=512)]


Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
"""ISO 3166 alpha-2 in capitals."""


class Request(BaseModel):
    """Base of every body: camelCase, strict types, unknown fields refused."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, serialize_by_alias=True
    )


class GroupRef(Request):
    """A group by id or by display name; ``nested``: members of member groups as well."""

    id: Text | None = None
    display_name: Text | None = None
    nested: bool = True

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.id is None) == (self.display_name is None):
            raise PydanticCustomError("one_of", "A group is named by exactly one of id and displayName")
        return self


class Selection(Request):
    """Which users of a tenant: exactly one of the members of a group and a list of UPNs or object ids."""

    group: GroupRef | None = None
    users: Annotated[tuple[Text, ...], Field(min_length=1, max_length=MAX_USERS)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.group is None) == (self.users is None):
            raise PydanticCustomError("one_of", "A selection is exactly one of group and users")
        return self


class Include(Request):
    """Which members of a group are taken besides enabled users of the tenant itself."""

    guests: bool = False
    disabled: bool = False


class Target(Request):
    """The users of one tenant; ``exclude`` is taken away from the selections of all targets of that tenant."""

    tenant: Text
    """A tenant GUID or a verified domain; the GUID once normalised."""
    users: Selection
    exclude: Selection | None = None
    include: Include = Include()


class Licence(Request):
    """A SKU to assign: ``disabledPlans`` are switched off in addition, or exactly ``enabledPlans`` are on."""

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


class AssignBody(Request):
    """The body of ``POST /assign``."""

    targets: Annotated[tuple[Target, ...], Field(min_length=1, max_length=MAX_TARGETS)]
    licenses: Annotated[tuple[Licence, ...], Field(min_length=1, max_length=50)]
    usage_location: UsageLocation | None = None
    options: Options = Options()
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)] | None = None

    def targets_of(self, tenant_id: str) -> tuple[Target, ...]:
        """The entries of one tenant, in order: their selections are united, and so are their exclusions."""
        return tuple(target for target in self.targets if target.tenant == tenant_id)

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


type FindPlan = Callable[[Sku, str], ServicePlan | None]
type Nearest = Callable[[Sku, str], list[str]]


def normalise(
    body: AssignBody, tenants: Mapping[str, Tenant], skus: Mapping[str, Sku], find_plan: FindPlan, nearest: Nearest
) -> AssignBody:
    """The body with GUIDs in place of names.

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
                pointer = f"/licenses/{n}/{to_camel(field)}"
                found = _plan_ids(sku, names, pointer, find_plan, nearest, problems)
                plans[field] = tuple(dict.fromkeys(found))
        licences.append(licence.model_copy(update={"sku": sku.id, **plans}))
    if problems:
        raise RequestRejected(422, "The request names what cannot be assigned.", problems)
    targets = tuple(t.model_copy(update={"tenant": tenants[t.tenant].id}) for t in body.targets)
    return body.model_copy(update={"targets": targets, "licenses": tuple(licences)})


def _plan_ids(
    sku: Sku,
    names: tuple[str, ...],
    pointer: str,
    find_plan: FindPlan,
    nearest: Nearest,
    problems: list[Problem],
) -> Iterator[str]:
    """Ids of the plans; what the SKU does not contain goes to ``problems``."""
    for n, name in enumerate(names):
        plan = find_plan(sku, name)
        if plan is None:
            near = nearest(sku, name)
            hint = f"; nearest: {', '.join(near)}" if near else ""
            detail = f"{name} is no service plan of {sku.part_number or sku.id}{hint}"
            problems.append(Problem(f"{pointer}/{n}", detail))
        else:
            yield plan.id
