"""Order, waiting and handing on; deterministic."""
