"""One operation as its trace tells it, from the HTTP call to Graph's request ids: ``python -m dev.trace_demo``.

A group of users gets a licence while Graph throttles one of them and refuses another. At the end each entry of the
audit must name a request that stands in the trace.
"""

import asyncio
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from rich.console import Console
from rich.tree import Tree

from dev.api import ApiError, Json
from dev.stack import Stack, StackError
from dev.trial import E5, EVERYONE, Tenant, Trial, new_domain

SETTING = "TELEMETRY_FILE"
USERS = 25
PROHIBITED = "KP"
_QUIET = frozenset({"operation", "tenant", "epoch", "http.request.method"})
"""Attributes that say on each line what the lines above say."""
_SECONDS = 15.0


@dataclass(frozen=True)
class Span:
    """A span as it was told; times in milliseconds, of the whole and since the epoch."""

    id: str
    trace: str
    parent: str | None
    name: str
    begun: float
    took: float
    failed: bool
    attributes: Json

    @classmethod
    def of(cls, line: Json) -> Self:
        """A span of a line of the file."""
        begun, ended = (datetime.fromisoformat(line[name]) for name in ("start_time", "end_time"))
        return cls(
            id=line["context"]["span_id"],
            trace=line["context"]["trace_id"],
            parent=line["parent_id"],
            name=line["name"],
            begun=begun.timestamp() * 1000,
            took=(ended - begun) / timedelta(milliseconds=1),
            failed=line["status"]["status_code"] == "ERROR",
            attributes=line["attributes"],
        )

    @property
    def request_ids(self) -> list[str]:
        """Graph's ids of the request and of its items."""
        return [each for each in str(self.attributes.get("request_ids", "")).split(",") if each]


def told(path: Path) -> list[Json]:
    """All that was told so far: spans, metrics and logs as JSON."""
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def spans_of(path: Path, operation: str) -> list[Span]:
    """The spans of the trace in which the operation was started, in the order in which they began."""
    spans = [Span.of(line) for line in told(path) if "context" in line]
    traces = {s.trace for s in spans if s.name == "start_operation" and s.attributes.get("operation") == operation}
    return sorted((span for span in spans if span.trace in traces), key=lambda span: span.begun)


async def whole_trace(path: Path, operation: str) -> list[Span]:
    """As ``spans_of``, once the operation's orchestration has told of its end, or after 15 s."""
    for _ in range(int(_SECONDS / 0.1)):
        spans = spans_of(path, operation)
        if any(span.name == "run_operation" for span in spans):
            return spans
        await asyncio.sleep(0.1)
    return spans_of(path, operation)


def tree_of(spans: list[Span]) -> Tree:
    """The spans below each other."""
    below: dict[str | None, list[Span]] = defaultdict(list)
    known = {span.id for span in spans}
    for span in spans:
        below[span.parent if span.parent in known else None].append(span)
    tree = Tree(f"trace {spans[0].trace.removeprefix('0x')}" if spans else "no trace")

    def hang(under: Tree, parent: str | None) -> None:
        for span in below[parent]:
            hang(under.add(_line(span)), span.id)

    hang(tree, None)
    return tree


def _line(span: Span) -> str:
    more = "  ".join(f"{name}={value}" for name, value in span.attributes.items() if name not in _QUIET)
    name = f"[red]{span.name}[/red]" if span.failed else f"[bold]{span.name}[/bold]"
    return f"{name}  {span.took:.0f} ms  [dim]{more}[/dim]"


async def operate(trial: Trial) -> tuple[Tenant, Json]:
    """Assign a licence to a group, with one user throttled and one refused; gives the operation as it ended."""
    domain = new_domain()
    people = [{"userPrincipalName": f"user{n:02d}@{domain}", "usageLocation": "DE"} for n in range(USERS)]
    people[-1]["usageLocation"] = PROHIBITED
    everyone = {"displayName": EVERYONE, "members": [person["userPrincipalName"] for person in people]}
    spec: Json = {
        "skus": [{"skuPartNumber": E5, "enabled": USERS}],
        "users": people,
        "groups": [everyone],
        "prohibitedUsageLocations": [PROHIBITED],
    }
    tenant = await trial.load(domain, spec)
    await trial.fault(match="assignLicense", kind="429", count=1, retryAfter=1, tenant=tenant.id)
    begun = await trial.assign(tenant)
    return tenant, await trial.api.until_ended(begun["id"], seconds=60, every=0.2)


def unexplained(spans: list[Span], audit: list[Json]) -> list[Json]:
    """Entries of the audit whose request the trace does not know."""
    known = {each for span in spans for each in span.request_ids}
    return [entry for entry in audit if entry["requestId"] not in known]


async def main(console: Console) -> int:
    """Run it; gives the exit code."""
    console.print("Starting storage, the Graph simulator and the app …")
    with TemporaryDirectory(prefix="telemetry-") as folder:
        path = Path(folder) / "telemetry.ndjson"
        async with Stack({SETTING: str(path)}) as stack, Trial(stack) as trial:
            return await show(console, path, trial)


async def show(console: Console, path: Path, trial: Trial) -> int:
    """Operate, and print the trace beside what the audit says; gives the exit code."""
    _, operation = await operate(trial)
    audit = await trial.api.all("/audit", operation=operation["id"])
    spans = await whole_trace(path, operation["id"])
    console.print(tree_of(spans))
    missing = unexplained(spans, audit)
    for request in dict.fromkeys(entry["requestId"] for entry in audit):
        users = sum(entry["requestId"] == request for entry in audit)
        where = next((span.name for span in spans if request in span.request_ids), "[red]not in the trace[/red]")
        console.print(f"audit: request {request} changed {users} users: {where}")
    progress = operation["progress"]
    told = f"{progress['succeeded']} changed, {progress['failed']} failed, {progress['throttledRequests']} throttled"
    console.print(f"Operation {operation['id']}: {operation['status']}, {told}.")
    console.print(f"{len(audit) - len(missing)} of {len(audit)} audit entries are in the trace.")
    return 0 if audit and not missing else 1


if __name__ == "__main__":
    try:
        code = asyncio.run(main(Console(width=200, soft_wrap=True)))
    except (ApiError, StackError, TimeoutError) as error:
        print(f"trace-demo: {error}", file=sys.stderr)
        code = 1
    sys.exit(code)
