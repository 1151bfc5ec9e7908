"""Run all rows, or those named; print a table and write ``dev/bench/results.json``."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dev.bench.rows import ROWS, Row

RESULTS = Path(__file__).with_name("results.json")


async def main(names: list[str], console: Console) -> int:
    """Run the rows; gives the exit code, 0 also where a goal is missed: the figures are for people to judge."""
    rows: list[Row] = []
    for name in names:
        console.print(f"running {name} …")
        rows.append(await ROWS[name]())
    table = Table(title="Bench", title_justify="left")
    for column in ("what", "figures", "goal", "met"):
        table.add_column(column)
    for row in rows:
        figures = "\n".join(f"{name}: {value:,.2f}".removesuffix(".00") for name, value in row.figures.items())
        table.add_row(row.name, figures, row.goal, "yes" if row.met else "NO")
    console.print(table)
    kept = {row.name: {name: round(value, 3) for name, value in row.figures.items()} for row in rows}
    RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="which rows; all where none is named")
    chosen = parser.parse_args().rows or list(ROWS)
    sys.exit(asyncio.run(main(chosen, Console() if sys.stdout.isatty() else Console(width=120))))
