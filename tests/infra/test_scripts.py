"""The scripts against a stand-in of the Azure CLI: what they leave behind, and that again changes nothing."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.domain.caller import ROLES
from tests.docs.test_permissions import ALWAYS, features
from tests.infra import az
from tests.infra.bicep import INFRA

type Script = Callable[..., subprocess.CompletedProcess[str]]

HOST = "func-x.azurewebsites.net"
IDENTITY = "77777777-0000-4000-8000-000000000000"
FRESH: dict[str, Any] = {
    "applications": {}, "principals": [], "assigned": {}, "looks": 0, "key_after": 0, "deployed": [],
}  # fmt: skip


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The directory, in which nothing is yet."""
    path = tmp_path / "state.json"
    path.write_text(json.dumps(FRESH))
    return path


@pytest.fixture
def run(state: Path, tmp_path: Path) -> Script:
    """Run a script of ``infra/`` with its arguments; `az` is the stand-in."""
    (tmp_path / "az").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -S {az.__file__} {state} "$@"\n')
    (tmp_path / "az").chmod(0o755)

    def run(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", INFRA / script, *arguments],
            env={"PATH": f"{tmp_path}:/usr/bin:/bin", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def read(state: Path) -> dict[str, Any]:
    """What is there now."""
    return json.loads(state.read_text())


def registered(state: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two registrations: the one for Graph, the one for callers."""
    found = {each["displayName"]: each for each in read(state)["applications"].values()}
    return found["Bulk licences"], found["Bulk licences API"]


def permissions(registration: dict[str, Any]) -> set[str]:
    """The names of the permissions that a registration asks for."""
    asked = {each["id"] for resource in registration["requiredResourceAccess"] for each in resource["resourceAccess"]}
    return {name for name in az.PERMISSIONS if az.id_of(name) in asked}


def test_both_registrations_are_made(run: Script, state: Path) -> None:
    """One for customers to consent to, one for callers of this directory alone, each known here by its principal."""
    made = run("register-app.sh")
    graph, api = registered(state)

    assert made.returncode == 0, made.stderr
    assert f"azd env set GRAPH_CLIENT_ID {graph['appId']}" in made.stdout
    assert f"azd env set API_CLIENT_ID {api['appId']}" in made.stdout
    assert (graph["signInAudience"], api["signInAudience"]) == ("AzureADMultipleOrgs", "AzureADMyOrg")
    assert sorted(read(state)["principals"]) == sorted([graph["appId"], api["appId"]])
    assert permissions(graph) == features()[ALWAYS]
    assert permissions(api) == {"openid", "profile", "email"}
    assert {role["value"] for role in api["appRoles"]} == set(ROLES)
    assert api["api"] == {"requestedAccessTokenVersion": 2}
    assert not graph["trusts"]
    assert not api["trusts"]


def test_again_changes_nothing(run: Script, state: Path) -> None:
    """Nothing is made twice, not the trust either."""
    arguments = ("register-app.sh", "--with", "mailboxes", "--host", HOST, "--identity", IDENTITY)
    run(*arguments)
    before = read(state)
    again = run(*arguments)

    assert again.returncode == 0, again.stderr
    assert read(state) == before
    assert len(before["applications"]) == 2


def test_the_identity_is_trusted_and_the_addresses_are_known(run: Script, state: Path) -> None:
    """Both registrations trust it, as the app and App Service ask; sign-in and consent come back to the host."""
    assert run("register-app.sh", "--host", HOST, "--identity", IDENTITY).returncode == 0
    graph, api = registered(state)

    for registration in (graph, api):
        (trust,) = registration["trusts"]
        assert trust["subject"] == IDENTITY
        assert trust["issuer"] == f"https://login.microsoftonline.com/{az.HOME}/v2.0"
        assert trust["audiences"] == ["api://AzureADTokenExchange"]
    assert graph["web"]["redirectUris"] == [f"https://{HOST}/api/consent"]
    assert api["web"]["redirectUris"] == [f"https://{HOST}/.auth/login/aad/callback"]


@pytest.mark.parametrize("feature", sorted(set(features()) - {ALWAYS}))
def test_a_feature_asks_for_its_permissions(run: Script, state: Path, feature: str) -> None:
    """What the page says, and User.Read.All no longer where the larger one is there."""
    assert run("register-app.sh", "--with", feature).returncode == 0
    asked = permissions(registered(state)[0])

    assert features()[feature] <= asked
    assert asked - features()[feature] == features()[ALWAYS] - (
        {"User.Read.All"} if feature == "usage-location" else set()
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--with", "everything"], "usage-location, mailboxes and directory"),
        (["--hots", HOST], "known are --name, --with, --host and --identity"),
        (["--host"], "wants a value"),
        (["--name", 'x"}], "'], "letters, digits"),
    ],
)
def test_what_is_not_understood_changes_nothing(run: Script, state: Path, arguments: list[str], told: str) -> None:
    """It is told what there is."""
    refused = run("register-app.sh", *arguments)

    assert refused.returncode == 2
    assert told in refused.stderr
    assert read(state) == FRESH


def test_of_two_of_a_name_neither_is_touched(run: Script, state: Path) -> None:
    """The script does not guess which one is meant."""
    twins = {str(n): {"displayName": "Bulk licences", "appId": str(n), "trusts": []} for n in range(2)}
    state.write_text(json.dumps({**FRESH, "applications": twins}))
    refused = run("register-app.sh")

    assert refused.returncode == 1
    assert "--name" in refused.stderr
    assert read(state)["applications"] == twins


def test_the_role_for_mailboxes_is_given_once_and_taken_back(run: Script, state: Path) -> None:
    """In the directory in which the app is known, and not before."""
    client = az.id_of("client0")
    early = run("exchange-role.sh", client)
    assert early.returncode == 1
    assert "consent first" in early.stderr

    state.write_text(json.dumps({**FRESH, "principals": [client]}))
    assert run("exchange-role.sh", client).returncode == 0
    given = read(state)["assigned"]
    assert [each["roleDefinitionId"] for each in given.values()] == [az.id_of("Exchange Recipient Administrator")]
    assert [each["principalId"] for each in given.values()] == [az.id_of("principal" + client)]
    assert run("exchange-role.sh", client).returncode == 0
    assert read(state)["assigned"] == given

    for _ in range(2):
        assert run("exchange-role.sh", client, "--remove").returncode == 0
    assert read(state)["assigned"] == {}
    assert run("exchange-role.sh", "x'y").returncode == 2


DEPLOYED = {
    "AZURE_RESOURCE_GROUP": "rg-x",
    "AZURE_SUBSCRIPTION_ID": "sub",
    "FUNCTION_APP_NAME": "func-x",
    "EVENT_GRID_TOPIC_NAME": "evgt-x",
}


def test_the_drop_is_subscribed_once_the_app_has_its_key(run: Script, state: Path) -> None:
    """The host makes the key when it has loaded the code: until then the hook looks again."""
    state.write_text(json.dumps({**FRESH, "key_after": 2}))
    done = run("hooks/postdeploy.sh", PAUSE="0", **DEPLOYED)

    assert done.returncode == 0, done.stderr
    (deployed,) = read(state)["deployed"]
    assert Path(deployed["template-file"]) == INFRA / "modules/event-grid-subscription.bicep"
    assert deployed["parameters"] == "topicName=evgt-x functionAppName=func-x"


def test_an_app_without_a_key_is_told_of(run: Script, state: Path) -> None:
    """The deployment fails, and says where to look."""
    state.write_text(json.dumps({**FRESH, "key_after": 99}))
    failed = run("hooks/postdeploy.sh", PAUSE="0", PATIENCE="2", **DEPLOYED)

    assert failed.returncode == 1
    assert "log stream" in failed.stderr
    assert read(state)["deployed"] == []
    assert run("hooks/postdeploy.sh").returncode != 0
