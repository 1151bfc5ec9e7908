"""Receipts of drops: once an operation has ended, what became of each user stands in a blob."""

from shared.blobs.drops import Drop
from shared.domain.advice import told
from shared.domain.caller import SYSTEM
from shared.domain.follow_up import FollowUp
from shared.services import Services
from triggers.routes.results import Results, csv_of

RECEIPT_SECONDS = 480.0
"""A million results are read; the host ends a function after ten minutes, of which the outbox may have used one."""


async def write_receipt(app: Services, item: FollowUp) -> None:
    """Write the receipt of an ended operation, and beside it why its tenant's part ended early, if it did.

    Harmless to repeat: the results are final. Raises ``DependencyDown``.
    """
    operation = await app.operations.get(SYSTEM, item.operation_id)
    if operation.drop is None:
        raise ValueError(f"operation {operation.id} comes from no drop")
    drop = Drop.named(operation.drop)
    for error in (part.error for part in operation.tenants if part.error):
        await app.drops.tell(drop.failure(operation.id), f"{error.code}: {told(error.code, error.message)}\n")
    await app.drops.put_receipt(drop.receipt(operation.id), csv_of(Results(app, operation)))
