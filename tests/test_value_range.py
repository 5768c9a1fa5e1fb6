"""Samples of more than 8 bits: one black and one white for a dataset, in grey and in colour, wherever it is read."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from core.base import checksums
from core.base.errors import InputError
from core.base.events import finish
from core.base.home import Home
from core.building import Build, Verify
from core.building.recipe import Recipe
from core.datasets.dataset import Dataset
from core.images.pixels import decode, examine
from core.images.value_range import ValueRange, bounds
from core.importing.task import Import
from core.stores.store import open_store

TWELVE = ValueRange(integers=(0, 4095))


def png16(samples: npt.NDArray[np.uint16]) -> bytes:
    """A PNG of 16 bits: grey (h, w), grey and alpha (h, w, 2), RGB or RGBA."""
    height, width = samples.shape[:2]
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[1 if samples.ndim == 2 else samples.shape[2]]

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tiff(
    samples: npt.NDArray[Any], photometric: int, order: str = "<", extra: int | None = None, orientation: int = 1,
    deflate: bool = False,
) -> bytes:  # fmt: skip
    """A TIFF of one strip; `extra` is what its last channel is said to be (0 unspecified, 1 or 2 alpha)."""
    height, width = samples.shape[:2]
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    body = samples.astype(samples.dtype.newbyteorder(order)).tobytes()  # type: ignore[arg-type]
    body = zlib.compress(body) if deflate else body
    body += b"\0" * (len(body) % 2)
    sample_format = {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
    shorts: dict[int, list[int]] = {
        256: [width], 257: [height], 258: [samples.dtype.itemsize * 8] * channels, 259: [8 if deflate else 1],
        262: [photometric], 274: [orientation], 277: [channels], 278: [height], 339: [sample_format] * channels,
    }  # fmt: skip
    if extra is not None:
        shorts[338] = [extra]
    tags = {**{tag: ("H", values) for tag, values in shorts.items()}, 273: ("I", [8]), 279: ("I", [len(body)])}
    start = 8 + len(body)
    beyond, entries = b"", b""
    for tag, (kind, values) in sorted(tags.items()):
        content = struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(content) > 4:
            place = start + 2 + 12 * len(tags) + 4 + len(beyond)
            beyond += content
            content = struct.pack(f"{order}I", place)
        entries += struct.pack(f"{order}HHI", tag, 3 if kind == "H" else 4, len(values)) + content.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", start)
    return head + body + struct.pack(f"{order}H", len(tags)) + entries + bytes(4) + beyond


COLOURS = (np.arange(60).reshape(4, 5, 3) * 67 % 4096).astype(np.uint16)
GREY = np.ascontiguousarray(COLOURS[..., 0])
RIGHT = np.rint(COLOURS * (255 / 4095)).astype(np.uint8)
OPAQUE = np.full((4, 5, 1), 65535, np.uint16)
BAND = np.full((4, 5, 1), 77, np.uint16)


@pytest.mark.parametrize(
    ("low", "high", "black_and_white"),
    [
        (0, 1, (0, 1)), (0, 255, (0, 255)), (0, 256, (0, 511)), (0, 1000, (0, 1023)), (3, 4095, (0, 4095)),
        (0, 4096, (0, 8191)), (0, 65535, (0, 65535)), (0, 0, (0, 1)), (-1024, 3071, (-1024, 4095)),
        (-1, 10000, (-1, 16383)), (-5, -1, (-8, 0)), (0.0, 0.3, (0, 1)), (0.0, 3.0, (0, 3)), (-0.5, 0.5, (-1, 1)),
        (0.0, 255.0, (0, 255)), (0.0, 255.5, (0, 511)),
    ],
)  # fmt: skip
def test_the_fewest_bits_that_hold_all_values(low: float, high: float, black_and_white: tuple[int, int]) -> None:
    assert bounds(low, high) == black_and_white


@pytest.mark.parametrize(
    ("data", "right"),
    [
        (png16(GREY), RIGHT[..., :1].repeat(3, 2)),
        (png16(COLOURS), RIGHT),
        (png16(np.concatenate([COLOURS, OPAQUE], 2)), RIGHT),
        (png16(np.concatenate([GREY[..., None], OPAQUE], 2)), RIGHT[..., :1].repeat(3, 2)),
        (tiff(GREY, 1), RIGHT[..., :1].repeat(3, 2)),
        (tiff(GREY, 1, ">"), RIGHT[..., :1].repeat(3, 2)),
        (tiff(GREY, 0), 255 - RIGHT[..., :1].repeat(3, 2)),
        (tiff(COLOURS, 2), RIGHT),
        (tiff(COLOURS, 2, ">"), RIGHT),
        (tiff(COLOURS, 2, deflate=True), RIGHT),
        (tiff(COLOURS, 2, ">", deflate=True), RIGHT),
        (tiff(COLOURS, 2, orientation=6), np.rot90(RIGHT, -1)),
        (tiff(np.concatenate([COLOURS, OPAQUE], 2), 2, extra=2), RIGHT),
        (tiff(np.concatenate([COLOURS, BAND], 2), 2, extra=0), RIGHT),
        (tiff(np.concatenate([COLOURS, BAND], 2), 2), RIGHT),
    ],
    ids=[
        "png-grey", "png-rgb", "png-rgba", "png-la", "tiff-grey", "tiff-grey-big-endian", "tiff-white-is-zero",
        "tiff-rgb", "tiff-rgb-big-endian", "tiff-rgb-deflate", "tiff-rgb-big-endian-deflate", "tiff-rgb-turned",
        "tiff-rgb-alpha", "tiff-rgb-band", "tiff-rgb-unnamed-band",
    ],
)  # fmt: skip
def test_12_bits_in_16(data: bytes, right: npt.NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(decode(data, TWELVE), right)
    _, values = examine(data)
    assert ValueRange.of({values.kind: (values.low, values.high)}) == TWELVE


def test_without_a_dataset_16_bits_are_taken_as_16() -> None:
    np.testing.assert_array_equal(decode(png16(COLOURS)), COLOURS >> 8)
    assert decode(png16(GREY)).max() == 15


def test_8_bits_in_16_are_found_in_the_low_bytes() -> None:
    low = COLOURS % 200
    _, values = examine(png16(low))
    assert (values.kind, values.high) == ("integer", low.max())
    np.testing.assert_array_equal(decode(png16(low), ValueRange(integers=(0, 255))), low)


def test_alpha_stays_alpha_where_colours_are_scaled() -> None:
    half = np.concatenate([COLOURS, np.full((4, 5, 1), 32768, np.uint16)], 2)
    found = decode(png16(half), TWELVE).astype(int)
    assert np.abs(found - (RIGHT + 255.0) / 2).max() <= 1


@pytest.mark.parametrize(
    ("samples", "range", "right"),
    [
        (np.array([[-1024, 0, 3071]], np.int16), (-1024, 4095), [0, 51, 204]),
        (np.array([[0, 2**31, 2**32 - 1]], np.uint32), (0, 2**32 - 1), [0, 128, 255]),
        (np.array([[0.0, 1.5, 3.0, np.nan]], np.float32), (0, 3), [0, 128, 255, 0]),
        (np.array([[-1.0, 0.0, 1.0]], np.float32), (-1, 1), [0, 128, 255]),
        (np.array([[0.0, 0.5, 1.0]], np.float32), (0, 1), [0, 128, 255]),
        (np.array([[0.0, 7.0, 200.0]], np.float32), (0, 255), [0, 7, 200]),
    ],
)
def test_signed_unsigned_and_floating_samples(
    samples: npt.NDArray[Any], range: tuple[int, int], right: list[int]
) -> None:
    data = tiff(samples, 1)
    _, values = examine(data)
    found = ValueRange.of({values.kind: (values.low, values.high)})
    assert range in (found.integers, found.floats)
    assert decode(data, found)[0, :, 1].tolist() == right


@pytest.mark.parametrize("extra", [None, 0])
def test_an_unnamed_fourth_channel_of_8_bits_is_no_alpha(extra: int | None) -> None:
    samples = np.arange(80, dtype=np.uint8).reshape(4, 5, 4)
    np.testing.assert_array_equal(decode(tiff(samples, 2, extra=extra)), samples[..., :3])


def test_a_declared_fourth_channel_is_alpha() -> None:
    samples = np.zeros((1, 1, 4), np.uint8)
    assert decode(tiff(samples, 2, extra=2)).tolist() == [[[255, 255, 255]]]


def test_a_tga_without_alpha_bits_has_none() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (2, 2), (10, 20, 30, 0)).save(file, "TGA")
    data = bytearray(file.getvalue())
    assert decode(bytes(data))[0, 0].tolist() == [255, 255, 255]
    data[17] &= 0xF0
    assert decode(bytes(data))[0, 0].tolist() == [10, 20, 30]


def test_a_second_band_of_grey_is_left_out() -> None:
    samples = np.arange(40, dtype=np.uint8).reshape(4, 5, 2)
    np.testing.assert_array_equal(decode(tiff(samples, 1, extra=0))[..., 0], samples[..., 0])


def test_what_is_no_range_is_refused() -> None:
    for told in ({"integers": [5]}, {"integers": [5, 5]}, {"other": [0, 1]}, 7):
        with pytest.raises(InputError, match="not a range"):
            ValueRange.from_json(told)


# ---------------------------------------------------------------- from import to loader


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def put_dark(folder: Path) -> dict[str, npt.NDArray[np.uint16]]:
    """Six images of 12 bits in files of 16; only the last one reaches 4,000."""
    images = {f"{number}.png": GREY * 0 + np.uint16(700 * number + 500) for number in range(6)}
    for name, samples in images.items():
        (folder / "cat").mkdir(parents=True, exist_ok=True)
        (folder / "cat" / name).write_bytes(png16(samples))
    return images


def test_a_dataset_of_12_bits_has_one_range_in_every_store(home: Home, tmp_path: Path) -> None:
    images = put_dark(tmp_path / "photos")
    told = finish(Import(str(tmp_path / "photos"), "photos", options={"val_fraction": 0}, home=str(home.root)).run())
    right = {name: round(int(samples[0, 0]) * 255 / 4095) for name, samples in images.items()}

    assert told["range"] == {"integers": [0, 4095]}
    assert any("from 500 to 4,000, so 0 becomes black and 4,095 white" in text for text in told["warnings"])
    dataset = Dataset.open(home, "photos")
    for row in dataset.rows("train"):
        pixels = decode(dataset.read(row), dataset.values)
        assert (pixels == right[Path(row.path).name]).all()
        assert row.pixel_checksum == checksums.of_bytes(pixels)
    for format, encoding in (("disk", "original"), ("lmdb", "original"), ("hdf5", "raw"), ("lmdb", "png")):
        built = finish(Build("photos", format, encoding, home=str(home.root)).run())
        store = open_store(built["store"])
        assert [int(store[index][0][0, 0, 0]) for index in range(6)] == list(right.values())
        assert finish(Verify(built["store"], home=str(home.root)).run())["mismatches"] == []
        batch, _ = next(iter(store.loader(batch_size=6, output="uint8", shuffle=False)))
        assert batch[:, 0, 0, 0].tolist() == list(right.values())


def test_a_container_alone_is_read_by_its_range_too(home: Home, tmp_path: Path) -> None:
    put_dark(tmp_path / "photos")
    finish(Import(str(tmp_path / "photos"), "photos", options={"val_fraction": 0}, home=str(home.root)).run())

    recipe = Recipe.of(home, "photos", "lmdb", "original", "none", {})

    assert recipe.metadata("train")["range"] == {"integers": [0, 4095]}
    assert "range" not in Recipe.of(home, "photos", "lmdb", "png", "none", {}).metadata("train")
