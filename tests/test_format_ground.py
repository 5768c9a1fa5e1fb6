"""What formats of several files share: files mapped as one, shares of samples, the index of a folder."""

from __future__ import annotations

import gc
import mmap
import os
from pathlib import Path

import numpy as np
import pytest

from core.base.contracts import Contents
from core.base.errors import InputError
from core.formats import folder
from core.formats.joined_maps import mapped_together
from core.formats.npy.reader import NpyReader
from core.formats.shards import Shard, ShardLimits


def files(where: Path, *contents: bytes) -> list[Path]:
    paths = [where / f"{number}.bin" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


def test_several_files_are_one_read_only_array(tmp_path: Path) -> None:
    contents = [b"a" * 10, b"", os.urandom(mmap.PAGESIZE), os.urandom(3 * mmap.PAGESIZE + 1)]
    memory, starts, sizes = mapped_together(files(tmp_path, *contents))
    assert sizes.tolist() == [len(content) for content in contents]
    for content, start in zip(contents, starts.tolist(), strict=True):
        assert memory[start : start + len(content)].tobytes() == content
    assert not memory.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        memory[0] = 1


def test_the_memory_outlives_the_files_and_goes_with_its_last_view(tmp_path: Path) -> None:
    paths = files(tmp_path, b"x" * 5000, b"y" * 9)
    joined = mapped_together(paths)
    view, at = joined.memory, int(joined.starts[1])
    del joined
    for path in paths:
        path.unlink()
    gc.collect()
    assert view[at : at + 9].tobytes() == b"y" * 9


def test_nothing_and_empty_files_are_an_empty_array(tmp_path: Path) -> None:
    assert len(mapped_together([]).memory) == 0
    assert len(mapped_together(files(tmp_path, b"", b"")).memory) == 0


def test_a_shard_that_is_cut_is_noticed_and_one_that_is_replaced_is_not(tmp_path: Path) -> None:
    paths = files(tmp_path, b"x" * 5000, b"y" * 9000)
    mapped = mapped_together(paths).memory._mmap
    assert mapped.size() == len(mapped)
    os.truncate(paths[1], 8000)
    assert mapped.size() == len(mapped) - 1000
    paths[1].unlink()
    paths[1].write_bytes(b"")
    assert mapped.size() == len(mapped)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (path,) = files(tmp_path, b"secret")
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(OSError, match="link"):
        mapped_together([path, tmp_path / "link"])


def test_shares_are_equal_and_none_is_empty() -> None:
    def firsts(samples: int, shards: int) -> list[int]:
        limits = ShardLimits.of(samples, shards, 0, 256)
        return [sample for sample in range(samples) if limits.begins(sample, 1, 1)]

    assert firsts(10, 3) == [3, 6]
    assert firsts(2, 5) == [1]
    assert firsts(7, 1) == []
    limits = ShardLimits.of(10, 0, 1, 256)
    assert [limits.begins(5, written, 10) for written in (0, 999_990, 999_991)] == [False, False, True]
    with pytest.raises(InputError, match="not both"):
        ShardLimits.of(10, 2, 64, 256)


def test_an_index_comes_back_and_one_that_leads_outside_is_refused(tmp_path: Path) -> None:
    index = folder.ShardIndexWriter()
    index.append([0, 90], [10, 10], [1, 2], [0, 1])
    index.write(tmp_path)
    read = folder.read_index(tmp_path, np.array([10, 100]))
    assert read["offset"].tolist() == [0, 90]
    assert read["label"].tolist() == [1, 2]
    for sizes in ([10, 99], [10], [9, 100]):
        with pytest.raises(ValueError, match=r"index\.npy"):
            folder.read_index(tmp_path, np.array(sizes))
    index.append([2**63 - 1], [2**62], [0], [0])
    index.write(tmp_path)
    with pytest.raises(ValueError, match="outside"):
        folder.read_index(tmp_path, np.array([10, 100]))


def test_facts_come_back_and_a_shard_elsewhere_is_refused(tmp_path: Path) -> None:
    shards = [Shard("train-000000.tar", 2, 10_240)]
    folder.write_facts(tmp_path, Contents(2, ("a",), dictionary=b"d", metadata={"note": "é"}), shards)
    assert folder.read_shards(tmp_path) == shards
    reader = NpyReader(tmp_path)
    assert reader.metadata == {"samples": 2, "classes": ["a"], "note": "é"}
    assert reader.dictionary == b"d"
    text = (tmp_path / folder.METADATA).read_text()
    (tmp_path / folder.METADATA).write_text(text.replace("train-000000.tar", "../x.tar"))
    with pytest.raises(ValueError, match=r"\.\./x\.tar"):
        folder.read_shards(tmp_path)
