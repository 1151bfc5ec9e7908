"""Notifications from a running stack: what a tenant's webhook hears of an operation on all tenants, whoever dies."""

import asyncio
import hashlib
import hmac
import json
from typing import Any

import pytest
from aiohttp import web

from dev.api import Api
from dev.trial import EVERYONE, Trial
from tests.e2e.test_steering import steer, until

SECRET = "local"
"""The one that the stack sets beside the simulator."""


@pytest.mark.slow
async def test_a_tenant_hears_of_its_part_and_of_nothing_else(trial: Trial) -> None:
    """A canary on every tenant of a tag: each event once, signed, although the host dies before the first is taken."""
    got: list[Any] = []
    answers = [503]

    async def receive(request: web.Request) -> web.Response:
        body = await request.read()
        signed = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert request.headers["x-signature"] == signed
        got.append(json.loads(body) | {"event": request.headers["x-event"]})
        return web.Response(status=answers.pop() if answers else 200)

    hook = web.Application()
    hook.router.add_post("/hook", receive)
    runner = web.AppRunner(hook)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        port = runner.addresses[0][1]
        told, silent = await trial.tenant(12), await trial.tenant(12)
        notify = {"url": f"http://127.0.0.1:{port}/hook", "on": ["awaitingApproval", "completed"]}
        await trial.api.register(told.id, tags=["canary"], notify=notify)
        await trial.api.register(silent.id, tags=["canary"])
        started = await trial.api.assign(
            {
                "targets": [{"tenant": "tag:canary", "users": {"group": {"displayName": EVERYONE}}}],
                "licenses": [{"sku": "SPE_E5"}],
                "options": {"canary": {"users": 2, "approve": "manual"}},
            }
        )
        await until(trial, started["id"], "awaitingApproval")
        async with asyncio.timeout(20):
            while not got:
                await asyncio.sleep(0.1)
        await trial.stack.hosts[0].kill()
        host = await trial.stack.start_host()
        await trial.api.__aexit__(None, None, None)
        trial.api = Api(host.url, trial.stack.api_key)
        async with asyncio.timeout(60):
            while len(got) < 2:
                await asyncio.sleep(0.1)
        await steer(trial, started["id"], "approve")
        await trial.api.until_ended(started["id"], seconds=30)
        async with asyncio.timeout(20):
            while len(got) < 3:
                await asyncio.sleep(0.1)
        await asyncio.sleep(3)  # nothing more comes

        assert [each["event"] for each in got] == ["awaitingApproval", "awaitingApproval", "completed"]
        assert [each["status"] for each in got] == ["awaitingApproval", "awaitingApproval", "succeeded"]
        assert [[part["tenantId"] for part in each["tenants"]] for each in got] == [[told.id]] * 3
        assert silent.id not in json.dumps(got)
        operation = await trial.api.operation(started["id"])
        assert len(operation["tenants"]) == 2
        assert [each["status"] for each in operation["notifications"]] == ["delivered", "delivered"]
    finally:
        await runner.cleanup()
