"""Assign licences on a simulated tenant: to a nested group, then by CSV; watch it, and look at what it left.

``python -m dev.demo [--svg FILE]`` (`make demo`); with ``--svg`` a picture of the output is left as well.
"""

import argparse
import asyncio
import sys
from pathlib import Path
from time import monotonic

from rich.console import Console

from dev.api import Api, ApiError
from dev.demo.by_csv import assign_by_csv
from dev.demo.by_group import assign_to_group
from dev.demo.picture import WIDTH, recording, save
from dev.demo.prices import enter_prices
from dev.stack import Stack, StackError

TENANT = "contoso.onmicrosoft.com"


async def main(console: Console) -> int:
    """Run the demo; gives the exit code."""
    started = monotonic()
    console.print("Starting storage, the Graph simulator and the app …")
    async with Stack(world="demo") as stack, Api(stack.api_url, stack.api_key) as api:
        tenant = await api.register(TENANT)
        console.print(f"Tenant {tenant['displayName']} ({TENANT}) is registered; consent {tenant['consent']}.")
        await enter_prices(api, tenant["tenantId"])
        right = [await part(console, api, TENANT) for part in (assign_to_group, assign_by_csv)]
    console.print(f"\nDone after {monotonic() - started:.1f} s in all.")
    if not all(right):
        console.print("[red]Not everything ended as it should.[/red]")
    return 0 if all(right) else 1


def run(svg: Path | None) -> int:
    """Run the demo on a fitting console; gives the exit code."""
    if svg is None:
        # Where the output goes to a file, the tables keep a readable width.
        return asyncio.run(main(Console() if sys.stdout.isatty() else Console(width=WIDTH)))
    console = recording()
    code = asyncio.run(main(console))
    save(console, svg)
    return code


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m dev.demo", description="Do the main job once on a demo tenant.")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="also write a picture of the output")
    try:
        sys.exit(run(parser.parse_args().svg))
    except (StackError, ApiError, TimeoutError) as error:
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
