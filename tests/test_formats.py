"""Our formats are held to the contract of formats, and to what is special to each."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from format_contract import CLASSES, SHAPE, Case, FormatContract, reader_of, sizes, write

from core.base.contracts import Contents
from core.base.errors import InputError
from core.formats import FORMATS

VARYING: tuple[Case, ...] = (
    ("disk", {}),
    ("lmdb", {}),
    ("lmdb", {"group": 7}),
    ("hdf5", {}),
    ("hdf5", {"layout": "chunked"}),
    ("hdf5", {"layout": "vlen"}),
    ("arrow", {}),
    ("parquet", {}),
    ("parquet", {"shards": 3, "parquet_compression": "zstd-pages"}),
    ("tfrecord", {}),
    ("tfrecord", {"shards": 3}),
    ("tfrecord", {"compress": "gzip"}),
)


class TestOurFormats(FormatContract):
    varying = VARYING
    dense = (
        *VARYING,
        ("hdf5", {"layout": "chunked", "chunk": 3}),
        *[("hdf5", {"filter": name}) for name in ("gzip", "lzf", "zstd", "lz4")],
    )
    copied = (
        ("hdf5", {"layout": "chunked"}),
        ("hdf5", {"layout": "vlen"}),
        ("parquet", {"shards": 3, "parquet_compression": "zstd-pages"}),
        ("tfrecord", {"compress": "gzip"}),
    )


def test_every_format_is_held_to_the_contract() -> None:
    """Here, or in a file of its own that names it: `tests/test_format_<name>.py`."""
    here = {name for name, _ in VARYING}
    for name in set(FORMATS) - here:
        text = Path(__file__).with_name(f"test_format_{name}.py").read_text()
        assert "(FormatContract)" in text
        assert f'("{name}", ' in text


@pytest.mark.parametrize(
    ("options", "shape", "told"),
    [
        ({"layout": "contiguous", "filter": "gzip"}, SHAPE, "layout=contiguous has no chunks"),
        ({"layout": "vlen", "chunk": 4}, SHAPE, "layout=vlen has no chunks"),
        ({"filter": "zstd"}, None, "raw pixels"),
    ],
)
def test_hdf5_refuses_options_that_contradict(options: dict[str, Any], shape: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        FORMATS.make("hdf5", options).check(Contents(3, CLASSES, payload_shape=shape))


def test_lmdb_grows_its_map_and_keeps_no_more_than_it_uses(tmp_path: Path) -> None:
    import lmdb

    from core.formats.lmdb.writer import FIRST_MAP

    payloads = [bytes([number % 251]) * 300_000 for number in range(300)]  # 90 MB, more than the first map
    path = write(tmp_path, "lmdb", {}, payloads)
    data = path / "data.mdb"
    assert data.stat().st_size > FIRST_MAP
    used = FORMATS.make("lmdb").used_bytes(path)
    assert data.stat().st_blocks * 512 <= 1.05 * used
    assert [file.name for file in path.iterdir()] == ["data.mdb"]
    with lmdb.open(str(path), readonly=True, lock=False) as environment, environment.begin() as transaction:
        assert transaction.get(b"00000299") == payloads[299]


def test_a_disk_manifest_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "disk", {}, [b"a", b"b"])
    manifest = path / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("ant/00000000", "../00000000"))
    with pytest.raises(InputError, match=r"\.\."):
        reader_of(path, "disk", {}).read([0])


@pytest.mark.parametrize("group", [1, 5])
def test_a_mangled_lmdb_is_an_error_and_never_a_crash(tmp_path: Path, group: int) -> None:
    payloads = sizes(200, seed=3)
    path = write(tmp_path, "lmdb", {"group": group}, payloads)
    sound = (path / "data.mdb").read_bytes()
    draw = random.Random(group)
    refused = 0
    for number in range(120):
        data = bytearray(sound)
        for _ in range(draw.choice([1, 8, 200])):
            data[draw.randrange(len(data))] = draw.randrange(256)
        if number % 4 == 0:
            del data[draw.randrange(len(data)) :]
        (path / "data.mdb").unlink()  # never in place: an open map may still show the file before
        (path / "data.mdb").write_bytes(data)
        try:
            read = reader_of(path, "lmdb", {}).read(range(200))
        except InputError:
            refused += 1
        else:
            assert len(read) == 200
    assert 20 < refused < 120


def test_lmdb_values_are_found_where_the_library_finds_them(tmp_path: Path) -> None:
    """Trees of one, two and three levels, with values in pages and on overflow pages."""
    import lmdb

    for count, size in [(1, 10), (40, 10), (3000, 300), (20_000, 700), (300, 5000)]:
        payloads = [random.Random(number).randbytes(size + number % 7) for number in range(count)]
        path = write(tmp_path / f"{count}", "lmdb", {}, payloads, batch=1000)
        ours = reader_of(path, "lmdb", {}).read(range(count))
        with lmdb.open(str(path), readonly=True, lock=False) as environment, environment.begin() as transaction:
            theirs = [transaction.get(b"%08d" % number) for number in range(count)]
            assert [bytes(payload) for payload in ours] == theirs == payloads
