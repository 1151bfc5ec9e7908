"""Every command that a page tells to give is given by a test or by CI, or says that it needs Azure."""

import re
import shutil
import subprocess

import pytest

from tests.docs.pages import PAGES, ROOT, text_of
from tests.docs.running import NEEDS_AZURE, Block, Local, blocks

EXAMPLES = "docs/examples.md"
"""One program in three languages, run by tests/docs/test_examples.py."""
LANGUAGES = {"sh", "bash", "powershell", "python"}
"""What a reader would paste; other blocks (json, mermaid, …) are no commands."""
GIVEN_BY = {
    "up": ("tests/localhost/test_up.py", '"dev.stack"'),
    "demo": ("tests/docs/test_commands.py", "DEMOS"),
    "demo-transfer": ("tests/docs/test_commands.py", "DEMOS"),
    "bench": (".github/workflows/ci.yml", "make bench ROWS="),
    "fire": ("tests/fire/test_fire.py", "play(seed)"),
    "audit-verify": ("tests/e2e/test_audit_verify.py", '"dev.audit_verify"'),
    "portal": ("tests/docs/conftest.py", '"dev/tools/portal.sh", "build"'),
    "package": (".github/workflows/ci.yml", "make package"),
    "sbom": ("tests/package/test_supply.py", '"dev/tools/supply.sh", "sbom"'),
    "audit": (".github/workflows/ci.yml", "make audit"),
    "trace-demo": ("tests/docs/test_commands.py", "DEMOS"),
    "check": ("Makefile", "test: check"),
    "test": (".ci/run", "make test"),
    "test-all": (".github/workflows/ci.yml", "make test-all"),
    "lock": ("tests/tooling/test_requirements.py", '"make", "lock"'),
    "clean": ("tests/tooling/test_bootstrap.py", '"make", "clean"'),
}
"""By target: the file that gives the command, and how it stands there."""
DEMOS = ("demo", "demo-transfer", "trace-demo")
TARGET = re.compile(r"^make ([a-z][a-z-]*)", re.MULTILINE)
MENTION = re.compile(r"`make ([a-z][a-z-]*)[^`]*`")


def is_make(block: Block) -> bool:
    """Whether a block does nothing but make targets."""
    return all(line.startswith(("make ", "#")) for line in block.text.splitlines() if line)


ALL = [block for page in PAGES for block in blocks(page) if block.language in LANGUAGES]
HERE = [block for block in ALL if NEEDS_AZURE not in block.words]
TRIED = [block for block in HERE if block.page != EXAMPLES and not is_make(block)]
TARGETS = set(re.findall(r"^([a-z-]+):.*##", text_of("Makefile"), re.MULTILINE)) - {"help"}


def test_a_block_says_nothing_else_beside_its_language() -> None:
    """A misspelt mark would have its commands run; the mark stands on blocks alone that are commands."""
    assert {word for block in ALL for word in block.words} <= {NEEDS_AZURE}
    assert {block.language for block in TRIED} <= {"sh"}, "only tests/docs/test_examples.py runs other languages"


def test_every_target_is_given_somewhere() -> None:
    """The registry has the targets of the Makefile, all of them, and its evidence is there."""
    assert GIVEN_BY.keys() == TARGETS
    for target, (file, text) in GIVEN_BY.items():
        assert text in text_of(file), f"make {target}: {file} has no {text}"


def test_every_target_that_a_page_names_exists() -> None:
    """In blocks as well as between backticks."""
    told = {name for page in PAGES for name in MENTION.findall(page.read_text())}
    told |= {name for block in ALL for name in TARGET.findall(block.text)}

    assert told <= TARGETS
    assert {"demo", "up", "test"} <= told


@pytest.mark.parametrize("block", TRIED, ids=lambda block: f"{block.page}-{block.text.split()[0]}")
@pytest.mark.asyncio(loop_scope="session")
async def test_a_command_for_the_local_stack_does_what_it_says(local: Local, block: Block) -> None:
    """As it stands on the page, beside a running stack; an answer that refuses fails."""
    if "jq " in block.text and shutil.which("jq") is None:
        pytest.skip("no jq on PATH: the commands that need it are not run (Debian and Ubuntu: apt-get install jq)")
    said = await local.run(f"set -euo pipefail\n{block.text}", "bash")

    assert ("asked " in said) == ("curl " in block.text)


@pytest.mark.slow
@pytest.mark.parametrize("target", DEMOS)
def test_the_demos_end_well(target: str) -> None:
    """As the README has them started."""
    run = subprocess.run(["make", target], cwd=ROOT, capture_output=True, text=True, check=False, timeout=200)

    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert run.stdout
