"""What is deployed is what the code uses, locked as far as the code allows."""

import re
from typing import Any

import pytest

from shared.blobs.drops import CONTAINER as DROPS
from shared.settings import read_settings
from tests.docs.pages import codes, section, table, text_of
from tests.infra.bicep import FILES, INFRA, ROOT, all_of, body, keys, module, named, parsed, resources, stores

SETTINGS = "docs/settings.md"


def names_in(section_of: str) -> dict[str, list[str]]:
    """The settings below a heading of the settings page, with their further cells."""
    return {codes(name)[0]: cells for name, *cells in table(section(SETTINGS, section_of), "setting")}


def variable(name: str) -> set[str]:
    """The names of settings that function-app.bicep puts into one of its variables."""
    return set(keys(module("function-app")["variables"][name]["value"]))


def test_tables_and_containers_are_the_ones_in_use() -> None:
    """None is missing, none is left over from before."""
    tables = "\n".join(path.read_text() for path in (ROOT / "shared/tables").glob("*.py"))
    blobs = "\n".join(path.read_text() for path in (ROOT / "shared/blobs").glob("*.py"))

    assert stores()["tables"] == sorted(set(re.findall(r'\.table\("(\w+)"', tables)))
    assert stores()["containers"] == sorted(set(re.findall(r'^CONTAINER = "([\w-]+)"', blobs, re.MULTILINE)))


def test_every_setting_is_one_that_the_app_reads() -> None:
    """A misspelt one would do nothing; what the platform reads has a table of its own."""
    own, platform = variable("ownSettings"), variable("platformSettings") | variable("engineSettings")

    assert own <= set(names_in("## The app"))
    assert platform == set(names_in("## The platform"))
    assert not own & platform


def test_the_app_starts_with_these_settings() -> None:
    """All that is needed is there: what is always set lets the settings be read."""
    given = body(module("function-app")["resources"]["app"])
    assert given["properties"]["siteConfig"]["appSettings"]["loop_type"]["detail"]["array_name"]["function"]["type"]
    always: dict[str, Any] = module("function-app")["variables"]["ownSettings"]["value"]["function"]["parameters"]
    issuer = "https://login.microsoftonline.com/11111111-0000-4000-8000-000000000000/v2.0"
    told = {"AUTH_ISSUER": issuer, "CONSENT_REDIRECT_URL": "https://app.example/api/consent"}
    switches = {"MAILBOX_CONVERSION": "off", "APPROVE_BY_ANOTHER": "on"}

    settings = read_settings({**always["arg_1"], **told, **switches})

    assert settings.storage_account
    assert settings.storage_connection is None
    assert settings.graph_credentials["default"].kind == "managedIdentity"
    assert settings.behind_platform_sign_in
    assert settings.auth_audience
    assert "static" not in str(always)


def test_no_key_of_the_account_opens_it() -> None:
    """Nor does plain HTTP, an old TLS or the public."""
    (account,) = [body(each)["properties"] for _, each in resources(INFRA / "modules/storage-account.bicep")]

    assert account["allowSharedKeyAccess"] is False
    assert account["allowBlobPublicAccess"] is False
    assert account["supportsHttpsTrafficOnly"] is True
    assert account["minimumTlsVersion"] == "TLS1_2"
    assert set(all_of(module("containers"), "publicAccess")) == {"None"}
    assert not [
        path.name for path in FILES if re.search(r"AccountKey|connectionString\(|listAccountSas", path.read_text())
    ]


def test_keys_are_read_for_the_drop_only() -> None:
    """The address that Event Grid calls holds the key of the blob extension; nothing else asks for any."""
    assert [path.stem for path in FILES if "listKeys(" in path.read_text()] == ["event-grid-subscription"]


def test_anchors_can_grow_and_not_change() -> None:
    """The policy is on the container of the anchors, which is made before it, and lets append blobs be appended to."""
    declared = module("containers")["resources"]
    policy = body(declared["immutable"])

    assert declared["anchors"]["config"]["name"] == "audit-anchors"
    assert policy["parent"] == "anchors"
    assert policy["properties"]["allowProtectedAppendWrites"] is True
    assert "container" in policy["dependsOn"]


def test_storage_deletes_nothing_but_exports() -> None:
    """No rule can tell whether an open operation or a schedule still needs a plan or a request."""
    assert list(all_of(module("containers"), "prefixMatch")) == [["license-results/exports/"]]


@pytest.mark.parametrize("path", FILES, ids=named)
def test_roles_are_given_on_single_resources(path: Any) -> None:
    """Each names the one resource it is about; a group or subscription would open more than is needed."""
    declared = parsed(path).get("resources", {})
    for symbol, resource in resources(path):
        if resource["type"] == "Microsoft.Authorization/roleAssignments":
            assert declared[body(resource)["scope"]]["type"] != "Microsoft.Resources/resourceGroups", symbol
            assert body(resource)["properties"]["principalType"] == "ServicePrincipal", symbol


def test_roles_are_the_ones_that_are_told() -> None:
    """Blobs, queues and tables of the one account, telemetry, and the engine where it is a service."""
    roles = {
        **module("storage-roles")["variables"]["roles"]["value"],
        **{
            name: module(file)["variables"][name]["value"]
            for file, name in (
                ("application-insights", "monitoringMetricsPublisher"),
                ("durable-task-scheduler", "durableTaskDataContributor"),
            )
        },
    }
    told = {name: codes(id)[0] for name, id, _ in table(section("docs/deploy.md", "## What it may do"), "role")}

    assert {re.sub(r"(?=[A-Z])", " ", name).title() for name in roles} == set(told)
    assert set(roles.values()) == set(told.values())


def test_sign_in_lets_everybody_pass_and_the_app_decides() -> None:
    """Keys, webhooks and the consent page have no sign-in; a secret there is none."""
    sign_in = body(module("sign-in")["resources"]["settings"])["properties"]

    assert sign_in["platform"]["enabled"] is True
    assert sign_in["globalValidation"]["unauthenticatedClientAction"] == "AllowAnonymous"
    secret = sign_in["identityProviders"]["azureActiveDirectory"]["registration"]["clientSecretSettingName"]
    assert secret in variable("platformSettings")


def test_dropped_files_reach_the_function_that_takes_them() -> None:
    """Its name and container are the code's."""
    parameters = module("event-grid-subscription")["parameters"]

    assert f"async def {parameters['functionName']['default']}(blob" in text_of("triggers/drops/drop.py")
    assert parameters["containerName"]["default"] == DROPS


def test_the_engine_is_the_one_of_the_host() -> None:
    """The task hub has host.json's name, and only where a scheduler is there does anything point to it."""
    assert f"taskHubName = '{re.findall(r'"hubName": "(\w+)"', text_of('host.json'))[0]}'" in text_of(
        "infra/main.bicep"
    )
    assert "DURABLE_TASK_SCHEDULER_CONNECTION_STRING" in variable("engineSettings")
    assert "durableTask" not in str(variable("platformSettings"))
