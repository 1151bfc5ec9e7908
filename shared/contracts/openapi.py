"""The OpenAPI 3.1 document and a page that shows it, both made from the route table and the models."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.contracts import examples
from shared.contracts.glossary import meaning
from shared.contracts.responses import ProblemBody
from shared.contracts.routes import Answer, Json, Parameter, Route
from shared.contracts.schemas import not_blank
from shared.domain.caller import ROLE_NAMES

TITLE = "Bulk licences"
_COMMON = {
    400: "Malformed or invalid; a query parameter that is not known here is.",
    500: "A fault of the app; the correlation id finds it in the log.",
    503: "A dependency is down; Retry-After says when to come back.",
}
_WITH_CALLER = {401: "No caller.", 403: "Not this caller's role."}
_WITH_BODY = {413: "Above 20 MB.", 415: "The content type is none of the request body's, or the JSON is not in UTF-8."}
_CSV_BODIES: Json = {
    "text/csv": {"schema": {"type": "string"}},
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {
                "file": {"description": "The CSV.", "type": "string", "format": "binary"},
                "request": {"description": "What the JSON would have besides the CSV.", "type": "object"},
            },
            "required": ["file"],
            "additionalProperties": False,
        },
        "encoding": {"file": {"contentType": "text/csv"}, "request": {"contentType": "application/json"}},
    },
}
_SECURITY: dict[str, Json] = {
    "apiKey": {
        "description": "A key of the app's own; it counts before the other two.",
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
    },
    "bearer": {
        "description": "A token of the issuer AUTH_ISSUER for AUTH_AUDIENCE, with an app role in roles or a grant.",
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
    },
    "platformSignIn": {
        "description": "Put in by the platform's own sign-in; read only where the app runs behind it, else ignored.",
        "type": "apiKey",
        "in": "header",
        "name": "X-MS-CLIENT-PRINCIPAL",
    },
}
"""Ways to be known: one of them is enough."""
_PATH_PARAMETER = re.compile(r"{(\w+)}")
_HEADERS: dict[str, Json] = {
    "Location": {"type": "string", "format": "uri"},
    "Retry-After": {"description": "Seconds.", "type": "integer", "minimum": 1},
    "WWW-Authenticate": {"type": "string"},
}
_PROBLEM_HEADERS = {401: ("WWW-Authenticate",), 503: ("Retry-After",)}


def openapi(routes: Iterable[Route], version: str) -> Json:
    """The document of all routes."""
    routes = tuple(routes)
    used: dict[type[BaseModel], None] = {ProblemBody: None}
    for route in routes:
        used.update(dict.fromkeys(model for answer in route.answers for model in answer.models))
    bodies = dict.fromkeys(body for route in routes for body in route.bodies)
    inputs: list[tuple[type[BaseModel], Any]] = [(model, "validation") for model in bodies]
    outputs: list[tuple[type[BaseModel], Any]] = [(model, "serialization") for model in used]
    refs, definitions = models_json_schema([*inputs, *outputs], ref_template="#/components/schemas/{model}")
    schemas = {model: refs[model, mode] for model, mode in [*inputs, *outputs]}
    _describe(definitions.get("$defs", {}))
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.described_path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": version, "description": "Bulk licence assignment for Microsoft 365."},
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": _SECURITY,
        },
    }


def _describe(models: Mapping[str, Json]) -> None:
    """Say of each field that does not do so itself what it means."""
    for name, schema in models.items():
        for field, told in schema.get("properties", {}).items():
            if "description" not in told and (text := meaning(name, field)):
                told["description"] = text


def _operation(route: Route, schemas: dict[type[BaseModel], Any]) -> Json:
    """One method of one path."""
    path_parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": examples.PATHS[name],
            "schema": {"type": "string"},
        }
        | _example(name)
        for name in _PATH_PARAMETER.findall(route.described_path)
    ]
    problems = dict(_COMMON) | dict(route.problems)
    operation: Json = {"operationId": route.name, "summary": route.summary}
    operation["parameters"] = path_parameters + [_parameter(each) for each in route.parameters]
    if route.role is not None:
        role = ROLE_NAMES[route.role]
        operation["description"] = f"Needs the role {role}."
        operation["security"] = [{scheme: [role]} for scheme in _SECURITY]
        problems |= _WITH_CALLER
    if path_parameters:
        problems.setdefault(404, "Unknown, or outside the caller's grants.")
    if route.body:
        problems |= {status: text for status, text in _WITH_BODY.items() if status not in route.problems}
        shown = {
            name: {"value": value} for body in route.bodies for name, value in examples.BODIES.get(body, {}).items()
        }
        content: Json = {"application/json": {"schema": _any_of(route.bodies, schemas), "examples": shown}}
        required = not route.may_be_empty
        operation["requestBody"] = {"required": required, "content": content | (_CSV_BODIES if route.csv else {})}
    responses = {str(answer.status): _answer(answer, schemas) for answer in route.answers}
    problem = {"application/problem+json": {"schema": schemas[ProblemBody]}}
    for status, text in sorted(problems.items()):
        told: Json = {"description": text, "content": problem}
        if status in _PROBLEM_HEADERS:
            told["headers"] = _headers(_PROBLEM_HEADERS[status])
        responses.setdefault(str(status), told)
    operation["responses"] = responses
    return operation


def _parameter(parameter: Parameter) -> Json:
    schema = dict(parameter.schema)
    if parameter.where == "query" and schema["type"] == "string" and not schema.keys() & {"enum", "format"}:
        schema = {"minLength": 1, **not_blank()} | schema
    told: Json = {"name": parameter.name, "in": parameter.where, "description": parameter.description, "schema": schema}
    return told | ({"required": True} if parameter.required else {}) | _example(parameter.name)


def _example(name: str) -> Json:
    return {"example": examples.PARAMETERS[name]} if name in examples.PARAMETERS else {}


def _answer(answer: Answer, schemas: dict[type[BaseModel], Any]) -> Json:
    content: Json = {"application/json": {"schema": _any_of(answer.models, schemas)}} if answer.models else {}
    for content_type in answer.types:
        kind = {"type": "object"} if content_type == "application/json" else {"type": "string"}
        content[content_type] = {"schema": kind}
    told: Json = {"description": answer.description}
    if content:
        told["content"] = content
    if answer.headers:
        told["headers"] = _headers(answer.headers)
    return told


def _any_of(models: tuple[type[BaseModel], ...], schemas: dict[type[BaseModel], Any]) -> Json:
    """The schema of one of these models: no two of them take the same JSON."""
    forms = [schemas[model] for model in models]
    return forms[0] if len(forms) == 1 else {"oneOf": forms}


def _headers(names: Iterable[str]) -> Json:
    """Headers that an answer always carries."""
    return {name: {"required": True, "schema": _HEADERS.get(name, {"type": "string"})} for name in names}


_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
code,pre{font-family:ui-monospace,monospace;font-size:13px}pre{background:#f3f3f3;padding:.8rem;overflow:auto}
section{border-top:1px solid #ccc;padding:.6rem 0}h2{font-size:1.05rem}table{border-collapse:collapse}
td,th{text-align:left;padding:.15rem 1rem .15rem 0;vertical-align:top}
"""


_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
DOCS_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page: its own style and nothing else."""


def docs_page(routes: Iterable[Route], document: Json) -> str:
    """The document as one HTML page that asks for nothing else."""
    sections = "".join(_section(route, document["paths"][route.described_path]) for route in routes)
    models = "".join(
        f'<section><details><summary id="{html.escape(name)}"><code>{html.escape(name)}</code></summary>'
        f"<pre>{html.escape(json.dumps(schema, indent=1))}</pre></details></section>"
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{TITLE}</title>'
        f"<style>{_STYLE}</style></head>"
        f'<body><h1>{TITLE}</h1><p>The same as <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>'
        f"{sections}<h1>Models</h1>{models}</body></html>"
    )


def _section(route: Route, path: Json) -> str:
    """One route of the page."""
    operation = path[route.method.lower()]
    parameters = "".join(
        f"<tr><td><code>{html.escape(each['name'])}</code></td><td>{each['in']}</td>"
        f"<td>{html.escape(each.get('description', ''))}</td></tr>"
        for each in operation["parameters"]
    )
    answers = "".join(
        f"<tr><td><code>{status}</code></td><td>{HTTPStatus(int(status)).phrase}</td>"
        f"<td>{html.escape(answer['description'])}</td></tr>"
        for status, answer in operation["responses"].items()
    )
    body = f"<p>Body: <code>{html.escape(route.body.__name__)}</code></p>" if route.body else ""
    return (
        f"<section><h2><code>{route.method} {html.escape(route.described_path)}</code></h2>"
        f"<p>{html.escape(route.summary)} {html.escape(operation.get('description', ''))}</p>{body}"
        f"<table>{parameters}</table><table>{answers}</table></section>"
    )
