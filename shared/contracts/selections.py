"""Which users a body means: targets, the selections in them, and the SKUs that these name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from shared.contracts.schemas import exactly_one, not_blank
from shared.domain import filters
from shared.domain.model import Sku
from shared.domain.tenant import Tenant

MAX_USERS = 1_000_000
"""Users named one by one; the size of a body is reached before."""
MAX_TARGETS = 1_000
"""Targets of a body."""
MAX_MEANT = 5_000
"""Targets that those of a body come to, where one means many tenants."""
STORED = "stored"
"""In the context of a validation: the body is one of ours, normalised, with as many targets as it came to."""
EVERY_TENANT = "*"
MAX_FILTER = 4_000


def _absent_or_filled(schema: dict[str, Any]) -> None:
    schema.pop("default", None)
    schema["minItems"] = 1


def _some_targets(schema: dict[str, Any]) -> None:
    _absent_or_filled(schema)
    schema["maxItems"] = MAX_TARGETS


_SOME_TARGETS = Field(validate_default=True, json_schema_extra=_some_targets)
AT_LEAST_ONE = Field(validate_default=True, json_schema_extra=_absent_or_filled)
"""For a list that a validator of its own asks for, as something else may stand in for it."""

Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=512),
    Field(json_schema_extra=not_blank()),
]


class Request(BaseModel):
    """Base of every body: camelCase, strict types, unknown fields refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        strict=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )


class SkuName(NamedTuple):
    """A SKU that a body names at ``pointer``, with the service plans named beside it."""

    pointer: str
    name: str
    plans: tuple[str, ...] = ()


class GroupRef(Request):
    """A group by id or by display name; ``nested``: members of member groups as well."""

    model_config = ConfigDict(json_schema_extra=exactly_one("id", "displayName"))

    id: Text | None = None
    display_name: Text | None = None
    nested: bool = True

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.id is None) == (self.display_name is None):
            raise PydanticCustomError("one_of", "A group is named by exactly one of id and displayName")
        return self


def _as_graph_takes_it(text: str) -> str:
    try:
        normal = filters.normalise(text)
    except filters.FilterError as error:
        raise PydanticCustomError("filter", "{detail}", {"detail": str(error)}) from error
    if len(normal) > MAX_FILTER:  # it is stored like this, and must be readable again
        detail = f"With its quotes doubled the filter has {len(normal)} characters; at most {MAX_FILTER} are taken"
        raise PydanticCustomError("filter", "{detail}", {"detail": detail})
    return normal


Filter = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_FILTER),
    Field(json_schema_extra=not_blank()),
    AfterValidator(_as_graph_takes_it),
]
"""An OData ``$filter`` over users; strings may stand in double quotes."""


class Selection(Request):
    """Which users of a tenant: exactly one of a group's members, a query, a CSV, and a list of UPNs or object ids.

    A query is ``filter``, ``licensed`` or both: who matches the filter and holds that SKU (``none``: no licence).
    """

    model_config = ConfigDict(json_schema_extra=exactly_one("group", ("filter", "licensed"), "csv", "users"))

    group: GroupRef | None = None
    filter: Filter | None = None
    licensed: Text | None = None
    """Part number, GUID or friendly name of a SKU, or ``none``; the GUID or ``none`` once normalised."""
    csv: str | None = None
    """The text of a CSV; once normalised the name under which its rows are stored (`shared.blobs.rows`)."""
    users: Annotated[tuple[Text, ...], Field(min_length=1, max_length=MAX_USERS)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        query = self.filter is not None or self.licensed is not None
        if [self.group is not None, query, self.csv is not None, self.users is not None].count(True) != 1:
            raise PydanticCustomError(
                "one_of",
                "A selection is exactly one of group, filter (with or without licensed), licensed, csv and users",
            )
        return self

    @property
    def by_name(self) -> bool:
        """Whether the users are named one by one."""
        return self.csv is not None or self.users is not None

    @property
    def moves_with_licences(self) -> bool:
        """Whether who is given a licence may not be selected any more; who holds a SKU that is named stays so."""
        none = self.licensed is not None and self.licensed_sku is None
        return none or (self.filter is not None and filters.asks_for_licences(self.filter))

    @property
    def licensed_sku(self) -> str | None:
        """The SKU that ``licensed`` names; None where it names none."""
        return None if self.licensed is None or self.licensed.lower() == filters.NO_LICENCE else self.licensed

    def with_ids(self, skus: Mapping[str, Sku]) -> "Selection":
        """The selection with the SKU's GUID; ``skus`` holds what the names stand for."""
        if self.licensed is None:
            return self
        sku = self.licensed_sku
        return self.model_copy(update={"licensed": filters.NO_LICENCE if sku is None else skus[sku].id})


class Include(Request):
    """Which of a group's members or a query's finds are taken besides enabled users of the tenant itself."""

    guests: bool = False
    disabled: bool = False


class Target(Request):
    """The users of one tenant; ``exclude`` is taken away from the selections of all targets of that tenant."""

    tenant: Text
    """A tenant GUID or a verified domain, ``*`` for every enabled tenant, ``tag:…`` for those with a tag.

    Once normalised the GUID: a target that means many tenants has become one for each.
    """
    users: Selection
    exclude: Selection | None = None
    include: Include = Include()


class Targeted(Request):
    """A body that names users of tenants: by targets, or by one CSV with a column ``Tenant``."""

    model_config = ConfigDict(json_schema_extra=exactly_one("targets", "csv"))

    csv: str | None = None
    """A CSV whose rows name their tenants; targets in its place once normalised."""
    targets: Annotated[tuple[Target, ...], _SOME_TARGETS] = ()

    @field_validator("targets")
    @classmethod
    def _one_or_the_other(cls, targets: tuple[Target, ...], info: ValidationInfo) -> tuple[Target, ...]:
        csv: str | None = info.data.get("csv")
        if not targets and csv is None:
            raise PydanticCustomError("one_of", "At least one is needed, or a csv with a column Tenant instead")
        if targets and csv is not None:
            raise PydanticCustomError("one_of", "Give targets or csv, not both")
        if len(targets) > MAX_TARGETS and not (info.context and STORED in info.context):
            numbers = {"most": MAX_TARGETS, "given": len(targets)}
            raise PydanticCustomError("too_many", "At most {most} are taken, not {given}", numbers)
        return targets

    @property
    def on_all(self) -> bool:
        """Whether a target means every enabled tenant."""
        return any(target.tenant == EVERY_TENANT for target in self.targets)

    def targets_of(self, tenant_id: str) -> tuple[Target, ...]:
        """The entries of one tenant, in order: their selections are united, and so are their exclusions."""
        return tuple(target for target in self.targets if target.tenant == tenant_id)

    def sku_names(self) -> Iterator[SkuName]:
        """The SKUs that the body names, in order."""
        for n, target in enumerate(self.targets):
            for field, selection in (("users", target.users), ("exclude", target.exclude)):
                if selection and (sku := selection.licensed_sku):
                    yield SkuName(f"/targets/{n}/{field}/licensed", sku)


class ResolveBody(Targeted):
    """The body of ``POST /selections/resolve``."""


def normalise_targets(
    targets: Iterable[Target], tenants: Mapping[str, Sequence[Tenant]], skus: Mapping[str, Sku]
) -> tuple[Target, ...]:
    """The targets with GUIDs in place of names, one for each of the ``tenants`` that its name stands for."""
    return tuple(
        target.model_copy(
            update={
                "tenant": tenant.id,
                "users": target.users.with_ids(skus),
                "exclude": target.exclude and target.exclude.with_ids(skus),
            }
        )
        for target in targets
        for tenant in tenants[target.tenant]
    )
