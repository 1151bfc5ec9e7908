"""The page of permissions has every call that the app makes, and the script asks for just those."""

import inspect
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from shared.graph.directory import Directory, Graph, LicenceWrite, Mailboxes
from tests.docs.pages import codes, section, table, text_of
from tests.graph.conftest import settings_for
from tests.support.simulator import SimulatedTenant, Simulator

PAGE = "docs/permissions.md"
SCRIPT = "infra/register-app.sh"
ADA = "ada@contoso.com"
ALWAYS = "always"
IDS = {"users": "{id}", "groups": "{id}", "beta": "{tenant}"}
"""What stands for the part of a path after each of these."""

type Asking = Callable[[Directory, Mailboxes, SimulatedTenant], Awaitable[object]]


async def _every_page(directory: Directory, _: Mailboxes, __: SimulatedTenant) -> None:
    await directory.users_page(search="ada", filter="accountEnabled eq true")
    await directory.users_page(top=1)


async def _groups(directory: Directory, _: Mailboxes, __: SimulatedTenant) -> None:
    group = await directory.find_group(id=None, display_name="Sales")
    await directory.find_group(id=group.id, display_name=None)
    await directory.members_page(group.id, nested=True)
    await directory.members_page(group.id, nested=False)
    await directory.user_counts([group.id])
    await directory.group_names([group.id])


ASKING: dict[str, Asking] = {
    "organization": lambda directory, _, __: directory.organization(),
    "skus": lambda directory, _, __: directory.skus(),
    "users_page": _every_page,
    "groups_page": lambda directory, _, __: directory.groups_page(search="Sales", top=5),
    **dict.fromkeys(("find_group", "members_page", "user_counts", "group_names"), _groups),
    "find_users": lambda directory, _, __: directory.find_users([ADA]),
    "read_users": lambda directory, _, tenant: directory.read_users([tenant.user_id(ADA)]),
    "assign": lambda directory, _, tenant: directory.assign([LicenceWrite(tenant.user_id(ADA), (), ())]),
    "set_usage_locations": lambda directory, _, tenant: directory.set_usage_locations({tenant.user_id(ADA): "CH"}),
    "purposes": lambda _, mailboxes, tenant: mailboxes.purposes([tenant.user_id(ADA)]),
    "convert_to_shared": lambda _, mailboxes, tenant: mailboxes.convert_to_shared(tenant.user_id(ADA), ADA),
}
"""How each public method of ``Directory`` and ``Mailboxes`` is made to ask."""


@pytest.fixture
async def graph(simulator: Simulator) -> AsyncIterator[Graph]:
    """Graph as the app has it, with the conversion of mailboxes."""
    graph = Graph(settings_for(simulator.graph_url, EXCHANGE_BASE_URL=simulator.url, MAILBOX_CONVERSION="on"))
    yield graph
    await graph.close()


@pytest.fixture
def tenant(simulator: Simulator) -> SimulatedTenant:
    """Ada, with a mailbox, in a group."""
    return simulator.load(
        skus=[{"skuPartNumber": "SPE_E3", "enabled": 2}],
        users=[{"userPrincipalName": ADA, "usageLocation": "DE", "licenses": [{"skuId": "SPE_E3"}], "mailbox": {}}],
        groups=[{"displayName": "Sales", "members": [ADA]}],
    )


def told() -> dict[str, tuple[set[str], str]]:
    """Permissions and feature of each call of the page."""
    rows = table(section(PAGE, "## Calls"), "call")
    return {codes(call)[0]: (set(codes(least)), feature) for call, least, feature, _ in rows}


def template(method: str, url: str) -> str:
    """A call without whom it is about: ``GET /users/{id}``."""
    path = url.partition("?")[0].removeprefix("/v1.0")
    parts = path.split("/")
    for before, (place, _) in zip(parts, list(enumerate(parts))[1:], strict=False):
        if before in IDS:
            parts[place] = IDS[before]
    return f"{method} {'/'.join(parts)}"


def test_whatever_the_code_can_ask_is_played() -> None:
    """A new method is one more call, or says here that it is none."""
    public = {
        name
        for kind in (Directory, Mailboxes)
        for name, _ in inspect.getmembers(kind, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }

    assert public == set(ASKING)


async def test_every_call_has_its_row_and_no_row_is_left_over(graph: Graph, tenant: SimulatedTenant) -> None:
    """What reached the simulator, inside a batch as well."""
    directory, mailboxes = graph.directory(tenant.id), graph.mailboxes(tenant.id)
    for ask in dict.fromkeys(ASKING.values()):
        await ask(directory, mailboxes, tenant)

    assert {template(line["method"], line["url"]) for line in tenant.requests()} == set(told())


def features() -> dict[str, set[str]]:
    """What each feature asks for; what it asks in place of comes first in the page and counts for `always`."""
    rows = table(section(PAGE, "## Features"), "feature")
    return {feature: set(codes(asked.split(" in place of ")[0])) for feature, asked, _ in rows}


def test_features_ask_for_what_their_calls_take() -> None:
    """Each permission of a call stands with its feature, and each of a feature with one of its calls."""
    asked = features()
    for call, (least, feature) in told().items():
        if call != "POST /directoryObjects/getByIds":  # asked for by a feature of its own, as the page says
            assert least <= asked[feature], call
    needed = {permission for least, _ in told().values() for permission in least}
    assert set().union(*asked.values()) == needed


def test_the_script_asks_for_these_permissions_alone() -> None:
    """Always, and with each feature."""
    script = text_of(SCRIPT)
    always = set(re.findall(r"^set -- (.+)$", script, re.MULTILINE)[0].split())
    more = set(re.findall(r"set -- \"\$@\" ([\w.]+)", script)) | set(
        re.findall(r"\"\$EXCHANGE\" Role ([\w.]+)", script)
    )
    asked = features()

    assert always | {"User.Read.All"} == asked[ALWAYS]
    assert more == set().union(*asked.values()) - always
    assert set(asked) == {ALWAYS, *re.findall(r"'--with ([\w-]+)'\)", script)}
