"""``python -m dev.openapi``: prints openapi.json without a host, for the client that the web page is built with."""

import json

from shared.contracts.openapi import openapi
from triggers import API, META
from triggers.routes.meta import VERSION


def main() -> None:
    """Print the document that ``GET /api/openapi.json`` serves."""
    print(json.dumps(openapi([route for router in (*API, META) for route in router.routes], VERSION), indent=1))


if __name__ == "__main__":
    main()
