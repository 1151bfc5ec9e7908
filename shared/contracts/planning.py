"""From the stored request to the planner of its kind, in one tenant."""

from shared.contracts.operation_body import Licence, OperationBody, UsageLocation
from shared.contracts.requests import AssignBody, ModifyBody, RemoveBody, ReplaceWith, TransferBody
from shared.contracts.stored import StoredRemove
from shared.domain.assign import AssignRequest, WantedLicence
from shared.domain.grace import AfterGrace, BeginGrace
from shared.domain.leavers import LeaverRequest
from shared.domain.location import UsageLocationRule
from shared.domain.modify import ModifyRequest, PlanEdit, Swap
from shared.domain.planning import Planner
from shared.domain.remove import RemoveRequest
from shared.domain.revert import RevertRequest
from shared.domain.tenant import Tenant
from shared.domain.transfer import Move, TransferRequest


def planner_of(body: OperationBody, tenant: Tenant) -> Planner:
    """What a normalised request asks for in one tenant; a body of no kind is a revert's, whose rows say all."""
    default, on_conflict = tenant.default_usage_location, body.options.on_conflict
    match body:
        case AssignBody():
            licences, place = tuple(map(_wanted, body.licenses)), _rule(body.usage_location)
            return AssignRequest(licences, place, default, on_conflict)
        case RemoveBody():
            named = None if body.licenses == "all" else frozenset(held.sku for held in body.skus)
            replace_with = body.mailbox.replace_with if isinstance(body.mailbox, ReplaceWith) else None
            remove = RemoveRequest(named, replace_with, convert=body.mailbox == "convertToShared")
            if isinstance(body, StoredRemove) and body.begun is not None:
                return AfterGrace(remove)
            if isinstance(body, StoredRemove) and body.left is not None:
                return LeaverRequest(remove)
            return BeginGrace(remove, body.grace.during == "disablePlans") if body.grace else remove
        case ModifyBody():
            return ModifyRequest(
                edits=tuple(
                    PlanEdit(edit.sku, frozenset(edit.enable_plans), frozenset(edit.disable_plans))
                    for edit in body.licenses
                ),
                add=tuple(map(_wanted, body.add)),
                swaps=tuple(Swap(swap.source, swap.to) for swap in body.swap),
                usage_location=_rule(body.usage_location),
                default_usage_location=default,
                on_conflict=on_conflict,
            )
        case TransferBody():
            return TransferRequest(
                moves=tuple(Move(move.sources, move.to, move.keep_disabled_plans) for move in body.transfers),
                usage_location=_rule(body.usage_location),
                default_usage_location=default,
                on_conflict=on_conflict,
            )
        case _:
            return RevertRequest()


def _wanted(licence: Licence) -> WantedLicence:
    return WantedLicence(
        sku_id=licence.sku,
        disabled=None if licence.disabled_plans is None else frozenset(licence.disabled_plans),
        enabled=None if licence.enabled_plans is None else frozenset(licence.enabled_plans),
    )


def _rule(location: UsageLocation | None) -> UsageLocationRule | None:
    return UsageLocationRule(location.value, location.mode) if location else None
