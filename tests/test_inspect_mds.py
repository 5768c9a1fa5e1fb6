"""MDS folders, as MosaicML's Streaming writes them, by their layout; pictures and values must be those that went in."""

from __future__ import annotations

import io
import json
import pickle
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.read_only_files import pil_bytes, write_mds
from core.base.errors import InputError
from core.inspect.files import inspect_file
from core.inspect.kinds import identify
from core.inspect.mds.encodings import array_of, decoded
from core.inspect.mds.file import MdsFile
from core.inspect.mds.records import MdsRecords
from core.inspect.records import Finding
from tests.inspect_fixtures import Hostile

PIXELS = np.random.default_rng(1).integers(0, 256, (5, 6, 7, 3), np.uint8)
COLUMNS: Mapping[str, tuple[str, int | None]] = {"label": ("int", 8), "image": ("png", None), "left": ("pil", None)}


def png(number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS[number]).save(file, "PNG")
    return file.getvalue()


def sample(number: int) -> dict[str, bytes]:
    return {"label": struct.pack("<q", number % 3), "image": png(number), "left": pil_bytes(PIXELS[number][:, ::-1])}


def folder(path: Path, **options: Any) -> Path:
    return write_mds(path, COLUMNS, [[sample(0), sample(1)], [sample(2), sample(3), sample(4)]], **options)


def records_of(path: Path) -> MdsRecords:
    found = identify(path)
    assert found.kind == "mds"
    return MdsRecords.recognise(MdsFile(found.path))


def kinds(findings: list[Finding]) -> list[str]:
    return [finding.kind for finding in findings]


@pytest.mark.parametrize("compressed", [False, True])
def test_samples_of_all_shards(tmp_path: Path, compressed: bool) -> None:
    records = records_of(folder(tmp_path / "train", compressed=compressed))
    assert len(records) == 5
    assert kinds(records.findings) == []
    for index in range(5):
        record = records.read(index)
        assert (record.key, record.label, record.image_name) == (str(index), index % 3, "image")
        assert np.array_equal(record.pixels, PIXELS[index])
        (left,) = record.images
        assert left.name == "left"
        assert np.array_equal(left.pixels, PIXELS[index][:, ::-1])
    assert records.label(4) == 1
    assert records.find("4") == 4
    assert records.find("5") is None
    cost = records.file.structure()["read_cost"]
    assert (cost["random_reads"] == 1) is compressed, "a compressed shard is read as a whole"


def test_the_command_line_reads_a_folder_and_a_single_shard(tmp_path: Path) -> None:
    told = inspect_file(folder(tmp_path / "train"), index=3)
    assert (told["kind"], told["entries"], told["sample"]["label"]) == ("mds", 5, 0)
    assert told["sample"]["images"] == ["image", "left"]
    alone = records_of(tmp_path / "train" / "shard.00001.mds")
    assert len(alone) == 3
    assert np.array_equal(alone.read(1).pixels, PIXELS[3])


def test_shards_whose_index_is_missing_are_read_by_their_headers(tmp_path: Path) -> None:
    path = folder(tmp_path / "train")
    (path / "index.json").unlink()
    told = inspect_file(path, index=3)
    assert (told["kind"], told["entries"], told["sample"]["key"]) == ("mds", 5, "shard.00001.mds:1")
    assert [(finding["kind"], finding["count"]) for finding in told["findings"]] == [("index-missing", 2)]


def test_missing_other_and_unlisted_shards(tmp_path: Path) -> None:
    path = folder(tmp_path / "train")
    (path / "shard.00000.mds").rename(path / "shard.00009.mds")
    with (path / "shard.00001.mds").open("ab") as file:
        file.write(b"more")
    records = records_of(path)
    assert kinds(records.findings) == ["shard-missing", "size-differs", "shard-not-listed"]
    assert [finding.where.partition(":")[0] for finding in records.findings] == [
        "shard.00000.mds",
        "shard.00001.mds",
        "shard.00009.mds",
    ]
    with pytest.raises(ValueError, match=r"shard\.00000\.mds"):
        records.read(0)
    assert np.array_equal(records.read(2).pixels, PIXELS[2])


def test_a_shard_with_fewer_samples_than_the_index_says(tmp_path: Path) -> None:
    path = folder(tmp_path / "train")
    index = json.loads((path / "index.json").read_text())
    index["shards"][0]["samples"] = 4_000_000_000
    (path / "index.json").write_text(json.dumps(index))
    records = records_of(path)
    assert (len(records), kinds(records.findings)) == (5, ["count-differs"])


def test_offsets_that_wrapped_at_4_gib_are_put_right_and_told(tmp_path: Path) -> None:
    """A sparse file: two samples of 3 and 2 GiB, and behind them one whose offset has wrapped."""
    path = write_mds(tmp_path / "train", {"data": ("bytes", None)}, [[{"data": b""}] * 3])
    shard = path / "shard.00000.mds"
    start = struct.unpack("<I", shard.read_bytes()[4:8])[0]
    last = struct.pack("<I", len(png(1))) + png(1)
    places = np.array([start, start + (3 << 30), start + (5 << 30), start + (5 << 30) + len(last)])
    with shard.open("r+b") as file:
        file.seek(4)
        file.write((places % (1 << 32)).astype("<u4").tobytes())
        file.seek(places[2])
        file.write(last)
    index = json.loads((path / "index.json").read_text())
    index["shards"][0]["raw_data"]["bytes"] = shard.stat().st_size
    (path / "index.json").write_text(json.dumps(index))
    records = records_of(path)
    assert kinds(records.findings) == ["offsets-wrapped"]
    assert np.array_equal(records.read(2).pixels, PIXELS[1])
    with pytest.raises(ValueError, match="more than is read here"):
        records.read(0)


@pytest.mark.parametrize("name", ["../outside.mds", "/etc/hostname", "link.mds"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    path = folder(tmp_path / "train")
    (path / "shard.00000.mds").rename(tmp_path / "outside.mds")
    (path / "link.mds").symlink_to(tmp_path / "outside.mds")
    text = (path / "index.json").read_text().replace("shard.00000.mds", name)
    (path / "index.json").write_text(text)
    records = records_of(path)
    assert kinds(records.findings)[0] == "shard-missing"
    with pytest.raises(ValueError, match="is missing"):
        records.read(0)


def test_links_inside_of_the_folder_are_followed(tmp_path: Path) -> None:
    path = folder(tmp_path / "train")
    (path / "blobs").mkdir()
    (path / "shard.00000.mds").rename(path / "blobs" / "1234")
    (path / "shard.00000.mds").symlink_to(path / "blobs" / "1234")
    assert np.array_equal(records_of(path).read(1).pixels, PIXELS[1])


@pytest.mark.parametrize("at", range(0, 40, 4))
def test_numbers_that_cannot_be_cost_a_sentence(tmp_path: Path, at: int) -> None:
    path = folder(tmp_path / "train")
    shard = path / "shard.00000.mds"
    data = bytearray(shard.read_bytes())
    place = at if at < 16 else struct.unpack("<I", data[4:8])[0] + at - 16
    data[place : place + 4] = b"\xff\xff\xff\xff"
    shard.write_bytes(data)
    records = records_of(path)
    reasons = [reason for index in range(len(records)) if (reason := reason_of(records, index))]
    assert all("shard.00000.mds" in reason for reason in reasons)
    assert reasons or at >= 24 or kinds(records.findings)
    assert np.array_equal(records.read(len(records) - 1).pixels, PIXELS[4])


def reason_of(records: MdsRecords, index: int) -> str:
    """Why a record cannot be read."""
    try:
        records.read(index)
    except ValueError as error:
        return str(error)
    return ""


def test_a_value_that_is_broken_costs_itself(tmp_path: Path) -> None:
    columns: Mapping[str, tuple[str, int | None]] = {"image": ("png", None), "facts": ("json", None)}
    samples = [{"image": png(0), "facts": b"{"}, {"image": b"no image", "facts": b'{"a": 1}'}]
    records = records_of(write_mds(tmp_path / "train", columns, [samples]))
    first, second = records.read(0), records.read(1)
    assert kinds([*first.findings]) == ["field-unreadable"]
    assert np.array_equal(first.pixels, PIXELS[0])
    assert "shard.00000.mds, byte" in first.findings[0].where
    assert second.problem
    assert second.fields is not None
    assert second.fields["facts"] == {"a": 1}


def test_pickles_are_shown_and_not_executed(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    samples = [{"x": pickle.dumps({"a": 1})}, {"x": pickle.dumps(Hostile(marker))}]
    records = records_of(write_mds(tmp_path / "train", {"x": ("pkl", None)}, [samples]))
    assert kinds(records.findings) == ["pickled-fields"]
    plain, hostile = records.read(0), records.read(1)
    assert plain.fields == {"x": {"a": 1}}
    assert kinds([*hostile.findings]) == ["field-unreadable"]
    assert not marker.exists()


def test_values_by_their_encodings() -> None:
    images = [pil_bytes(PIXELS[n]) for n in range(2)]
    sizes = np.array([len(images[0]), len(images[1])], "<u4").tobytes()
    listed = decoded("list[pil]", bytes(4) + struct.pack("<I", 2) + sizes + b"".join(images))
    assert np.array_equal(listed, PIXELS[:2])
    assert decoded("jpeg_array", struct.pack("<3I", 2, 1, 2) + b"abc") == [b"a", b"bc"]
    assert decoded("str_int", b"123456789012345678901234567890") == 123456789012345678901234567890
    assert decoded("float32", struct.pack("<f", 0.5)) == 0.5
    assert decoded("str", "Zürich".encode()) == "Zürich"
    array = np.arange(6, dtype=np.int16).reshape(2, 3)
    assert np.array_equal(array_of(bytes([17, 2 << 2, 2, 3]) + array.tobytes(), ""), array)
    assert np.array_equal(array_of(bytes([2 << 2 | 1]) + struct.pack("<2H", 2, 3) + array.tobytes(), "int16"), array)
    assert np.array_equal(array_of(array.tobytes(), "int16:2,3"), array)


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("ndarray", b""),
        ("ndarray", bytes([17, 63 << 2 | 3]) + b"\xff" * 504),
        ("ndarray", bytes([17, 2 << 2, 2, 9]) + bytes(12)),
        ("ndarray:uint8:4000000000,4000000000", bytes(8)),
        ("ndarray:object", bytes(8)),
        ("int", bytes(7)),
        ("pil", struct.pack("<III", 1 << 31, 1 << 31, 3) + b"RGB" + bytes(9)),
        ("pil", struct.pack("<III", 1, 1, 1 << 31) + b"RGB"),
        ("pil", struct.pack("<III", 1, 1, 4) + b"what" + bytes(9)),
        ("jpeg_array", struct.pack("<I", 1 << 31)),
        ("jpeg_array", struct.pack("<2I", 1, 9) + b"abc"),
        ("something", b"abc"),
    ],
)
def test_values_that_are_none(encoding: str, data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        decoded(encoding, data)


@pytest.mark.parametrize(
    "text", ['{"shards": [], "version": 3}', '{"shards": [' + "[" * 100_000, '{"version": 2, "shards": []']
)
def test_an_index_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(InputError):
        MdsFile(tmp_path / "index.json")


def test_a_shard_that_the_index_does_not_describe_is_told(tmp_path: Path) -> None:
    path = folder(tmp_path / "train")
    index = json.loads((path / "index.json").read_text())
    index["shards"][0]["column_sizes"] = [1]
    index["shards"].append(["nothing"])
    (path / "index.json").write_text(json.dumps(index))
    records = records_of(path)
    assert len(records) == 3
    assert records.findings[0].kind == "shard-unreadable"
    assert records.findings[0].count == 2
    assert np.array_equal(records.read(0).pixels, PIXELS[2])
