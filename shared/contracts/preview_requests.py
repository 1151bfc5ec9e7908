"""The bodies of ``POST /preview``: those of the operations, and which of them is meant."""

from typing import Literal

from shared.contracts.requests import AssignBody, ModifyBody, OperationBody, RemoveBody, TransferBody
from shared.contracts.selections import Request
from shared.contracts.spelling import ResourceId


class AssignPreview(AssignBody):
    """Preview an assign."""

    operation: Literal["assign"]


class RemovePreview(RemoveBody):
    """Preview a remove."""

    operation: Literal["remove"]


class ModifyPreview(ModifyBody):
    """Preview a modify."""

    operation: Literal["modify"]


class TransferPreview(TransferBody):
    """Preview a transfer."""

    operation: Literal["transfer"]


class RevertPreview(Request):
    """Preview what it would take to undo an operation that has ended."""

    operation: Literal["revert"]
    operation_id: ResourceId


PREVIEWS: dict[str, type[AssignPreview | RemovePreview | ModifyPreview | TransferPreview]] = {
    "assign": AssignPreview,
    "remove": RemovePreview,
    "modify": ModifyPreview,
    "transfer": TransferPreview,
}
"""The bodies by the operation that they name; a revert is told apart before."""


def without_kind[B: OperationBody](body: B, model: type[B]) -> B:
    """The body of the operation that is previewed."""
    return model.model_construct(**{name: getattr(body, name) for name in model.model_fields})
