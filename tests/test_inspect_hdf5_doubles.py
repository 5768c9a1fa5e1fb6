"""Pictures in HDF5 files that are no samples of their own: named, not counted, and still in the structure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hdf5_fixtures import IMAGES, SAMPLES, grey, pictures

from core.inspect.hdf5.file import Hdf5File
from core.inspect.schemas import understand

BIG = pictures(6, 64, 48, 9)
GREY = BIG[:, :, :, 0]


def shown(path: Path, fill: Callable[[h5py.File], Any]) -> tuple[dict[str, np.ndarray], str, Hdf5File]:
    """(pixels by key, why, the file)."""
    with h5py.File(path / "made.h5", "w") as file:
        fill(file)
    opened = Hdf5File(path / "made.h5")
    _, records = understand(opened)
    found = {records.key(index): records.read(index).pixels for index in range(len(records))}
    return found, records.why, opened


def check(found: dict[str, np.ndarray], truth: dict[str, np.ndarray]) -> None:
    assert list(found) == list(truth)
    for key, pixels in truth.items():
        assert np.array_equal(found[key], pixels), key


def halved(images: np.ndarray, times: int) -> np.ndarray:
    """The mean of blocks of times x times pixels; the last two axes."""
    *ahead, height, width = images.shape
    blocks = images.reshape(*ahead, height // times, times, width // times, times)
    return blocks.mean(axis=(-3, -1)).astype(images.dtype)


def test_the_next_frames_are_no_more_samples(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        for demo in range(2):
            frames = IMAGES[6 * demo : 6 * demo + 6]
            for group, values in (("obs", frames), ("next_obs", np.roll(frames, -1, 0))):
                file[f"data/demo_{demo}/{group}/agentview_image"] = values
            file[f"data/demo_{demo}/dones"] = np.r_[np.zeros(5, int), 1]

    found, why, file = shown(tmp_path, fill)
    check(
        found, {f"data/demo_{place // 6}/obs/agentview_image[{place % 6}]": IMAGES[place] for place in range(SAMPLES)}
    )
    assert "next_obs/agentview_image (the same as data/demo_0/obs/agentview_image, one step later)" in why
    assert "data/demo_0/next_obs/agentview_image" in [row["name"] for row in file.structure()["tree"]]


def test_next_observations_as_arrays(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file["observations"], file["next_observations"] = IMAGES, np.roll(IMAGES, -1, 0)

    found, _, _ = shown(tmp_path, fill)
    check(found, {f"observations[{place}]": image for place, image in enumerate(IMAGES)})


@pytest.mark.parametrize("path", ["t{t:05}/s00/{level}/cells", "set/{t}/ResolutionLevel {level}/Data"])
def test_levels_of_a_pyramid_that_is_an_image_a_dataset(path: str, tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        for place, image in enumerate(GREY[:3]):
            for level in range(3):
                file[path.format(t=place, level=level)] = halved(image, 2**level)
        file["s00/resolutions"] = np.array([[1.0, 1, 1], [2, 2, 1], [4, 4, 1]])

    found, why, _ = shown(tmp_path, fill)
    check(found, dict(zip(found, grey(GREY[:3]), strict=True)))
    assert all("/0/" in f"{key}/" or "Level 0" in key for key in found)
    assert "a smaller copy of" in why


def test_levels_of_volumes(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        for level in range(3):
            file[f"pyramid/s{level}"] = halved(GREY, 2**level)
        file["Thumbnail/Data"] = IMAGES[0]

    found, _, _ = shown(tmp_path, fill)
    check(found, {f"pyramid/s0[{place}]": image for place, image in enumerate(grey(GREY))})


def test_sizes_of_one_picture_by_words(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file["images/hires"], file["images/lowres"] = BIG[0], BIG[0, ::4, ::4]

    found, why, _ = shown(tmp_path, fill)
    check(found, {"images/hires": BIG[0]})
    assert "images/lowres (a smaller copy of images/hires)" in why


def test_pictures_of_several_sizes_are_samples(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file["shots/0"], file["shots/1"] = BIG[0], pictures(1, 32, 24, 77)[0][::-1]
        file["more/0"], file["more/1"] = BIG[2], BIG[3]

    found, _, _ = shown(tmp_path, fill)
    assert len(found) == 4


def test_a_thumbnail_is_no_sample(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file["scans/a/image"], file["scans/b/image"] = BIG[0], BIG[1]
        file["thumbnail/image"] = BIG[0, ::8, ::8]

    found, _, _ = shown(tmp_path, fill)
    assert list(found) == ["scans/a", "scans/b"]


def test_labels_beside_a_volume(tmp_path: Path) -> None:
    regions = (np.arange(64)[:, None] // 16 * 5 + np.arange(48) // 12).astype(np.uint64)

    def fill(file: h5py.File) -> None:
        file["volumes/raw"] = GREY
        file["volumes/labels/neuron_ids"] = np.stack([regions + place for place in range(6)])
        file["volumes/other/clefts"] = np.stack([regions] * 6).astype(np.uint8)

    found, why, _ = shown(tmp_path, fill)
    check(found, {f"volumes/raw[{place}]": image for place, image in enumerate(grey(GREY))})
    assert "volumes/other/clefts (a map of labels)" in why


def test_masks_in_a_group_of_their_own(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        for place, image in enumerate(BIG):
            file[f"images/{place}"], file[f"masks/{place}"] = image, (image[:, :, 0] > 128).astype(np.uint8) * 255

    found, _, _ = shown(tmp_path, fill)
    check(found, {f"images/{place}": image for place, image in enumerate(BIG)})


def test_masks_alone_are_shown(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        for place, image in enumerate(BIG):
            file[f"masks/{place}"] = (image[:, :, 0] > 128).astype(np.uint8) * 255

    found, _, _ = shown(tmp_path, fill)
    assert len(found) == len(BIG)
