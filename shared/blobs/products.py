"""Container ``catalogue``: Microsoft's list of products as it was last believed, and what is known by it."""

import asyncio
import gzip
import logging
from datetime import timedelta
from time import monotonic

from pydantic import TypeAdapter

from shared.blobs.client import Blobs
from shared.blobs.ndjson import LEVEL
from shared.catalogue import Catalogue, catalogue
from shared.errors import DependencyDown
from shared.product_list import ProductList, with_built_in

CONTAINER = "catalogue"
NAME = "products.json.gz"
LOOK_AGAIN = timedelta(hours=1)
PATIENCE_SECONDS = 5.0
_LIST: TypeAdapter[ProductList] = TypeAdapter(ProductList)

log = logging.getLogger(__name__)


class ProductStore:
    """The products known to this process: the list as it is stored, or what is built in where there is none.

    With ``off`` nothing is stored or read.
    """

    def __init__(self, blobs: Blobs, *, off: bool) -> None:
        self._blobs = blobs
        self._off = off
        self._known = catalogue()
        self._looked: float | None = None

    @property
    def known(self) -> Catalogue:
        """The products by every name; a plain value, as ``refresh`` left it."""
        return self._known

    async def refresh(self) -> None:
        """Take over what is stored, with the first call and then by the hour; whatever fails leaves what is known."""
        if self._off or (self._looked is not None and monotonic() - self._looked < LOOK_AGAIN.total_seconds()):
            return
        self._looked = monotonic()  # whoever comes meanwhile does not wait
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                stored = await self.read()
        except (DependencyDown, ValueError, OSError, TimeoutError) as error:
            log.warning("The list of products cannot be read, what is known stays: %s", error or type(error).__name__)
            return
        if stored is not None:
            self._known = with_built_in(stored.skus)

    async def read(self) -> ProductList | None:
        """The list that was believed last; None before the first one.

        Raises ``DependencyDown``; ``ValueError`` or ``OSError`` for a blob that is none.
        """
        content = await self._blobs.read(CONTAINER, NAME)
        return None if content is None else _LIST.validate_json(gzip.decompress(content))

    async def write(self, found: ProductList) -> None:
        """Store a list over the one before. Raises ``DependencyDown``."""
        content = gzip.compress(_LIST.dump_json(found), LEVEL)
        await self._blobs.write(CONTAINER, NAME, content, media_type="application/gzip")
