"""An issuer of tokens for the local stack: signs whatever is asked for, so it must never be trusted elsewhere."""

AUDIENCE = "api://bulk-licences"
"""Whom it signs for unless told otherwise."""
