"""The Bicep hangs together: what is not declared, not given or not used would show in Azure only."""

import re
from pathlib import Path

import pytest

from tests.infra.bicep import FILES, INFRA, MAIN, MODULES, ROOT, body, named, parsed, required, resources

AFTER_THE_CODE = {"modules/event-grid-subscription.bicep"}
"""Deployed by the hook, not by main.bicep."""
HOOK = INFRA / "hooks/postdeploy.sh"
OF_AZD = {"AZURE_SUBSCRIPTION_ID"}
"""What azd itself tells its hooks."""
PREVIEWS = {"Microsoft.Insights/diagnosticSettings"}
"""Types of which there is no other version."""
OUTPUT = re.compile(r"(\w+)!?\.outputs\.(\w+)")


def modules_of_main() -> dict[str, tuple[str, set[str]]]:
    """Path and given parameters of each module that main.bicep deploys."""
    found = parsed(MAIN)["modules"]
    return {name: (module["detail"]["path"], set(body(module)["params"])) for name, module in found.items()}


@pytest.mark.parametrize("path", FILES, ids=named)
def test_whoever_deploys_is_told_what_each_parameter_and_output_means(path: Path) -> None:
    """Every file can be parsed, and each of the two has its sentence."""
    told = parsed(path)
    for name, declared in {**told.get("parameters", {}), **told.get("outputs", {})}.items():
        descriptions = [each["argument"] for each in declared["decorators"] if each["type"] == "description"]
        assert len(descriptions) == 1, name
        assert descriptions[0].endswith("."), name


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_parameter_is_used(path: Path) -> None:
    """One that changes nothing would be believed all the same."""
    text = path.read_text()
    for name in parsed(path).get("parameters", {}):
        assert len(re.findall(rf"\b{name}\b", text)) > 1, name


def test_every_module_is_deployed() -> None:
    """By main.bicep, or after the code by the hook."""
    deployed = {path for path, _ in modules_of_main().values()}

    assert {f"modules/{path.name}" for path in MODULES} == deployed | AFTER_THE_CODE
    assert not deployed & AFTER_THE_CODE
    for path in AFTER_THE_CODE:
        assert path in HOOK.read_text()


def test_modules_are_given_what_they_ask_for() -> None:
    """All that has no default, and nothing that they do not know."""
    for name, (path, given) in modules_of_main().items():
        known = set(parsed(INFRA / path).get("parameters", {}))
        assert given <= known, name
        assert required(INFRA / path) <= given, name


def test_outputs_that_are_read_exist() -> None:
    """main.bicep reads its modules' outputs by name."""
    paths = {name: path for name, (path, _) in modules_of_main().items()}
    read = OUTPUT.findall(MAIN.read_text())

    assert len(read) > 10
    for name, output in read:
        assert output in parsed(INFRA / paths[name])["outputs"], f"{name}.outputs.{output}"


def test_azd_fills_in_the_parameters() -> None:
    """main.bicepparam knows only those of main.bicep, with the defaults of those, and all that have none."""
    text, declared = (INFRA / "main.bicepparam").read_text(), parsed(MAIN)["parameters"]
    given = dict(re.findall(r"^param (\w+) = .*readEnvironmentVariable\('\w+'(?:, '(.*?)')?\)", text, re.MULTILINE))

    assert set(re.findall(r"^param (\w+)", text, re.MULTILINE)) == set(given) <= set(declared)
    assert required(MAIN) <= set(given)
    for name, default in given.items():
        held = declared[name]["default"]
        assert default == ("" if held is None else str(held).lower() if isinstance(held, bool) else str(held)), name


def test_secrets_are_marked() -> None:
    """What opens something is shown in no deployment, on the way down either."""
    for path in FILES:
        for name, declared in parsed(path).get("parameters", {}).items():
            if re.search(r"secret|keys?$|password", name, re.IGNORECASE):
                assert {"type": "secure"} in declared["decorators"], f"{path.name}: {name}"
        for name, declared in parsed(path).get("outputs", {}).items():
            assert "listKeys" not in str(declared), f"{path.name}: {name}"


def test_the_hook_needs_what_there_is() -> None:
    """Names in its environment are outputs of main.bicep; the module gets what it asks for."""
    script = HOOK.read_text()
    needed = set(re.findall(r"\$\{(\w+):\?\}", script))
    path = INFRA / "modules/event-grid-subscription.bicep"
    given = set(re.findall(r" (\w+)=\"\$[A-Z_]+\"", script))

    assert needed
    assert needed <= set(parsed(MAIN)["outputs"]) | OF_AZD
    assert required(path) == given


def test_azd_finds_the_app() -> None:
    """azd knows the function app by a tag, and the template and hooks by their places."""
    azure = (ROOT / "azure.yaml").read_text()
    service = re.search(r"^services:\n  (\w+):", azure, re.MULTILINE)
    assert service

    assert f"'azd-service-name': '{service[1]}'" in MAIN.read_text()
    assert (ROOT / "infra" / f"{re.findall(r'module: (\w+)', azure)[0]}.bicep") == MAIN
    for run in re.findall(r"run: (\S+\.sh)", azure):
        assert (ROOT / run).stat().st_mode & 0o111, f"{run} cannot be run"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_version_is_a_preview(path: Path) -> None:
    """A preview of a resource's interface is taken away sooner or later."""
    for symbol, resource in resources(path):
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", resource["api_version"]) or resource["type"] in PREVIEWS, symbol


@pytest.mark.parametrize("path", FILES, ids=named)
def test_whatever_a_scanner_is_told_to_pass_over_says_why(path: Path) -> None:
    """A rule's id, a colon, and a reason of more than a word."""
    for line in path.read_text().splitlines():
        if "checkov:" in line:
            assert re.fullmatch(r"  // checkov:skip=CKV2?_AZURE_\d+: .+ .+", line), line
