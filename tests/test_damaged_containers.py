"""Containers that are damaged on purpose: each kind of damage is one error that names the container, and the sample."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import lmdb
import numpy as np
import pytest

from core.base.contracts import Contents
from core.base.errors import InputError
from core.base.events import finish
from core.base.home import REPOSITORY, Home
from core.building import Build, Verify
from core.formats import FORMATS
from core.stores.store import open_store

PAGE = 4096


def written(path: Path, name: str, payloads: list[bytes], **options: Any) -> Path:
    form = FORMATS.make(name, options)
    writer = form.writer(path, Contents(len(payloads), ("ant", "bee")))
    writer.write(payloads, [at % 2 for at in range(len(payloads))], [".bin"] * len(payloads))
    writer.close()
    return path


def built(home: Home, format: str, encoding: str, compression: str = "none", **options: Any) -> Path:
    return Path(finish(Build("shapes", format, encoding, compression, options, home=str(home.root)).run())["store"])


# ---------------------------------------------------------------- LMDB


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An LMDB of about 60 leaf pages below one branch page."""
    return written(tmp_path / "train.lmdb", "lmdb", [bytes([number % 251]) * 1500 for number in range(120)])


def root_of(data: bytes) -> tuple[int, int, int]:
    """(offset of the meta page that counts, depth, root page)."""
    place = max((0, PAGE), key=lambda page: struct.unpack_from("<Q", data, page + 144)[0])
    return place, *struct.unpack_from("<H", data, place + 94), *struct.unpack_from("<Q", data, place + 128)


def edited(folder: Path, edit: Callable[[bytearray], None]) -> Path:
    data = bytearray((folder / "data.mdb").read_bytes())
    edit(data)
    (folder / "data.mdb").write_bytes(data)
    return folder


def test_a_slot_beyond_the_end_of_the_file_is_refused_before_it_is_read(tree: Path) -> None:
    """The last page claims more nodes than any page has room for."""

    def edit(data: bytearray) -> None:
        place, depth, root = root_of(data)
        last = len(data) // PAGE - 1
        struct.pack_into("<H", data, place + 94, 1)
        struct.pack_into("<Q", data, place + 128, last)
        struct.pack_into("<QHHHH", data, last * PAGE, last, 0, 2, 60_000, PAGE)
        assert depth == 2
        assert root < last

    with pytest.raises(InputError, match=r"page \d+ lies outside of the file, or is not what its parent says"):
        len(FORMATS.make("lmdb").reader(edited(tree, edit)))


def test_a_page_that_is_its_own_child_is_met_once(tree: Path) -> None:
    """Followed without a word, ten levels of this would be 30 times more pages a level."""

    def edit(data: bytearray) -> None:
        place, _, root = root_of(data)
        struct.pack_into("<H", data, place + 94, 12)
        (lower,) = struct.unpack_from("<H", data, root * PAGE + 12)
        for slot in range(16, lower, 2):
            (node,) = struct.unpack_from("<H", data, root * PAGE + slot)
            struct.pack_into("<HHH", data, root * PAGE + node, root, 0, 0)

    with pytest.raises(InputError, match="a page has two parents"):
        len(FORMATS.make("lmdb").reader(edited(tree, edit)))


@pytest.mark.parametrize("depth", [0, 1, 3, 33, 65_535])
def test_a_tree_of_other_levels_than_it_says_is_refused(tree: Path, depth: int) -> None:
    def edit(data: bytearray) -> None:
        struct.pack_into("<H", data, root_of(data)[0] + 94, depth)

    with pytest.raises(InputError, match=f"a tree of 2 levels where it says {depth}"):
        len(FORMATS.make("lmdb").reader(edited(tree, edit)))


def test_pages_that_changed_places_are_found(tree: Path) -> None:
    """Both are sound leaves with keys in order; only their own numbers say that they are each other."""

    def edit(data: bytearray) -> None:
        root = root_of(data)[2] * PAGE
        nodes = struct.unpack_from("<HH", data, root + 16)
        one, other = (struct.unpack_from("<H", data, root + node)[0] * PAGE for node in nodes)
        data[one : one + PAGE], data[other : other + PAGE] = data[other : other + PAGE], data[one : one + PAGE]

    with pytest.raises(InputError, match="a page is not what its parent says"):
        FORMATS.make("lmdb").reader(edited(tree, edit)).read([0])


@pytest.mark.parametrize("metadata", [b'{"group": 0}', b'{"group": "x"}', b'{"group": -3}', b'{"group": 1e9}',
                                      b'{"group": true}', b"[1]", b"\xff", b"{", b"[" * 100_000])  # fmt: skip
def test_metadata_of_an_lmdb_that_are_none(tmp_path: Path, metadata: bytes) -> None:
    path = written(tmp_path / "train.lmdb", "lmdb", [b"a" * 100, b"b" * 100], group=2)
    with lmdb.open(str(path), lock=False, map_size=1 << 26) as environment, environment.begin(write=True) as change:
        change.put(b"__metadata__", metadata)
    with pytest.raises(InputError, match=r"train\.lmdb"):
        FORMATS.make("lmdb").reader(path).read([0, 1])


# ---------------------------------------------------------------- HDF5


def hdf5_with(path: Path, change: Callable[[h5py.File], None], **options: Any) -> Path:
    written(path, "hdf5", [bytes([number]) * 2000 for number in range(30)], **options)
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def unwritten(file: h5py.File) -> None:
    del file["bytes"]
    file.create_dataset("bytes", (60_000,), np.uint8)


def external(file: h5py.File) -> None:
    del file["bytes"]
    file.create_dataset("bytes", (60_000,), np.uint8, external=[("/etc/passwd", 0, 60_000)])


def virtual(file: h5py.File) -> None:
    file["elsewhere"] = np.zeros(60_000, np.uint8)
    del file["bytes"]
    layout = h5py.VirtualLayout((60_000,), np.uint8)
    layout[:] = h5py.VirtualSource(file["elsewhere"])
    file.create_virtual_dataset("bytes", layout)


def linked(file: h5py.File) -> None:
    del file["bytes"]
    file["bytes"] = h5py.ExternalLink("/etc/other.h5", "bytes")


def grouped(file: h5py.File) -> None:
    del file["bytes"]
    file.create_group("bytes")


def scalar(file: h5py.File) -> None:
    del file["labels"]
    file["labels"] = 7


def texts(file: h5py.File) -> None:
    del file["labels"]
    file["labels"] = ["a"] * 30


def fewer_labels(file: h5py.File) -> None:
    del file["labels"]
    file["labels"] = np.zeros(20, np.int64)


def fewer_offsets(file: h5py.File) -> None:
    del file["offsets"]
    file["offsets"] = np.arange(20)


HDF5 = [unwritten, external, virtual, linked, grouped, scalar, texts, fewer_labels, fewer_offsets]


@pytest.mark.parametrize("change", HDF5, ids=lambda change: change.__name__)
def test_hdf5_whose_values_are_not_its_own_or_not_there(tmp_path: Path, change: Callable[[h5py.File], None]) -> None:
    """Without a check, what has no place in the file is read from its first byte: "\\x89HDF..."."""
    reader = FORMATS.make("hdf5").reader(hdf5_with(tmp_path / "train.h5", change))
    with pytest.raises(InputError, match=r"train\.h5"):
        reader.read([0])
    with pytest.raises(InputError, match=r"train\.h5"):
        assert reader.extents() is None or len(reader.labels) == 0  # type: ignore[attr-defined]


def test_a_chunk_that_was_never_written_is_not_black(tmp_path: Path) -> None:
    payloads = [bytes([number + 1]) * 48 for number in range(30)]
    form = FORMATS.make("hdf5", {"chunk": 5, "filter": "gzip"})
    path = tmp_path / "train.h5"
    writer = form.writer(path, Contents(30, ("ant",), payload_shape=(4, 4, 3)))
    writer.write(payloads[:20], [0] * 20, [".raw"] * 20)
    writer.close()  # a third of the images is missing, and HDF5 would make them zeros
    with pytest.raises(InputError, match="'images' has 4 chunks where 6 belong"):
        form.reader(path).read([0])


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda data, at: data.__setitem__(slice(at + 16, at + 4096), bytes(4080)), "leads to a heap that is damaged"),
        (lambda data, at: data.__setitem__(slice(at, at + 4), b"COGL"), "leads to no heap"),
        (lambda data, at: struct.pack_into("<Q", data, at + 8, 1 << 40), "beyond the end of the file"),
        (lambda data, at: data.__setitem__(at + 24, data[at + 24] - 1), "that are kept"),
        (lambda data, at: struct.pack_into("<H", data, at + 16, 999), "leads to a value that is not there"),
    ],
    ids=["zeros", "signature", "size", "short", "index"],
)
def test_a_damaged_heap_never_reaches_the_library(
    home: Home, spoil: Callable[[bytearray, int], None], told: str
) -> None:
    """libhdf5 goes round in circles in a heap of zeros, deaf to signals: `load` and `verify` end with a sentence."""
    store = built(home, "hdf5", "png", layout="vlen")
    data = bytearray((store / "train.h5").read_bytes())
    spoil(data, data.index(b"GCOL"))
    (store / "train.h5").write_bytes(data)
    with pytest.raises(InputError, match=f"sample 0 of .*train.h5 cannot be read: its reference .*{told}"):
        open_store(store)[0]
    if told == "leads to a heap that is damaged":
        assert any(told in found["reason"] for found in finish(Verify(str(store)).run())["mismatches"])
        command = [sys.executable, "-m", "core", "load", str(store), "--loader", "torch", "--workers", "0"]
        ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=100, check=False)
        assert ended.returncode == 2
        assert len(ended.stderr.strip().splitlines()) == 1
