"""Run all rows, or those named; print a table and keep the figures in ``dev/bench/results.json``."""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dev.bench.cold import cold_start
from dev.bench.engine import cost, growth
from dev.bench.fairness import small_behind_large, two_operations
from dev.bench.limit import many_tenants, one_tenant
from dev.bench.peers import peers
from dev.bench.preview import preview
from dev.bench.routes import routes
from dev.bench.row import Row

RESULTS = Path(__file__).with_name("results.json")
ROWS: dict[str, Callable[[], Awaitable[Row]]] = {
    "limit": one_tenant,
    "peers": peers,
    "app": many_tenants,
    "small": small_behind_large,
    "two": two_operations,
    "cost": cost,
    "preview": preview,
    "cold": cold_start,
    "routes": routes,
    "growth": growth,
}


async def main(names: list[str], console: Console) -> int:
    """Run the rows; gives the exit code, 0 also where a goal is missed: the figures are for people to judge."""
    kept: dict[str, dict[str, object]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    table = Table(title="Bench", title_justify="left", show_lines=True)
    for column in ("what", "figures", "goal", "met"):
        table.add_column(column)
    for name in names:
        console.print(f"running {name} …")
        row = await ROWS[name]()
        figures = {title: round(value, 3) for title, value in row.figures.items()}
        kept[name] = {"what": row.name, "figures": figures, "goal": row.goal, "met": row.met}
        shown = "\n".join(f"{title}: {value:,g}" for title, value in figures.items())
        table.add_row(row.name, shown, row.goal, "yes" if row.met else "NO")
        in_order = {each: kept[each] for each in ROWS if each in kept}
        RESULTS.write_text(json.dumps(in_order, indent=1, ensure_ascii=False) + "\n")
    console.print(table)
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="which rows; all where none is named")
    chosen = parser.parse_args().rows or list(ROWS)
    sys.exit(asyncio.run(main(chosen, Console() if sys.stdout.isatty() else Console(width=120))))
