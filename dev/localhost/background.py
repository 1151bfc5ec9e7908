"""Tasks beside the requests: an error in one is a fault of the host and is said, never lost."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger("localhost")


def start(work: Coroutine[Any, Any, None], what: str) -> asyncio.Task[None]:
    """Run ``work`` as a task; should it raise, the log names ``what``. The caller keeps the task."""
    task = asyncio.create_task(work, name=what)
    task.add_done_callback(_report)
    return task


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("the host failed on %s", task.get_name(), exc_info=error)
