"""The description of the API is valid, complete, and made of the very routes that are served."""

import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from function_app import app
from shared.contracts.openapi import docs_page, openapi
from shared.contracts.routes import BASE, Route
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
    operation = DOCUMENT["paths"][f"/api/{route.path}"][route.method.lower()]

    assert {str(answer.status) for answer in route.answers} | {"400", "500", "503"} <= set(operation["responses"])
    assert not route.body or {"413", "415"} <= set(operation["responses"])
    assert ("security" in operation) == route.path.startswith(BASE)
    if route.path.startswith(BASE):
        assert {"401", "403"} <= set(operation["responses"])


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
    assert all(f"/api/{route.path}" in page for route in ROUTES)
