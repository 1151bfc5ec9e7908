"""What the set-up says on a machine that lacks something."""

from pathlib import Path

from tests.tooling.conftest import Run

NO_VENV = 'echo "No module named venv" >&2; exit 1'
UV_WITHOUT_PYTHON = 'case "$1" in --version) echo "uv 0.13.9" ;; *) echo "No interpreter found" >&2; exit 2 ;; esac'


def without_system_python(project: Path) -> None:
    """Keep the copy from the machine's own interpreter, which is looked for beside PATH."""
    script = project / "dev" / "tools" / "uv.sh"
    text = script.read_text()
    assert "/usr/bin/python3" in text
    script.write_text(text.replace(" /usr/bin/python3", ""))


def test_a_python_without_venv_is_named_with_what_to_install(project: Path, run: Run) -> None:
    """No uv and a python3 without venv: the target fails, says what to install, and makes nothing."""
    without_system_python(project)

    result = run("make", "check", programs={"python3": NO_VENV})

    assert result.returncode != 0
    assert "python3-venv" in result.stderr
    assert "No module named venv" not in result.stderr
    assert not (project / ".tools").exists()


def test_an_outdated_uv_is_not_used(project: Path, run: Run) -> None:
    """A uv older than the pinned range counts as none."""
    without_system_python(project)

    result = run("sh", "dev/tools/uv.sh", "pip", programs={"uv": 'echo "uv 0.4.30"', "python3": NO_VENV})

    assert result.returncode != 0
    assert "0.9 or newer" in result.stderr


def test_a_missing_python_313_is_named_and_never_downloaded(project: Path, run: Run) -> None:
    """uv is there but finds no 3.13: the target fails and says how to name one, and uv was forbidden to fetch it."""
    uv = f'echo "$UV_PYTHON_DOWNLOADS" >"{project}/downloads"; {UV_WITHOUT_PYTHON}'

    result = run("make", "check", programs={"uv": uv})

    assert result.returncode != 0
    assert "Python 3.13 was not found" in result.stderr
    assert "UV_PYTHON=" in result.stderr
    assert (project / "downloads").read_text().strip() == "never"
    assert not (project / ".venv").exists()


def test_a_missing_or_old_node_is_named(run: Run) -> None:
    """The storage emulator needs Node; without it, or with one too old, the message says what was found."""
    missing = run("sh", "dev/tools/setup.sh", "azurite")
    old = run(
        "sh",
        "dev/tools/setup.sh",
        "azurite",
        programs={"npm": "echo 8.19.4", "node": 'case "$1" in --version) echo v16.20.2 ;; *) exit 1 ;; esac'},
    )

    assert missing.returncode != 0
    assert old.returncode != 0
    assert "node none, npm none" in missing.stderr
    assert "Node 20.19" in old.stderr
    assert "node v16.20.2, npm 8.19.4" in old.stderr


def test_the_emulator_is_installed_once_per_lock_file(project: Path, run: Run) -> None:
    """`npm ci` runs when the lock file changed, and only then."""
    npm = f'mkdir -p node_modules; echo "$@" >>"{project}/calls"'
    programs = {"npm": npm, "node": "exit 0", "mkdir": 'exec /bin/mkdir "$@"'}
    setup = ("sh", "dev/tools/setup.sh", "azurite")

    first = run(*setup, programs=programs)
    again = run(*setup, programs=programs)
    (project / "dev" / "azurite" / "package-lock.json").write_text("{}")
    changed = run(*setup, programs=programs)

    assert [first.returncode, again.returncode, changed.returncode] == [0, 0, 0]
    assert again.stderr == ""
    calls = (project / "calls").read_text().splitlines()
    assert len(calls) == 2
    assert all(call.startswith("ci ") for call in calls)


def test_what_was_made_can_be_removed(project: Path, run: Run) -> None:
    """`make clean` leaves sources and local data as they are."""
    made = (
        ".venv/bin/python",
        ".supply/installed.txt",
        "out/package.zip",
        "portal/dist/index.html",
        "shared/__pycache__/a.pyc",
    )
    kept = ("shared/a.py", ".localhost/api-key", "portal/src/main.tsx")
    for name in (*made, *kept):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()

    result = run("make", "clean", programs={"find": 'exec /usr/bin/find "$@"'})

    assert result.returncode == 0, result.stderr
    assert [name for name in made if (project / name).exists()] == []
    assert [name for name in kept if not (project / name).exists()] == []
