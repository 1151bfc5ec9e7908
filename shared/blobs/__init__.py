"""Azure Blobs: plans, staged bodies, drops, receipts and audit anchors."""
