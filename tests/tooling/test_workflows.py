"""The workflows of GitHub call what there is, may do little, and deploy what was tested."""

import re
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from dev.package.__main__ import READY
from tests.tooling.conftest import ROOT

FOLDER = ROOT / ".github/workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
ACTIONS = {
    "actions/checkout@v4",
    "actions/setup-python@v5",
    "actions/setup-node@v4",
    "actions/upload-artifact@v4",
    "actions/download-artifact@v4",
    "azure/login@v2",
}
"""Whom the workflows trust: GitHub's own and Microsoft's actions; one more is a decision."""
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))


def read(name: str) -> dict[str, Any]:
    """A workflow; the key ``on`` is a truth value to YAML 1.1."""
    found = cast(dict[Any, Any], yaml.safe_load((FOLDER / name).read_text()))
    return {"on" if key is True else key: value for key, value in found.items()}


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of all jobs."""
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


def by_name(path: Path) -> str:
    """A workflow's name as a test's id."""
    return path.name


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_name)
def test_commands_are_those_of_the_project(path: Path) -> None:
    """Every target, script and folder that a step names is there; no text of an event is put into a shell."""
    runs = [step["run"] for step in steps(read(path.name)) if "run" in step]

    assert runs
    for run in runs:
        assert "${{" not in run, "it goes through env: what a name holds is data there"
        for target in re.findall(r"\bmake ([a-z-]+)", run):
            assert target in TARGETS
        for script in re.findall(r"\bbash (\S+)", run):
            assert (ROOT / script).is_file()
        for folder in re.findall(r"-m pytest (\S+)", run):
            assert (ROOT / folder).is_dir()


def test_ci_gives_the_command_of_ci() -> None:
    """The very script that every other CI runs; what needs a service on the internet is a job of its own."""
    jobs = read("ci.yml")["jobs"]
    runs = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}

    assert runs["test"] == ["bash .ci/run"]
    assert runs["audit"] == ["make audit"]
    assert "audit" not in (ROOT / ".ci/run").read_text()


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_name)
def test_a_workflow_may_read_the_source_and_nothing_else(path: Path) -> None:
    """But for the one job that proves to Azure who it is; no secret is kept anywhere."""
    workflow = read(path.name)
    own = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}

    assert workflow["permissions"] == {"contents": "read"}
    assert own == ({"deploy": {"id-token": "write"}} if path.name == "deploy.yml" else {})
    assert "secrets" not in re.sub(r"#.*", "", path.read_text())


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_name)
def test_actions_are_known_and_take_no_token_along(path: Path) -> None:
    """Another workflow that is called is there and may be called; a job cannot hang for hours."""
    workflow = read(path.name)
    used = [step for step in steps(workflow) if "uses" in step]

    assert {step["uses"] for step in used} <= ACTIONS
    for step in used:
        if step["uses"].startswith("actions/checkout"):
            assert step["with"] == {"persist-credentials": False}
    for job in workflow["jobs"].values():
        if called := job.get("uses"):
            assert "workflow_call" in read(Path(called).name)["on"]
        else:
            assert job["timeout-minutes"] <= 180


def test_what_is_deployed_is_what_was_tested_in_the_same_run() -> None:
    """After CI, from the package that it left, into an environment, with the file that `make package` writes."""
    deploy = read("deploy.yml")["jobs"]["deploy"]
    [uploaded] = [step["with"] for step in steps(read("ci.yml")) if "upload-artifact" in step.get("uses", "")]
    [taken] = [step["with"] for step in deploy["steps"] if "download-artifact" in step.get("uses", "")]
    [login] = [step["with"] for step in deploy["steps"] if "azure/login" in step.get("uses", "")]

    assert deploy["needs"] == "ci"
    assert deploy["environment"]
    assert taken["name"] == uploaded["name"]
    assert (uploaded["path"], taken["path"]) == ("out/", "out")
    assert any(f"--src out/{READY}" in step.get("run", "") for step in deploy["steps"])
    assert login.keys() == {"client-id", "tenant-id", "subscription-id"}


def test_a_tag_deploys_and_so_does_a_person() -> None:
    """Nothing else does."""
    started = read("deploy.yml")["on"]

    assert started.keys() == {"push", "workflow_dispatch"}
    assert started["push"] == {"tags": ["v*"]}
