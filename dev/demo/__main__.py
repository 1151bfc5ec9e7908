"""Assign Microsoft 365 E5 with Power BI Pro to the nested group "Sales Department", watch it, and look at what it left.

``python -m dev.demo [--svg FILE]`` (`make demo`); with ``--svg`` a picture of the output is left as well.
"""

import argparse
import asyncio
import sys
from collections import Counter
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from dev.api import Api, ApiError, Json
from dev.demo.picture import WIDTH, recording, save
from dev.demo.tables import audit_table, outcome_table, reasons_table, seats_table
from dev.stack import Stack, StackError

TENANT = "contoso.onmicrosoft.com"
GROUP = "Sales Department"
SKUS = ("SPE_E5", "POWER_BI_PRO")
AUDIT_SHOWN = 5
LONGEST_SECONDS = 50.0


async def main(console: Console) -> int:
    """Run the demo; gives the exit code."""
    started = monotonic()
    console.print("Starting storage, the Graph simulator and the app …")
    async with Stack(world="demo") as stack, Api(stack.api_url, stack.api_key) as api:
        tenant = await api.register(TENANT)
        console.print(f"Tenant {tenant['displayName']} ({TENANT}) is registered; consent {tenant['consent']}.")
        seats_before = await _seats(api)
        console.print(
            f'\nAssigning {" and ".join(seats_before[sku]["name"] for sku in SKUS)} to the members of "{GROUP}".'
        )
        operation = await _assign(console, api)
        results = await api.all(f"/operations/{operation['id']}/results")
        audit = await api.all("/audit", operation=operation["id"])
        console.print(outcome_table(operation))
        console.print(reasons_table(results))
        console.print(seats_table(SKUS, seats_before, await _seats_after(api, seats_before, audit)))
        console.print(audit_table(audit, AUDIT_SHOWN))
    progress = operation["progress"]
    right = operation["status"] in ("succeeded", "partiallySucceeded") and len(audit) == progress["succeeded"]
    console.print(f"\nOperation {operation['id']}: {operation['status']}, after {monotonic() - started:.1f} s in all.")
    if not right:
        console.print("[red]The operation did not end as it should.[/red]")
    return 0 if right else 1


async def _seats(api: Api) -> dict[str, Json]:
    return {licence["sku"]: licence for licence in await api.all(f"/tenants/{TENANT}/licenses")}


async def _seats_after(api: Api, before: dict[str, Json], audit: list[Json]) -> dict[str, Json]:
    """The seats once Graph's own count, which lags behind writes, shows what the audit says, or after 15 s."""
    taken = Counter[str]()
    for entry in audit:
        taken.update(entry["seatChange"])
    for _ in range(30):
        after = await _seats(api)
        if all(after[sku]["assigned"] - before[sku]["assigned"] == taken[sku] for sku in SKUS):
            return after
        await asyncio.sleep(0.5)
    return await _seats(api)


async def _assign(console: Console, api: Api) -> Json:
    body: Json = {
        "targets": [{"tenant": TENANT, "users": {"group": {"displayName": GROUP}}}],
        "licenses": [{"sku": sku} for sku in SKUS],
        "reason": "Demo: Sales moves to E5",
    }
    operation = await api.assign(body)
    columns = (
        TextColumn("{task.description:<11}"),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        shown = bar.add_task("resolving", total=None, speed="")
        return await api.until_ended(
            operation["id"], seconds=LONGEST_SECONDS, every=0.25, look=lambda now: _show(bar, shown, now)
        )


def _show(bar: Progress, shown: TaskID, operation: Json) -> None:
    progress = operation["progress"]
    speed = progress["usersPerSecond"]
    bar.update(
        shown,
        description=operation["phase"],
        total=progress["total"] or None,
        completed=progress["total"] - progress["pending"],
        speed=f"{speed:.1f} users/s" if speed else "",
    )


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
