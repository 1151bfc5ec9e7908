"""The services and operations of the activities' tests."""

from tests.activities.conftest import app, part_of

__all__ = ["app", "part_of"]
