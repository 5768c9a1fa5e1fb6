"""The import, end to end: files and index appear complete or not at all, and broken images are named."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.base import checksums
from core.base.errors import InputError, WorkError
from core.base.events import Progress, Result, finish
from core.base.home import REPOSITORY, Home
from core.base.names import folders
from core.base.staging import claim
from core.datasets.dataset import Dataset, list_datasets
from core.images import pixels
from core.importing import copying, workers
from core.importing.task import Import
from tests.image_fixtures import encoded, picture, put, put_classes


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "animals"


def imported(home: Home, source: Path | str, name: str = "animals", **told: Any) -> Dataset:
    finish(Import(str(source), name, home=str(home.root), **told).run())
    return Dataset.open(home, name)


def leftovers(home: Home) -> list[str]:
    """What an import left beside the datasets, but for the files that locks are held on."""
    return [path.name for path in (home.raw / ".importing").iterdir() if path.suffix != ".lock"]


def test_the_result_is_what_the_command_line_promises(home: Home, folder: Path) -> None:
    put_classes(folder, {"dog": 4, "cat": 6})
    (folder / "cat" / "bad.jpg").write_bytes(b"no image")

    *events, last = Import(str(folder), "animals", home=str(home.root), options={"val_fraction": "0.5"}).run()

    assert isinstance(last, Result)
    assert last.data["dataset"] == "animals"
    assert last.data["classes"] == ["cat", "dog"]
    assert last.data["skipped"] == [
        {"path": str(folder / "cat" / "bad.jpg"), "reason": "not an image that Pillow knows"}
    ]
    assert sum(last.data["splits"].values()) == 10
    progress = [event for event in events if isinstance(event, Progress) and event.stage == "reading"]
    assert (progress[0].done, progress[0].total) == (0, 11)
    assert (progress[-1].done, progress[-1].total) == (11, 11)


def test_files_keep_their_bytes_and_the_index_knows_them(home: Home, folder: Path) -> None:
    data = {name: put(folder / "cat" / name, seed) for seed, name in enumerate(["a.jpg", "b.png"])}

    dataset = imported(home, folder, options={"val_fraction": 0})

    for row, (name, original) in zip(dataset.rows("train"), data.items(), strict=True):
        assert row.path == f"train/cat/{name}"
        assert dataset.read(row) == original
        assert (row.bytes, row.height, row.width) == (len(original), 8, 8)
        assert row.checksum == checksums.of_bytes(original)
        assert row.pixel_checksum == checksums.of_bytes(pixels.decode(original))


def test_two_imports_of_the_same_files_have_one_fingerprint(home: Home, folder: Path) -> None:
    put_classes(folder, {"cat": 5, "dog": 5})
    first = imported(home, folder, "first")
    put(folder / "cat" / "new.png")

    assert imported(home, first.root / "train", "of-the-copy").fingerprint != first.fingerprint
    assert imported(home, folder, "third").fingerprint != first.fingerprint
    (folder / "cat" / "new.png").unlink()
    assert imported(home, folder, "fourth").fingerprint == first.fingerprint


def test_a_limit_and_options_reach_the_source(home: Home) -> None:
    dataset = imported(home, "shapes", limit=12, options={"size": "16", "seed": 3})

    assert dataset.splits == {"train": 10, "val": 2}
    assert dataset.shapes() == {(16, 16, 3): 12}


def test_an_archive_is_unpacked_and_nothing_of_it_stays(home: Home, folder: Path, tmp_path: Path) -> None:
    put_classes(folder / "train", {"cat": 2})
    put_classes(folder / "val", {"cat": 1})
    (folder / "val" / "cat" / "bad.png").write_bytes(b"")
    archive = shutil.make_archive(str(tmp_path / "animals"), "zip", tmp_path, "animals")

    dataset = imported(home, archive)

    assert dataset.splits == {"train": 2, "val": 1}
    assert dataset.skipped() == [(f"{archive}/animals/val/cat/bad.png", "empty file")]
    assert leftovers(home) == []


# ---------------------------------------------------------------- images of every kind


def header_only(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


BROKEN = {
    "empty.jpg": (b"", "empty file"),
    "text.jpg": (b"this is not an image", "not an image"),
    "cut.jpg": (encoded(picture(1, 64), "jpeg")[:700], "broken image"),
    "cut.png": (encoded(picture(1, 64))[:5000], "broken image"),
    "program.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n", "not an image"),
    "bomb.png": (header_only(60_000, 60_000), "bomb"),
}


def test_broken_images_are_skipped_with_path_and_reason(home: Home, folder: Path) -> None:
    put(folder / "cat" / "fine.png")
    for name, (data, _) in BROKEN.items():
        (folder / "cat" / name).write_bytes(data)

    dataset = imported(home, folder, options={"val_fraction": 0})

    assert dataset.splits == {"train": 1}
    reasons = {Path(skipped.path).name: skipped.reason for skipped in dataset.skipped()}
    assert reasons.keys() == BROKEN.keys()
    for name, (_, said) in BROKEN.items():
        assert said in reasons[name]
    assert sorted(path.name for path in (dataset.root / "train" / "cat").iterdir()) == ["fine.png"]


KINDS: dict[str, Callable[[], bytes]] = {
    "grey.png": lambda: encoded(picture(0).convert("L")),
    "palette.gif": lambda: encoded(picture(0).convert("P"), "gif"),
    "cmyk.jpg": lambda: encoded(picture(0).convert("CMYK"), "jpeg"),
    "deep.png": lambda: encoded(Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000)),
    "alpha.png": lambda: encoded(picture(0).convert("RGBA")),
    "animated.webp": lambda: encoded(picture(0), "webp", save_all=True, append_images=[picture(1)], lossless=True),
    "photo.tiff": lambda: encoded(picture(0), "tiff"),
}


def test_images_of_every_kind_are_kept(home: Home, folder: Path) -> None:
    (folder / "cat").mkdir(parents=True)
    for name, make in KINDS.items():
        (folder / "cat" / name).write_bytes(make())

    dataset = imported(home, folder, options={"val_fraction": 0})

    assert dataset.skipped() == []
    assert dataset.shapes() == {(8, 8, 3): len(KINDS)}


def test_an_upright_image_has_its_upright_shape(home: Home, folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (folder / "cat").mkdir(parents=True)
    (folder / "cat" / "1.jpg").write_bytes(encoded(Image.new("RGB", (8, 4)), "jpeg", exif=exif))

    assert imported(home, folder).shapes() == {(8, 4, 3): 1}


def test_a_source_without_one_good_image_is_refused(home: Home, folder: Path) -> None:
    put_classes(folder, {"cat": 1})
    (folder / "cat" / "000.png").write_bytes(b"")

    with pytest.raises(InputError, match="none of the 1 files"):
        imported(home, folder)

    assert list_datasets(home) == []
    assert leftovers(home) == []


@pytest.mark.parametrize(
    "name", ["a\\b", "CON", "nul.txt", "x" * 250, "trailing.", " blank", "a:b", "caf\u00e9", "\u202etac", "a\nb"]
)
def test_hostile_class_names_become_safe_folders(home: Home, folder: Path, name: str) -> None:
    put_classes(folder, {name: 1, "plain": 1})

    dataset = imported(home, folder)

    assert sorted(dataset.classes) == sorted([name, "plain"])
    for row in dataset.rows("train"):
        _, inner, _ = row.path.split("/")
        assert dataset.path(row).is_file()
        assert inner == "plain" or dataset.classes[row.label] == name
        assert inner.split(".")[0].upper() not in ("CON", "NUL")
        assert not set(inner) & set('<>:"\\|?*\n\u202e')
        assert len(inner.encode()) < 200


def test_classes_that_differ_in_case_or_in_what_is_unsafe_keep_apart() -> None:
    named = folders(["Cat", "cat", "a/b", "a\\b", "a_b", "..", ".", "", "a\0b"])

    assert len({folder.casefold() for folder in named.values()}) == 9
    assert named["a_b"] == "a_b"
    assert not any("/" in folder or "\0" in folder or folder in ("", ".", "..") for folder in named.values())


# ---------------------------------------------------------------- names, and two at once


def test_an_existing_name_is_refused(home: Home) -> None:
    dataset = imported(home, "shapes", "mine", limit=5)

    with pytest.raises(InputError, match=r"dataset 'mine' already; choose another name, or delete it"):
        imported(home, "shapes", "mine", limit=5)

    assert Dataset.open(home, "mine") == dataset


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 65, "a b"])
def test_a_name_that_is_no_name_is_refused(home: Home, name: str) -> None:
    with pytest.raises(InputError, match="cannot be a dataset's name"):
        imported(home, "shapes", name, limit=5)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"options": {"colour": "red"}}, "unknown option 'colour'"),
        ({"options": {"size": "huge"}}, "size=huge is not a whole number"),
        ({"limit": 0}, "limit of 0"),
    ],
)
def test_what_the_source_does_not_know_is_refused(home: Home, told: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        imported(home, "shapes", **told)

    assert leftovers(home) == []


def test_the_second_import_of_a_name_is_told_who_has_the_first(home: Home) -> None:
    with claim(home.raw / ".importing", "mine", "import"), pytest.raises(InputError, match=rf"process {os.getpid()}"):
        imported(home, "shapes", "mine", limit=5)

    imported(home, "shapes", "mine", limit=5)


# ---------------------------------------------------------------- ends that are not the end


@pytest.fixture(params=[10, 600], ids=["inline", "processes"])
def limit(request: pytest.FixtureRequest) -> int:
    """An import that is done here, and one in processes of its own."""
    return int(request.param)


def test_a_closed_import_leaves_nothing(home: Home, limit: int) -> None:
    events = Import("shapes", "mine", limit=limit, home=str(home.root)).run()
    for event in events:
        if isinstance(event, Progress):
            break
    assert leftovers(home) != []

    events.close()  # type: ignore[attr-defined]

    assert list_datasets(home) == []
    assert leftovers(home) == []


def test_a_full_disk_leaves_nothing_and_is_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(copying, "_write", full)

    with pytest.raises(WorkError, match="disk is full"):
        imported(home, "shapes", limit=10)

    assert list_datasets(home) == []
    assert leftovers(home) == []


def test_processes_give_what_one_gives(home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_classes(folder, {"cat": 70, "dog": 70})
    (folder / "dog" / "bad.png").write_bytes(b"")
    inline = imported(home, folder, "inline")
    monkeypatch.setattr(workers, "INLINE_IMAGES", 0)

    parallel = imported(home, folder, "parallel")

    assert parallel.fingerprint == inline.fingerprint
    assert [list(parallel.rows(split)) for split in parallel.splits] == [
        list(inline.rows(split)) for split in inline.splits
    ]
    assert parallel.skipped() == inline.skipped()


SCRIPT = """
import sys
from core.importing.task import Import
from core.base.names import folders
from core.base.events import Progress
if __name__ == "__main__":
    try:
        for event in Import("shapes", "mine", limit=30000, home=sys.argv[1]).run():
            if isinstance(event, Progress) and event.done:
                print("going", flush=True)
    except KeyboardInterrupt:
        print("stopped", flush=True)
"""


@pytest.fixture
def running(home: Home, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """An import in a process of its own, some way into its work."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(home.root)],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "going\n"
    yield process
    process.kill()
    process.communicate()


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_import_leaves_nothing_that_looks_finished(home: Home, running: subprocess.Popen[str]) -> None:
    running.kill()
    running.wait()

    assert list_datasets(home) == []
    assert len(leftovers(home)) > 0
    deadline = time.monotonic() + 20
    while alive(running.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(running.pid)  # its worker processes ended with it

    imported(home, "shapes", "another", limit=5)

    assert leftovers(home) == []


def test_ctrl_c_leaves_nothing(home: Home, running: subprocess.Popen[str]) -> None:
    os.killpg(running.pid, signal.SIGINT)

    said, errors = running.communicate(timeout=30)

    assert said.endswith("stopped\n")
    assert "Traceback" not in errors
    assert list_datasets(home) == []
    assert leftovers(home) == []


def test_two_at_once_the_second_is_told(home: Home, running: subprocess.Popen[str]) -> None:
    with pytest.raises(InputError, match=rf"process {running.pid}"):
        imported(home, "shapes", "mine", limit=5)
