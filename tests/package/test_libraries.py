"""What is left out of the libraries, and what must be there."""

from pathlib import Path

import pytest

from dev.package.contents import PackageError
from dev.package.libraries import compile_all, trim

KEPT = (
    "msgraph/graph_service_client.py",
    "msgraph/generated/base_graph_service_client.py",
    "msgraph/generated/models/o_data_errors/o_data_error.py",
    "msgraph_sdk-1.0.dist-info/METADATA",
    "httpx/_client.py",
)
LEFT_OUT = (
    "msgraph/generated/models/user.py",
    "msgraph/generated/users/item/user_item_request_builder.py",
    "msgraph_sdk-1.0.dist-info/RECORD",
    "bin/httpx",
)


@pytest.fixture
def libraries(tmp_path: Path) -> Path:
    """Files of libraries, each of ten bytes."""
    for name in (*KEPT, *LEFT_OUT):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# 34567890")
    return tmp_path


def test_the_graph_sdk_keeps_its_client_and_its_error(libraries: Path) -> None:
    """Builders and models go, with folders that are empty then; so do scripts and what names the files that went."""
    spared = trim(libraries)

    assert {path.relative_to(libraries).as_posix() for path in libraries.rglob("*") if path.is_file()} == set(KEPT)
    assert not (libraries / "msgraph/generated/users").exists()
    assert spared == 20


def test_an_sdk_of_another_shape_is_not_trimmed(libraries: Path) -> None:
    """A new release may have moved what the app needs: nothing is taken out, and the missing file is named."""
    (libraries / KEPT[1]).unlink()

    with pytest.raises(PackageError, match="base_graph_service_client"):
        trim(libraries)

    assert (libraries / LEFT_OUT[0]).exists()


def test_bytecode_is_the_same_wherever_it_is_compiled(tmp_path: Path) -> None:
    """It holds neither the folder nor a time."""
    compiled: list[bytes] = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "module.py").write_text("def name():\n    return __file__\n")
        compile_all(tmp_path / name)
        compiled += [path.read_bytes() for path in (tmp_path / name).rglob("*.pyc")]

    assert len(compiled) == 2
    assert compiled[0] == compiled[1]


def test_a_module_that_does_not_compile_is_an_error(tmp_path: Path) -> None:
    """It would fail at run time only."""
    (tmp_path / "broken.py").write_text("def\n")

    with pytest.raises(PackageError, match="broken"):
        compile_all(tmp_path)
