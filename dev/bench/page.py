"""The figures as a page: ``docs/bench.md`` is made of ``results.json``, so that the two never differ."""

import json
from pathlib import Path
from typing import Any

from dev.stack.stack import REPOSITORY

RESULTS = Path(__file__).with_name("results.json")
PAGE = REPOSITORY / "docs" / "bench.md"

_HEAD = """# Measured

Printed by `make bench`, on {machine}; `make bench ROWS="limit small"` runs some rows only.
The simulator of Graph, the storage emulator and the app share that machine.
So what counts are ratios: to something measured in the same run, or to a limit of Graph.
Where a name has a factor, all limits of Graph are multiplied and its usual latencies divided by it:
a read takes {read} ms, a write {write} ms, a batch of twenty {batch} ms.
Bursts are used up before, where the sustained rate is measured. `dev/bench/` says what each row does.

| what | figures | goal | met |
| --- | --- | --- | --- |
"""


def render(results: dict[str, Any]) -> str:
    """The page of these results."""
    lines = [
        f"| {row['what']} | {_figures(row['figures'])} | {row['goal']} | {'yes' if row['met'] else '**no**'} |"
        for row in results["rows"].values()
    ]
    return _HEAD.format(machine=results["machine"], **results["latencies"]) + "\n".join(lines) + "\n"


def _figures(figures: dict[str, float]) -> str:
    return "<br>".join(f"{title}: {value:,g}" for title, value in figures.items())


def write_page() -> None:
    """Make the page anew."""
    PAGE.write_text(render(json.loads(RESULTS.read_text())))
