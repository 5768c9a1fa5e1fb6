"""The inspector's page on HDF5 files with numbers that are no pictures, and on one with chunks that are missing."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from app_under_test import texts
from hdf5_fixtures import IMAGES
from test_page_inspector_files import opened

from core.base.home import Home
from core.inspect.roots import VARIABLE


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


def test_weights_are_a_table_with_figures(empty: Home, files: Path) -> None:
    kernel = np.random.default_rng(0).normal(size=(3, 3, 8, 16)).astype(np.float32)
    with h5py.File(files / "model.h5", "w") as file:
        file.attrs["keras_version"] = "2.4.0"
        file["conv/kernel:0"], file["conv/bias:0"] = kernel, np.zeros(16, np.float32)
    app = opened(files / "model.h5")
    assert not app.exception
    assert "says that these are the weights of a Keras model" in texts(app)
    table = next(frame.value for frame in app.dataframe if "Key" in frame.value)
    assert table["Key"].tolist() == ["conv/bias:0", "conv/kernel:0"]
    assert table["Shape"].tolist() == ["16", "3 × 3 × 8 × 16"]
    assert table["Mean"].tolist() == [0, pytest.approx(float(kernel.mean()))]
    app.session_state["inspector.selected"] = 1
    app.run()
    assert {metric.label: metric.value for metric in app.metric} == {
        "Least": f"{kernel.min():.4g}", "Greatest": f"{kernel.max():.4g}", "Mean": f"{kernel.mean():.4g}",
        "Deviation": f"{kernel.std():.4g}",
    }  # fmt: skip
    assert "drawn as images" in texts(app)


def test_entries_that_are_not_there_are_said_to_be(empty: Home, files: Path) -> None:
    with h5py.File(files / "holes.h5", "w") as file:
        images = file.create_dataset("images", IMAGES.shape, np.uint8, chunks=(1, *IMAGES.shape[1:]))
        images[:3] = IMAGES[:3]
    app = opened(files / "holes.h5")
    assert any("9 of its 12 chunks were never written" in warning.value for warning in app.warning)
    app.session_state["inspector.selected"] = 5
    app.run()
    assert any("was never written" in error.value for error in app.error)
