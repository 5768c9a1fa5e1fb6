"""Hostile and broken files: nothing they say is executed, and none of them hurts whoever looks at it."""

from __future__ import annotations

import pickle
import random
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import zstandard
from inspect_fixtures import (
    IMAGES,
    LABELS,
    SAMPLES,
    Hostile,
    write_dicts,
    write_lmdb,
    write_many_hdf5,
    write_objects,
)

from core.base.errors import InputError
from core.base.events import finish
from core.inspect import inspect_file, open_foreign
from core.inspect.files import open_inspected
from core.inspect.process import ReaderDied
from core.inspect.task import Scan

MANGLED = 16


def test_a_hostile_image_is_refused_and_named(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    path = write_dicts(tmp_path / "made", lambda image: Hostile(marker), "none", Hostile(marker))
    about = inspect_file(path)
    assert about["sample"]["encoding"] == "bytes"
    assert any("system" in warning for warning in about["warnings"])
    told = finish(Scan(str(path)).run())
    assert all("system" in bad["reason"] for bad in told["bad"])
    assert not marker.exists()


def test_hostile_entries_do_not_hide_the_others(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    turn = iter(range(SAMPLES))
    path = write_dicts(tmp_path / "made", lambda image: Hostile(marker) if next(turn) % 2 else image, None)
    told = finish(Scan(str(path)).run())
    assert (told["entries"], told["decoded"], len(told["bad"])) == (SAMPLES, SAMPLES // 2, SAMPLES // 2)
    store = open_foreign(path)
    assert (store[0][0] == IMAGES[0]).all()
    with pytest.raises(InputError, match="refused"):
        store[1]
    assert store.labels.tolist() == [int(label) if i % 2 == 0 else -1 for i, label in enumerate(LABELS)]
    assert not marker.exists()


def test_a_hostile_state_of_a_known_class(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    evil = pickle.dumps(Hostile(marker), 2).removeprefix(b"\x80\x02").removesuffix(b".")
    value = b"\x80\x02c__main__\nCIFAR_Image\n)\x81" + evil + b"b."
    path = write_lmdb(tmp_path / "made", lambda index: value)
    inspect_file(path)
    finish(Scan(str(path)).run())
    assert not marker.exists()


def test_a_bomb_is_stopped_by_its_size(tmp_path: Path, own_readers: None) -> None:
    compressor = zstandard.ZstdCompressor().compressobj(size=2048 << 20)
    bomb = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(2048)) + compressor.flush()
    assert len(bomb) < 1 << 18
    value = pickle.dumps({"image": bomb, "label": 0, "compression": "zstd"})
    path = write_lmdb(tmp_path / "made", lambda index: value, samples=2)
    assert inspect_file(path)["sample"]["shape"] is None
    told = finish(Scan(str(path)).run())
    assert (told["decoded"], len(told["bad"])) == (0, 2)


def test_a_file_cut_short_says_so(tmp_path: Path) -> None:
    path = write_objects(tmp_path / "made") / "data.mdb"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert "damaged" in (complaint(path) or " ".join(inspect_file(path)["warnings"]))


def mangled(data: bytes, seed: int) -> bytes:
    """The same bytes with something wrong: cut short, some changed, a hole, a piece at the wrong place."""
    draw = random.Random(seed)
    broken = bytearray(data)
    kind = seed % 4
    if kind == 0:
        return bytes(broken[: draw.randrange(len(broken))])
    if kind == 1:
        for _ in range(draw.randrange(1, 60)):
            broken[draw.randrange(min(len(broken), draw.choice([len(broken), 20_000])))] = draw.randrange(256)
        return bytes(broken)
    start, length = draw.randrange(len(broken)), draw.randrange(1, 4096)
    other = draw.randrange(len(broken))
    broken[start : start + length] = bytes(length) if kind == 2 else broken[other : other + length]
    return bytes(broken)


def complaint(path: Path) -> str | None:
    """What is said of a file that cannot be inspected; None for one that can."""
    try:
        inspect_file(path)
    except InputError as error:
        return str(error)
    return None


@pytest.mark.parametrize("kind", ["lmdb", "hdf5"])
def test_mangled_files_cost_a_sentence(kind: str, tmp_path: Path) -> None:
    made = write_objects(tmp_path / "made") / "data.mdb" if kind == "lmdb" else write_many_hdf5(tmp_path / "made.h5")
    data = made.read_bytes()
    for seed in range(MANGLED):
        path = tmp_path / f"mangled{seed}"
        path.write_bytes(mangled(data, seed))
        sentence = complaint(path)
        assert sentence is None or ("\n" not in sentence and str(path) in sentence), seed


@pytest.mark.skipif(sys.platform == "win32", reason="a file in use cannot be cut there")
def test_a_reader_that_is_killed_by_its_file_is_told(tmp_path: Path) -> None:
    """The map of a file that was cut short behind its reader's back: SIGBUS, in the reader's process alone."""
    path = write_objects(tmp_path / "made") / "data.mdb"
    with open_inspected(path) as file:
        assert file.sample(0).pixels is not None
        with path.open("r+b") as cut:
            cut.truncate(8192)
        with pytest.raises(ReaderDied, match="damaged"):
            file.sample(SAMPLES - 1)


def test_a_reader_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = write_many_hdf5(tmp_path / "many.h5")
    with open_inspected(path) as file, pytest.raises(ReaderDied, match="took more than"):
        file._reader.ask("ScanRequest", start=0, stop=10**7, timeout=0.3)


def test_a_scan_finds_the_records_that_kill_its_reader(tmp_path: Path) -> None:
    """Their pages lie beyond the end of the file: SIGBUS, unless LMDB notices first."""
    made = write_objects(tmp_path / "made") / "data.mdb"
    data = made.read_bytes()
    made.write_bytes(data[: len(data) - 3 * 4096])
    told = finish(Scan(str(made)).run()) if complaint(made) is None else None
    if told is not None:
        assert told["entries"] == SAMPLES
        assert told["decoded"] + len(told["bad"]) <= SAMPLES
        assert told["bad"]


def test_a_scan_gives_up_on_records_without_end(tmp_path: Path) -> None:
    """A shape that promises more than there is must not keep anybody busy for years."""
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file.create_dataset(
            "images", (10**12, 8, 8, 3), "u1", external=[(str(tmp_path / "gone"), 0, h5py.h5f.UNLIMITED)]
        )
    told = finish(Scan(str(tmp_path / "made.h5")).run())
    assert (told["entries"], told["decoded"]) == (10**12, 0)
    assert "given up" in told["bad"][-1]["reason"]


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is Linux's")
def test_a_reader_may_not_take_all_the_memory(tmp_path: Path, own_readers: None) -> None:
    first = np.full((2, 500, 500, 3), 200, np.uint8)
    with h5py.File(tmp_path / "made.h5", "w") as file:
        images = file.create_dataset(
            "images", (2, 12_000, 12_000, 3), "u1", chunks=(1, 500, 500, 3), compression="gzip"
        )
        images[:, :500, :500] = first  # of one value, h5py writes element by element
    told = finish(Scan(str(tmp_path / "made.h5")).run())
    assert told["entries"] == 2
    assert all("575 of the 576 chunks" in bad["reason"] for bad in told["bad"])  # they were read, memory sufficed
    assert len(told["bad"]) == 2
    with h5py.File(tmp_path / "made.h5", "w") as file:
        images = file.create_dataset(
            "images", (2, 40_000, 40_000, 3), "u1", chunks=(1, 500, 500, 3), compression="gzip"
        )
        images[:, :500, :500] = first  # of one value, h5py writes element by element
    told = finish(Scan(str(tmp_path / "made.h5")).run())
    assert [("MiB" in bad["reason"]) for bad in told["bad"]] == [True, True]
