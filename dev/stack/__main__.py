"""``python -m dev.stack`` (`make up`): the whole local stack in the foreground, until Ctrl-C or SIGTERM."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from dev.stack.parts import StackError
from dev.stack.settings import PORTS
from dev.stack.stack import REPOSITORY, Stack
from dev.stack.tenants import loaded_tenants, register_tenants


async def run(app_dir: Path) -> None:
    """Serve until a signal arrives. Raises ``StackError`` when a part cannot start or dies."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    stop = asyncio.create_task(stopped.wait())
    serve = asyncio.create_task(_serve(app_dir))
    # A stop is obeyed at any point of the start as well.
    await asyncio.wait({stop, serve}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not serve.done():
        serve.cancel()
        await asyncio.wait({serve})
    if not serve.cancelled():
        serve.result()


async def _serve(app_dir: Path) -> None:
    environment = {**PORTS, **os.environ}
    keeps_data = bool(environment.get("LOCALHOST_DATA", ".localhost"))
    async with Stack(env=environment, in_memory=not keeps_data, world="demo", issuer=True, app_dir=app_dir) as stack:
        if stack.simulator_url:
            await register_tenants(stack.api_url, stack.api_key, await loaded_tenants(stack.simulator_url))
        _print_addresses(stack)
        raise await stack.died()


def _print_addresses(stack: Stack) -> None:
    rows = {
        "page": f"{stack.api_url}/api/portal  (sign in with the API key)",
        "docs": f"{stack.api_url}/api/docs",
        "API": f"{stack.api_url}/api/automation/bulk-licenses",
        "API key": f"{stack.api_key}  (header x-api-key)",
        "simulator": stack.simulator_url or "not started, GRAPH_BASE_URL is set",
        "storage": stack.blob_url,
        "logs": str(stack.logs),
    }
    if stack.issuer_url:
        asked = "-d name=ana -d roles=BulkLicenses.Admin"
        rows["token"] = f"curl -s {stack.issuer_url}/token {asked}  (header Authorization: Bearer)"
    for name, value in rows.items():
        print(f"  {name:<10}{value}")
    print("ready", flush=True)


def main() -> int:
    """Run the stack; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dev.stack", description="Run the local stack until Ctrl-C.")
    parser.add_argument("--app", type=Path, default=REPOSITORY, help="folder of the Functions app")
    try:
        asyncio.run(run(parser.parse_args().app.resolve()))
    except StackError as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
