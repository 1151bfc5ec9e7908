"""The auditor's command against a running stack, one that was tampered with, and none."""

import asyncio
import os
import sys
from dataclasses import replace

import pytest

from dev.audit_verify import main
from dev.stack.stack import REPOSITORY
from dev.trial import Trial
from shared.settings import read_settings
from shared.tables.audit_rows import entry_key
from shared.tables.client import Tables
from shared.tables.table import Write


async def audit_verify(**environment: str) -> tuple[int | None, str, str]:
    """Run the command: its exit code and what it printed."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dev.audit_verify"),
        cwd=REPOSITORY,
        env={**inherited, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@pytest.mark.slow
async def test_the_command_tells_intact_from_broken(trial: Trial) -> None:
    """A line a tenant and a total; exit code 0, and 1 once a byte of a row was changed."""
    changed, quiet = await trial.tenant(3), await trial.tenant(1)
    operation = await trial.assign(changed)
    await trial.api.until_ended(operation["id"], seconds=30)
    stack = {"API_URL": trial.stack.api_url, "API_KEY": trial.stack.api_key}

    code, out, _ = await audit_verify(**stack)
    assert code == 0
    assert f"{changed.id}  intact          3 entries  {changed.domain}: not anchored yet" in out
    assert f"{quiet.id}  empty" in out
    assert out.endswith("2 tenants (1 empty, 1 intact), 3 entries\n")

    settings = {"AzureWebJobsStorage": trial.stack.storage, "GRAPH_CREDENTIAL": "static:test"}
    tables = Tables.open(read_settings({**settings, "GRAPH_BASE_URL": trial.stack.simulator_url}))
    row = await tables.table("audit").get(changed.id, entry_key(2))
    assert row
    await tables.table("audit").write(Write("upsert", replace(row, values={**row.values, "reason": "forged"})))
    await tables.close()

    code, out, _ = await audit_verify(**stack)
    assert code == 1
    assert "entry 2 is not what was recorded" in out


async def test_who_cannot_look_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a stack that is not there nor a missing key is a chain that is intact: exit code 2."""
    assert await main({"API_URL": "http://127.0.0.1:9", "API_KEY": "x"}) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "nothing answers at http://127.0.0.1:9" in err
    assert "make up" in err

    assert await main({"API_URL": "http://127.0.0.1:9"}) == 2
    assert "API_KEY" in capsys.readouterr().err
