"""The built page's files: which there are, and in which form they go out."""

import os
from pathlib import Path

import pytest

from triggers.web.site import site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page of two files, one of which has compressed forms."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>")
    for name, content in (("app-1a2b.js", "plain"), ("app-1a2b.js.br", "brotli"), ("app-1a2b.js.gz", "gzip")):
        (tmp_path / "assets" / name).write_text(content)
    return tmp_path


def test_without_a_build_there_is_no_page(tmp_path: Path) -> None:
    """A folder that is empty, or not there at all, is no page."""
    assert site(tmp_path) is None
    assert site(tmp_path / "nowhere") is None


def test_only_files_of_the_page_have_names(folder: Path) -> None:
    """Compressed forms are no files of their own, and no name leads out of the folder."""
    files = site(folder)

    assert files is not None
    assert set(files) == {"index.html", "assets/app-1a2b.js"}
    assert (files["assets/app-1a2b.js"].media_type, files["assets/app-1a2b.js"].hashed) == ("text/javascript", True)
    assert (files["index.html"].media_type, files["index.html"].hashed) == ("text/html", False)


@pytest.mark.parametrize(
    ("header", "content"),
    [
        ("", b"plain"),
        ("identity", b"plain"),
        ("deflate, zstd", b"plain"),
        ("gzip", b"gzip"),
        ("gzip, deflate, br, zstd", b"brotli"),
        ("BR", b"brotli"),
        ("br;q=0, gzip;q=0.5", b"gzip"),
        ("br; q=0.000, gzip; q=0", b"plain"),
    ],
)
def test_the_smallest_form_that_is_taken_goes_out(folder: Path, header: str, content: bytes) -> None:
    """By the header Accept-Encoding, in which ``q=0`` means never; each form has an ETag of its own."""
    files = site(folder)
    assert files is not None
    file = files["assets/app-1a2b.js"]

    assert file.accepted(header).content == content
    assert len({form.etag for form in file.forms.values()}) == 3


def test_the_next_build_is_seen(folder: Path) -> None:
    """A process that goes on serves what was built since."""
    before = site(folder)
    (folder / "assets" / "new.js").write_text("new")
    os.utime(folder / "index.html", (1, 1))
    after = site(folder)

    assert before is not None
    assert after is not None
    assert set(after) - set(before) == {"assets/new.js"}
