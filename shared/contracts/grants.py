"""The body of ``PUT /grants/{principal}``, and what callers get to see of a grant."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from shared.contracts.responses import Response
from shared.contracts.selections import Request, Text
from shared.contracts.tenant_body import Kept
from shared.domain.caller import ROLE_NAMES, ROLES
from shared.domain.grants import TAG, Grant

MAX_TENANTS = 800
"""Of one grant: as ids they are kept in one column of a table."""

RoleName = Literal["BulkLicenses.Read", "BulkLicenses.Operate", "BulkLicenses.Admin"]


def _no_bare_tag(text: str) -> str:
    if text.lower() == TAG:
        raise PydanticCustomError("tag", "tag: needs a tag behind it")
    return text


Reach = Annotated[Text, AfterValidator(_no_bare_tag)]


class GrantBody(Request):
    """What a principal may do from now on, in place of any grant before; no tenant means nothing at all."""

    role: RoleName
    tenants: Annotated[tuple[Reach, ...], Field(max_length=MAX_TENANTS), Kept]
    """``*`` for all, ``tag:…`` for those that bear a tag, else a GUID or a verified domain."""


class GrantResource(Response):
    """What a principal may do: an object id of the directory, or the name of an API key."""

    principal: str
    role: str
    tenants: list[str]


class CallerResource(Response):
    """Who calls: the principal, with the grant that counts for it now."""

    id: str
    name: str
    role: Annotated[str, Field(json_schema_extra={"enum": [*ROLES]})]
    tenants: list[str]


def grant_resource(grant: Grant) -> GrantResource:
    """A grant as callers see it, its tenants in order."""
    return GrantResource(principal=grant.principal, role=ROLE_NAMES[grant.role], tenants=sorted(grant.tenants))
