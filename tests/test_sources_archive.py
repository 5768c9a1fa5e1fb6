"""Archives of image folders are read; hostile and broken ones are refused in a sentence and write nothing outside."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from core.base.errors import InputError
from core.base.events import finish
from core.base.source_contracts import FoundImage
from core.sources import Request, open_source, recognise, unpacking
from core.sources.unpacking import unpack
from tests.image_fixtures import encoded, picture, put, put_classes

ENDINGS = {".zip": "zip", ".tar": "tar", ".tar.gz": "gztar", ".tgz": "gztar", ".tar.bz2": "bztar", ".tar.xz": "xztar"}

IMAGE = encoded(picture(0))


def pack(folder: Path, archive: Path) -> None:
    """All of a folder, its own name in front."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as opened:
            for path in sorted(folder.rglob("*")):
                opened.write(path, path.relative_to(folder.parent))
    else:
        mode = {".tar": "w", ".bz2": "w:bz2", ".xz": "w:xz"}.get(archive.suffix, "w:gz")
        with tarfile.open(archive, mode) as opened:  # type: ignore[call-overload]
            opened.add(folder, folder.name)


def read(archive: Path, **options: object) -> list[FoundImage]:
    scratch = archive.parent / f"scratch of {archive.name}"
    scratch.mkdir()
    assert recognise(str(archive)) == "archive"
    source = open_source("archive", options, Request(scratch=scratch, downloads=scratch, path=archive))
    finish(source.prepare())
    images = [found for found in source.images() if isinstance(found, FoundImage)]
    assert Counter(image.split for image in images) == source.counts
    source.close()
    return images


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_archive_gives_what_its_folder_gives(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / "animals"
    put_classes(folder / "train", {"cat": 2, "dog": 1})
    put_classes(folder / "test", {"cat": 1})
    archive = tmp_path / f"Animals{ending}"
    pack(folder, archive)

    images = read(archive)

    assert [(image.split, image.class_name, image.name) for image in images] == [
        ("train", "cat", "000.png"),
        ("train", "cat", "001.png"),
        ("train", "dog", "000.png"),
        ("val", "cat", "000.png"),
    ]
    assert images[0].data == (folder / "train" / "cat" / "000.png").read_bytes()
    assert images[0].origin.startswith(str(archive))


def test_a_flat_archive_is_one_class_named_after_it(tmp_path: Path) -> None:
    put(tmp_path / "x" / "a.jpg")
    with zipfile.ZipFile(tmp_path / "holiday.zip", "w") as opened:
        opened.write(tmp_path / "x" / "a.jpg", "a.jpg")
        opened.writestr("__MACOSX/._a.jpg", b"resource fork")

    (image,) = read(tmp_path / "holiday.zip")

    assert (image.class_name, image.name) == ("holiday", "a.jpg")


def test_options_reach_what_is_inside(tmp_path: Path) -> None:
    put_classes(tmp_path / "animals", {"cat": 4})
    pack(tmp_path / "animals", tmp_path / "animals.zip")

    assert {image.split for image in read(tmp_path / "animals.zip", val_fraction=0)} == {"train"}


def test_names_of_windows_are_folders(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as opened:
        info = zipfile.ZipInfo("x")
        info.filename = "train\\cat\\1.png"
        opened.writestr(info, IMAGE)
        opened.writestr("val/cat/1.png", IMAGE)

    assert [image.split for image in read(tmp_path / "a.zip")] == ["train", "val"]


def test_a_hard_link_is_the_file_it_names(tmp_path: Path) -> None:
    put_classes(tmp_path / "animals", {"cat": 1, "dog": 1})
    (tmp_path / "animals" / "dog" / "zzz.png").hardlink_to(tmp_path / "animals" / "cat" / "000.png")
    pack(tmp_path / "animals", tmp_path / "animals.tar")
    with tarfile.open(tmp_path / "animals.tar") as opened:
        assert opened.getmember("animals/dog/zzz.png").islnk()

    found = {image.name: image.data for image in read(tmp_path / "animals.tar", val_fraction=0)}

    assert (tmp_path / "animals" / "cat" / "000.png").read_bytes() == found["zzz.png"]


def test_archives_in_an_archive_are_named(tmp_path: Path) -> None:
    put_classes(tmp_path / "animals", {"cat": 1})
    for name in ("train", "test"):
        pack(tmp_path / "animals", tmp_path / f"{name}.zip")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as opened:
        for name in ("train", "test"):
            opened.write(tmp_path / f"{name}.zip", f"{name}.zip")

    with pytest.raises(
        InputError, match=r"all\.zip; it holds test\.zip \(an archive inside: unpack it.* and 1 more"
    ) as told:
        read(tmp_path / "all.zip")
    assert "scratch" not in str(told.value)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_thousand_folders_in_each_other_are_refused(tmp_path: Path, kind: str) -> None:
    name = "d/" * 1500 + "1.png"
    archive = (zip_of(name) if kind == "zip" else tar_of(name))(tmp_path)

    with pytest.raises(InputError, match="lies in more than 100 folders"):
        finish(unpack(archive, tmp_path / "unpacked"))


# ---------------------------------------------------------------- hostile ones


def zip_of(*names: str, mode: int = 0) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "bad.zip", "w") as opened:
            opened.writestr("fine.png", IMAGE)
            for name in names:
                info = zipfile.ZipInfo(name)
                info.external_attr = mode << 16
                opened.writestr(info, b"target")
        return folder / "bad.zip"

    return make


def tar_of(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with tarfile.open(folder / "bad.tar.gz", "w:gz") as opened:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            info.size = 6 if kind == tarfile.REGTYPE else 0
            opened.addfile(info, io.BytesIO(b"target"))
        return folder / "bad.tar.gz"

    return make


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (zip_of("../outside.png"), r"'\.\./outside\.png' lies outside"),
        (zip_of("cat/../../outside.png"), "lies outside"),
        (zip_of("/outside.png"), "lies outside"),
        (zip_of("C:/outside.png"), "lies outside"),
        (zip_of("..\\outside.png"), "lies outside"),
        (zip_of("../outside/"), "lies outside"),
        (zip_of("cat/link.png", mode=stat.S_IFLNK | 0o777), "'cat/link.png' is a link"),
        (zip_of("cat/pipe.png", mode=stat.S_IFIFO | 0o777), "is a link or a device"),
        (zip_of("cat/" + "x" * 300 + ".png"), "cannot be a file here"),
        (zip_of("fine.png/1.png"), "cannot be a file here|is there twice"),
        (tar_of("../outside.png"), "lies outside"),
        (tar_of("/outside.png"), "lies outside"),
        (tar_of("cat/../../outside.png"), "lies outside"),
        (tar_of("cat", tarfile.SYMTYPE, "/etc"), "'cat' is a link"),
        (tar_of("cat.png", tarfile.LNKTYPE, "/etc/passwd"), "is a link"),
        (tar_of("cat.png", tarfile.LNKTYPE, "../outside.png"), "is a link"),
        (tar_of("cat.png", tarfile.LNKTYPE, "cat.png"), "is a link"),
        (tar_of("cat.png", tarfile.CHRTYPE), "is a link or a device"),
        (tar_of("cat.png", tarfile.FIFOTYPE), "is a link or a device"),
        (tar_of("../outside", tarfile.DIRTYPE), "lies outside"),
    ],
)
def test_a_hostile_entry_refuses_the_archive_by_name(tmp_path: Path, make: Callable[[Path], Path], said: str) -> None:
    (tmp_path / "in").mkdir()
    archive = make(tmp_path / "in")

    with pytest.raises(InputError, match=said):
        finish(unpack(archive, tmp_path / "in" / "unpacked"))

    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert not any(path.name.startswith("outside") for path in tmp_path.rglob("*"))
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'fine.png' is there twice"):
        finish(unpack(zip_of("fine.png")(tmp_path), tmp_path / "unpacked"))


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "FREE_BYTES", 1 << 20)
    archive = tmp_path / f"bomb.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
            opened.writestr("zeros.bmp", bytes(100 << 20))
    else:
        with tarfile.open(archive, "w:gz") as opened:
            info = tarfile.TarInfo("zeros.bmp")
            info.size = 100 << 20
            opened.addfile(info, io.BytesIO(bytes(info.size)))

    with pytest.raises(InputError, match=r"'zeros.bmp' makes it unpack to more than 100 times its size"):
        finish(unpack(archive, tmp_path / "unpacked"))

    written = sum(path.stat().st_size for path in (tmp_path / "unpacked").rglob("*"))
    assert written <= (1 << 20) + 100 * archive.stat().st_size


def test_entries_are_bounded_in_size_and_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zip_of("a.png", "b.png")(tmp_path)
    monkeypatch.setattr(unpacking, "MAX_ENTRIES", 2)
    with pytest.raises(InputError, match="more than 2 entries"):
        finish(unpack(archive, tmp_path / "first"))
    monkeypatch.undo()
    monkeypatch.setattr(unpacking, "MAX_ENTRY_BYTES", 10)
    with pytest.raises(InputError, match=r"'fine.png' is larger than"):
        finish(unpack(archive, tmp_path / "second"))


def test_a_tar_header_cannot_ask_for_gigabytes(tmp_path: Path) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 1 << 32
    (tmp_path / "bad.tar").write_bytes(header.tobuf(tarfile.USTAR_FORMAT) + bytes(10_240))

    with pytest.raises(InputError, match="not a whole archive"):
        finish(unpack(tmp_path / "bad.tar", tmp_path / "unpacked"))


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    archive = zip_of("a.png")(tmp_path)
    content = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    archive.write_bytes(content)

    with pytest.raises(InputError, match="encrypted"):
        finish(unpack(archive, tmp_path / "unpacked"))


def cut(file: IO[bytes]) -> None:
    file.truncate(file.seek(0, 2) // 5)


def scramble(file: IO[bytes]) -> None:
    file.seek(60)
    file.write(b"\xff" * 40)


@pytest.mark.parametrize("damage", [cut, scramble])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_broken_archive_is_refused(tmp_path: Path, ending: str, damage: Callable[[IO[bytes]], None]) -> None:
    put_classes(tmp_path / "animals", {"cat": 3})
    archive = tmp_path / f"a{ending}"
    pack(tmp_path / "animals", archive)
    with archive.open("r+b") as file:
        damage(file)

    with pytest.raises(InputError, match="not a whole archive"):
        finish(unpack(archive, tmp_path / "unpacked"))


@pytest.mark.parametrize("content", [b"", b"hello", b"\x1f\x8bhello", b"BZh9hello", b"\xfd7zXZ\0hello", b"PK\x05\x06"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tar").write_bytes(content)

    with pytest.raises(InputError, match="not a whole archive"):
        finish(unpack(tmp_path / "a.tar", tmp_path / "unpacked"))
