"""How soon a new process answers."""

import asyncio
import json
import os
import sys
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from dev.bench.row import Row
from dev.stack import Stack
from dev.stack.stack import REPOSITORY


async def cold_start(times: int = 5) -> Row:
    """Import of the app and its first request of a new interpreter, its bytecode compiled: the median of five."""
    with TemporaryDirectory(prefix="bytecode-") as bytecode:
        return await _cold_start(times, bytecode)


async def _cold_start(times: int, bytecode: str) -> Row:
    async with Stack({"GRAPH_LIMIT_FACTOR": "0"}) as stack:
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPYCACHEPREFIX": bytecode,
            "AzureWebJobsStorage": stack.storage,
            "GRAPH_BASE_URL": f"{stack.simulator_url}/v1.0",
            "GRAPH_CREDENTIAL": "static:local",
            "LOCALHOST_API_KEY": stack.api_key,
        }
        await _first_request(environment)
        runs = [await _first_request(environment) for _ in range(times)]
    imported, answered = (median(run[name] for run in runs) for name in ("import", "request"))
    models, modules = max(run["models"] for run in runs), runs[0]["modules"]
    figures: dict[str, float] = {"import s": imported, "first request s": answered, "sum s": imported + answered}
    figures |= {"modules": modules, "msgraph models": models}
    figures |= {f"modules of {root}": count for root, count in runs[0]["most"]}
    met = imported + answered <= 1.0 and not models
    return Row("cold start", figures, "≤ 1.0 s, no msgraph models", met)


async def _first_request(environment: dict[str, str]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "dev.bench.first_request",
        env=environment,
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the first request failed:\n{err.decode()}")
    figures: dict[str, Any] = json.loads(out.decode().splitlines()[-1])
    if figures["status"] != 200:
        raise RuntimeError(f"the first request was answered with {figures['status']}")
    return figures
