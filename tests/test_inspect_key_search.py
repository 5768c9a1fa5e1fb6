"""Keys are searched as bytes, in blocks that are kept: found is what a loop over the keys that are shown finds."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import lmdb
import numpy as np
import pytest

from core.inspect import key_index, search
from core.inspect.key_index import KeyIndex, block_of
from core.inspect.lmdb import key_blocks
from core.inspect.opened_file import OpenedFile
from core.inspect.records import Records
from core.inspect.search import Wanted, matching

draw = random.Random(7)

LETTERS = ["a", "b", "/", "0", "1", "x", "ä", "é", "日", "本", "\U0001f600", "e\u0301", "\ud800", "\udc80", "\x00", ""]


def words(count: int, letters: Sequence[str] = LETTERS) -> list[str]:
    return ["".join(draw.choice(letters) for _ in range(draw.randrange(1, 9))) for _ in range(count)]


def shown(records: Records, index: int) -> str:
    try:
        return records.key(index)
    except ValueError:
        return ""


def is_searched_right(records: Records, keys: KeyIndex | None = None, searches: int = 60) -> None:
    """By both ways, for parts of keys and for others, from anywhere; each text twice, for what is kept."""
    every = [shown(records, index) for index in range(len(records))]
    texts = ["0", "0x", "0xf", "x", "/", every[0], every[-1] + "a"]
    for _ in range(searches):
        key = draw.choice(every) or "a"
        begin = draw.randrange(len(key))
        texts.append(key[begin : begin + draw.randrange(1, 5)] if draw.random() < 0.7 else key[: draw.randrange(1, 5)])
    found_any = 0
    for text in texts * 2:
        start = draw.choice([0, 0, draw.randrange(len(every))])
        for how, fits in (("prefix", str.startswith), ("contains", str.__contains__)):
            found, end = matching(records, None, Wanted(text, how), start, 60, 10**9, keys)
            assert end == len(every)
            expected = [index for index in range(start, len(every)) if fits(every[index], text)]
            assert found.tolist() == expected, (text, how, start)
            found_any += len(expected)
    assert found_any > 100


class Keys:
    """Records that are nothing but keys; some cannot be read."""

    why, classes, warnings = "made for a test", None, ()

    def __init__(self, keys: list[str]) -> None:
        self.keys = keys
        self.asked = 0

    def __len__(self) -> int:
        return len(self.keys)

    def key(self, index: int) -> str:
        self.asked += 1
        if index % 50 == 7:
            raise ValueError("it cannot be read")
        return self.keys[index]


def test_any_keys_and_each_is_read_once() -> None:
    records = Keys(words(3000))
    is_searched_right(records, keys := search.keys_of(records))
    records.asked = 0
    found, _ = matching(records, None, Wanted("a", "contains"), 0, 60, 10**9, keys)
    assert len(found) > 500
    assert records.asked == 0


@pytest.mark.parametrize(("largest", "kept"), [(1 << 24, 0), (1 << 24, 9000), (4000, 1 << 20), (1, 1 << 20)])
def test_keys_that_are_too_many_to_be_kept(largest: int, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_index, "LARGEST", largest)
    monkeypatch.setattr(key_index, "MOST_KEPT", kept)
    records = Keys(words(2500))
    is_searched_right(records, search.keys_of(records), 10)


def test_a_match_does_not_go_on_into_the_next_key() -> None:
    block = block_of(["ab", "", "ca", "bc", "", "a"])
    assert block is not None
    assert block.search(b"abca", "contains").tolist() == []
    assert block.search(b"a", "contains").tolist() == [0, 2, 5]
    assert block.search(b"bc", "prefix").tolist() == [3]
    assert block.search(b"ca", "contains").tolist() == [2]


def an_lmdb(path: Path, keys: Sequence[bytes], copies: int = 1, **flags: bool) -> OpenedFile:
    value = b"some text that is no image, as long as it takes for few entries a page " * 3
    with lmdb.open(str(path), map_size=1 << 28, max_dbs=2) as env:
        database = env.open_db(b"images", **flags) if flags else None
        with env.begin(write=True, db=database) as transaction:
            for key in keys:
                for copy in range(copies):
                    transaction.put(key, b"%d" % copy if copies > 1 else value)
    return OpenedFile("lmdb", str(path / "data.mdb"), None)


def bytes_of(texts: Sequence[str]) -> list[bytes]:
    return [text.encode("utf-8", "surrogatepass") for text in texts if text]


CASES = {
    "plain": (bytes_of(words(3000, ["a", "b", "/", "0", "1", "~", " "])), {}),
    "text in other letters": (bytes_of(words(2000, ["a", "ä", "日", "本", "\U0001f600", "e\u0301"])), {}),
    "some that are no text": (bytes_of(words(2000)) + [draw.randbytes(5) for _ in range(500)] + [b"0xab", b"0x"], {}),
    "few that are no text": ([b"%07d.png" % n for n in range(4000)] + [b"0000017.pn\xff", b"0x00aa", b"\x01"], {}),
    "ended by NUL": ([b"image-%05d\x00" % (7 * n) for n in range(2000)], {}),
    "counted": ([b"k%d" % n for n in range(1200)], {}),
    "big-endian": ([struct.pack(">I", 3 * n) for n in range(2000)], {}),
    "little-endian": ([struct.pack("<I", n) for n in range(1000)], {}),
    "integers": ([struct.pack("<Q", 5 * n) for n in range(2000)], {"integerkey": True}),
    "reversed": ([b"%05d" % n for n in range(2000)], {"reverse_key": True}),
    "beside bookkeeping": ([b"__len__", b"__keys__", b"A", b"num-samples", *(b"s/%06d" % n for n in range(2000))], {}),
}


@pytest.mark.parametrize("case", CASES)
def test_an_lmdb_is_searched_as_its_keys_are_shown(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_blocks, "ENTRIES", 700)
    keys, flags = CASES[case]
    is_searched_right(an_lmdb(tmp_path / "a", sorted(set(keys)), **flags).records, searches=15)


def test_several_values_of_a_key_are_several_records(tmp_path: Path) -> None:
    records = an_lmdb(tmp_path / "a", [b"%04d" % n for n in range(300)], copies=3, dupsort=True).records
    assert records.key(2) == "0000[2]"
    is_searched_right(records, searches=15)


def test_keys_that_are_too_many_for_a_block_of_an_lmdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_blocks, "LARGEST", 3000)
    is_searched_right(an_lmdb(tmp_path / "a", [b"%09d" % n for n in range(2000)]).records, searches=10)


def test_damaged_pages_cost_their_own_keys(tmp_path: Path) -> None:
    """Pointers to nodes outside of the page, sizes that lead out of it, odd places, and a page of another kind."""
    keys = [b"%05d" % n for n in range(2000)]
    an_lmdb(tmp_path / "a", keys)
    path = tmp_path / "a" / "data.mdb"
    data = np.fromfile(path, np.uint8)
    leaves = [at for at in range(2 * 4096, len(data), 4096) if data[at + 10] == 2]
    damage = [(16, 0xFFFF), (18, 17), (20, 0x0FFD), (10, 0x22)]
    for leaf, (place, number) in zip(leaves[5::9], damage * 3, strict=False):
        data[leaf + place : leaf + place + 2] = np.frombuffer(struct.pack("<H", number), np.uint8)
    first = int(data[leaves[2] + 16 : leaves[2] + 18].view("<u2")[0])
    data[leaves[2] + first + 6 : leaves[2] + first + 8] = 0x7F
    data.tofile(path)
    records = OpenedFile("lmdb", str(path), None).records
    unread = sum(not shown(records, index) for index in range(len(records)))
    assert 3 <= unread < 200
    for text in ("0001", "7", "77", "019"):
        every = [shown(records, index) for index in range(len(records))]
        expected = [index for index, key in enumerate(every) if text in key]
        ends = [0, 300, 301, 1500, len(every)]
        found = [index for start, stop in pairwise(ends) for index in records.search(text, "contains", start, stop)]
        assert found == expected
