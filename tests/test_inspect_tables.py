"""Parquet and Arrow files as strangers write them: pixels, labels, findings, and what reading a sample touches."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from table_fixtures import FEATURES, arrow, hf_table, images, pairs, parquet, picture, table

from core.base.errors import InputError
from core.inspect.files import inspect_file
from core.inspect.kinds import identify
from core.inspect.opened_file import OpenedFile
from core.inspect.parquet import rows as parquet_rows
from core.inspect.records import UNREADABLE, Records
from core.inspect.scan import scan_file


def opened(path: Path) -> OpenedFile:
    found = identify(path)
    return OpenedFile(found.kind, str(found.path), None, [str(one) for one in found.paths], found.notes)


def kinds_of(file: OpenedFile) -> list[str]:
    return [finding.kind for finding in file.findings()]


def check(records: Records, count: int) -> None:
    """In no order, so that nothing goes by the record before."""
    assert len(records) == count
    for index in random.Random(0).sample(range(count), count):
        record = records.read(index)
        np.testing.assert_array_equal(record.pixels, picture(index)[0])
        assert (record.label, record.problem, record.key) == (index % 2, None, str(index))
        assert records.label(index) == index % 2


WAYS: dict[str, dict[str, Any]] = {
    "as pandas writes": {},
    "plain": {"use_dictionary": False, "compression": "none", "write_page_index": True},
    "pages of one row": {"data_page_size": 1, "write_batch_size": 1, "compression": "zstd"},
    "version 2": {"data_page_version": "2.0", "compression": "gzip", "data_page_size": 500, "write_batch_size": 3},
    "dictionary, then plain": {"dictionary_pagesize_limit": 2000, "write_batch_size": 2, "data_page_size": 2000},
    "delta": {"use_dictionary": False, "column_encoding": {"image.bytes": "DELTA_LENGTH_BYTE_ARRAY"}},
    "several row groups": {"row_group_size": 7},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("by_page", [True, False])
def test_parquet_is_read_however_its_pages_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, by_page: bool
) -> None:
    monkeypatch.setattr(parquet_rows, "LARGE", 0 if by_page else 1 << 30)
    monkeypatch.setattr(parquet_rows, "SMALL", 300 if by_page else 1 << 24)  # others from their row group's beginning
    options = {"use_dictionary": ["image.bytes", "image.path"], **WAYS[way]}
    file = opened(parquet(tmp_path / "a.parquet", hf_table(40), **options))
    check(file.records, 40)
    assert file.records.classes == ["cat", "dog"]
    assert "Hugging Face" in file.records.why
    assert kinds_of(file) == []
    assert file.numbers is not None
    assert file.numbers.tolist() == [at % 2 for at in range(40)]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_arrow_is_read_as_file_and_as_stream(tmp_path: Path, stream: bool, compression: str | None) -> None:
    options = pa.ipc.IpcWriteOptions(compression=compression)
    file = opened(arrow(tmp_path / "a.arrow", hf_table(10), stream, options=options))
    check(file.records, 10)
    assert kinds_of(file) == ([] if compression is None else ["batch-compressed"])
    structure = file.summary()["structure"]
    assert (structure["container"], structure["batch_count"]) == ("stream" if stream else "file", 3)
    assert structure["codec"] == (compression or "none")
    assert file.numbers is not None
    assert file.numbers.tolist() == [at % 2 for at in range(10)]


def test_a_dictionary_of_texts_in_a_stream_is_looked_up(tmp_path: Path) -> None:
    words = pa.array(["left", "right"] * 5).dictionary_encode()
    rows = hf_table(10).append_column("side", words)
    for stream in (True, False):
        records = opened(arrow(tmp_path / f"{stream}.arrow", rows, stream)).records
        assert [dict(records.read(at).fields or {})["side"] for at in (9, 0)] == ["right", "left"]


def test_lost_features_are_told_and_good_ones_not(tmp_path: Path) -> None:
    labels = pa.array([0, 1], pa.int64())
    for name, column, features, told in (
        ("good", images(2), FEATURES, 0),
        ("order", images(2, ("path", "bytes")), FEATURES, 1),
        ("large", images(2, binary=pa.large_binary()), FEATURES, 1),
        ("none", images(2), None, 1),
    ):
        file = opened(parquet(tmp_path / f"{name}.parquet", table({"image": column, "label": labels}, features)))
        assert kinds_of(file) == ["hf-features-lost"] * told
        np.testing.assert_array_equal(file.records.read(1).pixels, picture(1)[0])


def test_row_groups_without_an_index_and_too_large_ones_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = images(1)
    rows = table({"image": pa.concat_arrays([one] * 1000), "label": pa.array([0] * 1000, pa.int64())}, FEATURES)
    assert kinds_of(opened(parquet(tmp_path / "a.parquet", rows))) == ["no-page-index"]
    assert kinds_of(opened(parquet(tmp_path / "b.parquet", rows, write_page_index=True))) == []
    monkeypatch.setattr("core.inspect.parquet.file.LARGE_GROUP", 100)
    assert kinds_of(opened(parquet(tmp_path / "c.parquet", rows, write_page_index=True))) == ["row-group-large"]


def test_what_is_wrong_with_a_row_is_told_of_the_row(tmp_path: Path) -> None:
    png, jpeg = picture(0)[1], picture(0, kind="JPEG")[1]
    column = pairs([
        {"bytes": png, "path": "0.png"},
        None,
        {"bytes": None, "path": "elsewhere/2.png"},
        {"bytes": jpeg, "path": "3.png"},
        {"bytes": png, "path": None},
    ])  # fmt: skip
    rows = table({"image": column, "label": pa.array([0, 1, 1, 1, 2], pa.int64())}, FEATURES)
    for path in (parquet(tmp_path / "a.parquet", rows), arrow(tmp_path / "a.arrow", rows)):
        records = opened(path).records
        found = [[finding.kind for finding in records.read(at).findings] for at in range(5)]
        assert found == [[], ["no-image"], ["image-elsewhere", "no-image"], ["codec-mismatch"], ["label-outside"]]
        assert [records.read(at).pixels is None for at in range(5)] == [False, True, True, False, False]


def test_several_images_of_a_row_are_shown_together(tmp_path: Path) -> None:
    masks = pairs([{"bytes": picture(9)[1], "path": None}] * 2)
    views = pa.array([[{"bytes": picture(at)[1], "path": "x"} for at in (3, 4)]] * 2)
    pixels = pa.array([picture(5)[0][:, :, 0].tolist()] * 2, pa.list_(pa.list_(pa.uint8())))
    rows = table({"image": images(2), "mask": masks, "views": views, "depth": pixels, "caption": ["a", "b"]})
    for path in (parquet(tmp_path / "a.parquet", rows), arrow(tmp_path / "a.arrow", rows)):
        record = opened(path).records.read(1)
        assert record.image_name == "image"
        further = {image.name: image.pixels for image in record.images}
        assert list(further) == ["mask", "views[0]", "views[1]", "depth"]
        for name, number in (("mask", 9), ("views[0]", 3), ("views[1]", 4)):
            np.testing.assert_array_equal(further[name], picture(number)[0])
        assert further["depth"] is not None
        assert further["depth"].shape == (12, 12, 3)
        assert dict(record.fields or {})["caption"] == "b"


def test_columns_of_pixels_are_images(tmp_path: Path) -> None:
    values = np.stack([picture(at)[0][:, :, 0].reshape(-1) for at in range(30)])
    columns = {"label": np.arange(30) % 10} | {f"pixel{at}": values[:, at].astype(np.int64) for at in range(144)}
    for path in (
        parquet(tmp_path / "a.parquet", pa.table(columns), row_group_size=11),
        arrow(tmp_path / "a.arrow", pa.table(columns)),
    ):
        file = opened(path)
        assert file.schema.endswith("-pixels")
        assert "nothing says so" in file.records.why
        for index in (29, 0, 12):
            record = file.records.read(index)
            assert record.pixels is not None
            np.testing.assert_array_equal(record.pixels[:, :, 0].reshape(-1), values[index])
            assert record.label == index % 10
            assert file.records.label(index) == index % 10


def test_of_very_many_columns_some_are_read(tmp_path: Path) -> None:
    columns = {f"{'abc'[at % 3]}{at * 7 % 601}x": np.zeros(4) for at in range(600)}
    rows = pa.table(columns).append_column("image", images(4)).append_column("label", pa.array([0, 1, 0, 1]))
    file = opened(parquet(tmp_path / "a.parquet", rows))
    np.testing.assert_array_equal(file.records.read(3).pixels, picture(3)[0])
    assert file.records.label(3) == 1
    assert "90 columns of numbers are not shown" in " ".join(file.summary()["warnings"])


def test_pixels_of_large_row_groups_are_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_rows, "MOST_MATRIX", 0)
    monkeypatch.setattr(parquet_rows, "BLOCK", 1000)
    values = np.arange(64 * 30).reshape(30, 64) % 251
    file = opened(parquet(tmp_path / "a.parquet", pa.table({f"p{at}": values[:, at] for at in range(64)})))
    for index in (29, 3, 4):
        pixels = file.records.read(index).pixels
        assert pixels is not None
        np.testing.assert_array_equal(pixels[:, :, 0].reshape(-1), values[index])


def test_numbers_in_text_are_images(tmp_path: Path) -> None:
    grey = picture(2)[0][:, :, 0]
    rows = pa.table({"emotion": [3], "pixels": [" ".join(map(str, grey.reshape(-1)))]})
    record = opened(parquet(tmp_path / "a.parquet", rows)).records.read(0)
    assert record.pixels is not None
    np.testing.assert_array_equal(record.pixels[:, :, 0], grey)


def test_a_table_without_images_is_shown_as_it_is(tmp_path: Path) -> None:
    record = opened(parquet(tmp_path / "a.parquet", pa.table({"name": ["x"], "price": [2.5]}))).records.read(0)
    assert record.pixels is None
    assert dict(record.fields or {}) == {"name": "x", "price": 2.5}


def test_shards_are_one_and_a_broken_one_is_told(tmp_path: Path) -> None:
    for number in range(3):
        parquet(tmp_path / f"train-0000{number}-of-00003.parquet", hf_table(4))
    file = opened(tmp_path)
    assert len(file.records) == 12
    assert file.records.key(5) == "train-00001-of-00003.parquet:1"
    (tmp_path / "train-00001-of-00003.parquet").write_bytes(b"PAR1 and then nothing")
    broken = opened(tmp_path / "train-*.parquet")
    assert len(broken.records) == 8
    assert kinds_of(broken) == ["shard-unreadable"]


def test_one_sample_touches_its_pages_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of other rows are cut out of the file: nothing notices."""
    monkeypatch.setattr(parquet_rows, "LARGE", 0)
    path = parquet(tmp_path / "a.parquet", hf_table(40), **WAYS["pages of one row"], use_dictionary=False)
    chunk = pq.read_metadata(path).row_group(0).column(0)
    data = bytearray(path.read_bytes())
    half = chunk.data_page_offset + chunk.total_compressed_size // 2
    data[half + 600 : chunk.data_page_offset + chunk.total_compressed_size] = bytes(
        chunk.data_page_offset + chunk.total_compressed_size - half - 600
    )
    path.write_bytes(data)
    records = opened(path).records
    np.testing.assert_array_equal(records.read(3).pixels, picture(3)[0])
    with pytest.raises(UNREADABLE):
        records.read(39)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"PAR1" + bytes(40), "cut short"),
        (b"PARE" + bytes(40) + b"PARE", "encrypted"),
        (b"PAR1" + b"\xff" * 30 + b"\xff\xff\xff\x7fPAR1", "cannot be opened"),
        (b"ARROW1\0\0" + bytes(40), "cannot be opened"),
    ],
)
def test_a_file_without_a_sound_footer_is_told(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(data)
    with pytest.raises(InputError, match=told):
        opened(path)


def test_an_arrow_file_that_was_cut_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = arrow(tmp_path / "a.arrow", hf_table(12))
    path.write_bytes(path.read_bytes()[:-1500])
    file = opened(path)
    assert 0 < len(file.records) < 12
    assert "damaged" in " ".join(file.summary()["warnings"])
    np.testing.assert_array_equal(file.records.read(3).pixels, picture(3)[0])


def test_feather_of_version_1_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.feather").write_bytes(b"FEA1" + bytes(40))
    with pytest.raises(InputError, match="version 1; write it again as version 2"):
        identify(tmp_path / "a.feather")


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_mangled_files_are_an_error_or_records(tmp_path: Path, kind: str) -> None:
    """In the reader process, which a file may bring down: that costs a sentence."""
    path = tmp_path / f"a.{kind}"
    whole = (parquet(path, hf_table(6)) if kind == "parquet" else arrow(path, hf_table(6), batch=2)).read_bytes()
    draw = random.Random(2)
    ended = set()
    for number in range(2):
        data = bytearray(whole)
        for _ in range(10):
            data[draw.randrange(len(data) - 900 if number else 0, len(data))] = draw.choice([0, 1, 127, 128, 255])
        path.unlink()
        path.write_bytes(data)
        try:
            inspect_file(path)
            ended.add("read")
        except InputError:
            ended.add("refused")
    assert ended
    path.unlink()
    path.write_bytes(whole)
    assert sum(decoded for _, decoded, *_ in scan_file(path)) == 6
