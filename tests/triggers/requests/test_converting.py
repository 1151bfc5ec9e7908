"""``"mailbox": "convertToShared"`` is taken where the operator has switched the conversion on, else refused."""

from collections.abc import AsyncIterator

import pytest

from shared.services import Services, open_services
from tests.support.azurite import Azurite
from tests.support.simulator import Simulator
from tests.triggers.conftest import ADMIN, Api

NOT_ON = "The conversion of mailboxes is switched off: convertToShared needs MAILBOX_CONVERSION=on."


@pytest.fixture
async def app(azurite: Azurite, simulator: Simulator, request: pytest.FixtureRequest) -> AsyncIterator[Services]:
    """Services whose MAILBOX_CONVERSION is the fixture's parameter."""
    settings = azurite.settings(
        GRAPH_BASE_URL=simulator.graph_url,
        EXCHANGE_BASE_URL=simulator.url,
        MAILBOX_CONVERSION=request.param,
        GRAPH_TIMEOUT_SECONDS="2",
        LOCALHOST_API_KEY=ADMIN,
    )
    services = open_services(settings)
    yield services
    await services.close()


def body_of(tenant: str, mailbox: object) -> dict[str, object]:
    """Take all licences from Ana."""
    target = {"tenant": tenant, "users": {"users": ["ana@contoso.com"]}}
    return {"targets": [target], "licenses": "all", "mailbox": mailbox}


@pytest.mark.parametrize("app", ["off"], indirect=True)
async def test_switched_off_the_wish_is_refused_by_the_name_of_the_setting(api: Api, registered: str) -> None:
    """422 at the mailbox, for the operation and for its preview, and nothing is started."""
    body = body_of(registered, "convertToShared")
    answers = [
        await api.send("POST", "remove", body),
        await api.send("POST", "preview", {**body, "operation": "remove"}),
    ]

    assert [answer.status for answer in answers] == [422, 422]
    assert [answer.pointers for answer in answers] == [{"/mailbox": NOT_ON}] * 2
    assert (await api.send("GET", "operations")).json["value"] == []


@pytest.mark.parametrize("app", ["off"], indirect=True)
async def test_switched_off_the_other_wishes_are_taken(api: Api, registered: str) -> None:
    """Taking the mailbox along, or keeping it by another licence, needs no conversion."""
    for mailbox in ("none", {"replaceWith": "SPE_E5"}):
        assert (await api.send("POST", "remove", body_of(registered, mailbox))).status == 202


@pytest.mark.parametrize("app", ["on"], indirect=True)
async def test_switched_on_the_wish_is_taken(api: Api, registered: str) -> None:
    """The planner then decides whose mailbox it concerns."""
    assert (await api.send("POST", "remove", body_of(registered, "convertToShared"))).status == 202
