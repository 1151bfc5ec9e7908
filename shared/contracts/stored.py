"""Requests as they are stored: normalised, and with what callers cannot say."""

from collections.abc import Mapping
from typing import Self

from shared.contracts.operation_body import OperationBody
from shared.contracts.requests import BODIES, RemoveBody
from shared.contracts.selections import STORED, Target
from shared.domain.operation import OperationKind


class StoredRemove(RemoveBody):
    """A remove as it is stored: one that ends a grace names those for whom it began, one of leavers those.

    Callers can say neither.
    """

    begun: Mapping[str, str] | None = None
    """The names of their rows by tenant (`shared.blobs.rows`); None where the remove ends no grace."""
    left: Mapping[str, str] | None = None
    """The same of users who have left the selection of a schedule; None where the remove is of no leavers."""

    def for_users(self, targets: tuple[Target, ...]) -> Self:
        """The body for these users instead; of earlier ones it is asked again who of them is still selected."""
        rows = {target.tenant: target.users.csv for target in targets if target.users.csv is not None}
        named = tuple(target for target in self.targets if target.tenant in rows)
        if self.begun is not None:
            return self.model_copy(update={"targets": named, "begun": rows})
        if self.left is not None:
            return self.model_copy(update={"targets": named, "left": rows})
        return super().for_users(targets)

    def earlier_rows(self, tenant_id: str) -> str | None:
        """The rows of a tenant's users whose grace has begun, or who have left."""
        return (self.begun or self.left or {}).get(tenant_id)


def parse_stored(kind: OperationKind, data: bytes) -> OperationBody:
    """Read a normalised body back from staging; ``ValueError`` when it is none."""
    ours = {STORED: True}
    match kind:
        case "remove":
            return StoredRemove.model_validate_json(data, context=ours)
        case "assign" | "modify" | "transfer":
            return BODIES[kind].model_validate_json(data, context=ours)
        case "revert":  # what shall be undone stands in the rows
            return OperationBody.model_validate_json(data, context=ours)
        case "preview":
            raise ValueError("a preview has the body of what it previews")
