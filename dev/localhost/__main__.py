"""``python -m dev.localhost [--app DIR]``: serve an app until SIGTERM or Ctrl-C; SIGHUP loads its code again."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from azure_functions_runtime import get_threadpool_executor, start_threadpool_executor

from dev.localhost.errors import HostError
from dev.localhost.host import Host
from dev.localhost.settings import apply_local_settings, port

_QUIET = ("azure", "durabletask", "grpc", "aiohttp", "asyncio", "urllib3")  # what the host itself uses


def main() -> int:
    """Run the host; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dev.localhost", description="Serve a Functions app locally.")
    parser.add_argument("--app", type=Path, default=Path.cwd(), help="folder with function_app.py and host.json")
    app_dir = parser.parse_args().app.resolve()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        apply_local_settings(app_dir)
        asyncio.run(_serve(app_dir))
    except HostError as error:
        print(f"localhost: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(app_dir: Path) -> None:
    loop, stopped, reloads = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    loop.add_signal_handler(signal.SIGHUP, reloads.set)
    start_threadpool_executor()
    host = Host(app_dir)
    origin = await host.start(port())
    print(f"host {origin}", flush=True)
    following = asyncio.create_task(_follow_reloads(host, reloads))
    await stopped.wait()
    following.cancel()
    await host.stop()
    if pool := get_threadpool_executor():
        pool.shutdown(wait=False, cancel_futures=True)


async def _follow_reloads(host: Host, reloads: asyncio.Event) -> None:
    while True:
        await reloads.wait()
        reloads.clear()
        await host.reload()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    logging.shutdown()
    # A sync function that still blocks its thread must not keep a stopped host alive.
    os._exit(code)
