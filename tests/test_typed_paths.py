"""Paths as people type and paste them."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.base.errors import InputError
from core.base.typed_paths import typed_path
from core.sources import recognise
from core.sources.recognise import ContainerError
from tests.image_fixtures import put


@pytest.mark.parametrize(
    "way",
    [
        "{}",
        " {} ",
        '"{}"',
        "'{}'",
        " “{}” ",
        "`{}`",
        "file://{}",
        "FILE://localhost{}",
        '"file://{}"',
        "{}/",
        "'\"{}\"'",
    ],
)
def test_what_is_around_a_path_is_not_part_of_it(tmp_path: Path, way: str) -> None:
    assert typed_path(way.format(tmp_path)) == tmp_path


def test_blanks_in_addresses_and_for_shells(tmp_path: Path) -> None:
    folder = tmp_path / "my photos (1)"
    folder.mkdir()

    assert typed_path(f"file://{tmp_path}/my%20photos%20(1)") == folder
    assert typed_path(str(folder).replace(" ", "\\ ").replace("(", "\\(").replace(")", "\\)")) == folder
    assert typed_path(f"{folder}\n") == folder


def test_home_and_folders_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    assert typed_path("~/photos") == typed_path("'~/photos'") == typed_path("photos") == tmp_path / "photos"


def test_what_is_there_under_just_this_name_comes_first(tmp_path: Path) -> None:
    for name in ("'quoted'", "ends with a blank ", "per%20cent"):
        (tmp_path / name).mkdir()
        assert typed_path(str(tmp_path / name)) == tmp_path / name


@pytest.mark.parametrize("text", ["", "  ", "a\0b", "x" * 5000, "~nobody-of-this-name/x"])
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(InputError, match="is not a path"):
        typed_path(text)


def test_containers_are_sent_to_the_inspector(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "data.mdb").write_bytes(b"x")
    (tmp_path / "a.bin").write_bytes(b"\x89HDF\r\n\x1a\n")
    (tmp_path / "b.mdb").write_bytes(b"x")
    for name in ("db", "a.bin", "b.mdb"):
        with pytest.raises(ContainerError, match="Inspector") as told:
            recognise(str(tmp_path / name))
        assert told.value.path == tmp_path / name


def test_archives_that_are_not_read_are_called_so(tmp_path: Path) -> None:
    put(tmp_path / "x.tar.zst")

    with pytest.raises(InputError, match="an archive of a kind that is not read"):
        recognise(str(tmp_path / "x.tar.zst"))
