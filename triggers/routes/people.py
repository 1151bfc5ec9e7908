"""Users and groups of a tenant's directory, for choosing by hand."""

from collections.abc import Sequence

import azure.functions as func

from shared.catalogue import Catalogue
from shared.contracts import present
from shared.contracts.present import Words
from shared.contracts.responses import GroupBody, Page, UserBody
from shared.contracts.routes import BASE, CURSOR, TOP, Answer, Parameter, Route
from shared.contracts.selections import MAX_FILTER
from shared.domain import filters
from shared.domain.caller import Role
from shared.domain.model import User
from shared.errors import BadFilter, GraphError, Problem, RequestRejected
from shared.graph.directory import Directory
from shared.services import Services
from shared.tables.paging import bad_cursor, make_cursor, read_cursor
from triggers.web.http import Call, json_answer
from triggers.web.query import next_link
from triggers.web.router import Router

router = Router()

MAX_SEARCH = 512
COUNTED = 20
"""Groups whose members are counted at once: what one ``$batch`` holds."""
SEARCH_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_SEARCH}
FILTER_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_FILTER}
PROBLEMS = {
    409: "Consent or a permission is missing in the tenant.",
    502: "Graph refused for a reason that trying again does not mend.",
}


@router.add(
    Route(
        name="list_users",
        method="GET",
        path=f"{BASE}/tenants/{{tenant}}/users",
        summary="Users of the tenant's directory, by words of their names and by a filter.",
        role=Role.READ,
        parameters=(
            Parameter("search", "Beginnings of words of display name, principal name or mail.", SEARCH_TEXT),
            Parameter("filter", "An OData $filter over users.", FILTER_TEXT),
            TOP,
            CURSOR,
        ),
        answers=(Answer(200, "A page of users; at most 999 come at once.", Page[UserBody]),),
        problems=PROBLEMS,
    )
)
async def list_users(call: Call, app: Services) -> func.HttpResponse:
    """One page of users, read now from the eventually consistent index."""
    search, wanted = searched(call), _filter(call)
    directory, after = await _asked(call, app, "/users")
    try:
        found, following = await directory.users_page(search=search, filter=wanted, top=call.query.top(), after=after)
    except BadFilter as error:
        raise RequestRejected(400, str(error), [Problem("/filter", str(error))]) from error
    except GraphError as error:
        raise _refused(error, after) from error
    value = await shown_users(app.products.known, directory, found)
    return json_answer(Page[UserBody](value=value, next_link=_next(call, directory, following)))


@router.add(
    Route(
        name="list_groups",
        method="GET",
        path=f"{BASE}/tenants/{{tenant}}/groups",
        summary="Groups of the tenant's directory, by words of their names.",
        role=Role.READ,
        parameters=(
            Parameter("search", "Beginnings of words of the display name.", SEARCH_TEXT),
            Parameter(
                "memberCount",
                "true: users are counted, those of groups inside as well; at most 20 groups come at once then.",
                {"type": "boolean", "default": False},
            ),
            TOP,
            CURSOR,
        ),
        answers=(Answer(200, "A page of groups; at most 999 come at once.", Page[GroupBody]),),
        problems=PROBLEMS,
    )
)
async def list_groups(call: Call, app: Services) -> func.HttpResponse:
    """One page of groups, read now from the eventually consistent index."""
    search, counted = searched(call), call.query.one_of("memberCount", ("true", "false")) == "true"
    top = min(call.query.top(), COUNTED) if counted else call.query.top()
    directory, after = await _asked(call, app, "/groups")
    try:
        found, following = await directory.groups_page(search=search, top=top, after=after)
        counts = await directory.user_counts([each.id for each in found[:COUNTED]]) if counted else {}
    except GraphError as error:
        raise _refused(error, after) from error
    value = [
        GroupBody(id=each.id, display_name=each.display_name, dynamic=each.dynamic, member_count=counts.get(each.id))
        for each in found
    ]
    return json_answer(Page[GroupBody](value=value, next_link=_next(call, directory, following)))


async def shown_users(known: Catalogue, directory: Directory, users: Sequence[User]) -> list[UserBody]:
    """The users as resources; SKUs that are not ``known`` and groups get their names from the tenant."""
    held = [assignment for user in users for assignment in user.state.assignments]
    if any(known.find(assignment.sku_id) is None for assignment in held):
        known = known.with_skus(await directory.skus())
    names = await directory.group_names(each.group_id for each in held if each.group_id)
    return [present.user(user, Words(known), names) for user in users]


def searched(call: Call) -> str | None:
    """The text to search for; ``RequestRejected`` (400) for one that is too long."""
    return _text(call, "search", MAX_SEARCH)


def _text(call: Call, name: str, most: int) -> str | None:
    text = call.query.text(name)
    if text and len(text) > most:
        raise RequestRejected(400, f"{name} has {len(text)} characters; at most {most} are taken.")
    return text


def _filter(call: Call) -> str | None:
    text = _text(call, "filter", MAX_FILTER)
    try:
        return text and filters.normalise(text)
    except filters.FilterError as error:
        raise RequestRejected(400, f"filter: {error}.", [Problem("/filter", str(error))]) from error


async def _asked(call: Call, app: Services, path: str) -> tuple[Directory, str | None]:
    """The tenant's directory, and Graph's link that the cursor carries; refused when it is another tenant's."""
    tenant = await app.tenants.get(call.caller, call.path["tenant"])
    directory = app.directory(tenant.id, tenant.credential)
    place = read_cursor(call.query.text("cursor"), 2)
    if place is None:
        return directory, None
    of, link = place
    if of != tenant.id or not directory.owns(link, path):
        raise bad_cursor()
    return directory, link


def _refused(error: GraphError, after: str | None) -> Exception:
    """A link that Graph no longer takes is a cursor that is too old."""
    return bad_cursor() if after and error.status == 400 else error


def _next(call: Call, directory: Directory, following: str | None) -> str | None:
    return next_link(call.url, make_cursor(directory.tenant_id, following) if following else None)
