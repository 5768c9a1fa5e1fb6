"""Labels in another file beside the images."""

from __future__ import annotations

from pathlib import Path

import h5py
import pytest
from hdf5_fixtures import IMAGES, LABELS, SAMPLES

from core.inspect import inspect_file


def write(path: Path, **datasets: object) -> None:
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("camelyonpatch_level_2_split_test_x.h5", "camelyonpatch_level_2_split_test_y.h5"),
        ("train_images.h5", "train_labels.h5"),
        ("X_train.hdf5", "Y_train.hdf5"),
        ("X_train.h5", "y_train.h5"),
        ("images.h5", "labels.h5"),
        ("val-data.h5", "val-label.h5"),
    ],
)
def test_labels_of_a_file_of_the_same_name(images: str, labels: str, tmp_path: Path) -> None:
    write(tmp_path / images, x=IMAGES)
    write(tmp_path / labels, y=LABELS.reshape(-1, 1, 1, 1))
    about = inspect_file(tmp_path / images, index=5)
    assert about["sample"]["label"] == LABELS[5]
    assert labels in about["why"]


def test_a_link_is_not_taken_for_the_labels_file(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    write(tmp_path / "elsewhere" / "secret.h5", y=LABELS)
    write(tmp_path / "test_x.h5", x=IMAGES)
    (tmp_path / "test_y.h5").symlink_to(tmp_path / "elsewhere" / "secret.h5")
    assert inspect_file(tmp_path / "test_x.h5")["sample"]["label"] is None


def test_labels_of_another_length_are_not_taken(tmp_path: Path) -> None:
    write(tmp_path / "test_x.h5", x=IMAGES)
    write(tmp_path / "test_y.h5", y=LABELS[:-1])
    assert inspect_file(tmp_path / "test_x.h5")["sample"]["label"] is None


def test_labels_of_the_file_itself_go_first(tmp_path: Path) -> None:
    write(tmp_path / "test_x.h5", x=IMAGES, y=LABELS)
    write(tmp_path / "test_y.h5", y=LABELS + 1)
    assert inspect_file(tmp_path / "test_x.h5", index=SAMPLES - 1)["sample"]["label"] == LABELS[-1]
