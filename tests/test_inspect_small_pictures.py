"""Records as a grid shows them: the same facts as in full, and the same pictures, only smaller."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import h5py
import lmdb
import numpy as np
import pytest
from PIL import Image

from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.importing.task import Import
from core.inspect.describe import describe, describe_fully
from core.inspect.opened_file import OpenedFile
from core.inspect.requests import SampleRequest
from core.inspect.small_pictures import fitted

BOX = 48


def photo(kind: str = "jpeg", mode: str = "RGB", orientation: int = 1) -> bytes:
    """A gradient of 400 x 240 pixels whose corners differ."""
    across, down = np.linspace(0, 255, 400), np.linspace(0, 255, 240)[:, None]
    pixels = np.stack([across + 0 * down, down + 0 * across, (across + down) / 2], 2).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(made, kind, exif=exif)
    return made.getvalue()


VALUES = {
    "a photo": photo(),
    "turned": photo(orientation=6),
    "grey": photo(mode="L"),
    "four colours": photo(mode="CMYK"),
    "png": photo("png"),
    "cut short": photo()[:-900],
    "broken": photo()[:200],
    "text": b"no picture",
}


def in_lmdb(folder: Path) -> OpenedFile:
    with lmdb.open(str(folder / "a.lmdb")) as env, env.begin(write=True) as transaction:
        for name, value in VALUES.items():
            transaction.put(name.encode(), value)
    return OpenedFile("lmdb", str(folder / "a.lmdb" / "data.mdb"), None)


def in_hdf5(folder: Path) -> OpenedFile:
    with h5py.File(folder / "a.h5", "w") as file:
        file["images"] = np.array([np.frombuffer(value, np.uint8) for value in VALUES.values()], h5py.vlen_dtype("u1"))
    return OpenedFile("hdf5", str(folder / "a.h5"), None)


def in_tar(folder: Path) -> OpenedFile:
    import tarfile

    with tarfile.open(folder / "a.tar", "w") as file:
        for number, value in enumerate(VALUES.values()):
            for ending, data in (("jpg", value), ("seg.jpg", photo(mode="L")), ("cls", b"3")):
                member = tarfile.TarInfo(f"{number}.{ending}")
                member.size = len(data)
                file.addfile(member, io.BytesIO(data))
    return OpenedFile("tar", str(folder / "a.tar"), None)


def in_store(folder: Path) -> OpenedFile:
    for number in range(len(VALUES)):
        path = folder / "photos" / "train" / "cat" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo(orientation=number + 1))
    home = Home(folder / "home")
    finish(Import(str(folder / "photos"), "photos", options={"val_fraction": 0}, home=str(home.root)).run())
    finish(Build("photos", "lmdb", "original", workers=0, home=str(home.root)).run())
    return OpenedFile("store", str(next(home.root.rglob("manifest.json")).parent), None)


@pytest.mark.parametrize("opened_in", [in_lmdb, in_hdf5, in_tar, in_store])
def test_a_small_picture_is_the_whole_one_made_small(opened_in: Callable[[Path], OpenedFile], tmp_path: Path) -> None:
    opened = opened_in(tmp_path)
    small, count = 0, len(opened.records)
    for index in range(count):
        record = opened.records.read(index)
        about, pixels = opened.cell(index, BOX)
        sample = SampleRequest(index, box=BOX)
        fully = sample.decode(*sample.answer(opened))
        for told, whole in (
            (about, describe(record, opened.records)),
            (fully.about, describe_fully(record, opened.records)),
        ):
            if "problem" in whole:  # how many bytes were not needed depends on the size
                told, whole = ({**facts, "problem": str(facts["problem"])[:16]} for facts in (told, whole))
            assert whole == {name: told[name] for name in whole}
        for drawn, full in (
            (pixels, record.pixels),
            (fully.pixels, record.pixels),
            *zip(fully.further, [i.pixels for i in record.images], strict=True),
        ):
            assert (drawn is None) == (full is None)
            if drawn is None:
                continue
            small += 1
            assert max(drawn.shape) == BOX
            expected = fitted(full, BOX)
            assert drawn.shape == expected.shape
            assert np.abs(drawn.astype(int) - expected).max() <= 6, "another picture, or turned another way"
    assert count == len(VALUES)
    assert small >= 10
