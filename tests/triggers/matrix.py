"""Requests for every route, made from openapi.json alone, so that a new route needs no line here.

A route that the document does not tell enough of (no role, no example of its body, a parameter of its path that stands
for something new) is an ``AssertionError`` that says what is missing.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.contracts.examples import TENANT
from shared.contracts.routes import BASE
from shared.domain.caller import ROLES, Role

METHODS = {"get", "put", "post", "delete", "patch"}
PREFIX = f"/api/{BASE}/"
CSV = f"UserPrincipalName,LicenseSKU\nana@{TENANT},SPE_E5\n"

type Document = Mapping[str, Any]
type Make = Callable[[], Awaitable[str]]


@dataclass(frozen=True)
class Side:
    """A tenant with something of each kind in it: ``made`` makes one more and gives its id."""

    tenant_id: str
    domain: str
    made: Mapping[str, Make]


@dataclass(frozen=True)
class Request:
    """A request that may name things of a tenant; ``about`` fills in whose."""

    name: str
    role: Role
    method: str
    path: str
    query: Mapping[str, str]
    body: str | None
    content_type: str = "application/json"

    @property
    def of_a_tenant(self) -> bool:
        """Whether it reaches into the tenant that it names, and no further."""
        wide = any(f'"{reach}' in (self.body or "") for reach in ("*", "tag:"))
        return not wide and (self.in_path or self.in_text)

    @property
    def in_path(self) -> bool:
        """Whether the path names something of a tenant."""
        return "{" in self.path

    @property
    def in_text(self) -> bool:
        """Whether query or body name a tenant."""
        return TENANT in json.dumps(self.query) + (self.body or "")

    async def about(self, side: Side, text: Side | None = None) -> dict[str, Any]:
        """The arguments that send it, about the things of this side; query and body about another one where told."""
        path, domain = self.path, (text or side).domain
        for kind in re.findall(r"{(\w+)}", path):
            path = path.replace(f"{{{kind}}}", await side.made[kind]())
        body = None if self.body is None else self.body.replace(TENANT, domain).encode()
        return {
            "method": self.method,
            "path": path,
            "body": body,
            "headers": {} if body is None else {"Content-Type": self.content_type},
            "query": {name: value.replace(TENANT, domain) for name, value in self.query.items()},
        }


def requests(document: Document) -> list[Request]:
    """At least one request for each route below the base path."""
    found = [
        request
        for path, methods in document["paths"].items()
        if path.startswith(PREFIX)
        for method, operation in methods.items()
        if method in METHODS
        for request in _of_route(path, method.upper(), operation)
    ]
    assert len(found) > len(document["paths"]) // 2
    return found


def _of_route(path: str, method: str, operation: Document) -> Iterator[Request]:
    name, role = operation["operationId"], _role(operation)
    path = _with_kinds(path.removeprefix(PREFIX))
    parameters = [each for each in operation["parameters"] if each["in"] == "query"]
    query = {each["name"]: _value(name, each) for each in parameters if each.get("required")}
    by_tenant = any(each["name"] == "tenant" for each in parameters)
    content: Document = operation.get("requestBody", {}).get("content", {})
    if not content:
        yield Request(name, role, method, path, query, None)
        if by_tenant:
            yield Request(f"{name}?tenant", role, method, path, {**query, "tenant": TENANT}, None)
        return
    examples: Document = content["application/json"].get("examples", {})
    assert examples, f"{name} has a body and no example of it: shared/contracts/examples.py"
    for title, example in examples.items():
        yield Request(f"{name} {title}", role, method, path, query, json.dumps(example["value"]))
    if "text/csv" in content:
        beside = {each["name"]: _value(name, each) for each in parameters}  # what JSON would say in the body
        yield Request(f"{name} csv?tenant", role, method, path, beside, CSV, "text/csv")


def _role(operation: Document) -> Role:
    named = {role for scheme in operation.get("security", []) for roles in scheme.values() for role in roles}
    assert len(named) == 1, f"{operation['operationId']} does not say which role it needs"
    return ROLES[named.pop()]


def _with_kinds(path: str) -> str:
    """The path with the kind of thing in place of each parameter's name: ``operations/{id}`` is of an operation."""
    return re.sub(r"(\w+)s/{id}", r"\1s/{\1}", path)


def _value(name: str, parameter: Document) -> str:
    schema = parameter["schema"]
    given = parameter.get("example") or schema.get("example") or next(iter(schema.get("enum", [])), None)
    assert given, f"{name} needs the parameter {parameter['name']}, and the document has no example of it"
    return str(given)
