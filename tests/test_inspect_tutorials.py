"""The tutorials' layouts, made as the tutorials make them, read right: entries, keys, labels and every pixel."""

from __future__ import annotations

import bz2
import gzip
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import lz4.frame
import numpy as np
import pytest
import zstandard
from inspect_fixtures import (
    IMAGES,
    LABELS,
    SAMPLES,
    png,
    write_dicts,
    write_labels,
    write_many_disk,
    write_many_hdf5,
    write_objects,
    write_single_disk,
    write_single_hdf5,
)
from PIL import Image

from core import open_store
from core.base.events import finish
from core.inspect import inspect_file, open_foreign
from core.inspect.task import Scan

KEYS = [f"{index:08}" for index in range(SAMPLES)]


def raw(image: np.ndarray) -> bytes:
    return image.tobytes()


def packed(image: np.ndarray) -> np.ndarray:
    """What cv2.imencode hands over: the file's bytes as an array."""
    return np.frombuffer(png(image), np.uint8)


LAYOUTS: dict[str, tuple[Callable[[Path], Path], str, str, list[str]]] = {
    "objects": (write_objects, "pickled-objects", "raw", KEYS),
    "objects, protocol 0": (lambda path: write_objects(path, 0), "pickled-objects", "raw", KEYS),
    "objects, protocol 2": (lambda path: write_objects(path, 2), "pickled-objects", "raw", KEYS),
    "dicts of arrays": (lambda path: write_dicts(path, lambda i: i, None), "pickled-dicts", "raw", KEYS),
    "dicts of bytes": (lambda path: write_dicts(path, raw, "none"), "pickled-dicts", "raw", KEYS),
    "dicts of PNG": (
        lambda path: write_dicts(path, png, "png", {"num_samples": SAMPLES}),
        "pickled-dicts",
        "png",
        KEYS,
    ),
    "dicts of PNG arrays": (lambda path: write_dicts(path, packed, "png"), "pickled-dicts", "png", KEYS),
    "many in HDF5": (write_many_hdf5, "hdf5-many", "raw", [f"images[{i}]" for i in range(SAMPLES)]),
    "many in HDF5, (n, 1) labels": (
        lambda path: write_many_hdf5(path, LABELS[:, None]),
        "hdf5-many",
        "raw",
        [f"images[{i}]" for i in range(SAMPLES)],
    ),
    "many on disk": (write_many_disk, "png-csv", "png", [f"{i}.png" for i in range(SAMPLES)]),
    "single on disk": (write_single_disk, "png-csv", "png", [f"{i}.png" for i in range(SAMPLES)]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_is_read_right(layout: str, tmp_path: Path) -> None:
    write, schema, encoding, keys = LAYOUTS[layout]
    path = write(tmp_path / "made")
    about = inspect_file(path, index=SAMPLES - 1)
    assert (about["schema"], about["entries"], about["keys"]) == (schema, SAMPLES, keys[:10])
    assert about["why"]
    sample = about["sample"]
    assert (sample["key"], sample["label"]) == (keys[-1], int(LABELS[-1]))
    assert (sample["shape"], sample["dtype"], sample["encoding"]) == ([32, 32, 3], "uint8", encoding)
    assert about["warnings"] == []

    store = open_foreign(path)
    assert len(store) == SAMPLES
    assert store.labels.dtype == np.int64
    assert store.labels.tolist() == LABELS.tolist()
    for index in range(SAMPLES):
        pixels, label = store[index]
        assert np.array_equal(pixels, IMAGES[index])
        assert label == LABELS[index]
    store.close()


@pytest.mark.parametrize("layout", ["objects", "dicts of arrays", "many in HDF5", "many on disk"])
def test_every_record_is_found_by_its_key(layout: str, tmp_path: Path) -> None:
    write, _, _, keys = LAYOUTS[layout]
    path = write(tmp_path / "made")
    for index in (0, 5, SAMPLES - 1):
        sample = inspect_file(path, key=keys[index])["sample"]
        assert (sample["key"], sample["label"]) == (keys[index], int(LABELS[index]))


def test_a_single_image_in_hdf5(tmp_path: Path) -> None:
    about = inspect_file(write_single_hdf5(tmp_path / "0.h5"))
    assert (about["schema"], about["entries"], about["keys"]) == ("hdf5-single", 1, ["image"])
    assert about["structure"]["datasets"] == 2
    assert about["sample"]["label"] == int(LABELS[0])
    store = open_foreign(tmp_path / "0.h5")
    assert np.array_equal(store[0][0], IMAGES[0])
    assert store.labels.tolist() == [int(LABELS[0])]


def test_numbers_pickled_by_numpy_are_labels(tmp_path: Path) -> None:
    """After np.concatenate the tutorial's labels are np.int64, which pickle through NumPy's own functions."""
    assert b"numpy" in pickle.dumps(LABELS[0])
    assert inspect_file(write_objects(tmp_path / "made"))["sample"]["label"] == int(LABELS[0])


@pytest.mark.parametrize(
    ("name", "compress"),
    [
        ("zlib", zlib.compress),
        ("gzip", gzip.compress),
        ("bz2", bz2.compress),
        ("lz4", lz4.frame.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
    ],
)
def test_a_compression_named_by_the_entry_is_undone(
    name: str, compress: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = write_dicts(tmp_path / "made", lambda image: compress(image.tobytes()), name, {"shape": (32, 32, 3)})
    store = open_foreign(path)
    assert np.array_equal(store[3][0], IMAGES[3])
    assert inspect_file(path)["sample"]["encoding"] == f"raw+{name}"


def test_an_image_that_is_not_square_has_the_shape_that_its_entry_states(tmp_path: Path) -> None:
    tall = [image.reshape(64, 16, 3) for image in IMAGES]
    path = write_dicts(tmp_path / "made", raw, None, {"image_shape": (64, 16, 3)})
    assert np.array_equal(open_foreign(path)[4][0], tall[4])


def test_the_classes_that_the_metadata_names(tmp_path: Path) -> None:
    names = [f"class {number}" for number in range(10)]
    path = write_dicts(tmp_path / "made", png, "png", {"class_to_idx": {n: i for i, n in enumerate(names)}})
    about = inspect_file(path)
    assert about["classes"] == names
    assert about["sample"]["class"] == names[LABELS[0]]
    assert open_foreign(path).classes == names


def test_the_largest_table_of_labels_counts(tmp_path: Path) -> None:
    """The tutorial writes its experiments of 1, 10, 100, ... images into one folder."""
    folder = write_many_disk(tmp_path / "disk")
    write_labels(folder / "0.csv", [LABELS[0]])
    write_labels(folder / "5.csv", LABELS[:5])
    assert open_foreign(folder).labels.tolist() == LABELS.tolist()


def test_the_pixels_are_written_where_one_asks_for_them(tmp_path: Path) -> None:
    path = write_objects(tmp_path / "made")
    inspect_file(path, index=-1, image=tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as image:
        assert np.array_equal(np.asarray(image), IMAGES[-1])


def test_scan_decodes_every_entry(tmp_path: Path) -> None:
    assert finish(Scan(str(write_many_hdf5(tmp_path / "many.h5"))).run()) == {
        "entries": SAMPLES,
        "decoded": SAMPLES,
        "bad": [],
        "findings": [],
    }


def test_scan_names_the_bad_ones(tmp_path: Path) -> None:
    broken = iter([False, True] * SAMPLES)
    path = write_dicts(tmp_path / "made", lambda image: png(image)[: 60 if next(broken) else None], "png")
    told = finish(Scan(str(path)).run())
    assert (told["entries"], told["decoded"]) == (SAMPLES, SAMPLES // 2)
    assert [bad["key"] for bad in told["bad"]] == KEYS[1::2]
    assert all("broken image" in bad["reason"] for bad in told["bad"])


def test_open_store_opens_them_too(tmp_path: Path) -> None:
    store = open_store(str(write_objects(tmp_path / "made")))
    pixels, label = store[2]
    assert np.array_equal(pixels, IMAGES[2])
    assert label == LABELS[2]


def test_a_split_is_the_part_of_that_name(tmp_path: Path) -> None:
    write_many_hdf5(tmp_path / "train.h5")
    with h5py.File(tmp_path / "val.h5", "w") as file:
        file["images"], file["meta"] = IMAGES[:4], LABELS[:4]
    assert len(open_foreign(tmp_path, "train")) == SAMPLES
    assert len(open_foreign(tmp_path, "val")) == 4


def test_a_foreign_store_survives_pickling(tmp_path: Path) -> None:
    store = open_foreign(write_many_hdf5(tmp_path / "many.h5"))
    copy = pickle.loads(pickle.dumps(store))
    store.close()
    assert np.array_equal(copy[1][0], IMAGES[1])


def test_nothing_is_written_beside_an_inspected_file(tmp_path: Path) -> None:
    path = write_objects(tmp_path / "made")
    (path / "lock.mdb").unlink()
    before = (path / "data.mdb").stat()
    inspect_file(path)
    finish(Scan(str(path)).run())
    assert [entry.name for entry in path.iterdir()] == ["data.mdb"]
    assert (path / "data.mdb").stat().st_mtime_ns == before.st_mtime_ns
