"""Tables of an account that no other test uses."""

from collections.abc import AsyncIterator

import pytest

from shared.tables.client import Tables
from tests.support.azurite import Azurite


@pytest.fixture
async def tables(azurite: Azurite) -> AsyncIterator[Tables]:
    """An empty storage account."""
    tables = Tables.open(azurite.settings())
    yield tables
    await tables.close()
