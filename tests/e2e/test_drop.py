"""Files dropped into the storage of a running stack: operation, receipt, and a host that stays small."""

import asyncio
import csv
from collections import Counter
from time import monotonic

import pytest
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from dev.bench.memory import peak_memory
from dev.stack import Stack
from dev.trial import E5, Trial
from shared.contracts.drops import DROPS, RESULTS, Drop

HOST_MEMORY = 400 * 1024 * 1024
"""What the app may take, whatever the size of a file: a limit of the product."""


@pytest.mark.parametrize("users", [300, pytest.param(100_000, marks=[pytest.mark.slow, pytest.mark.timeout(3_000)])])
async def test_a_dropped_file_becomes_a_receipt_with_every_user_once(users: int) -> None:
    """Traps 6, 41 and 43: named twice or by id, users are one; who holds the licence is skipped, who is none fails.

    Two hosts see the file, and it starts once.
    """
    held, strangers = users // 10, users // 100
    async with Stack({"GRAPH_LIMIT_FACTOR": "0"}) as stack, Trial(stack) as trial:
        tenant = await trial.tenant(users)
        await trial.api.register(tenant.id, drops=["assign"])
        names = [f"user{n:05d}@{tenant.domain}" for n in range(users)]
        first = await trial.assign(tenant, users={"users": names[:held]})
        assert (await trial.api.until_ended(first["id"], seconds=300))["status"] == "succeeded"
        await stack.start_host()
        rows = [*names, *names[: users // 3], *(f"nobody{n}@{tenant.domain}" for n in range(strangers))]
        content = "\r\n".join(["UserPrincipalName;LicenseSKU", *(f"{name};{E5}" for name in rows), ""])
        drop = Drop.named(f"assign/{tenant.domain}/autumn/new people.csv")

        async with (
            BlobServiceClient.from_connection_string(stack.storage) as service,
            peak_memory(stack.hosts[0].pid) as memory,
        ):
            started = monotonic()
            blob = service.get_container_client(DROPS).get_blob_client(drop.path)
            etag = (await blob.upload_blob(content.encode("utf-16")))["etag"]
            results = service.get_container_client(RESULTS)
            receipt = await _content(results, drop.receipt(drop.operation_id(etag)), seconds=2_400)
            _tell(f"{users:,} users by drop: {monotonic() - started:.1f} s")
            told = [name async for name in results.list_blob_names()]
        _tell(f"host peak {memory.peak / 1024 / 1024:.0f} MB")

        found = list(csv.DictReader(receipt.splitlines()))
        expected = dict.fromkeys(names[held:], "") | dict.fromkeys(names[:held], "AlreadyAssigned")
        expected |= {f"nobody{n}@{tenant.domain}": "UserNotFound" for n in range(strangers)}
        assert len(found) == len(expected)
        assert {row["userPrincipalName"]: row["code"] for row in found} == expected
        assert Counter(row["status"] for row in found) == {
            "succeeded": users - held,
            "skipped": held,
            "failed": strangers,
        }
        assert told == [drop.receipt(drop.operation_id(etag))]
        operations = await trial.api.all("/operations", createdBy="drop:license-drops")
        assert [each["id"] for each in operations] == [drop.operation_id(etag)]
    assert memory.peak <= HOST_MEMORY


async def _content(container: ContainerClient, name: str, seconds: float) -> str:
    """The text of a blob, once it is there."""
    end = monotonic() + seconds
    blob = container.get_blob_client(name)
    while not await blob.exists():
        assert monotonic() < end, f"there is still no {name}"
        await asyncio.sleep(0.2)
    return (await (await blob.download_blob()).readall()).decode()


def _tell(figure: str) -> None:
    """Show a figure (with ``-s`` at once, else when the test fails)."""
    print(figure)  # noqa: T201 - a figure to look at, which no assertion may hang on
