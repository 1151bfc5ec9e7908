"""Files dropped into the storage of a running stack: operation, receipt, and a host that stays small."""

import asyncio
import csv
from time import monotonic

import pytest
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from dev.api import Json
from dev.bench.memory import peak_memory
from dev.stack import Stack
from dev.trial import E5, Trial, new_domain
from shared.blobs.drops import CONTAINER as DROPS
from shared.blobs.drops import Drop
from shared.blobs.exports import CONTAINER as RESULTS

TIMES = 5
"""Each user stands in the file so often."""
HOST_MEMORY = 400 * 1024 * 1024
"""What the app may take, whatever the size of a file: a limit of the product."""


@pytest.mark.parametrize("rows", [500, pytest.param(100_000, marks=[pytest.mark.slow, pytest.mark.timeout(3_000)])])
async def test_a_dropped_file_becomes_a_receipt_with_every_user_once(rows: int) -> None:
    """Traps 6, 41 and 43: named five times, in capitals too, users are one; who holds the licence is skipped.

    Two hosts see the file, and it starts once.
    """
    users = rows // TIMES
    changed, strangers = users // 10, users // 100
    domain = new_domain()
    names = [f"user{n:06d}@{domain}" for n in range(users)]
    nobody = [f"nobody{n}@{domain}" for n in range(strangers)]
    lines = ["UserPrincipalName;LicenseSKU"]
    lines += [f"{name.upper() if n % 2 else name};{E5}" for n in range(TIMES) for name in (*names, *nobody)]
    drop = Drop.named(f"assign/{domain}/autumn/new people.csv")
    async with Stack({"GRAPH_LIMIT_FACTOR": "0"}, hosts=2) as stack, Trial(stack) as trial:
        tenant = await trial.load(domain, _directory(names, changed))
        await trial.api.register(tenant.id, drops=["assign"])
        storage = BlobServiceClient.from_connection_string(stack.storage)
        first, second = (peak_memory(host.pid) for host in stack.hosts)
        async with storage as service, first as one, second as two:
            started = monotonic()
            blob = service.get_container_client(DROPS).get_blob_client(drop.path)
            etag = (await blob.upload_blob("\r\n".join(lines).encode("utf-16")))["etag"]
            results = service.get_container_client(RESULTS)
            receipt = await _content(results, drop.receipt(drop.operation_id(etag)), seconds=2_400)
            _tell(f"{len(lines):,} rows by drop: {monotonic() - started:.1f} s")
            told = [name async for name in results.list_blob_names()]
        peak = max(one.peak, two.peak)
        _tell(f"host peak {peak / 1024 / 1024:.0f} MB")

        found = list(csv.DictReader(receipt.splitlines()))
        expected = dict.fromkeys(names, "AlreadyAssigned") | dict.fromkeys(names[:changed], "")
        expected |= dict.fromkeys(nobody, "UserNotFound")
        assert len(found) == len(expected)
        assert {row["userPrincipalName"]: row["code"] for row in found} == expected
        statuses = {row["code"]: row["status"] for row in found}
        assert statuses == {"": "succeeded", "AlreadyAssigned": "skipped", "UserNotFound": "failed"}
        assert told == [drop.receipt(drop.operation_id(etag))]
        operations = await trial.api.all("/operations", createdBy="drop:license-drops")
        assert [each["id"] for each in operations] == [drop.operation_id(etag)]
        writes = await trial.writes(tenant)
        assert len(writes) == changed
        assert all(len(each) == 1 for each in writes.values())
    assert peak <= HOST_MEMORY


def _directory(names: list[str], changed: int) -> Json:
    """Users of whom all but the first ones hold the licence."""
    people: list[Json] = [
        {"userPrincipalName": name, "usageLocation": "DE", "licenses": [] if n < changed else [{"skuId": E5}]}
        for n, name in enumerate(names)
    ]
    return {"skus": [{"skuPartNumber": E5, "enabled": len(names)}], "users": people}


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
