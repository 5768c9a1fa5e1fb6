"""MATLAB 5 files as SciPy writes them, and damaged ones."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from array_files import COUNT, IMAGES, LABELS, opened
from scipy.io import loadmat, savemat

from core.base.errors import InputError
from core.inspect.kinds import identify


def saved(path: Path, compressed: bool = False, **variables: Any) -> Path:
    savemat(path, variables, do_compression=compressed)
    return path


@pytest.mark.parametrize("compressed", [False, True])
def test_svhn_has_its_axes_its_digits_and_its_zero(compressed: bool, tmp_path: Path) -> None:
    images = IMAGES.transpose(1, 2, 3, 0)
    labels = (np.arange(COUNT) % 10 + 1).astype(np.uint8)[:, None]
    file = opened(saved(tmp_path / "train_32x32.mat", compressed, X=images, y=labels))
    assert (file.schema, len(file.records)) == ("mat5-samples", COUNT)
    for index in (0, 5, COUNT - 1):
        record = file.records.read(index)
        assert np.array_equal(record.pixels, IMAGES[index])
        assert record.label == labels[index, 0]
    assert file.records.classes[10] == "0"
    [finding] = file.findings()
    assert (finding.kind, finding.count) == ("label-10-is-0", 1)
    assert file.file.structure()["variables"][0]["shape"] == [32, 32, 3, COUNT]


def test_a_large_compressed_array_is_opened_by_its_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.inspect.named_arrays.array.NEAR_BYTES", 1 << 16)
    images = np.tile(IMAGES.transpose(1, 2, 3, 0), 150)  # 5.5 MB
    file = opened(saved(tmp_path / "large.mat", True, X=images))
    assert (len(file.records), file.records.probed) == (150 * COUNT, 21)
    read: list[int] = []
    [array] = file.file.arrays
    inflated = array._data.at
    monkeypatch.setattr(array._data, "at", lambda offset, count: read.append(offset) or inflated(offset, count))
    assert np.array_equal(file.records.read(0).pixels, IMAGES[0])
    assert max(read) < 1 << 17
    assert np.array_equal(file.records.read(150 * COUNT - 1).pixels, IMAGES[COUNT - 1])


def test_labels_alone_are_numbers_that_count_from_1(tmp_path: Path) -> None:
    file = opened(saved(tmp_path / "imagelabels.mat", labels=np.array([[3, 2, 2, 1]], np.uint8)))
    assert file.schema == "mat5-variables"
    record = file.records.read(0)
    assert (record.key, record.shape, record.pixels) == ("labels", (1, 4), None)
    [finding] = file.findings()
    assert (finding.kind, finding.count) == ("labels-from-1", 4)
    assert "labels 1..3" in finding.meaning


def test_structures_cells_text_and_names_of_classes(tmp_path: Path) -> None:
    names = np.empty((1, 10), object)
    names[0, :] = [f"class {number}" for number in range(10)]
    data = {"images": IMAGES, "labels": LABELS, "meta": {"made": "by hand", "n": 2.5}}
    rows = np.array([(1, "a"), (2, "b")], dtype=[("x", "O"), ("y", "O")])
    file = opened(saved(tmp_path / "s.mat", True, data=data, class_names=names, rows=rows))
    assert file.records.key(3) == "data/images[3]"
    record = file.records.read(3)
    assert np.array_equal(record.pixels, IMAGES[3])
    assert (record.label, file.records.classes[3]) == (3, "class 3")
    values = opened(tmp_path / "s.mat", "mat5-variables").records
    assert values.read(values.find("rows")).text == '[{"x": 1, "y": "a"}, {"x": 2, "y": "b"}]'
    assert values.read(values.find("data/meta/made")).text == "by hand"


def test_every_type_of_numbers_is_what_scipy_reads(tmp_path: Path) -> None:
    codes = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8")
    made = {f"v{code}": (np.arange(24).reshape(2, 3, 4) * 5).astype(code) for code in codes}
    path = saved(tmp_path / "n.mat", **made)
    arrays = {array.name: array for array in opened(path, "mat5-variables").file.arrays}
    for name, values in loadmat(path).items():
        if not name.startswith("__"):
            assert np.array_equal(arrays[name].rows(2, 1, 3), values[:, :, 1:3])
            assert arrays[name].dtype == values.dtype


def test_the_other_order_of_bytes(tmp_path: Path) -> None:
    def element(kind: int, data: bytes) -> bytes:
        return struct.pack(">II", kind, len(data)) + data + bytes(-len(data) % 8)

    values = np.arange(6, dtype=">i2")
    flags, shape = element(6, struct.pack(">II", 10, 0)), element(5, struct.pack(">ii", 2, 3))
    matrix = element(14, flags + shape + struct.pack(">HH4s", 1, 1, b"v\0\0\0") + element(3, values.tobytes()))
    path = tmp_path / "big.mat"
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI" + matrix)
    [array] = opened(path).file.arrays
    assert array.rows(0, 0, 2).tolist() == values.reshape(2, 3, order="F").tolist()
    assert np.array_equal(loadmat(path)["v"], array.rows(0, 0, 2))


def test_a_picture_and_a_complex_matrix(tmp_path: Path) -> None:
    file = opened(saved(tmp_path / "p.mat", photo=IMAGES[4], z=np.array([[1 + 2j, 3]])))
    assert np.array_equal(file.records.read(file.records.find("photo")).pixels, IMAGES[4])
    assert file.file.warnings() == ["z is complex: only its real part is shown"]


def test_lengths_that_lie_cost_their_variable_alone(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.mat", first=np.arange(40.0), labels=np.arange(5))
    data = bytearray(path.read_bytes())
    at = data.index(np.arange(40.0).tobytes()) - 4
    data[at : at + 4] = b"\xff\xff\xff\x7f"
    path.write_bytes(data)
    file = opened(path)
    assert [file.records.key(index) for index in range(len(file.records))] == ["labels"]
    assert "first cannot be read" in file.file.warnings()[0]
    path.write_bytes(data[: at + 60])
    assert "ends early" in opened(path).file.warnings()[0]


def test_a_bomb_inflates_to_no_more_than_its_matrix_says(tmp_path: Path) -> None:
    head = struct.pack("<II", 14, 1 << 31) + struct.pack("<IIII", 6, 8, 9, 0) + struct.pack("<IIii", 5, 8, 1, 1 << 30)
    head += struct.pack("<HH4s", 1, 1, b"x\0\0\0") + struct.pack("<II", 2, 1 << 30)
    packed = zlib.compress(head + bytes(1 << 22))
    path = tmp_path / "bomb.mat"
    path.write_bytes(b"MATLAB".ljust(124) + b"\x00\x01IM" + struct.pack("<II", 15, len(packed)) + packed)
    file = opened(path)
    assert file.records.key(0) == "x"
    assert file.records.read(0).text.startswith("[0 0 0")  # the first values, and no more
    [array] = file.file.arrays
    with pytest.raises(ValueError, match="at once"):
        array.rows(0, 0, 1)


def test_matlab_4_is_named(tmp_path: Path) -> None:
    savemat(tmp_path / "four.mat", {"x": np.arange(6.0)}, format="4")
    with pytest.raises(InputError, match="MATLAB 4"):
        identify(tmp_path / "four.mat")
