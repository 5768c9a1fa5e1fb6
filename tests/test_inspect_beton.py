"""FFCV's betons by their layout; pictures and values must be those that went in."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.read_only_files import ARRAY, BYTES, FLOAT, IMAGE, INT, JSON, write_beton
from core.base.errors import InputError
from core.inspect.beton.file import BetonFile
from core.inspect.beton.records import BetonRecords
from core.inspect.files import inspect_file
from core.inspect.kinds import identify

PIXELS = np.random.default_rng(3).integers(0, 256, (6, 8, 9, 3), np.uint8)
FIELDS = {"image": IMAGE, "label": INT, "left": IMAGE, "score": FLOAT, "text": BYTES, "meta": JSON, "table": ARRAY}
TABLE = 24 + 1041 * len(FIELDS)


def jpeg(number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS[number]).save(file, "JPEG")
    return file.getvalue()


def beton(path: Path) -> Path:
    samples = [
        {
            "image": (jpeg(number), 8, 9) if number % 2 else PIXELS[number],
            "label": number % 3,
            "left": PIXELS[number][:, ::-1],
            "score": number / 2,
            "text": f"text {number}".encode(),
            "meta": b'{"a": [1]}\0',
            "table": np.full((2, 3), number, np.int32),
        }
        for number in range(6)
    ]
    return write_beton(path, FIELDS, samples)


def records_of(path: Path) -> BetonRecords:
    assert identify(path).kind == "beton"
    return BetonRecords.recognise(BetonFile(path))


def test_samples_with_all_their_fields(tmp_path: Path) -> None:
    records = records_of(beton(tmp_path / "some.bin"))
    assert len(records) == 6
    for number in range(6):
        record = records.read(number)
        expected = np.asarray(Image.open(io.BytesIO(jpeg(number)))) if number % 2 else PIXELS[number]
        assert (record.key, record.label, record.encoding) == (str(number), number % 3, "jpeg" if number % 2 else "raw")
        assert np.array_equal(record.pixels, expected)
        (left,) = record.images
        assert left.name == "left"
        assert np.array_equal(left.pixels, PIXELS[number][:, ::-1])
        assert record.fields is not None
        assert (record.fields["score"], record.fields["text"]) == (number / 2, f"text {number}")
        assert (record.fields["meta"], record.fields["table"]) == ({"a": [1]}, [[number] * 3] * 2)
    numbers = records.numbers()
    assert numbers is not None
    assert numbers.tolist() == [0, 1, 2, 0, 1, 2] == [records.label(number) for number in range(6)]
    assert records.find("5") == 5
    assert records.find("6") is None


def test_the_command_line_reads_one(tmp_path: Path) -> None:
    told = inspect_file(beton(tmp_path / "some.bin"), index=3)
    assert (told["kind"], told["entries"], told["sample"]["images"]) == ("beton", 6, ["image", "left"])
    assert [field["type"] for field in told["structure"]["fields"]][:2] == ["image", "int"]
    assert told["structure"]["read_cost"]["random_bytes"] > 8 * 9 * 3


def test_a_writer_that_broke_off_is_told(tmp_path: Path) -> None:
    path = beton(tmp_path / "a.beton")
    data = bytearray(path.read_bytes())
    table = struct.unpack_from("<Q", data, 16)[0]
    metadata = records_of(path).file.metadata.nbytes
    data[16:24], data[TABLE : TABLE + metadata] = bytes(8), bytes(metadata)
    path.write_bytes(data[:table])
    records = records_of(path)
    assert [finding.kind for finding in records.file.findings] == ["unfinished"]
    with pytest.raises(ValueError, match="field 'image'"):
        records.read(0)


@pytest.mark.parametrize(
    ("at", "value", "said"),
    [
        (5, struct.pack("<Q", 1 << 62), "lie outside"),  # the place of an image's pixels
        (5, struct.pack("<Q", 8), "lie outside"),  # in the header
        (1, b"\xff\xff\xff\xff", "more than are read here|lie outside"),  # width and height
        (0, b"\x00", "nothing is allocated"),  # said to be a JPEG file
        (0, b"\x07", "mode 7"),
        (1, b"\x00\x00", "0 x 8"),
    ],
)
def test_metadata_that_cannot_be(tmp_path: Path, at: int, value: bytes, said: str) -> None:
    path = beton(tmp_path / "a.beton")
    data = bytearray(path.read_bytes())
    if at == 0 and value == b"\x00":
        table = struct.unpack_from("<Q", data, 16)[0]
        data[table : table + 16] = bytes(16)
    data[TABLE + at : TABLE + at + len(value)] = value
    path.write_bytes(data)
    records = records_of(path)
    with pytest.raises(ValueError, match=said):
        records.read(0)
    assert np.array_equal(records.read(2).pixels, PIXELS[2])
    assert records.label(0) == 0


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (8, struct.pack("<Q", 1 << 60)),  # samples
        (16, struct.pack("<Q", 1 << 60)),  # the allocation table
        (24, b"\x63"),  # the type of a field
        (24 + 6 * 1041, b"\xff"),  # a field of a type of its own
        (24 + 6 * 1041 + 17, b"\xff" * 8),  # the shape of an array
        (24 + 6 * 1041 + 17 + 256, b"\xff" * 8 + b"[" * 700),  # its type
    ],
)
def test_headers_that_cannot_be(tmp_path: Path, at: int, value: bytes) -> None:
    path = beton(tmp_path / "a.beton")
    data = bytearray(path.read_bytes())
    data[at : at + len(value)] = value
    path.write_bytes(data)
    with pytest.raises(InputError):
        records_of(path) if at != 24 else identify(path)
