"""The comparison of foreign files at a small size: written, loaded each way, and told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import foreign
from benchmarks.foreign_files import LAYOUTS, pixels_of, samples_in
from core import open_store


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two classes of six JPEGs each."""
    random = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(6):
            pixels = random.integers(0, 256, (16, 16, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{number}.jpg", quality=95)
    return tmp_path / "images"


def test_files_are_made_and_loaded_in_turns(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(foreign, "WORKERS", 0)
    monkeypatch.setattr(foreign, "BATCH", 4)
    folder = tmp_path / "made"
    foreign.main([str(images), "--rounds", "1", "--seconds", "0.01", "--folder", str(folder),
                  "--layouts", "jpegs.lmdb", "images.tar"])  # fmt: skip
    told = capsys.readouterr().out
    assert "| LMDB of JPEG files |" in told
    assert "x a store of ours | tar, WebDataset | at least 0.8 |" in told


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.file)
def test_a_file_has_the_images_in_it(layout: foreign.Layout, images: Path, tmp_path: Path) -> None:
    samples = samples_in(images, 5)
    layout.make(tmp_path / layout.file, samples)
    store = open_store(tmp_path / layout.file)
    assert len(store) == 5
    found = {store[index][0].tobytes() for index in range(5)}
    assert found == {pixels_of(data).tobytes() for data, _ in samples}
    usual = foreign.loader_of(layout.usual, tmp_path / layout.file, 5, 0)
    assert sum(len(batch) for batch, _ in usual) == 5
