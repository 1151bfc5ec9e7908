"""The demo's output as a picture for the README."""

import re
from pathlib import Path

from rich.console import Console

WIDTH = 120


def recording() -> Console:
    """A console that remembers what it prints; no terminal, so that the progress bar is printed once, at its end."""
    return Console(width=WIDTH, record=True, force_terminal=False)


def save(console: Console, path: Path) -> None:
    """Write what the console printed as an SVG that loads nothing, its fonts neither. Raises ``OSError``."""
    svg = console.export_svg(title="make demo", unique_id="demo")
    path.write_text(re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL))
