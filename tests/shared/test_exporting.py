"""What Application Insights is sent, as its own exporter puts it on the wire."""

import gzip
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential
from opentelemetry.sdk.trace import TracerProvider

from shared import exporting
from shared.settings import telemetry_settings

KEY = "InstrumentationKey=00000000-0000-0000-0000-000000000001"
SCHEDULES = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PROGRAM = f"""if True:
    import logging
    from opentelemetry.trace import SpanKind
    from shared import telemetry
    with telemetry.span("assign", role=SpanKind.SERVER, http__request__method="POST", http__route="/api/x") as call:
        call.note(http__response__status_code=202)
        with telemetry.span("Graph POST $batch", role=SpanKind.CLIENT, operation="op", link={SCHEDULES!r}) as request:
            request.note(status=200, request_ids="a,b")
            request.fail("Throttled")
            logging.getLogger("shared.x").warning("it is late")
            try:
                int("ana")
            except ValueError:
                logging.getLogger("shared.x").exception("it failed")
    telemetry.count("users.changed", 3, kind="assign", tenant="t")
    telemetry.level("queue.age", 2.5)
"""


@pytest.fixture
def insights() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A place that takes telemetry: its connection string, and the items it was sent."""
    items: list[dict[str, Any]] = []

    class Ingestion(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            sent = json.loads(body)
            items.extend(sent)
            answer = json.dumps({"itemsReceived": len(sent), "itemsAccepted": len(sent), "errors": []}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ingestion)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"{KEY};IngestionEndpoint=http://127.0.0.1:{server.server_port}", items
    server.shutdown()
    server.server_close()


def test_all_of_it_arrives_under_the_names_that_queries_ask_for(
    insights: tuple[str, list[dict[str, Any]]],
) -> None:
    """The exporter leaves out and renames what it takes for its own: what is left is what the runbook says."""
    connection, items = insights
    environment = {
        **os.environ,
        "APPLICATIONINSIGHTS_CONNECTION_STRING": connection,
        "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")  # neither the exporter nor the SDK has anything to complain of

    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        found[item["data"]["baseType"]].append(
            {**item["data"]["baseData"], "trace": item["tags"].get("ai.operation.id")}
        )
    [call], [request] = found["RequestData"], found["RemoteDependencyData"]
    assert (call["name"], call["responseCode"], call["success"]) == ("POST /api/x", "202", True)
    assert (request["name"], request["success"], request["trace"]) == ("Graph POST $batch", False, call["trace"])
    links = json.loads(request["properties"].pop("_MS.links"))
    assert links == [{"operation_Id": SCHEDULES.split("-")[1], "id": SCHEDULES.split("-")[2]}]
    told = {"operation": "op", "status": "200", "request_ids": "a,b", "error": "Throttled"}
    assert request["properties"] == told
    [warning], [failure] = found["MessageData"], found["ExceptionData"]
    assert (warning["message"], warning["trace"]) == ("it is late", call["trace"])
    assert warning["properties"]["operation"] == failure["properties"]["operation"] == "op"
    [thrown] = failure["exceptions"]
    assert (thrown["typeName"], thrown["message"]) == ("ValueError", "it failed")
    assert "invalid literal" not in json.dumps(items)
    metrics = {each["metrics"][0]["name"]: each for each in found["MetricData"]}
    assert metrics["users.changed"]["metrics"][0]["value"] == 3
    assert metrics["users.changed"]["properties"] == {"kind": "assign", "tenant": "t"}
    assert metrics["queue.age"]["metrics"][0]["max"] == 2.5


def test_where_it_wants_a_token_the_named_identity_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings are those that the host reads too."""
    monkeypatch.setenv("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
    monkeypatch.setenv(
        "APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=00000000-0000-0000-0000-000000000001"
    )
    plain = telemetry_settings()
    monkeypatch.setenv("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "ClientId=some-id;Authorization=AAD")
    signed = telemetry_settings()

    assert plain is not None
    assert signed is not None
    assert (plain.signs_in, signed.signs_in, signed.identity) == (False, True, "some-id")
    for chosen, credential in ((plain, type(None)), (signed, ManagedIdentityCredential)):
        for exporter in exporting._to_azure(chosen, TracerProvider()):
            assert isinstance(exporter._credential, credential)  # pyright: ignore[reportAttributeAccessIssue] - of the package's own base
