"""What is a label in an HDF5 file, and what only looks like one: the file's own word first, a guess said to be one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hdf5_fixtures import IMAGES, NAMES, PNGS, SAMPLES

from core.inspect.hdf5.file import Hdf5File
from core.inspect.records import Records
from core.inspect.schemas import understand

TEXTS = [f"a photo of thing {place}" for place in range(SAMPLES)]
NUMBERS = np.arange(SAMPLES) % 3


def recognised(path: Path, fill: Callable[[h5py.File], Any]) -> Records:
    target = path / f"made{len(list(path.iterdir()))}.h5"
    with h5py.File(target, "w") as file:
        fill(file)
    return understand(Hdf5File(target))[1]


def labels(records: Records) -> list[Any]:
    """Every record's label, as it is told alone and with its pixels, which are there."""
    read = [records.read(index) for index in range(len(records))]
    assert all(record.pixels is not None for record in read)
    assert [record.label for record in read] == [records.label(index) for index in range(len(records))]
    return [record.label for record in read]


def beside_images(**datasets: Any) -> Callable[[h5py.File], Any]:
    def fill(file: h5py.File) -> None:
        file["images"] = IMAGES
        for name, values in datasets.items():
            file[name] = values

    return fill


# ---------------------------------------------------------------- no label at all


@pytest.mark.parametrize(
    "name",
    ["label_end_ix", "label_start_ix", "label_length", "class_counts", "label_offsets", "target_sizes", "frame_index",
     "compress_len", "dones", "rewards", "timestep", "split", "patient_id", "camera_view", "episode_ids"],
)  # fmt: skip
def test_bookkeeping_is_no_label(name: str, tmp_path: Path) -> None:
    assert labels(recognised(tmp_path, beside_images(**{name: NUMBERS}))) == [None] * SAMPLES


def test_numbers_of_samples_are_no_labels(tmp_path: Path) -> None:
    assert set(labels(recognised(tmp_path, beside_images(ids=np.arange(SAMPLES) + 100)))) == {None}
    assert set(labels(recognised(tmp_path, beside_images(y=np.arange(SAMPLES), x=np.arange(SAMPLES))))) == {None}


@pytest.mark.parametrize("length", [SAMPLES - 1, SAMPLES + 1, 5 * SAMPLES])
def test_labels_of_another_length_are_refused(length: int, tmp_path: Path) -> None:
    fill = beside_images(labels=np.arange(length) % 3, captions=[f"text {place}" for place in range(length)])
    assert set(labels(recognised(tmp_path, fill))) == {None}


def test_landmarks_are_no_label(tmp_path: Path) -> None:
    assert set(labels(recognised(tmp_path, beside_images(targets=np.random.rand(SAMPLES, 30))))) == {None}


@pytest.mark.parametrize("kind", ["IMAGE", "ARRAY", "CARRAY"])
def test_the_librarys_own_attribute_is_no_label(kind: str, tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        for place, (image, data) in enumerate(zip(IMAGES[:4], PNGS, strict=False)):
            values = image if place % 2 else np.frombuffer(data, np.uint8)
            file.create_dataset(f"shots/{place}", data=values).attrs["CLASS"] = np.bytes_(kind)

    assert labels(recognised(tmp_path, fill)) == [None] * 4


@pytest.mark.parametrize(
    "path",
    ["t{0:05}/s{1:02}/cells", "Channel {1}/Time {0}/Data", "patient_{0}/slice_{1}", "scene{0}/view{1}", "{0}/left{1}"],
)
def test_a_group_that_is_no_class_is_no_label(path: str, tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        for place, image in enumerate(IMAGES):
            file[path.format(place % 6, place // 6).replace("left0", "left").replace("left1", "right")] = image

    assert set(labels(recognised(tmp_path, fill))) == {None}


# ---------------------------------------------------------------- what the file states


def test_captions_are_the_text_of_each_image(tmp_path: Path) -> None:
    records = recognised(tmp_path, beside_images(captions=TEXTS))
    assert labels(records) == TEXTS
    assert "captions has a text for each" in records.why


def test_five_captions_of_an_image_are_a_line_each(tmp_path: Path) -> None:
    five = np.array([[f"text {row} {place}".encode() for place in range(5)] for row in range(SAMPLES)])
    found = labels(recognised(tmp_path, beside_images(captions=five)))
    assert found[2] == "text 2 0\ntext 2 1\ntext 2 2\ntext 2 3\ntext 2 4"


def test_a_class_goes_before_a_caption_and_both_before_a_guess(tmp_path: Path) -> None:
    found = labels(recognised(tmp_path, beside_images(captions=TEXTS, category=NUMBERS[:, None], weather=NUMBERS)))
    assert found == NUMBERS.tolist()


def test_captions_in_groups_attributes_and_tables(tmp_path: Path) -> None:
    def groups(file: h5py.File) -> None:
        for place, image in enumerate(IMAGES):
            file[f"{place}/image"], file[f"{place}/txt"] = image, TEXTS[place]

    def attributes(file: h5py.File) -> None:
        for place, image in enumerate(IMAGES):
            file.create_dataset(f"shots/{place}", data=image).attrs["caption"] = TEXTS[place]

    def table(file: h5py.File) -> None:
        rows = np.zeros(SAMPLES, [("image", "u1", (24, 32, 3)), ("caption", "S40"), ("label_length", "i4")])
        rows["image"], rows["caption"], rows["label_length"] = IMAGES, TEXTS, NUMBERS
        file["table"] = rows

    for fill in (groups, attributes, table):
        assert labels(recognised(tmp_path, fill)) == TEXTS


def test_several_classes_at_once_are_named(tmp_path: Path) -> None:
    hot = np.zeros((SAMPLES, 5), np.uint8)
    hot[:, 1], hot[::2, 4], hot[3] = 1, 1, 0
    records = recognised(tmp_path, beside_images(labels=hot, class_names=[name.encode() for name in NAMES]))
    found = labels(records)
    assert found[:4] == ["dog, bee", "dog", "dog, bee", "(none)"]
    assert records.numbers() is None
    assert "several of 5 classes" in records.why


def test_a_mask_called_label_is_no_label(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file["image"], file["label"] = IMAGES[0], (IMAGES[0, :, :, 0] > 99).astype(np.uint8)

    assert labels(recognised(tmp_path, fill)) == [None]


# ---------------------------------------------------------------- guesses


def test_a_guess_is_said_to_be_one(tmp_path: Path) -> None:
    records = recognised(tmp_path, beside_images(weather=NUMBERS))
    assert labels(records) == NUMBERS.tolist()
    assert "weather is taken for the labels, which is a guess" in records.why


def test_of_two_guesses_none_is_taken(tmp_path: Path) -> None:
    assert set(labels(recognised(tmp_path, beside_images(weather=NUMBERS, season=NUMBERS[::-1])))) == {None}


def test_labels_in_the_file_beside_go_before_a_guess(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made_labels.h5", "w") as file:
        file["labels"] = np.arange(SAMPLES) % 2
    (tmp_path / "made_images.h5").symlink_to("made.h5")
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["images"], file["weather"] = IMAGES, NUMBERS
    records = understand(Hdf5File(tmp_path / "made_images.h5"))[1]
    assert labels(records) == (np.arange(SAMPLES) % 2).tolist()


def test_folders_of_classes_are_a_guess(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        for place, image in enumerate(IMAGES):
            file[f"{NAMES[place % 3]}/{place}"] = image

    records = recognised(tmp_path, fill)
    assert labels(records) == ["cat"] * 4 + ["dog"] * 4 + ["owl"] * 4
    assert "which is a guess" in records.why
