"""Run all rows, or those named; print a table and keep the figures in ``results.json`` and ``docs/bench.md``."""

import argparse
import asyncio
import json
import os
import platform
import sys
from collections.abc import Awaitable, Callable

from rich.console import Console
from rich.table import Table

from dev.bench.cold import cold_start
from dev.bench.engine import cost, growth
from dev.bench.fairness import small_behind_large, two_operations
from dev.bench.limit import many_tenants, one_tenant
from dev.bench.page import RESULTS, write_page
from dev.bench.peers import peers
from dev.bench.preview import preview
from dev.bench.routes import routes
from dev.bench.row import Row
from dev.bench.scale import BATCH_MS, READ_MS, WRITE_MS

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
    table = Table(title="Bench", title_justify="left", show_lines=True)
    for column in ("what", "figures", "goal", "met"):
        table.add_column(column)
    for name in names:
        console.print(f"running {name} …")
        row = await ROWS[name]()
        figures = {title: round(value, 3) for title, value in row.figures.items()}
        shown = "\n".join(f"{title}: {value:,g}" for title, value in figures.items())
        table.add_row(row.name, shown, row.goal, "yes" if row.met else "NO")
        _keep(name, {"what": row.name, "figures": figures, "goal": row.goal, "met": row.met})
    console.print(table)
    return 0


def _keep(name: str, row: dict[str, object]) -> None:
    """Keep a row beside those of earlier runs."""
    rows: dict[str, dict[str, object]] = json.loads(RESULTS.read_text())["rows"] if RESULTS.exists() else {}
    rows[name] = row
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    results = {
        "machine": machine,
        "latencies": {"read": READ_MS, "write": WRITE_MS, "batch": BATCH_MS},
        "rows": {each: rows[each] for each in ROWS if each in rows},
    }
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    write_page()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="which rows; all where none is named")
    chosen = parser.parse_args().rows or list(ROWS)
    sys.exit(asyncio.run(main(chosen, Console() if sys.stdout.isatty() else Console(width=120))))
