"""
Exchange's admin endpoint, as far as the conversion of mailboxes needs it.

``POST /adminapi/beta/{tenantId}/InvokeCommand`` runs one cmdlet of Exchange Online PowerShell. Microsoft's own module
uses it, no page describes it, and nothing promises that it stays. What is known of it, [R] for what was captured by
others from the service, [I] for what is inferred here:

- [R] body ``{"CmdletInput": {"CmdletName": "Set-Mailbox", "Parameters": {"Identity": …, "Type": "Shared"}}}``; header
  ``X-AnchorMailbox`` routes the request to the mailbox's server. [I] It may be missing.
- [R] a success is 200 with ``value``, a list of the cmdlet's objects, and ``@adminapi.warnings``. [I] ``Set-Mailbox``
  gives an empty list. Sizes are texts, ``1.5 GB (1,610,612,736 bytes)``.
- [R] an error has a ``message`` that says nothing, ``Error executing cmdlet`` or ``Invalid Operation``, and the reason
  behind an id and the type of an exception in ``details``. [I] An object that is not there answers 404.
- [R] without the app's permission or its role: 403 with a body of NUL bytes.
- [I] a tenant in the path that is not the token's answers 401.
- [R] an unknown parameter is an ``AmbiguousParameterSetException``; [I] a cmdlet outside the app's roles, and here any
  other cmdlet, a ``CommandNotFoundException``.
- [I] the throttle's limits are not known: 429 and 503 come from faults only, with ``Retry-After``.
- [I] a mailbox of any size, with an archive or on hold, can be converted: what it then needs is a licence.
- [I] reads lag as those of the directory do.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from dev.simulator.calls import Call, Reply
from dev.simulator.errors import GraphError, Json, bad_token
from dev.simulator.jsonshape import as_object
from dev.simulator.model import Mailbox, User
from dev.simulator.tenant import Tenant

BASE_PATH = "/adminapi"
_GB = 1024**3
_NO_GUID = "00000000-0000-0000-0000-000000000000"
_TYPES = {"shared": "shared", "regular": "user", "room": "room", "equipment": "equipment"}
_KINDS = {
    "user": "UserMailbox",
    "shared": "SharedMailbox",
    "room": "RoomMailbox",
    "equipment": "EquipmentMailbox",
    "linked": "LinkedMailbox",
    "others": "SchedulingMailbox",
}
_PARAMETERS = {
    "get-mailbox": {"Identity"},
    "get-mailboxstatistics": {"Identity"},
    "set-mailbox": {"Identity", "Type"},
}
_COMMAND = "Microsoft.Exchange.AdminApi.CommandInvocation"
_TASKS = "Microsoft.Exchange.Configuration.Tasks"


def cmdlet_of(body: Any) -> str:
    """The cmdlet that a body asks to run; empty when it does not say."""
    name = _input(body).get("CmdletName")
    return name if isinstance(name, str) else ""


def _input(body: Any) -> Json:
    return as_object((as_object(body) or {}).get("CmdletInput")) or {}


def invoke(tenant: Tenant, call: Call, now: float) -> Reply:
    """Run a cmdlet."""
    if call.method != "POST" or len(call.segments) != 4 or call.segments[:2] != ("adminapi", "beta"):
        raise GraphError(404, "NotFound", "Resource not found.")
    if call.segments[3] != "InvokeCommand":
        raise GraphError(404, "NotFound", f"Resource not found for the segment '{call.segments[3]}'.")
    if call.segments[2].lower() not in {tenant.id, *(domain.lower() for domain in tenant.settings.domains)}:
        raise bad_token()
    name = cmdlet_of(call.require_json())
    parameters = as_object(_input(call.body).get("Parameters")) or {}
    allowed = _PARAMETERS.get(name.lower())
    if allowed is None:
        raise _failed(400, f"{_COMMAND}.CommandNotFoundException", f"The term '{name}' is not recognized.")
    if unknown := sorted(parameters.keys() - allowed):
        raise _failed(
            400,
            f"{_COMMAND}.AmbiguousParameterSetException",
            "Parameter set cannot be resolved using the specified named parameters. "
            f"Invalid cmdlet parameters specified. {', '.join(unknown)}",
        )
    user, mailbox = _find(tenant, parameters, now)
    match name.lower():
        case "get-mailbox":
            return _value(_mailbox(user, mailbox))
        case "get-mailboxstatistics":
            return _value({"DisplayName": user.display_name, "TotalItemSize": _size(mailbox.size_gb)})
        case _:
            _set(tenant, user, parameters, now)
            return _value()


def _find(tenant: Tenant, parameters: Mapping[str, Any], now: float) -> tuple[User, Mailbox]:
    identity = parameters.get("Identity")
    user = tenant.read_user(identity, now) if isinstance(identity, str) else None
    mailbox = None if user is None else tenant.mailbox_of(user)
    if user is None or mailbox is None:
        raise _failed(
            404,
            f"{_TASKS}.ManagementObjectNotFoundException",
            f"The operation couldn't be performed because object '{identity}' couldn't be found on "
            "'SIM01DC001.SIMP001.PROD.OUTLOOK.COM'.",
        )
    return user, mailbox


def _set(tenant: Tenant, user: User, parameters: Mapping[str, Any], now: float) -> None:
    wanted = parameters.get("Type")
    purpose = _TYPES.get(wanted.lower()) if isinstance(wanted, str) else None
    if purpose is None:
        raise _failed(
            400,
            f"{_COMMAND}.ParameterTransformationException",
            f"Cannot process argument transformation on parameter 'Type'. Cannot convert value \"{wanted}\".",
        )
    mailbox = tenant.users.current[user.id].mailbox
    if mailbox.converts and mailbox.purpose != purpose:
        tenant.change(user.id, now, mailbox=mailbox._replace(purpose=purpose))


def _mailbox(user: User, mailbox: Mailbox) -> Json:
    return {
        "ExternalDirectoryObjectId": user.id,
        "UserPrincipalName": user.user_principal_name,
        "DisplayName": user.display_name,
        "PrimarySmtpAddress": user.mail or user.user_principal_name,
        "RecipientTypeDetails": _KINDS[mailbox.purpose],
        "ArchiveStatus": "Active" if mailbox.archive else "None",
        "ArchiveGuid": str(uuid.uuid5(uuid.UUID(user.id), "archive")) if mailbox.archive else _NO_GUID,
        "LitigationHoldEnabled": mailbox.hold,
        "InPlaceHolds": list(mailbox.in_place_holds),
    }


def _size(gigabytes: float) -> str:
    return f"{gigabytes:.4g} GB ({round(gigabytes * _GB):,} bytes)"


def _value(*objects: Json) -> Reply:
    body: Json = {
        "value": list(objects),
        "adminapi.warnings@odata.type": "#Collection(String)",
        "@adminapi.warnings": [],
    }
    return Reply(200, body, {"Content-Type": "application/json;odata.metadata=minimal"})


class _CmdletError(GraphError):
    """A failure of a cmdlet, whose reason stands in the details."""


def _failed(status: int, kind: str, reason: str) -> GraphError:
    return _CmdletError(status, "NotFound" if status == 404 else "BadRequest", f"{kind}|{reason}")


def error_reply(error: GraphError) -> Reply:
    """The answer that carries an error."""
    headers = {"Content-Type": "application/json", **error.headers}
    if error.status == 403:
        return Reply(403, "\0" * 64, headers)
    message, details = error.message, list[Json]()
    if isinstance(error, _CmdletError):
        details = [{"code": "Client", "target": "", "message": f"Ex6F9304|{error.message}"}]
        message = "Error executing cmdlet"
    inner = {"message": message, "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException", "stacktrace": ""}
    body: Json = {"code": error.code, "message": message, "details": details, "innererror": inner}
    return Reply(error.status, {"error": body}, headers)
