"""The file itself: pages of other systems, databases in a file, duplicates, and what is saved of damaged ones."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import pytest
from lmdb_fixtures import COUNT, LABELS, PICTURES, encoded, write, write_databases, write_layout

from core.base.errors import InputError
from core.inspect import inspect_file, scan_file
from core.inspect.files import open_inspected
from core.inspect.kinds import identify
from core.inspect.lmdb.file import LmdbFile, LmdbView

PNGS = [encoded(image) for image in PICTURES]
PAGE = 4096


def entries(view: LmdbView) -> list[tuple[bytes, bytes]]:
    return [view.entry_at(position)[:2] for position in range(len(view))]


def truth(path: Path, name: bytes | None = None) -> list[tuple[bytes, bytes]]:
    """What LMDB's own library reads."""
    with lmdb.open(str(path), readonly=True, lock=False, max_dbs=8) as environment, environment.begin() as transaction:
        database = environment.open_db(name, txn=transaction, create=False) if name is not None else None
        return [(bytes(key), bytes(value)) for key, value in transaction.cursor(database)]


def many(count: int = 3000, seed: int = 0) -> dict[bytes, bytes]:
    """Entries of all sizes, in pages and beside them."""
    random = np.random.default_rng(seed)
    return {b"%07d" % i: random.bytes(int(random.choice([0, 3, 90, 700, 2500, 9000]))) for i in range(count)}


def test_every_entry_is_read_as_lmdb_reads_it(tmp_path: Path) -> None:
    path = write(tmp_path / "made", many())
    file = LmdbFile(path / "data.mdb")
    expected = truth(path)
    assert entries(file) == expected
    assert [file.index_of(key) for key, _ in expected[::37]] == list(range(0, len(expected), 37))
    assert file.index_of(b"nobody") is None
    assert file.get(b"0000017") == dict(expected)[b"0000017"]
    with pytest.raises(IndexError):
        file.entry_at(len(expected))


def test_after_changes_and_deletions(tmp_path: Path) -> None:
    path = write(tmp_path / "made", many())
    with lmdb.open(str(path), map_size=1 << 28) as environment:
        for round_ in range(3):
            with environment.begin(write=True) as transaction:
                for number in range(round_, 3000, 7):
                    transaction.delete(b"%07d" % number)
                transaction.put(b"%07d" % (5000 + round_), b"x" * 5000 * round_)
    file = LmdbFile(path / "data.mdb")
    assert entries(file) == truth(path)
    structure = file.structure()
    assert structure["free_pages"] > 0
    assert structure["used_bytes"] + PAGE * structure["free_pages"] == PAGE * (structure["last_page"] + 1)


@pytest.mark.parametrize("flags", [{"dupsort": True}, {"dupsort": True, "dupfixed": True}])
def test_duplicates_are_pairs(flags: dict[str, bool], tmp_path: Path) -> None:
    """A few values lie in the node itself, many in a tree of their own."""
    path = tmp_path / "made"
    with lmdb.open(str(path), map_size=1 << 26, max_dbs=4) as environment:
        database = environment.open_db(b"pairs", **flags)
        with environment.begin(write=True, db=database) as transaction:
            for number, copies in ((1, 1), (2, 5), (3, 4000), (4, 1), (5, 2)):
                for copy in range(copies):
                    transaction.put(b"key%d" % number, struct.pack(">Q", copy))
    view = LmdbFile(path / "data.mdb").databases["pairs"]
    assert entries(view) == truth(path, b"pairs")
    with open_inspected(path) as file:
        about = file.summary()
        assert (about["entries"], about["keys"][:3]) == (4009, ["key1", "key2[0]", "key2[1]"])
        assert "dupsort" in about["structure"]["databases"][1]["flags"]
        assert [file.find(key) for key in ("key1", "key2", "key2[3]", "key3[3999]", "key5[1]", "key5[2]")] == [
            0, 1, 4, 4005, 4008, None,
        ]  # fmt: skip


@pytest.mark.parametrize("options", [{"reverse_key": True}, {"integerkey": True}])
def test_other_orders_of_keys(options: dict[str, Any], tmp_path: Path) -> None:
    items = {struct.pack("=Q", i * 2654435761 % 2**32): b"%d" % i for i in range(1000)}
    path = write_databases(tmp_path / "made", {b"all": items}, **options)
    view = LmdbFile(path / "data.mdb").databases["all"]
    expected = truth(path, b"all")
    assert entries(view) == expected
    assert [view.index_of(key) for key, _ in expected[::29]] == list(range(0, 1000, 29))


@pytest.mark.parametrize("word", [8, 4])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("page", [4096, 16384, 32768])
def test_files_of_other_systems(word: int, order: str, page: int, tmp_path: Path) -> None:
    items = [(b"%05d" % index, PNGS[index % COUNT] * (1 + index % 3)) for index in range(300)]
    path = write_layout(tmp_path / "made.lmdb", items, word, order, page)
    if (word, order) == (8, "<"):  # the one that LMDB can read here: the fixture is what it should be
        with (
            lmdb.open(str(path), readonly=True, lock=False, subdir=False) as environment,
            environment.begin() as reading,
        ):
            assert [(bytes(key), bytes(value)) for key, value in reading.cursor()] == items
    file = LmdbFile(identify(path).path)
    assert entries(file) == items
    assert file.warnings() == []
    structure = file.structure()
    assert (structure["word_bits"], structure["page_bytes"]) == (8 * word, page)
    assert structure["databases"][0]["payload_bytes"] == sum(len(value) for _, value in items)


def test_a_32_bit_file_is_inspected_like_any(tmp_path: Path) -> None:
    items = [(b"%05d" % index, data) for index, data in enumerate(PNGS)]
    path = write_layout(tmp_path / "made.mdb", items, 4, "<", PAGE)
    about = inspect_file(path, index=5)
    assert (about["schema"], about["sample"]["shape"]) == ("encoded-values", [20, 24, 3])


def test_all_databases_are_listed(tmp_path: Path) -> None:
    path = write_databases(
        tmp_path / "made",
        {
            None: {b"about": b"words"},
            b"notes": {b"%d" % i: b"some text" for i in range(400)},
            b"pictures": dict(enumerated()),
        },
    )
    about = inspect_file(path, index=2)
    assert (about["schema"], about["entries"], about["sample"]["shape"]) == ("sub:pictures", COUNT, [20, 24, 3])
    databases = {database["name"]: database for database in about["structure"]["databases"]}
    assert {name: database["entries"] for name, database in databases.items()} == {
        None: 3,
        "notes": 400,
        "pictures": COUNT,
    }
    assert databases["pictures"]["payload_bytes"] == sum(map(len, PNGS))
    assert any("notes" in warning for warning in about["warnings"])
    assert inspect_file(path, schema="sub:notes")["entries"] == 400
    assert inspect_file(path, schema="sub:")["keys"] == ["about"]
    with pytest.raises(InputError, match=r"no database 'nobody'.*pictures"):
        inspect_file(path, schema="sub:nobody")


def enumerated() -> list[tuple[bytes, bytes]]:
    return [(b"%04d" % index, data) for index, data in enumerate(PNGS)]


def test_waste_is_told(tmp_path: Path) -> None:
    """Values a little larger than half a page have a page of their own each, a little less than half of it empty."""
    items = {b"%06d" % index: bytes(2100) for index in range(500)}
    database = LmdbFile(write(tmp_path / "made", items) / "data.mdb").structure()["databases"][0]
    assert database["overflow_pages"] == 500
    assert database["payload_bytes"] == 500 * 2100
    assert 500 * (PAGE - 16 - 2100) <= database["wasted_bytes"] < 500 * (PAGE - 2100)
    view = LmdbFile(tmp_path / "made" / "data.mdb")
    assert view.entry_at(3).stored == PAGE + 8 + 6 + 8 + 2
    pages = view.page_map(10**6)
    counts = {kind: pages["cells"].count(kind) for kind in ("meta", "branch", "leaf", "overflow", "free")}
    assert (counts["meta"], counts["overflow"], counts["leaf"]) == (2, 500, database["leaf_pages"])


def test_what_a_map_only_reserves_is_not_drawn_as_free(tmp_path: Path) -> None:
    path = tmp_path / "reserved"
    with lmdb.open(str(path), map_size=1 << 28, writemap=True) as made, made.begin(write=True) as change:
        for index in range(40):
            change.put(b"%06d" % index, bytes(2100))
    view = LmdbFile(path / "data.mdb")
    structure, pages = view.structure(), view.page_map(10**6)
    assert structure["apparent_bytes"] == 1 << 28
    assert pages["pages"] == structure["last_page"] + 1
    assert (pages["cells"].count("overflow"), pages["cells"].count("free")) == (40, structure["free_pages"])


def test_nothing_is_written(tmp_path: Path) -> None:
    path = write(tmp_path / "made", dict(enumerated()))
    (path / "lock.mdb").unlink()
    before = (path / "data.mdb").read_bytes()
    (path / "data.mdb").chmod(0o444)
    inspect_file(path, index=1)
    assert [name.name for name in path.iterdir()] == ["data.mdb"]
    assert (path / "data.mdb").read_bytes() == before


# ---------------------------------------------------------------- damage


def damaged(tmp_path: Path, change: dict[int, bytes] | None = None, cut: int | None = None) -> Path:
    """A file of 400 small images in many leaf pages, with some bytes replaced, or cut short."""
    random = np.random.default_rng(4)
    path = write(
        tmp_path / "made", {b"%06d" % i: encoded(random.integers(0, 256, (12, 12, 3), np.uint8)) for i in range(400)}
    )
    data = bytearray((path / "data.mdb").read_bytes())
    for offset, replacement in (change or {}).items():
        data[offset : offset + len(replacement)] = replacement
    (path / "data.mdb").write_bytes(bytes(data[: cut or len(data)]))
    return path


def root_of(path: Path) -> int:
    return LmdbFile(path / "data.mdb").tree.database.root


def test_one_damaged_leaf_costs_its_entries(tmp_path: Path) -> None:
    path = damaged(tmp_path)
    leaf = int(LmdbFile(path / "data.mdb").tree.leaves[3])
    lost = LmdbFile(path / "data.mdb").pages.count(leaf)
    path = damaged(tmp_path / "again", {leaf * PAGE: bytes(PAGE)})
    about = inspect_file(path, index=0)
    assert about["entries"] == 400 - lost
    assert any("1 of its pages cannot be read" in warning for warning in about["warnings"])
    done = list(scan_file(path))
    assert sum(good for _, good, _, _ in done) == 400 - lost


@pytest.mark.parametrize("what", ["root", "metas", "metas and root"])
def test_without_root_or_metas_the_leaves_are_found(what: str, tmp_path: Path) -> None:
    root = root_of(damaged(tmp_path))
    change = {root * PAGE: bytes(PAGE)} if "root" in what else {}
    change |= {0: bytes(2 * PAGE)} if "metas" in what else {}
    path = damaged(tmp_path / "again", change)
    about = inspect_file(path, key="000123")
    assert (about["entries"], about["sample"]["shape"]) == (400, [12, 12, 3])
    assert any("damaged" in warning for warning in about["warnings"])


def test_a_damaged_last_write_leaves_the_one_before(tmp_path: Path) -> None:
    path = write(tmp_path / "made", dict(enumerated()))
    with lmdb.open(str(path), map_size=1 << 28) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"later", b"x")
    root = root_of(path)
    data = bytearray((path / "data.mdb").read_bytes())
    data[root * PAGE : (root + 1) * PAGE] = bytes(PAGE)
    (path / "data.mdb").write_bytes(data)
    about = inspect_file(path)
    assert about["entries"] == COUNT
    assert any("last write" in warning for warning in about["warnings"])


def test_a_file_cut_short_shows_the_rest(tmp_path: Path) -> None:
    whole = damaged(tmp_path)
    size = (whole / "data.mdb").stat().st_size
    about = inspect_file(damaged(tmp_path / "again", cut=size * 3 // 5), index=1)
    assert 100 < about["entries"] < 400
    assert about["sample"]["shape"] == [12, 12, 3]
    assert any("cut short" in warning for warning in about["warnings"])


def test_a_tree_that_leads_back_to_itself_ends(tmp_path: Path) -> None:
    path = damaged(tmp_path)
    file = LmdbFile(path / "data.mdb")
    root = file.tree.database.root
    pointers = np.frombuffer((path / "data.mdb").read_bytes(), "<u2", 2, root * PAGE + 16)
    loop = {root * PAGE + int(pointer): struct.pack("<I", root) for pointer in pointers}
    about = inspect_file(damaged(tmp_path / "again", loop))
    assert 0 <= about["entries"] <= 400


def test_an_unknown_version_is_named(tmp_path: Path) -> None:
    path = damaged(tmp_path, {20: struct.pack("<I", 2), PAGE + 20: struct.pack("<I", 2)})
    with pytest.raises(InputError, match=r"LMDB 1.0.*mdb_dump"):
        inspect_file(path)


def test_labels_of_a_damaged_file_do_not_hide_its_images(tmp_path: Path) -> None:
    items = {b"image-%03d" % i: PNGS[i] for i in range(COUNT)} | {
        b"label-%03d" % i: b"%d" % LABELS[i] for i in range(COUNT)
    }
    path = write(tmp_path / "made", items)
    file = LmdbFile(path / "data.mdb")
    position = file.index_of(b"label-005")
    assert position is not None
    value = file.tree.node(position)[0]
    data = bytearray((path / "data.mdb").read_bytes())
    data[value.key - 8 : value.key - 4] = b"\xff\xff\xff\x7f"
    (path / "data.mdb").write_bytes(data)
    sample = inspect_file(path, key="image-005")["sample"]
    assert (sample["label"], sample["shape"]) == (None, [20, 24, 3])
    assert "label cannot be read" in sample["problem"]
