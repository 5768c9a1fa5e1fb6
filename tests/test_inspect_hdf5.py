"""HDF5 layouts, made as their own tools make them, read right: schema, entries, keys, labels and every pixel."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from export_checks import check_export
from hdf5_fixtures import ARRAYS, Truth
from place_checks import check_places

from core.inspect import inspect_file, open_foreign


def check(path: Path, truth: Truth) -> dict:
    """The file's summary, once everything in it is found to be as it should."""
    store = open_foreign(path)
    about = store.about
    assert (about["schema"], about["entries"]) == (truth.schema, len(truth.keys)), about["why"]
    assert about["keys"] == list(truth.keys)[:10]
    assert about["why"]
    if truth.classes is not None:
        assert about["classes"] == list(truth.classes)
    file = store._opened()
    for place, pixels in enumerate(truth.pixels):
        sample = file.sample(place)
        assert sample.pixels is not None, sample.about
        assert sample.pixels.shape == pixels.shape, about["why"]
        assert np.abs(sample.pixels.astype(int) - pixels.astype(int)).max() <= truth.tolerance, (place, about["why"])
        assert sample.about["key"] == truth.keys[place]
        if truth.labels is not None:
            assert sample.about["label"] == truth.labels[place]
        assert file.find(truth.keys[place]) == place
    for place, one in enumerate(file.export(range(len(truth.pixels)))):
        label = one.label if truth.labels is None else truth.labels[place]
        check_export(one, truth.keys[place], label, truth.pixels[place], truth.tolerance)
    check_places(file.ask, path, truth.pixels, truth.labels, truth.tolerance)
    store.close()
    return about


@pytest.mark.parametrize("name", ARRAYS)
def test_a_layout_is_read_right(name: str, tmp_path: Path) -> None:
    fill, truth = ARRAYS[name]
    with h5py.File(tmp_path / "made.h5", "w") as file:
        fill(file)
    about = check(tmp_path / "made.h5", truth)
    assert about["warnings"] == []


def test_numbers_come_together(tmp_path: Path) -> None:
    fill, truth = ARRAYS["one-hot"]
    with h5py.File(tmp_path / "made.h5", "w") as file:
        fill(file)
    store = open_foreign(tmp_path / "made.h5")
    assert store.labels.tolist() == truth.labels
    assert inspect_file(tmp_path / "made.h5")["sample"]["class"] == truth.classes[truth.labels[0]]
