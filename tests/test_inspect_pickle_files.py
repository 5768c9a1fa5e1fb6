"""Files that are pickles, CIFAR's batches among them: read as plain data, nothing executed."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from array_files import COUNT, IMAGES, LABELS, ROWS, cifar_batch, gzipped, opened
from inspect_fixtures import Hostile, png

from core.base.errors import InputError
from core.inspect.kinds import identify

NAMES = [f"class {number}" for number in range(10)]
NUMBERS = LABELS.tolist()


def pickled(path: Path, value: Any, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(value, protocol))
    return path


def check_images(file: Any) -> None:
    for index in (0, 4, COUNT - 1):
        record = file.records.read(index)
        assert np.array_equal(record.pixels, IMAGES[index])
        assert record.label == file.records.label(index) == NUMBERS[index]


def test_a_batch_of_cifar_with_names_from_the_file_beside(tmp_path: Path) -> None:
    (tmp_path / "data_batch_1").write_bytes(cifar_batch(labels=NUMBERS))
    pickled(tmp_path / "batches.meta", {"label_names": NAMES}, 2)
    file = opened(tmp_path / "data_batch_1")
    assert (file.file.kind, file.schema) == ("pickle", "cifar-batch")
    check_images(file)
    assert (file.records.key(3), file.records.classes) == ("data_batch_1[3]", NAMES)
    assert file.records.read(3).fields["filenames"] == "image_3.png"


def test_cifar_100_has_both_labels_and_shows_the_fine_one(tmp_path: Path) -> None:
    (tmp_path / "train").write_bytes(cifar_batch(fine_labels=NUMBERS, coarse_labels=[7] * COUNT))
    pickled(tmp_path / "meta", {"fine_label_names": NAMES, "coarse_label_names": ["a"] * 8}, 2)
    file = opened(tmp_path)
    assert (file.file.kind, len(file.records)) == ("cifar", COUNT)
    check_images(file)
    assert file.records.classes == NAMES
    assert file.records.read(3).fields["coarse_labels"] == 7


def test_the_folder_of_batches_is_one(tmp_path: Path) -> None:
    pickled(tmp_path / "batches.meta", {b"label_names": [name.encode() for name in NAMES]}, 2)
    for name in ("data_batch_1", "data_batch_2", "test_batch"):
        (tmp_path / name).write_bytes(cifar_batch(labels=NUMBERS))
    (tmp_path / "data_batch_3").write_bytes(b"\x80\x02nothing.")
    file = opened(tmp_path)
    assert (file.file.kind, len(file.records)) == ("cifar", 3 * COUNT)
    assert file.records.find("test_batch[2]") == 2 * COUNT + 2
    assert np.array_equal(file.records.read(2 * COUNT + 2).pixels, IMAGES[2])
    assert file.records.classes == NAMES
    told = " ".join(file.file.warnings())
    assert "data_batch_3 is not read" in told
    assert "data_batch_4, data_batch_5 missing" in told


def test_a_folder_that_is_only_called_so_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "meta").write_text("nothing of CIFAR's")
    assert identify(tmp_path).kind == "folder"


def test_the_binary_version_is_a_guess(tmp_path: Path) -> None:
    path = tmp_path / "data_batch_1.bin"
    path.write_bytes(np.concatenate([LABELS.astype(np.uint8)[:, None], ROWS], axis=1).tobytes())
    (tmp_path / "batches.meta.txt").write_text("\n".join(NAMES) + "\n\n")
    file = opened(path)
    assert file.file.kind == "cifar"
    assert "a guess" in file.records.why
    check_images(file)
    assert file.records.classes == NAMES
    fine = np.stack([np.full(COUNT, 3), LABELS], axis=1).astype(np.uint8)
    path.write_bytes(np.concatenate([fine, ROWS], axis=1).tobytes())
    check_images(opened(path))
    path.write_bytes(np.random.default_rng(0).integers(0, 10, COUNT * 3073, np.uint8).tobytes())
    with pytest.raises(InputError, match="no format known"):
        identify(path)


def test_arrays_of_several_splits_in_a_dict(tmp_path: Path) -> None:
    value = {"train": {"x": IMAGES, "y": LABELS}, "test": {"x": IMAGES[:5], "y": LABELS[:5]}, "note": "mine"}
    file = opened(pickled(tmp_path / "d.pkl", value))
    assert (file.schema, len(file.records)) == ("pickle-arrays", COUNT + 5)
    check_images(file)
    assert file.records.key(COUNT + 1) == "test/x[1]"


def test_pairs_of_samples_and_labels_behind_gzip(tmp_path: Path) -> None:
    """mnist.pkl.gz: three pairs (float32 rows, labels)."""
    grey = IMAGES[:, :, :, 0].reshape(COUNT, -1)
    pairs = tuple(((grey / 256).astype(np.float32), LABELS) for _ in range(3))
    path = tmp_path / "mnist.pkl.gz"
    path.write_bytes(gzipped(pickle.dumps(pairs, 2)))
    file = opened(path)
    assert (file.file.kind, len(file.records)) == ("pickle", 3 * COUNT)
    record = file.records.read(COUNT + 3)
    assert (record.key, record.label, record.shape) == ("1/x[3]", 3, (32, 32))


SAMPLES = {
    "dicts": [{"image": image, "label": label} for image, label in zip(IMAGES, NUMBERS, strict=True)],
    "tuples": list(zip(IMAGES, NUMBERS, strict=True)),
    "columns": {"image": [png(image) for image in IMAGES], "label": NUMBERS},
    "keyed": {f"k{place}": {"img": png(IMAGES[place]), "y": NUMBERS[place]} for place in range(COUNT)},
}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str, tmp_path: Path) -> None:
    file = opened(pickled(tmp_path / "x", SAMPLES[name]))
    assert (file.schema, len(file.records)) == ("pickle-samples", COUNT)
    check_images(file)
    assert file.records.find(file.records.key(5)) == 5


def test_what_is_no_plain_data_is_named_and_never_executed(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    path = pickled(tmp_path / "x", {"image": IMAGES[0], "extra": Hostile(marker)})
    with pytest.raises(InputError, match=r"posix\.system"):
        opened(path)
    assert not marker.exists()


def test_weights_and_settings_are_shown_as_they_are(tmp_path: Path) -> None:
    state = {"conv.weight": IMAGES[:, :16, :16] / 255.0, "conv.bias": np.zeros(3)}
    file = opened(pickled(tmp_path / "w", state))
    assert file.schema == "pickle-values"
    assert "weights of a model" in file.records.why
    assert file.records.read(0).pixels is None
    settings = opened(pickled(tmp_path / "s", {"rate": 0.1, "name": "ü"}, 0))
    assert [settings.records.read(index).text for index in range(2)] == ["0.1", "ü"]
