"""NumPy's files as a format: the contract, and what NumPy itself reads of them."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from format_contract import SHAPE, FormatContract, reader_of, sizes, write

from core.base.errors import InputError
from core.formats.npy.layout import HEADER_BYTES, header, read_header


class TestNpy(FormatContract):
    varying = (("npy", {}),)


def images(count: int) -> tuple[np.ndarray[Any, Any], list[bytes]]:
    made = np.random.default_rng(0).integers(0, 256, (count, *SHAPE), np.uint8)
    return made, [image.tobytes() for image in made]


def test_numpy_maps_the_pixels(tmp_path: Path) -> None:
    made, payloads = images(20)
    path = write(tmp_path, "npy", {}, payloads, shape=SHAPE)
    np.testing.assert_array_equal(np.load(path / "images.npy", mmap_mode="r"), made)
    assert np.load(path / "labels.npy").tolist() == [index % 3 for index in range(20)]
    assert sorted(file.name for file in path.iterdir()) == ["images.npy", "labels.npy", "metadata.json"]


def test_numpy_reads_packed_bytes(tmp_path: Path) -> None:
    payloads = sizes(30)
    path = write(tmp_path, "npy", {}, payloads)
    data, offsets = np.load(path / "bytes.npy"), np.load(path / "offsets.npy")
    assert [data[at:end].tobytes() for at, end in pairwise(offsets)] == payloads


def test_a_header_is_that_of_numpy() -> None:
    for dtype, shape in (("|u1", (10**12, 10**6, 10**6, 3)), ("<i8", (0,)), ("<i8", (2**62 - 1,))):
        ours = header(dtype, shape)
        assert len(ours) == HEADER_BYTES
        file = io.BytesIO(ours)
        assert np.lib.format.read_magic(file) == (1, 0)
        assert np.lib.format.read_array_header_1_0(file) == (shape, False, np.dtype(dtype))
        assert read_header(io.BytesIO(ours)) == (np.dtype(dtype), False, shape, HEADER_BYTES)


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("images.npy", lambda data: data[:-1], "images.npy has 1,199 bytes of numbers"),
        ("images.npy", lambda data: data.replace(b"(20, 4", b"(-2, 4"), "its shape"),
        ("images.npy", lambda data: data.replace(b"(20, 4", b"(19, 4"), "tells of 1,140"),
        ("images.npy", lambda data: data.replace(b"'|u1'", b"'|O' "), "not as our stores keep it"),
        ("images.npy", lambda data: data.replace(b"False", b"True "), "not as our stores keep it"),
        ("images.npy", lambda data: data[:8] + b"\xff\xff" + data[10:], "ends in its header"),
        ("images.npy", lambda data: data.replace(b"{", b"["), "its header is none"),
        ("labels.npy", lambda data: np_bytes(np.arange(19)), "20 samples and 19 labels"),
        ("labels.npy", lambda data: np_bytes(np.arange(20.0)), "not as our stores keep it"),
        ("labels.npy", lambda data: b"", "no .npy file"),
    ],
)
def test_what_is_damaged_is_told(tmp_path: Path, name: str, change: Any, told: str) -> None:
    path = write(tmp_path, "npy", {}, images(20)[1], shape=SHAPE)
    data = (path / name).read_bytes()
    (path / name).unlink()
    (path / name).write_bytes(change(data))
    reader = reader_of(path, "npy", {})
    with pytest.raises(InputError, match="damaged") as refused:
        reader.read([0])
    assert told in str(refused.value)


def np_bytes(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize("offsets", [[0, 5, 3, 9], [-1, 2, 3, 9], [0, 1, 2, 10], []])
def test_offsets_that_lead_elsewhere_are_refused(tmp_path: Path, offsets: list[int]) -> None:
    path = write(tmp_path, "npy", {}, [b"abc", b"def", b"ghi"])
    np.save(path / "offsets.npy", np.array(offsets, np.int64))
    with pytest.raises(InputError, match=r"offsets.npy does not fit bytes.npy"):
        reader_of(path, "npy", {}).read([0])
