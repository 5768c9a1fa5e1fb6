"""safetensors files: tensors of images with their labels, weights of a model, headers that lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from array_files import CODES, COUNT, IMAGES, LABELS, opened, safetensors

from core.base.errors import InputError
from core.inspect.kinds import identify


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_splits_of_images_with_their_labels(tmp_path: Path) -> None:
    planes = IMAGES.transpose(0, 3, 1, 2).copy()
    arrays = {"train_images": planes, "train_labels": LABELS, "test_images": planes[:5], "test_labels": LABELS[:5]}
    file = opened(written(tmp_path / "x", safetensors(arrays, CODES)))
    assert (file.schema, len(file.records)) == ("safetensors-samples", COUNT + 5)
    for index, key in ((3, "train_images[3]"), (COUNT + 3, "test_images[3]")):
        record = file.records.read(index)
        assert (record.key, record.label, file.records.find(key)) == (key, 3, index)
        assert np.array_equal(record.pixels, IMAGES[3])
    assert file.records.numbers().tolist() == [*LABELS, *LABELS[:5]]


def test_weights_are_numbers_and_never_pictures(tmp_path: Path) -> None:
    pictures = (IMAGES.transpose(0, 3, 1, 2) / 255).astype(np.float32)
    arrays = {"conv1.weight": pictures, "conv1.bias": np.zeros(COUNT, np.float32)}
    file = opened(written(tmp_path / "model", safetensors(arrays, CODES)))
    assert file.schema == "safetensors-tensors"
    assert "weights of a model" in file.records.why
    record = file.records.read(0)
    assert (record.key, record.pixels, record.shape) == ("conv1.weight", None, pictures.shape)
    assert record.statistics.values == pictures.size
    saved = safetensors({"a": pictures, "b": pictures}, CODES, __metadata__={"format": "pt"})
    assert "metadata" in opened(written(tmp_path / "other", saved)).records.why


def test_noise_is_no_picture_and_it_is_said(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(size=(9, 16, 16, 3)).astype(np.float32)
    file = opened(written(tmp_path / "x", safetensors({"stack": noise}, CODES)))
    assert file.schema == "safetensors-tensors"
    assert "stack is not shown as images" in file.records.why


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"dtype": "U8", "shape": [4], "data_offsets": [0, 1 << 60]}, "are there"),
        ({"dtype": "U8", "shape": [1 << 40, 1 << 40], "data_offsets": [0, 4]}, "does not take"),
        ({"dtype": "U8", "shape": [-4], "data_offsets": [0, 4]}, "none"),
        ({"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}, "inside of another array"),
        ({"dtype": "F8_E5M2", "shape": [40], "data_offsets": [5, 45]}, "inside of another array"),
    ],
)
def test_places_that_lie_are_told(changed: dict, told: str, tmp_path: Path) -> None:
    data = safetensors({"labels": LABELS}, CODES, other=changed)
    file = opened(written(tmp_path / "x", data))
    assert any(told in warning for warning in file.file.warnings())
    assert np.array_equal(file.file.arrays[0].first(COUNT), LABELS)


def test_half_numbers_of_networks_are_read(tmp_path: Path) -> None:
    values = np.array([1.5, -2.0, 0.25], np.float32)
    halves = (values.view(np.uint32) >> 16).astype("<u2")
    data = safetensors({"v": halves}, {"uint16": "BF16"})
    file = opened(written(tmp_path / "x", data))
    assert file.file.arrays[0].rows(0, 0, 3).tolist() == values.tolist()


@pytest.mark.parametrize(
    "data", [(1 << 62).to_bytes(8, "little") + b'{"a":{"dtype":"U8"}}', b"\x05" + bytes(7) + b"{}"]
)
def test_headers_that_do_not_fit_are_none(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        identify(written(tmp_path / "x", data))
    broken = (30).to_bytes(8, "little") + b'{"a":{"dtype":"U8"},"b":{"dty'.ljust(30) + bytes(8)
    with pytest.raises(InputError, match="no JSON"):
        opened(written(tmp_path / "y", broken))
