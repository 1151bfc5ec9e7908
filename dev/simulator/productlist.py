"""Microsoft's list of products as a download: one CSV, with an ETag, for anybody. ``PUT /_sim/products`` changes it."""

import csv
import hashlib
import io

from aiohttp import web

from dev.simulator.catalogue import products

PATH = "/product-names.csv"
_COLUMNS = (
    "Product_Display_Name",
    "String_Id",
    "GUID",
    "Service_Plan_Name",
    "Service_Plan_Id",
    "Service_Plans_Included_Friendly_Names",
)


class ProductList:
    """The file as it is served: the simulator's own products, until somebody puts another one in its place."""

    def __init__(self) -> None:
        self._content = own_products()

    async def get(self, request: web.Request) -> web.Response:
        """The file, or 304 for whoever has it."""
        tag = f'"{hashlib.sha256(self._content).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(body=self._content, content_type="text/csv", headers={"ETag": tag})

    async def put(self, request: web.Request) -> web.Response:
        """Another file, whatever it is; an empty body brings the own one back."""
        self._content = await request.read() or own_products()
        return web.Response(status=204)


def own_products() -> bytes:
    """The simulator's products, with a byte order mark as Microsoft's file has one."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for product in products().values():
        for plan in product.plans:
            writer.writerow([product.display_name, product.part_number, product.sku_id, plan.name, plan.id, plan.name])
    return out.getvalue().encode("utf-8-sig")
