"""Files of very many entries: nothing is counted before it is needed, and a reader is ready before it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lmdb_fixtures import write

from core.formats.lmdb import page_walk
from core.formats.lmdb.page_walk import joined
from core.inspect import reader_pool
from core.inspect.files import open_inspected
from core.inspect.lmdb import spread as spreading
from core.inspect.lmdb import tree
from core.inspect.lmdb.file import LmdbFile
from core.inspect.lmdb.spread import spread

COUNT = 3_000


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LmdbFile:
    """A file of some hundred leaf pages, each with some images and labels, for which that is very many."""
    monkeypatch.setattr(spreading, "SMALL", 8)
    monkeypatch.setattr(tree, "COUNTED_FIRST", 8)
    monkeypatch.setattr(tree, "COUNTED_AT_ONCE", 64)
    monkeypatch.setattr(tree, "UNSEEN_LEAVES", 16)
    monkeypatch.setattr(page_walk, "UNSEEN_LEAVES", 16)
    path = write(tmp_path / "made", {b"%07d/%s" % (i // 2, (b"img", b"cls")[i % 2]): b"v" * 600 for i in range(COUNT)})
    return LmdbFile(path / "data.mdb")


def test_nothing_is_counted_before_it_is_needed(large: LmdbFile) -> None:
    assert len(large) == COUNT  # as the file says
    assert len(large.sample) > 30
    assert large.keys.text(b"key") == "key"
    assert len(large.tree._ends) == 0
    assert large.key_at(2) == b"0000001/cls"
    assert len(large.tree._ends) == 8  # leaf pages
    assert large.key_at(COUNT - 1) == b"0001499/img"
    assert len(large.tree._ends) == len(large.tree.leaves)
    assert [large.key_at(position) for position in range(COUNT)] == sorted(large.key_at(i) for i in range(COUNT))


def test_a_sample_of_a_large_tree_is_from_all_over_it(large: LmdbFile) -> None:
    keys = [large.tree.pages.key_of(node) for node, _ in spread(large.tree, 12, 24)]
    assert len(keys) == 48
    assert keys == sorted(set(keys))
    numbers = [int(key[:7]) for key in keys]
    assert (numbers[0], numbers[11], numbers[-12], numbers[-1]) == (0, 5, 1494, 1499)
    assert np.diff(numbers).max() < 1500 / 20
    assert {key[8:] for key in keys[12:-12]} == {b"img", b"cls"}  # not only what comes first on a page


def test_a_damaged_leaf_is_left_out_of_the_sample(large: LmdbFile) -> None:
    path, broken = large.path, large.tree.leaves[:3].tolist()
    with path.open("r+b") as file:
        for page in broken:
            file.seek(page * 4096)
            file.write(b"\xff" * 16)
    again = LmdbFile(path)
    keys = [again.tree.pages.key_of(node) for node, _ in spread(again.tree, 12, 24)]
    assert len(keys) > 20
    assert min(keys) > b"0000000/img"
    assert len(again.tree.sound_leaves().__next__()) == len(again.tree.leaves) - 3


def test_the_leaves_are_those_of_a_walk_that_sees_all(large: LmdbFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_walk, "UNSEEN_LEAVES", 10**6)
    monkeypatch.setattr(page_walk, "SCATTERED_AT_ONCE", 7)
    seen = page_walk.walk(large.pages, large.tree.database.root)
    assert seen.leaves.tolist() == large.tree.leaves.tolist()
    assert len(joined([seen.lost])) == 0


# ---------------------------------------------------------------- a reader that is started ahead


def test_the_next_file_is_read_by_the_reader_that_waits(large: LmdbFile, own_readers: None) -> None:
    reader_pool.start_ahead()
    (waiting,) = reader_pool._ahead
    reader_pool.start_ahead()
    assert reader_pool._ahead == [waiting]  # never more than one
    with open_inspected(large.path) as file:
        assert file._reader._process is waiting.process
        assert file.summary()["entries"] == COUNT
        with open_inspected(large.path) as another:
            assert another._reader._process is not waiting.process
    assert waiting.process.poll() is not None


def test_a_reader_that_died_waiting_is_not_taken(large: LmdbFile, own_readers: None) -> None:
    reader_pool.start_ahead()
    (waiting,) = reader_pool._ahead
    waiting.process.kill()
    waiting.process.wait()
    with open_inspected(large.path) as file:
        assert file.summary()["entries"] == COUNT
    waiting.end()


def test_a_forked_copy_does_not_take_its_owners_reader(own_readers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    reader_pool.start_ahead()
    (waiting,) = reader_pool._ahead
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(waiting, "owner", waiting.owner + 1)
        assert not waiting.is_ours
        waiting.end()
        assert waiting.process.poll() is None
    waiting.end()
    assert waiting.process.poll() is not None


def test_a_reader_that_nobody_takes_is_ended(own_readers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_pool, "IDLE_SECONDS", 0.01)
    reader_pool.start_ahead()
    (waiting,) = reader_pool._ahead or [reader_pool.take()]
    waiting.process.wait(10)
    assert reader_pool._ahead == []
