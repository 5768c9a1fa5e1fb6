"""One PNG that ends with a zero byte, kept in all the ways people keep it in HDF5; and values that lie elsewhere."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from core.inspect import identify
from core.inspect.opened_file import OpenedFile


def opened(path: Path) -> OpenedFile:
    """As the reader process has it."""
    return OpenedFile(identify(path).kind, str(path), None)


def image_file(kind: str = "PNG") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 6), (0, 0, 0)).save(made, kind)
    return made.getvalue()


BLOB = image_file() + b"\0"


def test_every_way_of_keeping_a_file_is_read(tmp_path: Path) -> None:
    array = np.frombuffer(BLOB, np.uint8)
    with h5py.File(tmp_path / "all.h5", "w") as file:
        file["fixed_S"] = np.array([BLOB], f"S{len(BLOB)}")
        file["opaque"] = np.void(BLOB)
        file["flat_uint8"] = array
        file.create_dataset("vlen", (1,), h5py.vlen_dtype(np.uint8))[0] = array
        file["padded"] = np.pad(array, (0, 64))[None]
        file["lengths"] = np.array([len(array)])
    file = opened(tmp_path / "all.h5")
    found = {record.key: record for record in map(file.records.read, range(len(file.records)))}
    assert list(found) == ["flat_uint8[0]", "fixed_S[0]", "padded[0]", "vlen[0]", "opaque"]
    assert all(record.shape == (6, 8, 3) and record.problem is None for record in found.values())
    lengths = {key: len(record.payload) for key, record in found.items()}
    assert lengths.pop("fixed_S[0]") == len(BLOB) - 1
    assert set(lengths.values()) == {len(BLOB)}
    assert [(one.kind, one.count) for one in file.findings()] == [("zeros-stripped", 1), ("padded-rows", 1)]


def test_zeros_at_the_end_of_fixed_strings_are_kept_where_they_may_belong_to_the_file(tmp_path: Path) -> None:
    files = [image_file("BMP"), image_file("PNG")]
    assert files[0].endswith(b"\0\0\0")
    width = max(map(len, files))
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file["images"] = np.array(files, f"S{width}")
        file["labels"] = np.arange(2)
    opened_file = opened(tmp_path / "s.h5")
    payloads = [bytes(opened_file.records.read(index).payload) for index in range(2)]
    assert payloads == [files[0].ljust(width, b"\0"), files[1]]
    assert opened_file.records.label(1) == 1


@pytest.mark.parametrize("named", [True, False])
def test_padded_rows_are_cut_to_their_lengths(tmp_path: Path, named: bool) -> None:
    files = [image_file("PNG"), image_file("JPEG")]
    width = max(map(len, files)) + 10
    with h5py.File(tmp_path / "p.h5", "w") as file:
        file["images"] = np.stack([np.frombuffer(one.ljust(width, b"\0"), np.uint8) for one in files])
        file["labels"] = np.arange(2)
        if named:
            file["image_lengths"] = np.array(list(map(len, files)))
    file = opened(tmp_path / "p.h5")
    payloads = [bytes(file.records.read(index).payload) for index in range(2)]
    assert payloads == (files if named else [one.ljust(width, b"\0") for one in files])
    (finding,) = file.findings()
    assert (finding.kind, "nothing tells their lengths" in finding.where) == ("padded-rows", not named)


def test_values_in_a_file_that_is_gone_are_a_finding_and_never_zeros(tmp_path: Path) -> None:
    images: Any = np.full((4, 8, 8, 3), 200, np.uint8)
    with h5py.File(tmp_path / "part.h5", "w") as file:
        file["images"] = images
    layout = h5py.VirtualLayout(images.shape, np.uint8)
    layout[:] = h5py.VirtualSource("part.h5", "images", images.shape)
    with h5py.File(tmp_path / "all.h5", "w") as file:
        file.create_virtual_dataset("images", layout)
        file["labels"] = np.arange(4)
        file.create_dataset("empty", (4, 3), np.uint8)
    (tmp_path / "part.h5").unlink()
    file = opened(tmp_path / "all.h5")
    assert [(one.kind, one.where) for one in file.findings()] == [
        ("never-written", "/empty"),
        ("missing-source", "/images"),
    ]
    with pytest.raises(ValueError, match=r"'part.h5'\), and that one is not there"):
        file.records.read(0)
