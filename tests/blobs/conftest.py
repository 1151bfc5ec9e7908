"""Blobs of an account that no other test uses."""

from collections.abc import AsyncIterator

import pytest

from shared.blobs.client import Blobs
from tests.support.azurite import Azurite


@pytest.fixture
async def blobs(azurite: Azurite) -> AsyncIterator[Blobs]:
    """An empty storage account."""
    blobs = Blobs.open(azurite.settings())
    yield blobs
    await blobs.close()
