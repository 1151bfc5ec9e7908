"""From what a caller asks for to an operation that is claimed and started."""
