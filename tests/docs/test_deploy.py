"""The page on deployment: what needs no Azure runs, what it names is there."""

import hashlib
import re
import subprocess

import pytest

from shared.callers.api_keys import keys_of
from shared.contracts.preview_requests import AssignPreview
from shared.domain.caller import ROLES
from tests.docs.pages import ROOT, codes, section, table, text_of

PAGE = "docs/deploy.md"
NEEDS_AZURE = "needs-azure"
BLOCK = re.compile(r"^```sh ?([\w-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AZURE = re.compile(r"\b(az|azd|func) |register-app|exchange-role|\$api|FUNCTION_APP")


def blocks(marker: str) -> list[str]:
    """The shell blocks with this marker."""
    return [text for mark, text in BLOCK.findall(text_of(PAGE)) if mark == marker]


def test_every_block_is_of_one_kind() -> None:
    """What calls Azure is marked, what is marked calls Azure, and there is no third kind."""
    assert {mark for mark, _ in BLOCK.findall(text_of(PAGE))} == {"", NEEDS_AZURE}
    for text in blocks(""):
        assert not AZURE.search(text), text
    for text in blocks(NEEDS_AZURE):
        assert AZURE.search(text), text


def test_the_first_key_is_one_that_the_app_takes() -> None:
    """Run as it stands there: of two lines the first is the key, and the second the setting with its digest."""
    (making,) = blocks("")
    made = subprocess.run(["sh", "-eu", "-c", making], check=True, capture_output=True, text=True, timeout=20)
    key, setting = made.stdout.splitlines()

    assert len(key) == 64
    assert [each.digest for each in keys_of(setting, None)] == [hashlib.sha256(key.encode()).digest()]


@pytest.mark.parametrize("script", sorted(path.name for path in (ROOT / "infra").glob("*.sh")))
def test_the_scripts_are_told_of_and_can_be_read(script: str) -> None:
    """Each stands on the page; its options there are its own."""
    page, text = text_of(PAGE), text_of(f"infra/{script}")
    for line in re.findall(rf"infra/{re.escape(script)}(.*)$", page, re.MULTILINE):
        for option in re.findall(r"(--[a-z]+)(?: |$)", line):
            assert option in text, option
    assert f"infra/{script}" in page


def test_names_for_azd_are_those_of_the_parameters() -> None:
    """The table has all of them, with the defaults that hold."""
    parameters = re.findall(r"readEnvironmentVariable\('(\w+)'(?:, '(.*?)')?\)", text_of("infra/main.bicepparam"))
    given = {name: default for name, default in parameters if name != "AZURE_ENV_NAME"}
    rows = table(section(PAGE, "## 2. Make it"), "name")
    said = {codes(name)[0]: (codes(default) or [""])[0] for name, _, default in rows}

    assert said == given
    assert set(re.findall(r"azd env set (\w+)", text_of(PAGE))) <= set(said)


def test_the_roles_of_callers_are_those_of_the_code() -> None:
    """On the page, and in the script that makes them."""
    script = text_of("infra/register-app.sh")

    assert set(re.findall(r"BulkLicenses\.[A-Z]\w+", text_of(PAGE))) == set(ROLES)
    assert set(re.findall(r"\" (BulkLicenses\.\w+) '", script)) == set(ROLES)


def test_the_preview_is_a_request_that_the_app_takes() -> None:
    """Its body as it stands there, for some tenant."""
    example = re.search(r"/preview\" .*? -d '(\{.+?\})'\n```", text_of(PAGE), re.DOTALL)
    assert example

    assert AssignPreview.model_validate_json(example[1].replace("'\"$tenant\"'", "contoso.com")).targets
