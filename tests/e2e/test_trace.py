"""What an operation leaves in traces, metrics and logs, on a stack that writes them to a file."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
import pytest_asyncio
from azure.storage.blob.aio import BlobServiceClient
from rich.console import Console

from dev.api import Json
from dev.stack import Stack
from dev.trace_demo import SETTING, Span, show, spans_of, told, unexplained, whole_trace
from dev.trial import E5, Trial
from tests.e2e.conftest import FAST

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLERS = "0af7651916cd43dd8448eb211c80319c"
MARK = "Zwiebelkuchen"
"""Stands in everything that names people, or was said by them."""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file."""
    return tmp_path_factory.mktemp("telemetry") / "told.ndjson"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trial(path: Path) -> AsyncIterator[Trial]:
    """A stack that tells."""
    env = {**FAST, "GRAPH_LIMIT_FACTOR": "1", SETTING: str(path)}
    async with Stack(env) as stack, Trial(stack) as trial:
        yield trial


def points(lines: Iterable[Json], name: str) -> list[Json]:
    """The latest data points of a metric."""
    found: list[Json] = []
    for line in lines:
        for resource in line.get("resource_metrics", []):
            for scope in resource["scope_metrics"]:
                for metric in scope["metrics"]:
                    if metric["name"] == name:
                        found = metric["data"]["data_points"]
    return found


async def summed(path: Path, name: str, by: str, expected: Json) -> Json:
    """A counter by an attribute, as it is told within some seconds."""
    found: Json = {}
    for _ in range(50):
        found = {point["attributes"][by]: point["value"] for point in points(told(path), name)}
        if found == expected:
            break
        await asyncio.sleep(0.1)
    return found


def above(span: Span, spans: list[Span]) -> list[str]:
    """The names of the spans around a span, from the inside out."""
    by_id, names = {each.id: each for each in spans}, list[str]()
    while span.parent in by_id:
        span = by_id[span.parent]
        names.append(span.name)
    return names


async def test_one_trace_leads_from_the_call_to_the_requests_that_the_audit_names(trial: Trial, path: Path) -> None:
    """What ``make trace-demo`` shows: nothing of the way is missing, and each audited write is found in it."""
    out = io.StringIO()

    code = await show(Console(file=out, width=200), path, trial)

    assert code == 0
    operation = (await trial.api.all("/operations"))[0]
    spans = await whole_trace(path, operation["id"])
    audit = await trial.api.all("/audit", operation=operation["id"])
    assert audit
    assert unexplained(spans, audit) == []
    assert unexplained(spans[:1], audit) == audit
    way = ["apply_batch", "run_tenant", "run_operation", "start_operation", "assign"]
    writes = {entry["requestId"] for entry in audit}
    assert [above(span, spans) for span in spans if writes.intersection(span.request_ids)] == [way] * len(writes)
    ended = next(span for span in spans if span.name == "end_tenant")
    assert above(ended, spans) == way[1:]
    assert {span.attributes["operation"] for span in spans if span.name != "assign"} == {operation["id"]}
    throttled = [span for span in spans if span.attributes.get("throttled") and span.name.startswith("Graph")]
    assert [span.attributes["throttled"] for span in throttled] == [1]
    assert all(each in out.getvalue() for each in writes)
    for name, by, expected in (
        ("users.changed", "kind", {"assign": 24}),
        ("users.failed", "code", {"MissingUsageLocation": 1}),
        ("operations.ended", "status", {"partiallySucceeded": 1}),
        ("graph.throttled", "scope", {"Tenant_Application": 1}),
    ):
        assert await summed(path, name, by, expected) == expected
    assert 0 < points(told(path), "limit.used")[0]["value"] <= 1


async def test_a_callers_trace_goes_on_through_every_epoch(trial: Trial, path: Path) -> None:
    """Whoever starts the second epoch, it belongs to the trace of the operation's start, and that to the caller's."""
    tenant = await trial.tenant(4)
    body: Json = {
        "targets": [{"tenant": tenant.domain, "users": {"filter": "accountEnabled eq true"}}],
        "licenses": [{"sku": E5}],
        "options": {"canary": {"users": 1, "approve": "manual"}},
    }
    begun = await trial.api.call(
        "POST", "/assign", json=body, headers={"traceparent": f"00-{CALLERS}-b7ad6b7169203331-00"}
    )
    while (await trial.api.operation(begun["id"]))["status"] != "awaitingApproval":
        await asyncio.sleep(0.1)
    await trial.api.call("POST", f"/operations/{begun['id']}/approve")
    await trial.api.until_ended(begun["id"], seconds=30, every=0.2)

    spans, epochs = list[Span](), dict[int, list[str]]()
    for _ in range(50):
        spans = spans_of(path, begun["id"])
        epochs = {span.attributes["epoch"]: above(span, spans) for span in spans if span.name == "run_tenant"}
        if len(epochs) == 2:
            break
        await asyncio.sleep(0.1)
    assert epochs == {epoch: ["run_operation", "start_operation", "assign"] for epoch in (1, 2)}
    assert {span.trace for span in spans} == {f"0x{CALLERS}"}


async def test_nobody_is_named_in_what_is_told_or_logged(trial: Trial, path: Path) -> None:
    """Principal and display names, groups, reasons and file names stay in rows and answers."""
    domain = f"{MARK.lower()}.example.com"
    people = [
        {"userPrincipalName": f"{MARK}{n}@{domain}", "displayName": f"{MARK} {n}", "usageLocation": "DE"}
        for n in range(3)
    ]
    group = {"displayName": f"{MARK} Department", "members": [person["userPrincipalName"] for person in people]}
    spec = {"displayName": "Plain", "skus": [{"skuPartNumber": E5, "enabled": 9}], "users": people, "groups": [group]}
    tenant = await trial.load(domain, spec)
    await trial.api.register(tenant.id, drops=["assign"])
    await trial.fault(match="assignLicense", kind="429", count=1, retryAfter=1, tenant=tenant.id)
    begun = await trial.assign(tenant, users={"group": {"displayName": group["displayName"]}}, reason=f"{MARK} joins")
    csv = f"UserPrincipalName,LicenseSKU\n{MARK}1@{domain},{E5}\nnobody-{MARK}@{domain},{E5}\n"
    async with BlobServiceClient.from_connection_string(trial.stack.storage, api_version="2025-07-05") as storage:
        drops = storage.get_container_client("license-drops")
        await drops.upload_blob(f"assign/{tenant.id}/{MARK}.csv", csv.encode())
        await drops.upload_blob(f"assign/{tenant.id}/{MARK}-broken.csv", f"{MARK}\n{MARK}\n".encode())
    await trial.api.until_ended(begun["id"], seconds=30, every=0.2)
    while len(operations := await trial.api.all("/operations", tenant=tenant.id)) < 2:
        await asyncio.sleep(0.2)
    for operation in operations:
        await trial.api.until_ended(operation["id"], seconds=30, every=0.2)
        await whole_trace(path, operation["id"])

    log = trial.stack.hosts[0].log_text()
    while "is refused" not in log:
        await asyncio.sleep(0.2)
        log = trial.stack.hosts[0].log_text()
    everything = path.read_text()
    logs = [line for line in told(path) if "severity_text" in line]
    assert any(tenant.id in line["body"] for line in logs)
    assert "run_tenant" in everything
    for text in (everything, log):
        assert MARK.lower() not in text.lower()
