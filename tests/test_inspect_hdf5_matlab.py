"""Files of MATLAB's `save -v7.3`: all axes reversed, cells and structures as references, text as numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from hdf5_fixtures import GREY, IMAGES, LABELS, NAMES, SAMPLES, Truth, grey, keep, keep_cells, keep_text, matlab, of
from test_inspect_hdf5 import check

from core.inspect import inspect_file


def test_images_in_matlabs_order(tmp_path: Path) -> None:
    """H x W x C x N in MATLAB, labels N x 1, counted from 1; the names are a cell array."""

    def fill(file: h5py.File) -> None:
        keep(file, "images", IMAGES.transpose(1, 2, 3, 0))
        keep(file, "labels", LABELS[:, None] + 1.0)
        refs = file.create_group("#refs#")
        keep_cells(file, "classes", [keep_text(refs, f"n{place}", name) for place, name in enumerate(NAMES)])

    path = matlab(tmp_path / "made.mat", fill)
    check(path, Truth("hdf5-arrays", of("images"), IMAGES, (LABELS + 1).tolist(), ["(none)", *NAMES]))
    assert inspect_file(path)["sample"]["class"] == NAMES[LABELS[0]]
    assert inspect_file(path)["structure"]["user_block_bytes"] == 512


def test_a_single_image_and_a_grey_one(tmp_path: Path) -> None:
    path = matlab(tmp_path / "made.mat", lambda file: keep(file, "photo", IMAGES[0]))
    check(path, Truth("hdf5-groups", ["photo"], IMAGES[:1]))
    path = matlab(tmp_path / "grey.mat", lambda file: keep(file, "photo", GREY[0]))
    check(path, Truth("hdf5-groups", ["photo"], grey(GREY[:1])))


def test_grey_images_along_the_last_axis(tmp_path: Path) -> None:
    path = matlab(tmp_path / "made.mat", lambda file: keep(file, "imgs", GREY.transpose(1, 2, 0)))
    check(path, Truth("hdf5-arrays", of("imgs"), grey(GREY)))


def test_a_structure_of_arrays(tmp_path: Path) -> None:
    """What MatConvNet keeps: imdb.images.data (H x W x C x N, single) and imdb.images.labels (1 x N)."""

    def fill(file: h5py.File) -> None:
        images = file.create_group("imdb/images")
        images.attrs["MATLAB_class"] = np.bytes_("struct")
        keep(images, "data", IMAGES.transpose(1, 2, 3, 0).astype(np.float32))
        keep(images, "labels", LABELS[None] + 1.0)
        keep(images, "set", np.ones((1, SAMPLES)))
        refs = file.create_group("#refs#")
        keep_cells(file, "imdb/meta/classes", [keep_text(refs, f"n{place}", name) for place, name in enumerate(NAMES)])

    path = matlab(tmp_path / "imdb.mat", fill)
    check(path, Truth("hdf5-arrays", of("imdb/images/data"), IMAGES, (LABELS + 1).tolist(), ["(none)", *NAMES]))


def test_cells_of_images_of_any_size(tmp_path: Path) -> None:
    pictures = [image[: 12 + place, : 30 - place] for place, image in enumerate(IMAGES)]

    def fill(file: h5py.File) -> None:
        refs = file.create_group("#refs#")
        keep_cells(file, "images", [keep(refs, f"i{place}", image) for place, image in enumerate(pictures)])
        keep_cells(file, "labels", [keep_text(refs, f"l{i}", NAMES[label]) for i, label in enumerate(LABELS)])

    path = matlab(tmp_path / "made.mat", fill)
    check(path, Truth("hdf5-references", of("images"), pictures, [NAMES[label] for label in LABELS]))


def test_depth_lies_beside_the_images(tmp_path: Path) -> None:
    """Images, depths and label maps of the same scenes, as in a well-known data set of indoor scenes."""

    def fill(file: h5py.File) -> None:
        keep(file, "depths", GREY.transpose(1, 2, 0).astype(np.float32) / 25)
        keep(file, "images", IMAGES.transpose(1, 2, 3, 0))
        keep(file, "labels", GREY.transpose(1, 2, 0).astype(np.uint16))
        refs = file.create_group("#refs#")
        names = [keep_text(refs, f"n{place}", f"thing {place}") for place in range(30)]
        keep_cells(file, "names", names)

    about = check(matlab(tmp_path / "made.mat", fill), Truth("hdf5-arrays", of("images"), IMAGES, [None] * SAMPLES))
    assert "depths" in about["why"]


def digits(file: h5py.File) -> None:
    """SVHN's digitStruct: names are text, boxes are one number or references to numbers."""
    refs = file.create_group("#refs#")
    names, boxes = [], []
    for place, label in enumerate(([1.0, 9.0], [5.0], [10.0, 2.0, 3.0])):
        names.append(keep_text(refs, f"name{place}", f"{place + 1}.png"))
        box = refs.create_group(f"box{place}")
        for field in ("height", "label", "left", "top", "width"):
            values = label if field == "label" else [20.0 + step for step in range(len(label))]
            if len(values) == 1:
                keep(box, field, np.array(values))
            else:
                keep_cells(box, field, [keep(refs, f"{field}{place}_{i}", np.array([v])) for i, v in enumerate(values)])
        boxes.append(box)
    keep_cells(file, "digitStruct/name", names)
    keep_cells(file, "digitStruct/bbox", boxes)


def test_boxes_of_digits(tmp_path: Path) -> None:
    from hdf5_fixtures import encoded

    (tmp_path / "2.png").write_bytes(encoded(IMAGES[1]))
    path = matlab(tmp_path / "digitStruct.mat", digits)
    about: dict[str, Any] = inspect_file(path, index=2)
    assert (about["schema"], about["entries"], about["sample"]["label"]) == ("hdf5-boxes", 3, "023")
    assert about["sample"]["text"].startswith("3.png\nheight: 20, 21, 22\nlabel: 10, 2, 3\n")
    assert inspect_file(path, index=1)["sample"]["shape"] == [24, 32, 3]


def test_an_empty_array_is_none(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        keep(file, "images", IMAGES.transpose(1, 2, 3, 0))
        empty = keep(file, "labels", np.array([0, 12], np.uint64), "double")
        empty.attrs["MATLAB_empty"] = np.uint8(1)

    check(matlab(tmp_path / "made.mat", fill), Truth("hdf5-arrays", of("images"), IMAGES, [None] * SAMPLES))


def octave(path: Path, variables: dict[str, np.ndarray]) -> Path:
    """A file as Octave's `save -hdf5` writes it: a group a variable, its axes reversed."""
    with h5py.File(path, "w") as file:
        for name, values in variables.items():
            group = file.create_group(name)
            group.attrs["OCTAVE_NEW_FORMAT"] = np.uint8(1)
            group["type"] = np.bytes_(f"{values.dtype} matrix")
            group["value"] = values.transpose()
    return path


def test_a_file_of_octave(tmp_path: Path) -> None:
    variables = {"images": IMAGES.transpose(1, 2, 3, 0), "labels": np.array([LABELS], np.float64)}
    check(octave(tmp_path / "made.hdf5", variables), Truth("hdf5-arrays", of("images/value"), IMAGES, list(LABELS)))
    variables = {"train_x": GREY.transpose(1, 2, 0), "train_y": np.array([LABELS], np.uint8)}
    check(
        octave(tmp_path / "grey.hdf5", variables), Truth("hdf5-arrays", of("train_x/value"), grey(GREY), list(LABELS))
    )


def test_a_group_with_a_value_is_not_octaves_for_that(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["images/value"], file["labels/value"] = IMAGES, LABELS
    about = inspect_file(tmp_path / "made.h5")
    assert about["entries"] == SAMPLES
