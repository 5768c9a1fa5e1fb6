"""The pages of an LMDB as both its readers use them: ours, which takes a whole store or none, and the inspector's."""

from __future__ import annotations

import json
import mmap
import random
import struct
from pathlib import Path

import lmdb
import numpy as np
import pytest
from test_formats import reader_of, write

from core.base.errors import InputError
from core.formats.lmdb.by_key import LmdbByKey
from core.formats.lmdb.page_layout import BRANCH, PageLayout, read_metas
from core.formats.lmdb.page_walk import walk
from core.formats.lmdb.pages import Pages
from core.inspect.lmdb.file import LmdbFile


def mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def payloads_of(count: int, size: int) -> list[bytes]:
    return [random.Random(number).randbytes(size + number % 7) for number in range(count)]


def root_of(path: Path) -> int:
    return read_metas(mapped(path))[0].main.root


def with_child(path: Path, slot: int, child: int) -> None:
    """Let a node of the root page, which is a branch, lead to another page."""
    data, root = bytearray(path.read_bytes()), root_of(path) * 4096
    assert struct.unpack_from("<H", data, root + 10)[0] & BRANCH
    node = root + struct.unpack_from("<H", data, root + 16 + 2 * slot)[0]
    struct.pack_into("<HHH", data, node, child & 0xFFFF, child >> 16 & 0xFFFF, child >> 32)
    path.unlink()
    path.write_bytes(data)


def child_of(path: Path, slot: int) -> int:
    pages = Pages(mapped(path), PageLayout(8, "<", 4096))
    return int(pages.children(np.array([root_of(path)]))[slot])


def test_a_page_with_two_parents_is_refused_by_the_store_and_met_once_by_the_inspector(tmp_path: Path) -> None:
    file = write(tmp_path / "made", "lmdb", {}, payloads_of(300, 300)) / "data.mdb"
    with_child(file, 1, child_of(file, 0))
    with pytest.raises(InputError, match="two parents"):
        reader_of(file.parent, "lmdb", {}).read([0])
    leaves = LmdbFile(file).tree.leaves
    assert len(leaves) == len(set(leaves.tolist()))


def test_a_circle_of_pages_ends_for_both(tmp_path: Path) -> None:
    file = write(tmp_path / "made", "lmdb", {}, payloads_of(300, 300)) / "data.mdb"
    with_child(file, 0, root_of(file))
    with pytest.raises(InputError, match="damaged"):
        reader_of(file.parent, "lmdb", {}).read([0])
    assert len(LmdbFile(file)) > 200


def test_a_page_beyond_the_file_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "made", "lmdb", {}, payloads_of(300, 300)) / "data.mdb"
    with_child(file, 0, 2**40)
    with pytest.raises(InputError, match=f"page {2**40}"):
        reader_of(file.parent, "lmdb", {}).read([0])


def test_a_walk_counts_what_it_meets_again(tmp_path: Path) -> None:
    file = write(tmp_path / "made", "lmdb", {}, payloads_of(300, 300)) / "data.mdb"
    for unseen in (0, 10**6):
        sound = walk(Pages(mapped(file), PageLayout(8, "<", 4096)), root_of(file), unseen)
        assert (len(sound.lost), sound.repeated) == (0, 0)
    with_child(file, 1, child_of(file, 0))
    for unseen in (0, 10**6):
        broken = walk(Pages(mapped(file), PageLayout(8, "<", 4096)), root_of(file), unseen)
        assert (len(broken.lost), broken.repeated, len(broken.leaves)) == (0, 1, len(sound.leaves) - 1)


@pytest.mark.parametrize("group", [1, 7])
def test_entry_by_entry_a_store_is_what_it_is_all_at_once(tmp_path: Path, group: int) -> None:
    payloads = payloads_of(60, 90) + payloads_of(5, 5000)
    path = write(tmp_path / "made", "lmdb", {"group": group}, payloads)
    at_once, by_key = reader_of(path, "lmdb", {}), LmdbByKey(LmdbFile(path / "data.mdb"))
    numbers = range(len(payloads))
    assert [bytes(payload) for payload in by_key.read(numbers)] == payloads
    assert [bytes(payload) for payload in at_once.read(numbers)] == payloads
    assert [by_key.key(number) for number in numbers] == [at_once.key(number) for number in numbers]
    assert [by_key.stored_bytes(number) for number in numbers] == [at_once.stored_bytes(number) for number in numbers]
    assert by_key.labels.tolist() == at_once.labels.tolist()
    assert by_key.metadata == at_once.metadata


@pytest.mark.parametrize("told", [0, -1, "7", True, 99_999_999])
def test_a_group_of_no_sensible_size_is_told_by_both(tmp_path: Path, told: object) -> None:
    path = write(tmp_path / "made", "lmdb", {}, payloads_of(9, 90))
    with lmdb.open(str(path), lock=False) as environment, environment.begin(write=True) as transaction:
        metadata = json.loads(transaction.get(b"__metadata__"))
        transaction.put(b"__metadata__", json.dumps(metadata | {"group": told}).encode())
    with pytest.raises(InputError, match="make a group"):
        reader_of(path, "lmdb", {}).read([0])
    with pytest.raises(ValueError, match="make a group"):
        LmdbByKey(LmdbFile(path / "data.mdb")).read([0])
