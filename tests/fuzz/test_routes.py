"""Requests that nobody thought of: made by schemathesis from openapi.json, for all routes of a real stack."""

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest

from dev.stack import Stack
from dev.stack.stack import REPOSITORY
from dev.trial import E5, POWER_BI, Trial
from shared.contracts.examples import TENANT as EXAMPLE_TENANT

CONFIG = Path(__file__).with_name("schemathesis.toml")
CONTOSO, FABRIKAM = "3f1c6a52-8d0b-4f6e-9a1d-5b7c2e9d4a10", "7a2e9d4b-1c5f-4e8a-b3d6-9f0c4a7e2b21"
DOMAIN = "fabrikam.onmicrosoft.com"
SALES = "Sales Department"
NAMES = ("ana", "bo", "cleo", "dan", "eve")


@pytest.fixture
async def trial() -> AsyncIterator[Trial]:
    """A stack without limits of Graph, with two tenants: the examples of openapi.json work on the first one."""
    async with Stack({"GRAPH_LIMIT_FACTOR": "0"}) as stack, Trial(stack) as trial:
        await _load(trial, CONTOSO, EXAMPLE_TENANT)
        await _load(trial, FABRIKAM, DOMAIN)
        yield trial


STEERING = ("/approve", "/pause", "/resume", "/retry", "/cancel", "/api/consent")
"""Each needs a state that its first call ends; tests of tests/triggers have them."""
FORGETS = re.compile("DELETE .*/tenants/{tenant}")
"""As those: a tenant leaves the registry once."""


async def _load(trial: Trial, tenant: str, domain: str) -> None:
    users = [f"{name}@{domain}" for name in NAMES]
    spec = {
        "domains": [domain],
        "skus": [{"skuPartNumber": sku, "enabled": 100} for sku in (E5, POWER_BI)],
        "users": [{"userPrincipalName": user, "usageLocation": "US", "department": "Sales"} for user in users],
        "groups": [{"displayName": SALES, "members": users}],
    }
    (await trial.sim.put(f"/tenants/{tenant}", json=spec)).raise_for_status()
    await trial.api.register(tenant)


async def _assign(trial: Trial) -> str:
    target = {"tenant": DOMAIN, "users": {"group": {"displayName": SALES}}}
    return (await trial.api.assign({"targets": [target], "licenses": [{"sku": E5}]}))["id"]


async def _preview(trial: Trial) -> str:
    target = {"tenant": DOMAIN, "users": {"group": {"displayName": SALES}}}
    body = {"operation": "assign", "targets": [target], "licenses": [{"sku": POWER_BI}]}
    return (await trial.api.call("POST", "/preview", json=body))["id"]


async def _schedules(trial: Trial, number: int) -> list[str]:
    """A schedule that ends a grace, and so many that assign each month."""
    target = {"tenant": DOMAIN, "users": {"group": {"displayName": SALES}}}
    request = {"targets": [target], "licenses": [{"sku": E5}]}
    begun = await trial.api.call("POST", "/remove", json=request | {"grace": {"days": 30}})
    found = [(await trial.api.until_ended(begun["id"], seconds=30))["scheduleId"]]
    monthly = {"frequency": "monthly", "dayOfMonth": 31, "time": "02:00", "timeZone": "Europe/Berlin"}
    body = {"name": "Monthly", "operation": "assign", "request": request, "recurrence": monthly}
    return found + [(await trial.api.call("POST", "/schedules", json=body))["id"] for _ in range(number)]


async def _ended_operations(trial: Trial) -> list[str]:
    """An operation that did its work, and one that was cancelled before it could begin."""
    done = await _assign(trial)
    await trial.api.until_ended(done, seconds=30)
    await trial.fault(match="GET /groups", kind="503", retryAfter=1)
    cancelled = await _assign(trial)
    await trial.api.call("POST", f"/operations/{cancelled}/cancel")
    await trial.heal()
    await trial.api.until_ended(cancelled, seconds=30)
    return [done, cancelled]


async def _grants(trial: Trial, number: int) -> list[str]:
    """So many principals with a grant."""
    principals = [f"key-{n}" for n in range(number)]
    for each in principals:
        await trial.api.call("PUT", f"/grants/{each}", json={"role": "BulkLicenses.Read", "tenants": ["*"]})
    return principals


def _dictionary(folder: Path, name: str, values: Iterable[str]) -> None:
    (folder / f"{name}.dict").write_text("".join(f"{json.dumps(value)}\n" for value in values))


@pytest.mark.parametrize(
    ("phases", "examples"),
    [
        pytest.param("examples,fuzzing", 8, id="few"),
        pytest.param("examples,coverage,fuzzing", 300, id="many", marks=[pytest.mark.slow, pytest.mark.timeout(1_800)]),
    ],
)
async def test_every_answer_is_as_described_whatever_is_asked(
    trial: Trial, tmp_path: Path, phases: str, examples: int
) -> None:
    """No fault of the app, no answer beyond openapi.json, what is malformed or lacks a key is refused; it works on."""
    _dictionary(tmp_path, "tenants", [FABRIKAM, DOMAIN])
    _dictionary(tmp_path, "others", [CONTOSO, EXAMPLE_TENANT])
    _dictionary(tmp_path, "spares", [(await trial.tenant(1)).id for _ in range(3)])
    _dictionary(tmp_path, "users", [f"{name}@{DOMAIN}" for name in NAMES])
    _dictionary(tmp_path, "operations", await _ended_operations(trial))
    _dictionary(tmp_path, "schedules", await _schedules(trial, 3))
    _dictionary(tmp_path, "principals", await _grants(trial, 3))
    _dictionary(tmp_path, "previews", [await _preview(trial)])
    shutil.copy(CONFIG, tmp_path)

    code, told = await _schemathesis(trial.stack, tmp_path, phases, examples)

    assert code == 0, told
    assert _never_accepted(tmp_path / "report.json") == []
    for host in trial.stack.hosts:
        assert "Unexpected fault" not in host.log_text()
    async with httpx.AsyncClient(base_url=trial.stack.api_url) as http:
        assert (await http.get("/api/health", params={"ready": "1"})).status_code == 200
    tenant = await trial.tenant(5)
    operation = await trial.api.until_ended((await trial.assign(tenant))["id"], seconds=60)
    await trial.assert_exact(operation, tenant)


async def _schemathesis(stack: Stack, folder: Path, phases: str, examples: int) -> tuple[int | None, str]:
    """Its exit code, and what it has to say: each violation with its request as curl."""
    program = Path(sys.executable).with_name("schemathesis")
    command = [program, "--config-file", folder / CONFIG.name, "run", f"{stack.api_url}/api/openapi.json"]
    process = await asyncio.create_subprocess_exec(
        *command,
        f"--phases={phases}",
        f"--max-examples={examples}",
        "--report=json",
        f"--report-json-path={folder / 'report.json'}",
        cwd=REPOSITORY,
        env={**os.environ, "API_KEY": stack.api_key},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        told, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, told.decode()


def _never_accepted(report: Path) -> list[str]:
    """The operations of which no request got through: they need values in schemathesis.toml, else nothing is tested."""
    rates: dict[str, dict[str, dict[str, Any]]] = json.loads(report.read_text())["valid_rates"]
    return [
        name
        for name, phases in rates.items()
        if not name.endswith(STEERING)
        and not FORGETS.fullmatch(name)
        and not any(phase["accepted"] for phase in phases.values())
    ]
