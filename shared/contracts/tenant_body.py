"""The body of ``PUT /tenants/{tenant}``."""

import json
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from shared.contracts.notify_body import NotifyBody
from shared.contracts.selections import Request, Text
from shared.contracts.spelling import Country

MAX_LIST = 32_000
"""Characters of a tenant's list, as JSON: it is kept in one column of a table."""


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
    notify: NotifyBody | None = None
