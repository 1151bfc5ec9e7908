"""A progress bar for an operation."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from dev.api import Api, Json

LONGEST_SECONDS = 50.0


async def follow(console: Console, api: Api, operation: Json) -> Json:
    """Show an operation until it has ended; gives it as it ended. Raises ``TimeoutError``."""
    columns = (
        TextColumn("{task.description:<11}"),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        shown = bar.add_task(operation["phase"], total=None, speed="")
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
