"""How files come into a dataset: written, sharing blocks, or as hard links on request; and by how many hands."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from core.base.errors import InputError
from core.base.home import Home
from core.importing import copying, workers
from core.importing.chunks import MOST_IMAGES, ChunkSize
from core.importing.copying import Copier
from core.processes.pool import get_ready, processes
from tests.image_fixtures import encoded, picture, put_classes
from tests.test_import import imported, leftovers


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put_classes(tmp_path / "animals", {"cat": 3, "dog": 3})
    (tmp_path / "animals" / "cat" / "link.png").symlink_to(tmp_path / "animals" / "cat" / "000.png")
    return tmp_path / "animals"


def shared(source: int, target: int) -> None:
    """What the file system does that can: here by writing."""
    os.write(target, os.pread(source, 1 << 20, 0))


def refused(source: int, target: int) -> None:
    raise OSError(errno.EOPNOTSUPP, "Operation not supported")


@pytest.mark.parametrize(
    ("way", "clone"), [("auto", shared), ("auto", refused), ("copy", shared), ("reflink", shared), ("hardlink", shared)]
)
def test_every_way_gives_the_same_dataset(
    folder: Path, home: Home, way: str, clone: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloned = []
    monkeypatch.setattr(copying, "_clone", lambda *files: cloned.append(files) or clone(*files))
    whole = imported(home, folder, "whole", copy="copy")
    assert not cloned

    dataset = imported(home, folder, copy=way)

    assert dataset.fingerprint == whole.fingerprint
    assert all(dataset.read(row) == whole.read(row) for row in dataset.rows("train"))
    assert len(cloned) == {"copy": 0, "hardlink": 0}.get(way, 1 if clone is refused else 7)
    linked = {path.stat().st_nlink for path in dataset.root.rglob("*.png")}
    assert (linked == {1}) == (way != "hardlink")
    assert not any(path.is_symlink() for path in dataset.root.rglob("*.png"))


def test_a_file_that_changes_while_it_is_shared_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "_clone", lambda source, target: os.write(target, b"longer than before"))
    (tmp_path / "a").write_bytes(b"longer than before")
    Copier("auto")(b"before", str(tmp_path / "a"), str(tmp_path / "b"))
    assert (tmp_path / "b").read_bytes() == b"before"


def test_what_cannot_be_done_here_is_said(folder: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "_clone", refused)
    with pytest.raises(InputError, match="cannot be shared with the dataset; use --copy auto"):
        imported(home, folder, copy="reflink")

    def elsewhere(*_: Any) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", elsewhere)
    with pytest.raises(InputError, match=r"cannot be linked into the dataset \(Invalid cross-device link\)"):
        imported(home, folder, copy="hardlink")
    with pytest.raises(InputError, match="--copy move: choose auto"):
        imported(home, folder, copy="move")
    assert leftovers(home) == []


def test_photos_are_read_in_threads_and_give_what_processes_give(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("simplejpeg")
    photos = tmp_path / "photos" / "cat"
    photos.mkdir(parents=True)
    for number in range(30):
        (photos / f"{number}.jpg").write_bytes(encoded(picture(number, 64), "jpeg", quality=100))
    monkeypatch.setattr(workers, "INLINE_IMAGES", 0)
    one = imported(home, tmp_path / "photos", "processes")
    monkeypatch.setattr(workers, "PHOTO_BYTES", 0)
    monkeypatch.setattr(workers, "processes", None)

    other = imported(home, tmp_path / "photos", "threads")

    assert [list(other.rows(split)) for split in other.splits] == [list(one.rows(split)) for split in one.splits]


def test_getting_workers_ready_leaves_this_process_as_it_was() -> None:
    before = signal.getsignal(signal.SIGINT), dict(os.environ)
    get_ready(".importing.keeping")
    assert (signal.getsignal(signal.SIGINT), dict(os.environ)) == before
    with processes(1) as pool:
        assert pool.submit(len, "abc").result() == 3


def test_chunks_take_about_as_long_as_each_other() -> None:
    size = ChunkSize()
    size.learn(16, 0.004)
    assert size.images == 160
    size.learn(160, 1.0)
    assert size.images == 80  # one slow call halves it, no more
    size.learn(80, 0.0)
    assert size.images == MOST_IMAGES
