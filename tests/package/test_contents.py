"""What is packed is the app: all of it, and nothing that lies beside it."""

import subprocess
from pathlib import Path

import pytest

from dev.package.contents import PackageError, app_files
from tests.package.conftest import ROOT

FILES = (
    "function_app.py",
    "shared/rules.py",
    "shared/catalogue.json",
    "portal/src/main.tsx",
    "dev/tool.py",
    "README.md",
)
BUILT = ("portal/dist/index.html", "portal/dist/assets/main-1a2b.js.br")


def write(root: Path, *names: str) -> None:
    """Make files of this name."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of a few files that git knows, and a page that was built."""
    write(tmp_path, *FILES)
    (tmp_path / ".funcignore").write_text((ROOT / ".funcignore").read_text())
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    write(tmp_path, *BUILT)
    return tmp_path


def names(root: Path) -> list[str]:
    """The packed files as a zip names them."""
    return [path.as_posix() for path in app_files(root)]


def test_the_product_and_the_built_page_are_packed(project: Path) -> None:
    """Sources of the page, tools and documents stay here."""
    assert names(project) == sorted([*FILES[:3], *BUILT])


def test_what_git_does_not_know_is_not_packed(project: Path) -> None:
    """A file left lying in a folder of the product is not deployed."""
    write(project, "shared/notes.py", "shared/__pycache__/rules.cpython-313.pyc")

    assert names(project) == sorted([*FILES[:3], *BUILT])


def test_a_page_that_was_not_built_is_an_error(project: Path) -> None:
    """An app without its page is no release."""
    for name in BUILT:
        (project / name).unlink()

    with pytest.raises(PackageError, match="make portal"):
        app_files(project)


def test_every_file_of_this_product_is_packed(page: None) -> None:
    """Modules, data that they read, and the page's files in all their forms."""
    packed = set(names(ROOT))

    modules = {
        path.relative_to(ROOT).as_posix() for path in ROOT.glob("shared/**/*") if path.suffix in (".py", ".json")
    }
    assert modules <= packed
    assert {"host.json", "requirements.txt", "portal/dist/index.html"} <= packed
    assert any(name.endswith(".js.br") for name in packed)
    assert {name.split("/")[0] for name in packed} == {
        *("activities", "function_app.py", "host.json", "orchestrators"),
        *("portal", "requirements.txt", "shared", "triggers"),
    }
    assert {"/".join(name.split("/")[:2]) for name in packed if name.startswith("portal/")} == {"portal/dist"}
