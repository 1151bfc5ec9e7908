"""The libraries as Azure needs them: what requirements.txt names, by hash, without what is never loaded, compiled."""

import shutil
import subprocess
import sys
from pathlib import Path

from dev.package.contents import PackageError

PLATFORM = "x86_64-manylinux_2_28"
"""The oldest system that Python 3.13 on Flex Consumption may have, as the names of wheels tell it."""
PLACE = Path(".python_packages/lib/site-packages")
"""Where the worker in Azure looks for what was installed beforehand."""
_SDK = Path("msgraph/generated")
_SDK_KEPT = ("base_graph_service_client.py", "models/o_data_errors")
"""Of the Graph SDK's generated code: its client, which registers the parsers, and the error that they read."""
_SCRIPTS = "bin"
_OF_INSTALLERS = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
"""Notes for who would uninstall; they name files that are left out and the machine that made the package."""


def install(root: Path, into: Path) -> None:
    """Install the product's requirements for Azure's platform; wheels only, each held to its hash.

    Raises ``PackageError`` with what the installer says.
    """
    command = ["sh", str(root / "dev/tools/uv.sh"), "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--python-platform", PLATFORM, "--python-version", "3.13"]
    command += ["--python", sys.executable, "--target", str(into), "--requirement", str(root / "requirements.txt")]
    # Files may be links into the cache that all projects of this machine share: from here on none is written to.
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageError(f"requirements.txt could not be installed for {PLATFORM}:\n{done.stderr}")


def trim(libraries: Path) -> int:
    """Take out what is never loaded: the Graph SDK's builders and models, scripts, and the notes of installers.

    Returns how many bytes of the SDK that were. Raises ``PackageError`` when the SDK no longer has what is kept.
    """
    generated = libraries / _SDK
    kept = {generated / name for name in _SDK_KEPT}
    if missing := [str(path.relative_to(libraries)) for path in kept if not path.exists()]:
        raise PackageError(f"msgraph-sdk has changed, it has no {', '.join(sorted(missing))}")
    unused = [path for path in generated.rglob("*") if path.is_file() and kept.isdisjoint((path, *path.parents))]
    spared = sum(path.stat().st_size for path in unused)
    for path in unused:
        path.unlink()
    for folder in sorted((path for path in generated.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    shutil.rmtree(libraries / _SCRIPTS, ignore_errors=True)
    for note in [note for name in _OF_INSTALLERS for note in libraries.glob(f"*.dist-info/{name}")]:
        note.unlink()
    return spared


def compile_all(folder: Path) -> None:
    """Compile every module below ``folder`` for the interpreter of this process, 3.13 as in Azure.

    The folder is read-only there, so that each new process would compile anew. The bytecode bears the hash of its
    source in place of a time, so that it is the same every time; nobody checks it, as nobody changes a source there.
    """
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    done = subprocess.run([*command, "-s", str(folder), str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageError(f"not every module could be compiled:\n{done.stdout}{done.stderr}")
