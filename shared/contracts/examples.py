"""Requests that work as they stand on a demo tenant: shown in the document, and sent by the tests."""

from collections.abc import Mapping

from pydantic import BaseModel

from shared.contracts.grants import GrantBody
from shared.contracts.preview_requests import AssignPreview
from shared.contracts.price_body import PricesBody
from shared.contracts.requests import AssignBody, ModifyBody, RemoveBody, RevertBody, TransferBody
from shared.contracts.routes import Json
from shared.contracts.schedule_requests import AssignSchedule
from shared.contracts.schedules import SchedulePatch
from shared.contracts.selections import ResolveBody
from shared.contracts.tenant_body import TenantBody

TENANT = "contoso.onmicrosoft.com"
_SALES: Json = {"group": {"displayName": "Sales Department"}}
_FILTER: Json = {"filter": 'department eq "Sales" and usageLocation eq "US"', "licensed": "none"}
_CSV: Json = {"csv": f"UserPrincipalName,LicenseSKU,DisabledPlans\nana@{TENANT},SPE_E5,YAMMER_ENTERPRISE;SWAY\n"}
_WEEKLY: Json = {"frequency": "weekly", "daysOfWeek": ["monday"], "time": "02:00", "timeZone": "Europe/Berlin"}


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
    RemoveBody: {
        "group": _body(_SALES, licenses=[{"sku": "SPE_E3"}], mailbox={"replaceWith": "EXCHANGESTANDARD"}, confirm=241),
        "csv": _body({"csv": f"UserPrincipalName,LicenseSKU\nana@{TENANT},*\n"}),
        "grace": _body(_SALES, licenses=[{"sku": "SPE_E5"}], grace={"days": 30, "during": "disablePlans"}),
    },
    ModifyBody: {
        "plans": _body(_SALES, licenses=[{"sku": "SPE_E3", "enablePlans": ["TEAMS1"], "disablePlans": ["SWAY"]}]),
        "swap": _body(_SALES, swap=[{"from": "SPE_E3", "to": "SPE_E5"}], add=[{"sku": "POWER_BI_PRO"}]),
    },
    TransferBody: {
        "one": _body(_SALES, transfers=[{"from": "SPE_E3", "to": "SPE_E5"}]),
        "business": _body(_SALES, transfers=[{"from": "SPB", "to": "SPE_E3"}]),
        "frontline": _body(_SALES, transfers=[{"from": "M365_F1_COMM", "to": "SPE_F1"}]),
        "add-ons": _body(_SALES, transfers=[{"from": ["EMS", "ENTERPRISEPACK"], "to": "SPE_E3"}]),
    },
    AssignPreview: {"group": _body(_SALES, operation="assign", licenses=[{"sku": "SPE_E5"}])},
    AssignSchedule: {
        "daily": {
            "name": "Sales get E5",
            "operation": "assign",
            "request": _body(_SALES, licenses=[{"sku": "SPE_E5"}]),
            "recurrence": {"frequency": "daily", "time": "02:00", "timeZone": "Europe/Berlin"},
            "removeLeavers": True,
            "maxChangesPerRun": 500,
        }
    },
    SchedulePatch: {"rest": {"enabled": False}, "weekly": {"recurrence": _WEEKLY, "onMissed": "skip"}},
    RevertBody: {"plainly": {"reason": "CHG-1234 back to E3"}},
    ResolveBody: {"group": _body(_SALES), "filter": _body(_FILTER), "csv": _body(_CSV)},
    PricesBody: {
        "default": {"default": {"currency": "USD", "monthly": {"SPE_E5": 60.0, "FLOW_FREE": 0}, "asOf": "2026-07-01"}},
        "tenant": {"tenants": {TENANT: {"currency": "EUR", "monthly": {"SPE_E5": 57.5, "SPE_E3": 39.75}}}},
    },
    GrantBody: {
        "tenant": {"role": "BulkLicenses.Operate", "tenants": [TENANT]},
        "tag": {"role": "BulkLicenses.Read", "tenants": ["tag:gold"]},
        "everywhere": {"role": "BulkLicenses.Admin", "tenants": ["*"]},
    },
    TenantBody: {"tags": {"tags": ["gold"], "defaultUsageLocation": "US"}},
}
"""Bodies by model and name."""
PARAMETERS: Mapping[str, str] = {"tenant": TENANT, "principal": "8c6c9a0e-0d3b-4c7e-9a52-6f3f2d1b7e44"}
"""Parameters of paths and queries by name."""
PATHS: Mapping[str, str] = {
    "id": "Its id, as it was given out.",
    "schedule": "Id of the schedule.",
    "tenant": "The tenant's GUID or any verified domain of it.",
    "principal": "Object id of a user or application of the directory, or the name of an API key.",
    "path": "A file of the page, or one of its views; it may have several segments.",
}
"""What the parameters of paths are."""
