"""LitData folders by their layout; pictures and values must be those that went in."""

from __future__ import annotations

import io
import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from PIL import Image

from benchmarks.read_only_files import pil_bytes, write_litdata
from core.base.errors import InputError
from core.inspect.files import inspect_file
from core.inspect.kinds import identify
from core.inspect.litdata.file import LitDataFile
from core.inspect.litdata.leaves import leaf_names
from core.inspect.litdata.nested import nested
from core.inspect.litdata.records import LitDataRecords
from core.inspect.litdata.serializers import decoded, tensor_of
from core.inspect.records import Finding

PIXELS = np.random.default_rng(2).integers(0, 256, (5, 6, 7, 3), np.uint8)
LEAVES = {"image": "jpeg", "mask": "pil", "class": "int"}


def png(number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS[number]).save(file, "PNG")
    return file.getvalue()


def item(number: int) -> list[bytes]:
    return [png(number), pil_bytes(PIXELS[number, :, :, 0], "L"), struct.pack("<q", number % 3)]


def folder(path: Path, **config: Any) -> Path:
    return write_litdata(path, LEAVES, [[item(0), item(1)], [item(2), item(3), item(4)]], **config)


def records_of(path: Path) -> LitDataRecords:
    found = identify(path)
    assert found.kind == "litdata"
    return LitDataRecords.recognise(LitDataFile(found.path))


def kinds(findings: list[Finding]) -> list[str]:
    return [finding.kind for finding in findings]


def check_all(records: LitDataRecords) -> None:
    assert len(records) == 5
    for index in range(5):
        record = records.read(index)
        assert (record.key, record.label, record.image_name) == (str(index), index % 3, "image")
        assert np.array_equal(record.pixels, PIXELS[index])
        (mask,) = record.images
        assert mask.name == "mask"
        assert np.array_equal(mask.pixels[:, :, 0], PIXELS[index, :, :, 0])


def test_items_of_all_chunks(tmp_path: Path) -> None:
    records = records_of(folder(tmp_path / "train"))
    check_all(records)
    assert kinds(records.findings) == []
    assert records.label(4) == 1
    told = inspect_file(tmp_path / "train", index=3)
    assert (told["kind"], told["entries"], told["sample"]["label"]) == ("litdata", 5, 0)


def framed(data: bytes, rows: int = 2) -> bytes:
    """A plain chunk as LitData packs it in zstd frames."""
    count = struct.unpack("<I", data[:4])[0]
    offsets = np.frombuffer(data, "<u4", count + 1, 4)
    starts = [*range(0, count, rows)]
    place, table, frames = 24 + 4 * (count + 1) + 24 * len(starts), b"", b""
    for first in starts:
        last = min(first + rows, count)
        raw = data[offsets[first] : offsets[last]]
        packed = zstandard.compress(raw)
        table += struct.pack("<IIQII", first, last - first, place + len(frames), len(packed), len(raw))
        frames += packed
    head = struct.pack("<8sHHIII", b"LDFZ01\0\0", 1, 0, count, rows, len(starts))
    return head + (offsets - offsets[0]).astype("<u4").tobytes() + table + frames


def each_compressed(data: bytes) -> bytes:
    count = struct.unpack("<I", data[:4])[0]
    offsets = np.frombuffer(data, "<u4", count + 1, 4)
    packed = [zstandard.compress(data[offsets[n] : offsets[n + 1]]) for n in range(count)]
    places = 4 * (count + 2) + np.cumsum([0, *map(len, packed)])
    return data[:4] + places.astype("<u4").tobytes() + b"".join(packed)


@pytest.mark.parametrize("level", ["batch", "sample", "chunk"])
def test_compressed_chunks(tmp_path: Path, level: str) -> None:
    path = folder(tmp_path / "train", compression="zstd", compression_level=None if level == "chunk" else level)
    index = json.loads((path / "index.json").read_text())
    for chunk in index["chunks"]:
        plain = path / chunk["filename"]
        data = plain.read_bytes()
        if level == "chunk":
            chunk["filename"] = chunk["filename"].replace(".bin", ".zstd.bin")
            (path / chunk["filename"]).write_bytes(zstandard.compress(data))
            plain.unlink()
        else:
            plain.write_bytes(framed(data) if level == "batch" else each_compressed(data))
            chunk["chunk_bytes"] = plain.stat().st_size
    (path / "index.json").write_text(json.dumps(index))
    records = records_of(path)
    check_all(records)
    assert kinds(records.findings) == []
    said = records.file.structure()["read_cost"]["said"]
    assert ("compressed" in said) is (level != "sample")


def test_the_bytes_of_a_chunk_are_told_without_its_table_by_older_versions(tmp_path: Path) -> None:
    path = folder(tmp_path / "train")
    index = json.loads((path / "index.json").read_text())
    for chunk in index["chunks"]:
        chunk["chunk_bytes"] -= 4 * (chunk["chunk_size"] + 2)
    (path / "index.json").write_text(json.dumps(index))
    assert kinds(records_of(path).findings) == []
    index["chunks"][0]["chunk_bytes"] += 1
    (path / "index.json").write_text(json.dumps(index))
    assert kinds(records_of(path).findings) == ["size-differs"]


def test_rows_of_arrow(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    path = write_litdata(tmp_path / "train", {"row": "json"}, [[[b""], [b""]]])
    table = pa.Table.from_pylist([{"image": {"bytes": png(n), "path": f"{n}.png"}, "label": n} for n in range(2)])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    body = sink.getvalue().to_pybytes()
    data = struct.pack("<4I", 2, 16, 16, 16) + body + struct.pack("<I", len(body)) + b"LDARW01\0"
    (path / "chunk-0-0.bin").write_bytes(data)
    record = records_of(path).read(1)
    assert record.label == 1
    assert np.array_equal(record.pixels, PIXELS[1])
    (path / "chunk-0-0.bin").write_bytes(data[:-12] + struct.pack("<I", 1 << 31) + b"LDARW01\0")
    assert "shard-unreadable" in kinds(records_of(path).findings)


def test_tokens_are_one_vector_an_item(tmp_path: Path) -> None:
    path = write_litdata(tmp_path / "t", {"x": "no_header_tensor:16"}, [[[b""]]], item_loader="TokensLoader")
    tokens = np.arange(4, dtype="<i4").tobytes()
    (path / "chunk-0-0.bin").write_bytes(struct.pack("<3I", 1, 12, 12 + len(tokens)) + tokens)
    record = records_of(path).read(0)
    assert record.fields is not None
    assert record.fields["x"] == [0, 1, 2, 3]


def test_pickles_are_told_and_not_executed(tmp_path: Path) -> None:
    records = records_of(write_litdata(tmp_path / "t", {"x": "pickle"}, [[[pickle.dumps({"a": [1]})]]]))
    assert kinds(records.findings) == ["pickled-fields"]
    assert records.read(0).fields == {"x": {"a": [1]}}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"encryption": {"algorithm": "fernet"}}, "encrypted"),
        ({"item_loader": "ParquetLoader"}, "Parquet"),
        ({"data_format": None}, "data_format"),
    ],
)
def test_folders_that_cannot_be_read_say_why(tmp_path: Path, config: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        records_of(folder(tmp_path / "train", **config))


@pytest.mark.parametrize("at", range(0, 48, 4))
def test_numbers_that_cannot_be_cost_a_sentence(tmp_path: Path, at: int) -> None:
    path = folder(tmp_path / "train")
    chunk = path / "chunk-0-0.bin"
    for data in (chunk.read_bytes(), framed(chunk.read_bytes())):
        chunk.write_bytes(data[:at] + b"\xff\xff\xff\x7f" + data[at + 4 :])
        records = records_of(path)
        refused = 0
        for index in range(len(records) - 1):
            try:
                records.read(index)
            except ValueError:
                refused += 1
        assert refused or kinds(records.findings) or at >= 20
        assert np.array_equal(records.read(len(records) - 1).pixels, PIXELS[4])


def test_tensors_of_both_orders() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    for order in "<>":
        told = tensor_of(struct.pack(f"{order}4I", 1, 2, 2, 3) + array.tobytes())
        assert told.dtype == np.float32
        assert np.array_equal(told, array)
    assert np.array_equal(decoded("numpy", struct.pack("<4I", 9, 2, 2, 3) + array.tobytes()), array)
    half = (array.reshape(-1).view(np.uint32) >> 16).astype("<u2")
    assert np.array_equal(decoded("no_header_tensor:10", half.tobytes()), array.reshape(-1))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("tensor", struct.pack(">4I", 1, 1 << 31, 2, 3) + bytes(24)),
        ("tensor", struct.pack(">4I", 1, 2, 1 << 31, 1 << 31) + bytes(24)),
        ("numpy", struct.pack("<4I", 14, 2, 2, 3) + bytes(48)),
        ("no_header_numpy:99", bytes(8)),
        ("no_header_tensor:17", bytes(7)),
        ("int", bytes(50)),
        ("bool", bytes(2)),
        ("json", bytes([1, 255, 255, 255, 127])),
        ("json", bytes([6, 2, 0, 0, 0, 0, 0, 0, 0])),
        ("json", bytes([5, 1, 0, 0, 0]) * 40 + bytes(99)),
    ],
)
def test_values_that_are_none(name: str, data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        decoded(name, data)


def test_json_in_binary() -> None:
    def text(word: str) -> bytes:
        return struct.pack("<I", len(word)) + word.encode()

    rows = bytes([6]) + struct.pack("<II", 2, 1) + text("a") + b"\x12" + struct.pack("<q", 7) + b"\x10"
    assert nested(rows) == [{"a": 7}, {"a": None}]
    both = bytes([5]) + struct.pack("<I", 2) + text("x") + bytes([2, 1, 0, 0, 0]) + struct.pack("<q", 5)
    assert nested(both + text("y") + b"\x0a\x01") == {"x": [5], "y": True}
    assert nested(b'{"plain": 1}') == {"plain": 1}
    deep: bytes = b"".join(bytes([5]) + struct.pack("<I", 1) + text("abcde") for _ in range(80))
    with pytest.raises(ValueError, match="too deep"):
        nested(deep + b"\x0b" * 20)


def test_names_of_leaves() -> None:
    leaf = {"type": None, "context": None, "children_spec": []}
    pair = {"type": "builtins.tuple", "context": "null", "children_spec": [leaf, leaf]}
    both = {"type": "builtins.dict", "context": '["image", "pair"]', "children_spec": [leaf, pair]}
    assert leaf_names(json.dumps([1, both]), 3) == ("image", "pair.0", "pair.1")
    assert leaf_names(json.dumps([1, leaf]), 1) == ("value",)
    assert leaf_names(json.dumps([1, both]), 4) == ("0", "1", "2", "3")
    assert leaf_names("[" * 100_000, 1) == leaf_names(None, 1) == ("0",)
