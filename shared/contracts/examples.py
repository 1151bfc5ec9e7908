"""Requests that work as they stand on a demo tenant: shown in the document, and sent by the tests."""

from collections.abc import Mapping

from pydantic import BaseModel

from shared.contracts.requests import AssignBody, TenantBody
from shared.contracts.routes import Json
from shared.contracts.selections import ResolveBody

TENANT = "contoso.onmicrosoft.com"
_SALES: Json = {"group": {"displayName": "Sales Department"}}
_FILTER: Json = {"filter": 'department eq "Sales" and usageLocation eq "US"', "licensed": "none"}
_CSV: Json = {"csv": f"UserPrincipalName,LicenseSKU,DisabledPlans\nana@{TENANT},SPE_E5,YAMMER_ENTERPRISE;SWAY\n"}


def _body(users: Json, **more: object) -> Json:
    return {"targets": [{"tenant": TENANT, "users": users}], **more}


BODIES: Mapping[type[BaseModel], Mapping[str, Json]] = {
    AssignBody: {
        "group": _body(
            _SALES, licenses=[{"sku": "SPE_E5", "disabledPlans": ["YAMMER_ENTERPRISE"]}], reason="CHG-1234 Sales to E5"
        ),
        "filter": _body(_FILTER, licenses=[{"sku": "POWER_BI_PRO"}], options={"onInsufficientLicenses": "partial"}),
        "csv": _body(_CSV),
    },
    ResolveBody: {"group": _body(_SALES), "filter": _body(_FILTER), "csv": _body(_CSV)},
    TenantBody: {"tags": {"tags": ["gold"], "defaultUsageLocation": "US"}},
}
"""Bodies by model and name."""
PARAMETERS: Mapping[str, str] = {"tenant": TENANT}
"""Parameters of paths and queries by name."""
