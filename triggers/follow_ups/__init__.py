"""What follows from the states of operations: notifications, receipts, leavers."""
