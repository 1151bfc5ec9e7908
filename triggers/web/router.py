"""Registers the declared routes with the host: one function a route, all of them anonymous to the host."""

from collections.abc import Callable
from dataclasses import dataclass, field

import azure.durable_functions as df
import azure.functions as func

from shared.contracts.routes import Route
from shared.services import services
from triggers.requests.starting import starter
from triggers.web.http import Handler, respond


@dataclass(slots=True)
class Router:
    """The routes of one module with their handlers."""

    handlers: dict[str, tuple[Route, Handler]] = field(default_factory=dict[str, tuple[Route, Handler]])

    @property
    def routes(self) -> list[Route]:
        """The declared routes, in order."""
        return [route for route, _ in self.handlers.values()]

    def add(self, route: Route) -> Callable[[Handler], Handler]:
        """Declare the decorated handler's route."""

        def declare(handler: Handler) -> Handler:
            self.handlers[route.name] = (route, handler)
            return handler

        return declare

    def blueprint(self) -> df.Blueprint:
        """A blueprint with a function for each route."""
        blueprint = df.Blueprint()
        for route, handler in self.handlers.values():
            (_bind_starting if route.starts else _bind)(blueprint, route, handler)
        return blueprint


def _bind(blueprint: df.Blueprint, route: Route, handler: Handler) -> None:
    async def run(req: func.HttpRequest) -> func.HttpResponse:
        return await respond(route, handler, req, await services())

    run.__name__ = route.name
    blueprint.route(route.path, methods=[route.method], auth_level=func.AuthLevel.ANONYMOUS)(run)


def _bind_starting(blueprint: df.Blueprint, route: Route, handler: Handler) -> None:
    async def run(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
        return await respond(route, handler, req, await services(), starter(client))

    run.__name__ = route.name
    bound = blueprint.route(route.path, methods=[route.method], auth_level=func.AuthLevel.ANONYMOUS)(run)
    blueprint.durable_client_input(client_name="client")(bound)
