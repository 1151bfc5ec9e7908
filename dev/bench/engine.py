"""What the engine itself costs, without Graph's limits and latencies: per user, and as users become many."""

import re
from datetime import datetime

from dev.bench.memory import cpu_seconds, peak_memory
from dev.bench.row import Row
from dev.stack import Stack
from dev.trial import Trial

UNLIMITED = {"GRAPH_LIMIT_FACTOR": "0"}
MEGABYTE = 1024 * 1024
HOST_MEMORY = 400
"""What the app may take, in MB, whatever the size of an operation."""

TABLES_PER_10_000 = 0.00036
BLOB_WRITES_PER_10_000, BLOB_READS_PER_10_000 = 0.055, 0.0044
GIGABYTE_SECOND, EXECUTIONS_PER_MILLION = 0.000026, 0.40
"""Dollars: list prices of Table and Blob Storage (LRS, hot) and of Functions Flex Consumption, on demand."""
INSTANCE_GIGABYTES = 0.5
WRITES_A_SECOND = 20
"""Graph's limit for a tenant, which is how long an instance is busy."""

_REQUEST = re.compile(r'"(\w+) /devstoreaccount1/(\S*) HTTP')


async def cost(users: int = 10_000) -> Row:
    """CPU time and storage transactions a user, and what 100,000 users of one tenant would cost on paper."""
    async with Stack(UNLIMITED, storage_log=True) as stack, Trial(stack) as trial:
        tenant = await trial.tenant(users)
        log = stack.logs / "azurite.log"
        before, busy = len(log.read_text().splitlines()), {n: cpu_seconds(pid) for n, pid in stack.pids.items()}
        operation = await trial.api.until_ended((await trial.assign(tenant))["id"], seconds=900, every=5)
        cpu = {name: 1000 * (cpu_seconds(pid) - busy[name]) / users for name, pid in stack.pids.items()}
        requests = [_REQUEST.search(line) for line in log.read_text().splitlines()[before:]]
        await trial.assert_exact(operation, tenant)
    paths = [(found[1], found[2]) for found in requests if found]
    blobs = [method for method, path in paths if "/" in path.partition("?")[0]]
    tables = len(paths) - len(blobs)
    writes = sum(method in {"PUT", "POST"} for method in blobs)
    per_user = 100_000 / users
    dollars = (
        tables * per_user / 10_000 * TABLES_PER_10_000
        + writes * per_user / 10_000 * BLOB_WRITES_PER_10_000
        + (len(blobs) - writes) * per_user / 10_000 * BLOB_READS_PER_10_000
        + 100_000 / WRITES_A_SECOND * INSTANCE_GIGABYTES * GIGABYTE_SECOND
        + 2 * 100_000 / 20 / 1_000_000 * EXECUTIONS_PER_MILLION
    )
    figures = {
        "host CPU ms/user": cpu["host1"],
        "storage CPU ms/user": cpu["azurite"],
        "table transactions/user": tables / users,
        "blob transactions/user": len(blobs) / users,
        "$ per 100,000 users": dollars,
    }
    return Row(f"the engine alone, {users:,} users", figures, "to look at", met=True)


async def growth(*sizes: int) -> Row:
    """Time and memory as users become many; each size on a stack of its own, whose first operation is over (row g).

    The storage emulator looks through a whole table for each query, where Table Storage has an index
    (https://learn.microsoft.com/azure/storage/tables/table-storage-design-for-query): its CPU time stands beside ours.
    """
    sizes = sizes or (1_000, 10_000, 30_000)  # 100,000 would take the emulator half an hour
    figures: dict[str, float] = {}
    per_user, peaks = list[float](), list[float]()
    for users in sizes:
        async with Stack(UNLIMITED) as stack, Trial(stack) as trial:
            first, tenant = await trial.tenant(20), await trial.tenant(users)
            await trial.api.until_ended((await trial.assign(first))["id"], seconds=60)
            busy = {name: cpu_seconds(pid) for name, pid in stack.pids.items()}
            async with peak_memory(stack.hosts[0].pid) as memory:
                every = max(0.5, users / 10_000)  # a look is a query too, through the whole table here
                begun = await trial.assign(tenant)
                operation = await trial.api.until_ended(begun["id"], seconds=3_600, every=every)
                cpu = {name: 1000 * (cpu_seconds(pid) - busy[name]) / users for name, pid in stack.pids.items()}
                await trial.assert_exact(operation, tenant)  # reads results and audit, page by page
            began, ended = (datetime.fromisoformat(operation[at]) for at in ("createdAt", "completedAt"))
            seconds = (ended - began).total_seconds()
        per_user.append(1000 * seconds / users)
        peaks.append(memory.peak / MEGABYTE)
        figures |= {
            f"{users:,}: ms/user": per_user[-1],
            f"{users:,}: host CPU ms/user": cpu["host1"],
            f"{users:,}: storage CPU ms/user": cpu["azurite"],
            f"{users:,}: host peak MB": peaks[-1],
        }
    flat = max(per_user) / min(per_user)
    figures["largest ÷ least ms/user"] = flat
    goal = f"time a user within 20%, host ≤ {HOST_MEMORY} MB"
    return Row("growth, no limits", figures, goal, flat <= 1.2 and max(peaks) <= HOST_MEMORY)
