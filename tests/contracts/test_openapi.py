"""The description of the API is valid, complete, and made of the very routes that are served."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, ValidationError

from function_app import app
from shared.contracts.examples import BODIES
from shared.contracts.glossary import FIELDS
from shared.contracts.openapi import docs_page, openapi
from shared.contracts.operation_body import Licence
from shared.contracts.routes import BASE, Route
from shared.contracts.selections import GroupRef, Selection
from shared.domain.caller import Role
from triggers import API, META

ROUTES: list[Route] = [route for router in (*API, META) for route in router.routes]
DOCUMENT = openapi(ROUTES, "1.0")


def test_the_document_is_valid_openapi() -> None:
    """It passes the specification's own schema."""
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_every_reference_leads_somewhere() -> None:
    """No schema is named that is not there."""
    named = set(re.findall(r"#/components/schemas/([^'\"]+)", str(DOCUMENT)))

    assert named
    assert named <= set(DOCUMENT["components"]["schemas"])


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_is_described(route: Route) -> None:
    """Its good answers, its refusals, and the role it needs."""
    operation = DOCUMENT["paths"][route.described_path][route.method.lower()]

    assert {str(answer.status) for answer in route.answers} | {"400", "500", "503"} <= set(operation["responses"])
    assert not route.body or {"413", "415"} <= set(operation["responses"])
    assert ("security" in operation) == route.path.startswith(BASE)
    if route.path.startswith(BASE):
        assert {"401", "403"} <= set(operation["responses"])


def test_every_parameter_and_every_field_is_described() -> None:
    """Whoever writes a portal need not guess; and nothing is described that is not there."""
    models = DOCUMENT["components"]["schemas"]
    parameters = {
        (path, parameter["name"]): parameter.get("description")
        for path, methods in DOCUMENT["paths"].items()
        for operation in methods.values()
        for parameter in operation["parameters"]
    }
    fields = {
        (name, field): told for name, model in models.items() for field, told in model.get("properties", {}).items()
    }

    assert [place for place, text in parameters.items() if not text] == []
    assert [place for place, told in fields.items() if not told.get("description")] == []
    named = {f"{name}.{field}" for name, field in fields} | {field for _, field in fields}
    assert set(FIELDS) - named == set()


def test_only_reading_needs_the_lowest_role() -> None:
    """Whatever changes something needs more than Read, and nothing under the base path is open."""
    below_base = [route for route in ROUTES if route.path.startswith(BASE)]

    assert all((route.role is Role.READ) == (route.method == "GET") for route in below_base)


def test_the_host_serves_exactly_the_described_routes() -> None:
    """One function a route, anonymous to the host, under the names of the document."""
    served = {
        (binding["route"], binding["methods"][0], binding["authLevel"])
        for function in app.get_functions()
        for binding in (each.get_dict_repr() for each in function.get_bindings())
        if binding["type"] == "httpTrigger"
    }

    assert {(route, method.value if hasattr(method, "value") else method) for route, method, _ in served} == {
        (route.path, route.method) for route in ROUTES
    }
    assert {getattr(level, "value", level) for *_, level in served} == {"anonymous"}


def test_the_page_asks_for_nothing_else() -> None:
    """It works where the machine has no way out: no script, no style, no image from elsewhere."""
    page = docs_page(ROUTES, DOCUMENT)

    assert not re.search(r"<(script|link|img|iframe)|src=|https?://|@import|url\(", page)
    assert all(route.described_path in page for route in ROUTES)


@pytest.mark.parametrize(
    ("model", "name"),
    [(model, name) for model, bodies in BODIES.items() for name in bodies],
    ids=str,
)
def test_every_example_is_a_valid_body(model: type[BaseModel], name: str) -> None:
    """What people copy is taken, and stands in the document of each route with that body."""
    example = BODIES[model][name]
    shown = [
        DOCUMENT["paths"][route.described_path][route.method.lower()]["requestBody"]["content"]["application/json"]
        for route in ROUTES
        if route.body is model
    ]

    assert model.model_validate_json(json.dumps(example))
    assert shown
    assert all(content["examples"][name]["value"] == example for content in shown)


@pytest.mark.parametrize(
    ("model", "body", "good"),
    [
        (Selection, {"users": ["a"]}, True),
        (Selection, {"filter": "a eq 1", "licensed": "none", "group": None}, True),
        (Selection, {"users": ["a"], "filter": "a eq 1"}, False),
        (Selection, {"users": None}, False),
        (Selection, {"users": [" "]}, False),
        (GroupRef, {"id": "x", "nested": False}, True),
        (GroupRef, {"id": "x", "displayName": "y"}, False),
        (GroupRef, {}, False),
        (Licence, {"sku": "x", "disabledPlans": [], "enabledPlans": None}, True),
        (Licence, {"sku": "x", "disabledPlans": [], "enabledPlans": []}, False),
    ],
)
def test_rules_over_several_fields_stand_in_the_schema(
    model: type[BaseModel], body: dict[str, Any], good: bool
) -> None:
    """The validator and the schema of the document say the same."""
    schema = model.model_json_schema(by_alias=True)
    valid = True
    try:
        model.model_validate_json(json.dumps(body))
    except ValidationError:
        valid = False

    assert valid is good
    assert Draft202012Validator(schema).is_valid(body) is good
