"""Zarr stores in the inspector: as zarr-python writes them, and chunks that are not there."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from format_contract import SHAPE, write

from core.base.errors import InputError
from core.inspect import identify, inspect_file
from core.inspect.opened_file import OpenedFile

zarr = pytest.importorskip("zarr")

IMAGES = (np.indices((12, 16, 9)).sum(axis=0) * 7 % 256 + 1).astype(np.uint8)[..., None].repeat(3, axis=3)
"""uint8 (12, 16, 9, 3), smooth, none of them black."""

LABELS = np.arange(12) % 4 + 1


def opened(path: Path) -> OpenedFile:
    """As the reader process has it."""
    return OpenedFile(identify(path).kind, str(path), None)


def findings(file: OpenedFile) -> list[tuple[str, int]]:
    return [(one.kind, one.count) for one in file.findings()]


def unreadable(file: OpenedFile) -> bool:
    try:
        return file.records.read(0).problem is not None
    except ValueError:
        return True


def group(path: Path, version: int = 3, **named: Any) -> Any:
    made = zarr.create_group(path, zarr_format=version)
    images = made.create_array("images", shape=IMAGES.shape, dtype=IMAGES.dtype, **named)
    images[:] = IMAGES
    made.create_array("labels", shape=LABELS.shape, chunks=(5,), dtype=LABELS.dtype)[:] = LABELS
    return made


CODECS = zarr.codecs
WAYS: dict[str, dict[str, Any]] = {
    "plain": {"compressors": None, "chunks": (2, 16, 9, 3)},
    "zstd": {"chunks": (5, 7, 4, 2)},
    "gzip": {"chunks": (3, 16, 9, 3), "compressors": CODECS.GzipCodec()},
    "blosc": {"chunks": (5, 16, 9, 3), "compressors": CODECS.BloscCodec()},
    "crc": {"chunks": (5, 16, 9, 3), "compressors": [CODECS.ZstdCodec(), CODECS.Crc32cCodec()]},
    "sharded": {"shards": (4, 16, 9, 3), "chunks": (1, 16, 9, 3)},
    "shards of parts": {"shards": (6, 16, 10, 4), "chunks": (2, 8, 5, 2), "compressors": None},
    "transposed": {"chunks": (5, 16, 9, 3), "filters": [CODECS.TransposeCodec(order=(3, 1, 0, 2))]},
    "dots": {"chunks": (5, 16, 9, 3), "chunk_key_encoding": {"name": "v2", "separator": "."}},
}
OLD: dict[str, dict[str, Any]] = {
    "version 2": {"chunks": (5, 7, 9, 3)},
    "version 2, Fortran": {"chunks": (5, 7, 9, 3), "order": "F", "compressors": None},
}


@pytest.fixture(params=[*WAYS, *OLD])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    name = request.param
    group(tmp_path / "a.zarr", 2 if name in OLD else 3, **(OLD.get(name) or WAYS[name]))
    return tmp_path / "a.zarr"


def test_what_zarr_writes_is_read(made: Path) -> None:
    file = opened(made)
    records = file.records
    assert (file.file.kind, file.schema, len(records)) == ("zarr", "zarr-samples", 12)
    assert findings(file) == [("labels-from-1", 12)]
    for index in (0, 4, 5, 11):
        record = records.read(index)
        np.testing.assert_array_equal(record.pixels, IMAGES[index])
        assert record.label == LABELS[index]
    assert all(one["missing_chunks"] == 0 and one["stored_bytes"] for one in file.file.structure()["arrays"])


def test_the_verb_inspects_a_store(tmp_path: Path) -> None:
    group(tmp_path / "a.zarr")
    told = inspect_file(tmp_path / "a.zarr", index=2)
    assert (told["kind"], told["entries"], told["sample"]["key"]) == ("zarr", 12, "images[2]")
    assert told["sample"]["label"] == 3
    assert told["structure"]["read_cost"]["random_bytes"] > 0


@pytest.mark.parametrize("sharded", [False, True])
def test_a_chunk_that_is_not_there_is_never_black(tmp_path: Path, sharded: bool) -> None:
    path = tmp_path / "e.zarr"
    shards = {"shards": (4, 16, 9, 3)} if sharded else {}
    array = zarr.create_array(path, shape=IMAGES.shape, chunks=(2, 16, 9, 3), dtype="uint8", **shards)
    array[:] = IMAGES
    (path / "c/1/0/0/0").unlink()
    lost = {4, 5, 6, 7} if sharded else {2, 3}
    assert not array[min(lost)].any()  # not a word
    file = opened(path)
    assert findings(file) == [("missing-chunk", len(lost) // 2)]
    assert "c/1/0/0/0" in file.findings()[0].where
    for index in range(12):
        record = file.records.read(index)
        if index in lost:
            assert record.pixels is None
            assert "is not there; Zarr would give its fill value (0)" in str(record.problem)
        else:
            np.testing.assert_array_equal(record.pixels, IMAGES[index])


def test_a_chunk_missing_in_a_shard_is_found(tmp_path: Path) -> None:
    half = IMAGES.copy()
    half[5] = 0  # zarr leaves out what is all fill value
    path = tmp_path / "e.zarr"
    zarr.create_array(path, shape=half.shape, chunks=(1, 16, 9, 3), shards=(4, 16, 9, 3), dtype="uint8")[:] = half
    file = opened(path)
    assert findings(file) == [("missing-chunk", 1)]
    assert file.records.read(5).problem is not None
    np.testing.assert_array_equal(file.records.read(4).pixels, IMAGES[4])


def test_a_label_whose_chunk_is_not_there_is_none(tmp_path: Path) -> None:
    group(tmp_path / "a.zarr")
    (tmp_path / "a.zarr/labels/c/0").unlink()
    file = opened(tmp_path / "a.zarr")
    assert [file.records.label(index) for index in (0, 5)] == [None, 2]
    assert file.records.numbers() is None
    assert findings(file) == [("missing-chunk", 1)]


@pytest.mark.parametrize("folder", ["", "store/"])
def test_a_zipped_store_is_read(tmp_path: Path, folder: str) -> None:
    group(tmp_path / "all/store")
    shutil.make_archive(str(tmp_path / "a"), "zip", tmp_path / ("all" if folder else "all/store"))
    file = opened(tmp_path / "a.zip")
    assert file.file.kind == "zarr"
    np.testing.assert_array_equal(file.records.read(7).pixels, IMAGES[7])


@pytest.mark.parametrize("shape", [None, SHAPE])
def test_a_split_that_was_built_here(tmp_path: Path, shape: Any) -> None:
    path = write(tmp_path, "zarr", {}, [bytes(60)] * 5, shape=shape)
    file = opened(path)
    assert (file.schema, len(file.records), findings(file)) == ("own-zarr", 5, [])


def test_texts_and_nested_groups(tmp_path: Path) -> None:
    root = zarr.create_group(tmp_path / "a.zarr")
    for split in ("train", "test"):
        inner = root.create_group(split)
        inner.create_array("images", shape=IMAGES.shape, dtype="uint8")[:] = IMAGES
        inner.create_array("labels", shape=(12,), dtype="int64")[:] = LABELS - 1
    names = root.create_array("class_names", shape=(4,), dtype=str)
    names[:] = np.array(["a", "b", "c", "d"], dtype=object)
    records = opened(tmp_path / "a.zarr").records
    assert (len(records), records.classes) == (24, ["a", "b", "c", "d"])


def changed(path: Path, **fields: Any) -> None:
    told = json.loads((path / "zarr.json").read_text())
    (path / "zarr.json").write_text(json.dumps(told | fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"shape": [10**15, 16, 9, 3]},
        {"shape": [-1, 16, 9, 3]},
        {"shape": [12, 16, 9]},
        {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [0, 1, 1, 1]}}},
        {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1 << 40, 1 << 20, 1, 1]}}},
        {"codecs": [{"name": "bytes"}, {"name": "unheard_of"}]},
        {"codecs": [{"name": "unheard_of"}]},
        {"codecs": []},
        {"data_type": "bfloat16"},
        {"chunk_grid": 5},
    ],
)
def test_hostile_metadata_is_refused_or_told(tmp_path: Path, fields: dict[str, Any]) -> None:
    path = tmp_path / "a.zarr"
    zarr.create_array(path, shape=IMAGES.shape, chunks=(2, 16, 9, 3), dtype="uint8")[:] = IMAGES
    changed(path, **fields)
    file = opened(path)
    told = str(file.summary()["warnings"]) + str(file.summary()["findings"])
    assert "cannot be read" in told or "missing-chunk" in told or unreadable(file)


def test_links_are_not_followed(tmp_path: Path) -> None:
    group(tmp_path / "a.zarr", chunks=(2, 16, 9, 3))
    (tmp_path / "a.zarr/images/c").rename(tmp_path / "outside")
    (tmp_path / "a.zarr/images/c").symlink_to(tmp_path / "outside")
    file = opened(tmp_path / "a.zarr")
    assert ("missing-chunk", 6) in findings(file)
    assert unreadable(file)


def test_mangled_stores_are_told(tmp_path: Path) -> None:
    draw = random.Random(1)
    for name in ("sharded", "zstd", "blosc"):
        group(tmp_path / name, **WAYS[name])
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        for _ in range(25):
            path = draw.choice(files)
            whole = path.read_bytes()
            data = bytearray(whole)
            for _ in range(draw.choice([1, 5, 50])):
                data[draw.randrange(len(data))] = draw.randrange(256)
            path.write_bytes(data)
            try:
                file = opened(tmp_path / name)
                for index in range(min(len(file.records), 12)):
                    file.problem(index)
            except InputError:
                pass
            path.write_bytes(whole)
