"""HDF5 arrays as pictures: bands, ranges, and what a file says of its axes, its channels and its top."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from core.base.errors import InputError
from core.base.events import finish
from core.images.pixel_choice import AS_IS
from core.inspect.display import Choice
from core.inspect.hdf5.file import Hdf5File
from core.inspect.records import Record
from core.inspect.schemas import understand
from core.inspect.task import Inspect
from tests.hdf5_fixtures import pictures

SAMPLES, HEIGHT, WIDTH = 5, 40, 56
COLOUR = pictures(SAMPLES, HEIGHT, WIDTH)
GREY = COLOUR[..., 0]

Fill = Callable[[h5py.File], Any]


def bands(count: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """(n, height, width, count) uint8; every band is another picture."""
    parts = [pictures(SAMPLES, height, width, seed) for seed in range((count + 2) // 3)]
    return np.concatenate(parts, axis=-1)[..., :count]


def records(path: Path, fill: Fill, choice: Choice | None = None) -> tuple[str, list[Record]]:
    """(schema, the records) of a file, read in this process."""
    with h5py.File(path / "file.h5", "w") as file:
        fill(file)
    opened = Hdf5File(path / "file.h5")
    opened.choice = choice or Choice()
    try:
        schema, found = understand(opened)
        return schema, [found.read(index) for index in range(len(found))]
    finally:
        opened.close()


def same(record: Record, truth: np.ndarray) -> bool:
    """Whether a picture is the true one, brightness apart: (H, W) or (H, W, 3)."""
    wanted = np.repeat(truth[..., None], 3, axis=2) if truth.ndim == 2 else truth
    if record.pixels is None or record.pixels.shape != wanted.shape:
        return False
    return bool(np.corrcoef(record.pixels.ravel(), wanted.ravel())[0, 1] > 0.999)


# ---------------------------------------------------------------- bands


@pytest.mark.parametrize(
    ("count", "first", "shown"),
    [(5, False, (0, 1, 2)), (10, False, (2, 1, 0)), (10, True, (2, 1, 0)), (12, True, (3, 2, 1)),
     (13, False, (3, 2, 1)), (4, False, (0, 1, 2)), (4, True, (0, 1, 2))],
)  # fmt: skip
@pytest.mark.parametrize("dtype", ["u1", ">u2", "f4"])
def test_channels_are_bands_of_one_image(
    tmp_path: Path, count: int, first: bool, shown: tuple[int, ...], dtype: str
) -> None:
    images = bands(count)
    values = images / 255 if dtype == "f4" else images * 9.0 if dtype == ">u2" else images
    stored = values.astype(dtype).transpose(0, 3, 1, 2) if first else values.astype(dtype)
    schema, found = records(tmp_path, lambda file: file.create_dataset("images", data=stored))
    assert (schema, len(found)) == ("hdf5-arrays", SAMPLES)
    assert same(found[3], images[3][..., list(shown)])
    assert found[3].notes[0].startswith(f"bands {', '.join(str(band + 1) for band in shown)} of {count} are drawn")


def test_other_bands_can_be_chosen(tmp_path: Path) -> None:
    images = bands(13)
    fill: Fill = lambda file: file.create_dataset("images", data=images)  # noqa: E731
    assert same(records(tmp_path, fill, Choice(bands=(7, 3, 2)))[1][1], images[1][..., [7, 3, 2]])
    assert same(records(tmp_path, fill, Choice(bands=(12,)))[1][1], images[1][..., 12])
    none = records(tmp_path, fill, Choice(bands=(13,)))[1][1]
    assert none.pixels is None
    assert "it has 13" in str(none.problem)


def test_the_verb_draws_other_bands_and_ranges_and_says_why_not(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "bands.h5", "w") as file:
        file["images"] = bands(6).astype("u2") * 9
    run = {"path": str(tmp_path / "bands.h5"), "image": str(tmp_path / "out.png")}
    told = finish(Inspect(**run, range="0:4590", bands="6,2,1").run())
    assert told["sample"]["display"] == {"range": [0, 4590], "bands": [5, 1, 0], "channels": 6}
    shown = np.asarray(Image.open(tmp_path / "out.png"))
    assert np.abs(shown - bands(6)[0][..., [5, 1, 0]] / 2).max() <= 1
    with pytest.raises(InputError, match="it has 6"):
        finish(Inspect(**run, bands="7").run())
    with pytest.raises(InputError, match="is no range"):
        finish(Inspect(**run, range="bright").run())


@pytest.mark.parametrize("name", ["image", "data", "cube"])
def test_one_image_of_many_bands(tmp_path: Path, name: str) -> None:
    image = bands(10)[0]
    schema, found = records(tmp_path, lambda file: file.create_dataset(name, data=image.astype("u2") * 9))
    assert (schema, len(found)) == ("hdf5-groups", 1)
    assert same(found[0], image[..., [2, 1, 0]])


def test_bands_first_where_its_name_or_a_family_says_so(tmp_path: Path) -> None:
    images = bands(12).transpose(0, 3, 1, 2)
    _, found = records(tmp_path, lambda file: file.create_dataset("sentinel2", data=images[0]))
    assert len(found) == 1
    assert same(found[0], images[0][[3, 2, 1]].transpose(1, 2, 0))

    def family(file: h5py.File) -> None:
        for place, image in enumerate(images):
            file[f"patches/{place:03}"] = image

    _, found = records(tmp_path, family)
    assert len(found) == SAMPLES
    assert same(found[4], images[4][[3, 2, 1]].transpose(1, 2, 0))


def test_slices_and_frames_are_no_bands(tmp_path: Path) -> None:
    """A name that says so, and a map of classes with the same axes."""
    stack = bands(12).transpose(0, 3, 1, 2)
    for name in ("volumes", "video_clips"):
        _, found = records(tmp_path, lambda file, name=name: file.create_dataset(name, data=stack))
        assert len(found) == SAMPLES * 12
        assert same(found[17], stack[1, 5])

    def scan(file: h5py.File) -> None:
        file["image"], file["label"] = stack[0], (stack[0] > 128).astype("u1")

    _, found = records(tmp_path, scan)
    assert len(found) == 12
    assert same(found[7], stack[0, 7])


def test_one_scan_in_several_modalities_is_its_slices(tmp_path: Path) -> None:
    """(c, z, y, x) with more rows than slices; (c, y, x, n) is images, the last axis counting them."""
    scan = bands(4, 32, 32).transpose(3, 0, 1, 2)
    _, found = records(tmp_path, lambda file: file.create_dataset("data", data=scan / 40.0 - 3))
    assert len(found) == SAMPLES
    assert same(found[3], scan[0, 3])
    _, found = records(tmp_path, lambda file: file.create_dataset("data", data=bands(4, 32, 32).transpose(3, 1, 2, 0)))
    assert same(found[3], scan[:3, 3].transpose(1, 2, 0))


def test_spectra_are_drawn_by_their_wavelengths(tmp_path: Path) -> None:
    images = bands(31, 32, 32)

    def fill(file: h5py.File) -> None:
        file["cubes"] = images
        file["wavelengths"] = np.linspace(0.4, 0.7, 31)

    _, found = records(tmp_path, fill)
    assert len(found) == SAMPLES
    assert same(found[2], images[2][..., [25, 15, 6]])


@pytest.mark.parametrize(
    "attributes",
    [{"bands": ["B2", "B3", "B4", "B8"]}, {"band_names": '["blue", "green", "red", "nir"]'},
     {"channels": "blue,green,red,nir"}, {"wavelength": np.array([490, 560, 665, 842])}],
    ids=["list", "JSON", "text", "wavelengths"],
)  # fmt: skip
def test_names_of_bands_are_read(tmp_path: Path, attributes: dict[str, Any]) -> None:
    images = bands(4)
    _, found = records(tmp_path, lambda file: file.create_dataset("images", data=images).attrs.update(attributes))
    assert same(found[0], images[0][..., [2, 1, 0]])
    assert "as the file names them" in found[0].notes[0]


def test_transparency_is_what_the_file_declares(tmp_path: Path) -> None:
    images = bands(4)
    share = images[0][..., 3:] / 255
    _, found = records(tmp_path, lambda file: file.create_dataset("rgba", data=images))
    assert np.abs(found[0].pixels - (images[0][..., :3] * share + 255 * (1 - share))).max() <= 1
    _, found = records(tmp_path, lambda file: file.create_dataset("images", data=images))
    assert np.array_equal(found[0].pixels, images[0][..., :3])


def test_two_channels_show_the_first(tmp_path: Path) -> None:
    pairs = bands(2)
    for stored in (pairs, pairs.transpose(0, 3, 1, 2).astype("f4") - 128):
        _, found = records(tmp_path, lambda file, stored=stored: file.create_dataset("data", data=stored))
        assert len(found) == SAMPLES
        assert same(found[1], pairs[1][..., 0])


# ---------------------------------------------------------------- ranges


def test_datasets_of_one_file_have_their_own_ranges(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file["train_images"], file["test_images"] = GREY.astype("u2") * 12, GREY.astype("u2") * 3

    _, found = records(tmp_path, fill)
    by_key = {record.key: record for record in found}
    for key in ("train_images[1]", "test_images[1]"):
        assert np.abs(by_key[key].pixels[..., 0].astype(int) - GREY[1]).max() <= 4
    assert by_key["test_images[1]"].display["range"][1] < 800


def test_one_image_a_dataset_share_a_range(tmp_path: Path) -> None:
    """A dark one among bright ones stays dark; what is called otherwise has its own range."""

    def fill(file: h5py.File) -> None:
        for place in range(SAMPLES):
            file[f"frames/{place}"] = GREY[place].astype("u2") * (1 if place == 0 else 12)

    _, found = records(tmp_path, fill)
    assert found[0].pixels.max() < 40
    assert found[1].pixels.max() > 230


def test_image_files_of_one_channel_share_a_range(tmp_path: Path) -> None:
    def png(values: np.ndarray) -> bytes:
        file = io.BytesIO()
        Image.fromarray(values).save(file, "PNG")
        return file.getvalue()

    def depths(file: h5py.File) -> None:
        rows = file.create_dataset("depth", (SAMPLES,), h5py.vlen_dtype(np.uint8))
        for place in range(SAMPLES):
            rows[place] = np.frombuffer(png(GREY[place].astype("u2") * (2 + place)), np.uint8)

    _, found = records(tmp_path, depths)
    assert same(found[1], GREY[1])
    assert found[0].pixels.max() < 110
    assert "of 5 images" in found[0].notes[0]

    def masks(file: h5py.File) -> None:
        for place in range(SAMPLES):
            file[f"masks/{place}"] = np.void(png((GREY[place] > 99).astype("u1")))

    _, found = records(tmp_path, masks)
    assert np.array_equal(found[2].pixels[..., 1], np.where(GREY[2] > 99, 255, 0))
    assert found[2].payload[1:4] == b"PNG"


def test_fill_values_do_not_count_and_as_is_is_as_is(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        heights = file.create_dataset("elevation", data=np.where(GREY < 40, -7777, GREY * 3.0).astype("f4"))
        heights.attrs["_FillValue"] = np.float32(-7777)

    _, found = records(tmp_path, fill)
    assert found[0].display["range"][0] >= 120
    _, found = records(tmp_path, lambda file: file.create_dataset("x", data=GREY.astype("u2") * 9), Choice(AS_IS))
    assert found[0].pixels.max() == round(int(GREY[0].max()) * 9 / 257)


# ---------------------------------------------------------------- what the file says


def in_order(axes: str, values: np.ndarray, given: str) -> np.ndarray:
    """Values whose axes are `given` in the order `axes`; an axis that they have not is of length 1."""
    values = values.reshape(*values.shape, *(1 for axis in axes if axis not in given))
    given += "".join(axis for axis in axes if axis not in given)
    return np.ascontiguousarray(values.transpose([given.index(axis) for axis in axes]))


def by_axistags(dataset: h5py.Dataset, axes: str) -> None:
    dataset.attrs["axistags"] = json.dumps({"axes": [{"key": axis, "typeFlags": 2} for axis in axes]})


def by_labels(dataset: h5py.Dataset, axes: str) -> None:
    names = {"t": "time", "z": "z", "y": "Y", "x": "image_width", "c": "channel"}
    for place, axis in enumerate(axes):
        dataset.dims[place].label = names[axis]


def by_scales(dataset: h5py.Dataset, axes: str) -> None:
    names = {"t": "time", "z": "plane", "y": "lat", "x": "lon", "c": "band"}
    for place, axis in enumerate(axes):
        scale = dataset.file.create_dataset(names[axis], data=np.arange(dataset.shape[place], dtype="f8"))
        scale.make_scale(names[axis])
        dataset.dims[place].attach_scale(scale)


def by_attribute(dataset: h5py.Dataset, axes: str) -> None:
    dataset.attrs["axes"] = axes.upper()


@pytest.mark.parametrize("say", [by_axistags, by_labels, by_scales, by_attribute])
@pytest.mark.parametrize("axes", ["tyx", "txy", "xyt", "tyxc", "txyc", "cxyt", "txyzc", "tzcyx"])
def test_axes_as_the_file_names_them(tmp_path: Path, say: Callable[[h5py.Dataset, str], None], axes: str) -> None:
    truth = COLOUR if "c" in axes else GREY
    stored = in_order(axes, truth, "tyxc" if "c" in axes else "tyx").astype("u2")
    schema, found = records(tmp_path, lambda file: say(file.create_dataset("exported_data", data=stored), axes))
    assert (schema, len(found)) == ("hdf5-arrays", SAMPLES)
    assert same(found[3], truth[3])
    assert "as the file says" in found[3].notes[0]


def test_axes_of_one_image_and_of_none(tmp_path: Path) -> None:
    _, found = records(
        tmp_path, lambda file: by_labels(file.create_dataset("exported", data=COLOUR[0].transpose(2, 1, 0)), "cxy")
    )
    assert len(found) == 1
    assert same(found[0], COLOUR[0])
    schema, _ = records(
        tmp_path, lambda file: by_labels(file.create_dataset("images", data=np.cumsum(GREY[0], 0)), "tc")
    )
    assert schema != "hdf5-groups"


def test_time_and_depth_and_channels(tmp_path: Path) -> None:
    """(t, z, c, y, x): every plane of every time is a picture, the later axis counting faster."""
    planes = pictures(6, HEIGHT, WIDTH, 7)
    stored = planes.reshape(2, 3, HEIGHT, WIDTH, 3).transpose(0, 1, 4, 2, 3)[:, :, :2]
    _, found = records(tmp_path, lambda file: by_attribute(file.create_dataset("img", data=stored), "tzcyx"))
    assert [record.key for record in found] == [f"img[{t}, {z}]" for t in range(2) for z in range(3)]
    assert all(same(found[place], planes[place][..., 0]) for place in range(6))


def test_neurodata_types_say_what_is_a_picture_and_that_x_comes_first(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        series = file.create_group("acquisition/TwoPhotonSeries")
        series.attrs["neurodata_type"] = "TwoPhotonSeries"
        series["data"] = GREY.transpose(0, 2, 1).astype("u2") * 7
        tracks = file.create_group("acquisition/electrodes")
        tracks.attrs["neurodata_type"] = "ElectricalSeries"
        tracks["data"] = np.cumsum(np.random.default_rng(0).normal(size=(900, 13)), 0)

    _, found = records(tmp_path, fill)
    assert len(found) == SAMPLES
    assert same(found[2], GREY[2])


def test_the_first_row_is_the_lowest_in_opengl(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file.create_group("data").attrs["macros_image_convention"] = "opengl"
        file["data/demo_0/obs/agentview_rgb"] = COLOUR[:, ::-1]

    _, found = records(tmp_path, fill)
    assert np.array_equal(found[1].pixels, COLOUR[1])
    assert "its first row is the lowest" in found[1].notes[0]


def test_padding_of_imaris_is_cut_off(tmp_path: Path) -> None:
    def letters(text: str) -> np.ndarray:
        return np.frombuffer(text.encode(), "S1")

    def fill(file: h5py.File) -> None:
        file.attrs["ImarisVersion"] = letters("5.5.0")
        padded = np.zeros((8, 48, 64), np.uint8)
        padded[:SAMPLES, :HEIGHT, :WIDTH] = GREY
        group = file.create_group("DataSet/ResolutionLevel 0/TimePoint 0/Channel 0")
        group.create_dataset("Data", data=padded, chunks=(8, 24, 32))
        for axis, size in zip("ZYX", GREY.shape, strict=True):
            group.attrs[f"ImageSize{axis}"] = letters(str(size))

    _, found = records(tmp_path, fill)
    assert len(found) == SAMPLES
    assert all(np.array_equal(record.pixels[..., 0], image) for record, image in zip(found, GREY, strict=True))


def flat_rows(file: h5py.File) -> None:
    """Rows of varying length, a table of shapes beside, labels."""
    rows = file.create_dataset("images", (SAMPLES,), h5py.vlen_dtype(np.uint8))
    for place, image in enumerate(COLOUR):
        rows[place] = image[: 30 + place].reshape(-1)
    file["images_shape"] = [(30 + place, WIDTH, 3) for place in range(SAMPLES)]
    file["labels"] = np.arange(SAMPLES)


def flat_table(file: h5py.File) -> None:
    """Rows of one length and one shape for all, planes first."""
    file["x"] = COLOUR.transpose(0, 3, 1, 2).reshape(SAMPLES, -1)
    file["x"].attrs["image_shape"] = (3, HEIGHT, WIDTH)


def flat_datasets(file: h5py.File) -> None:
    """A dataset an image, its shape in another one."""
    for place, image in enumerate(COLOUR):
        file[f"img_{place}"] = image.reshape(-1)
        file[f"img_{place}_shape"] = image.shape


def flat_bytes(file: h5py.File) -> None:
    """Bytes of 16-bit values, shape and type in attributes."""
    for place, image in enumerate(GREY):
        data = file.create_dataset(f"d{place}", data=np.frombuffer((image.astype("<u2") * 9).tobytes(), np.uint8))
        data.attrs.update({"height": HEIGHT, "width": WIDTH, "dtype": "<u2"})


@pytest.mark.parametrize("fill", [flat_rows, flat_table, flat_datasets, flat_bytes])
def test_flat_values_have_the_shape_that_is_beside_them(tmp_path: Path, fill: Fill) -> None:
    schema, found = records(tmp_path, fill)
    assert (schema, len(found)) == ("hdf5-shaped", SAMPLES)
    truth = COLOUR[3][:33] if fill is flat_rows else GREY[3] if fill is flat_bytes else COLOUR[3]
    assert same(found[3], truth)
    assert found[3].label == (3 if fill is flat_rows else None)


def test_shapes_that_do_not_fit_are_none(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file["images"] = COLOUR.reshape(SAMPLES, -1)
        file["images"].attrs["shape"] = (7, 11, 3)

    assert records(tmp_path, fill)[0] != "hdf5-shaped"


def test_broken_descriptions_are_passed_over(tmp_path: Path) -> None:
    for value in ("{", '{"axes": 5}', '{"axes": [1, 2, 3]}', "[" * 5000, b"\xff\xfe", np.arange(3), "x, x, x"):
        for name in ("axistags", "DIMENSION_LABELS", "axes", "bands"):
            _, found = records(
                tmp_path,
                lambda file, name=name, value=value: file.create_dataset("images", data=GREY).attrs.create(name, value),
            )
            assert same(found[0], GREY[0]), (name, value)
