"""Many bands, masks of 0 and 1, and what a person chooses of the pixels: the same in the index and in every store."""

from __future__ import annotations

import io
import itertools
import struct
import tarfile
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pytest
from image_fixtures import encoded, picture
from PIL import Image
from test_value_range import tiff

from core.base import checksums
from core.base.errors import InputError
from core.base.events import finish
from core.base.field_values import array_bytes
from core.base.home import Home
from core.building import Build, Verify
from core.datasets.dataset import Dataset
from core.images.pixel_choice import PixelChoice
from core.images.pixels import BadImage, decode, examine
from core.images.tiff_bands import tiff_bands
from core.images.value_range import ValueRange
from core.importing.task import Import
from core.inspect.files import inspect_file
from core.stores.manifest import Manifest
from core.stores.store import open_store

RAMP = (np.arange(14 * 15 * 13).reshape(14, 15, 13) * 9 % 4000).astype(np.uint16)


def banded(samples: npt.NDArray[Any], compression: int = 1, predictor: int = 1, rows: int = 4, separate: bool = False,
           big: bool = False, more: dict[int, bytes] | None = None) -> bytes:  # fmt: skip
    """A little-endian TIFF in strips of `rows`; bands side by side or one after the other; `more`: texts by tag."""
    height, width, bands = samples.shape
    planes = [samples[:, :, band : band + 1] for band in range(bands)] if separate else [samples]
    strips = [
        _packed(plane[top : top + rows], compression, predictor)
        for plane, top in itertools.product(planes, range(0, height, rows))
    ]
    place, size = ("Q", 8) if big else ("I", 4)
    head = 16 if big else 8
    starts = list(itertools.accumulate(map(len, strips), initial=head))
    numbers: dict[int, list[int]] = {
        256: [width], 257: [height], 258: [samples.dtype.itemsize * 8] * bands, 259: [compression], 262: [1],
        273: starts[:-1], 277: [bands], 278: [rows], 279: list(map(len, strips)), 284: [2 if separate else 1],
        317: [predictor], 338: [0] * (bands - 1), 339: [{"u": 1, "i": 2, "f": 3}[samples.dtype.kind]] * bands,
    }  # fmt: skip
    tags = {tag: (4, len(values), struct.pack(f"<{len(values)}I", *values)) for tag, values in numbers.items()}
    tags |= {tag: (2, len(text), text) for tag, text in (more or {}).items()}
    entries, beyond = b"", b""
    start = starts[-1]
    after = start + (8 if big else 2) + (4 + 2 * size) * len(tags) + size
    for tag, (kind, count, content) in sorted(tags.items()):
        if len(content) > size:
            beyond, content = beyond + content, struct.pack(f"<{place}", after + len(beyond))
        entries += struct.pack(f"<HH{place}", tag, kind, count) + content.ljust(size, b"\0")
    first = struct.pack("<2sHHHQ", b"II", 43, 8, 0, start) if big else struct.pack("<2sHI", b"II", 42, start)
    count_of = struct.pack("<Q" if big else "<H", len(tags))
    return first + b"".join(strips) + count_of + entries + bytes(size) + beyond


def _packed(part: npt.NDArray[Any], compression: int, predictor: int) -> bytes:
    if predictor == 2:
        whole = np.ascontiguousarray(part).view(f"u{part.dtype.itemsize}")
        part = np.diff(whole, axis=1, prepend=np.zeros_like(whole[:, :1]))
    data = part.tobytes()
    if predictor == 3:
        rows, columns, bands = part.shape
        significant = np.ascontiguousarray(part).astype(part.dtype.newbyteorder(">")).view(np.uint8)
        by_byte = significant.reshape(rows, columns * bands, -1).transpose(0, 2, 1).reshape(rows, -1, bands)
        data = np.diff(by_byte, axis=1, prepend=np.zeros_like(by_byte[:, :1])).tobytes()
    if compression == 8:
        return zlib.compress(data)
    if compression == 5:  # LZW, as libtiff packs a picture of these bytes
        file = io.BytesIO()
        row = len(data) // part.shape[0]
        Image.frombytes("L", (row, part.shape[0]), data).save(file, "tiff", compression="tiff_lzw", strip_size=1 << 30)
        file.seek(0)
        with Image.open(file) as image:
            (start,), (length,) = image.tag_v2[273], image.tag_v2[279]  # type: ignore[attr-defined]
        return file.getvalue()[start : start + length]
    return data


@pytest.mark.parametrize(
    ("samples", "options"),
    [
        (RAMP, {}),
        (RAMP, {"separate": True}),
        (RAMP, {"compression": 8, "predictor": 2}),
        (RAMP, {"compression": 5, "predictor": 2}),
        (RAMP, {"compression": 8, "big": True, "separate": True}),
        (RAMP[..., :2].astype(np.uint8), {"compression": 5}),
        (RAMP[..., :5].astype(np.int16) - 2000, {"compression": 8, "predictor": 2}),
        (RAMP[..., :4].astype(np.float32) / 7, {"compression": 8, "predictor": 3}),
        (RAMP[..., :3].astype(np.float64) / 7, {}),
    ],
)
def test_tiffs_of_many_bands_are_read(samples: npt.NDArray[Any], options: dict[str, Any]) -> None:
    found = tiff_bands(banded(samples, **options)).array
    assert found.dtype == samples.dtype
    np.testing.assert_array_equal(found, samples)


def test_tiles_big_endian_and_turned() -> None:
    np.testing.assert_array_equal(tiff_bands(tiff(RAMP, 1, ">", extra=0)).array, RAMP)
    np.testing.assert_array_equal(tiff_bands(tiff(RAMP, 1, extra=0, orientation=6)).array, np.rot90(RAMP, -1))


@pytest.mark.parametrize(
    ("samples", "shown"),
    [(RAMP, (3, 2, 1)), (RAMP[..., :10], (2, 1, 0)), (RAMP[..., :5], (0, 1, 2)), (RAMP[..., :4], (0, 1, 2)),
     (RAMP[..., :3], (0, 1, 2)), (RAMP[..., :2], (0, 0, 0)), (RAMP[..., :1], (0, 0, 0))],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["npy", "tiff"])
def test_the_usual_bands_are_shown_scaled(samples: npt.NDArray[Any], shown: tuple[int, ...], kind: str) -> None:
    data = array_bytes(np.ascontiguousarray(samples)) if kind == "npy" else banded(samples)
    _, values = examine(data)
    assert values == ("integer", samples[..., shown].min(), samples[..., shown].max(), values.bands)
    assert values.bands == (0 if samples.shape[2] in (1, 3) else samples.shape[2])
    right = np.rint(samples[..., shown] * (255 / 4095)).astype(np.uint8)
    np.testing.assert_array_equal(decode(data, ValueRange(integers=(0, 4095))), right)


def test_bands_that_the_file_names_come_first() -> None:
    items = "".join(
        f'<Item name="DESCRIPTION" sample="{band}" role="description">{name}</Item>'
        for band, name in enumerate(["nir", "Blue", "Green", "Red", "other"])
    )
    samples = RAMP[..., :5].astype(np.uint8)
    data = banded(samples, more={42112: f"<GDALMetadata>{items}</GDALMetadata>\0".encode()})
    np.testing.assert_array_equal(decode(data), samples[..., (3, 2, 1)])


def test_what_was_not_measured_does_not_count() -> None:
    samples = RAMP[..., :2].astype(np.float32) / 5000
    samples[0, 0], samples[1, 1] = -9999, np.nan
    _, values = examine(banded(samples, more={42113: b"-9999\0"}))
    assert values.low >= 0
    assert values.high <= 1
    samples[0, 0] = -3.4e38
    assert examine(array_bytes(samples))[1].low >= 0


@pytest.mark.parametrize("bands", [(2, 1, 0), (1,), (3, 3, 0)])
def test_asked_bands_of_every_kind_of_file(bands: tuple[int, ...]) -> None:
    four = np.arange(80, dtype=np.uint8).reshape(4, 5, 4)
    right = np.broadcast_to(four[..., list(bands)], (4, 5, 3))
    for data in (array_bytes(four), tiff(four, 2, extra=0), tiff(four, 2), banded(four)):
        np.testing.assert_array_equal(decode(data, ValueRange(bands=bands)), right)
    if 3 not in bands:
        for data in (encoded(Image.fromarray(four[..., :3])), encoded(Image.fromarray(four[..., :3]), "bmp")):
            np.testing.assert_array_equal(decode(data, ValueRange(bands=bands)), right)


def test_declared_alpha_stays_alpha_and_is_no_band() -> None:
    image = Image.fromarray(np.array([[[10, 20, 30, 0], [10, 20, 30, 255]]], np.uint8))
    assert decode(encoded(image), ValueRange(bands=(2, 1, 0)))[0].tolist() == [[255, 255, 255], [30, 20, 10]]
    with pytest.raises(BadImage, match="no choice of bands 4, 3, 2: it has 3"):
        decode(encoded(image), ValueRange(bands=(3, 2, 1)))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (banded(RAMP)[:-500], "broken image"),
        (banded(RAMP).replace(struct.pack("<HHII", 278, 4, 1, 4), struct.pack("<HHII", 278, 4, 1, 1)), "4 strips"),
        (banded(RAMP).replace(struct.pack("<HHII", 257, 4, 1, 14), struct.pack("<HHII", 257, 4, 1, 2**31)), "1 GiB"),
        (banded(RAMP).replace(struct.pack("<HHII", 259, 4, 1, 1), struct.pack("<HHII", 259, 4, 1, 7)), "save three of"),
    ],
)
def test_damaged_and_foreign_tiffs_are_refused_in_words(data: bytes, reason: str) -> None:
    with pytest.raises(BadImage, match=reason):
        decode(data)


@pytest.mark.parametrize(
    ("range", "extremes", "found"),
    [
        ("dataset", {"integer": (0, 900)}, ValueRange(integers=(0, 1023))),
        ("dataset", {"byte": (0, 1)}, ValueRange(bytes=(0, 1))),
        ("dataset", {"byte": (0, 2)}, ValueRange()),
        ("as-is", {"integer": (0, 900), "byte": (0, 1)}, ValueRange(integers=(0, 65535))),
        ("as-is", {"integer": (-5, 900)}, ValueRange(integers=(-32768, 32767))),
        ("as-is", {"float": (-0.2, 0.3)}, ValueRange(floats=(-1, 1))),
        ("0:63", {"byte": (0, 60), "integer": (0, 900)}, ValueRange(bytes=(0, 63), integers=(0, 63))),
        ("0:1000", {"byte": (0, 60), "integer": (0, 900)}, ValueRange(integers=(0, 1000))),
        ("0:0.3", {"float": (0, 0.25)}, ValueRange(floats=(0, 0.3))),
    ],
)
def test_ranges_that_are_chosen(range: str, extremes: dict[str, tuple[float, float]], found: ValueRange) -> None:
    choice = PixelChoice.parsed(range, "3,2,1")
    assert PixelChoice.parsed(**choice.to_json()) == choice
    made = PixelChoice.parsed(range).of(extremes)
    assert made == found
    assert ValueRange.from_json(made.to_json()) == made


# ---------------------------------------------------------------- from import to loader


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def imported(home: Home, folder: Path, **options: str) -> dict[str, Any]:
    return finish(Import(str(folder), "d", options={"val_fraction": 0, **options}, home=str(home.root)).run())


def assert_everywhere(home: Home, right: list[npt.NDArray[np.uint8]]) -> None:
    """The index has the checksums of these pixels, and stores and loaders give them."""
    dataset = Dataset.open(home, "d")
    assert [row.pixel_checksum for row in dataset.rows("train")] == [checksums.of_bytes(pixels) for pixels in right]
    for format, encoding in (("lmdb", "original"), ("hdf5", "raw")):
        store = open_store(finish(Build("d", format, encoding, home=str(home.root)).run())["store"])
        np.testing.assert_array_equal(np.stack([store[index][0] for index in range(len(right))]), right)
        if encoding == "original":
            batch, _ = next(iter(store.loader(batch_size=len(right), output="uint8", shuffle=False, workers="0")))
            np.testing.assert_array_equal(batch.permute(0, 2, 3, 1).numpy(), right)


def test_masks_of_0_and_1_become_black_and_white(home: Home, tmp_path: Path) -> None:
    masks = [np.eye(8, dtype=np.uint8), np.zeros((8, 8), np.uint8), np.ones((8, 8), np.uint8)]
    (tmp_path / "masks" / "cell").mkdir(parents=True)
    for number, mask in enumerate(masks):
        Image.fromarray(mask).save(tmp_path / "masks" / "cell" / f"{number}.png")
    told = imported(home, tmp_path / "masks")
    assert told["range"] == {"bytes": [0, 1]}
    said = "3 images of 8 bits hold only the values 0 and 1 (masks?): 1 becomes white"
    assert any(said in text for text in told["warnings"])
    assert_everywhere(home, [np.repeat(mask[:, :, None] * 255, 3, axis=2) for mask in masks])


def test_masks_are_kept_as_labels_where_asked_and_said_to_look_black(home: Home, tmp_path: Path) -> None:
    (tmp_path / "masks" / "cell").mkdir(parents=True)
    Image.fromarray(np.eye(8, dtype=np.uint8)).save(tmp_path / "masks" / "cell" / "0.png")
    told = imported(home, tmp_path / "masks", range="as-is")
    assert told["range"] == {}
    assert any("no value above 1 of 255: kept as they are, they look black" in text for text in told["warnings"])
    dataset = Dataset.open(home, "d")
    assert decode(dataset.read(dataset.row("train", 0)), dataset.values).max() == 1


def test_chosen_bands_and_range_of_multi_band_tiffs_are_those_of_every_store(home: Home, tmp_path: Path) -> None:
    (tmp_path / "scenes" / "field").mkdir(parents=True)
    for number in range(3):
        (tmp_path / "scenes" / "field" / f"{number}.tif").write_bytes(banded(RAMP + np.uint16(number)))
    told = imported(home, tmp_path / "scenes", bands="8,4,3", range="0:3000")
    assert told["range"] == {"integers": [0, 3000], "bands": [8, 4, 3]}
    assert any(
        text == "3 images with 13 bands: bands 8, 4, 3 of 13 are drawn as red, green and blue (as asked for)"
        for text in told["warnings"]
    )
    shown = np.stack([RAMP[..., (7, 3, 2)] + np.uint16(number) for number in range(3)])
    right = np.clip(np.rint(shown * (255 / 3000)), 0, 255).astype(np.uint8)
    assert_everywhere(home, [np.ascontiguousarray(pixels) for pixels in right])
    for store in ("lmdb/original", "hdf5/raw"):
        kept = Manifest.load(home.built / "d" / store).extra["pixels"]
        assert kept == {**told["range"], "asked": {"range": "0:3000", "bands": "8, 4, 3"}}
    assert finish(Verify(str(home.built / "d/lmdb/original"), home=str(home.root)).run())["mismatches"] == []


def test_bands_of_jpegs_are_swapped_past_the_compiled_decoders(home: Home, tmp_path: Path) -> None:
    (tmp_path / "bgr" / "cat").mkdir(parents=True)
    files = [encoded(picture(seed, 16), "jpeg") for seed in range(3)]
    for number, data in enumerate(files):
        (tmp_path / "bgr" / "cat" / f"{number}.jpg").write_bytes(data)
    assert imported(home, tmp_path / "bgr", bands="3,2,1")["range"] == {"bands": [3, 2, 1]}
    assert_everywhere(home, [np.ascontiguousarray(decode(data)[:, :, ::-1]) for data in files])


def test_a_guess_of_bands_is_told(home: Home, tmp_path: Path) -> None:
    (tmp_path / "scenes" / "field").mkdir(parents=True)
    (tmp_path / "scenes" / "field" / "0.tif").write_bytes(banded(RAMP))
    Image.fromarray(np.zeros((14, 15, 3), np.uint8)).save(tmp_path / "scenes" / "field" / "1.png")
    told = imported(home, tmp_path / "scenes")
    assert any("1 image with 13 bands: bands 4, 3, 2 of 13" in w and "a guess" in w for w in told["warnings"])
    assert any("--option bands=3,2,1 chooses others" in text for text in told["warnings"])


def test_npy_files_in_class_folders_are_images_bands_first_or_last(home: Home, tmp_path: Path) -> None:
    samples = np.ascontiguousarray(np.tile(RAMP, (4, 4, 1)))
    for name, array in (("first", samples.transpose(2, 0, 1)), ("last", samples)):
        (tmp_path / "arrays" / name).mkdir(parents=True)
        (tmp_path / "arrays" / name / "0.npy").write_bytes(array_bytes(np.ascontiguousarray(array)))
    told = imported(home, tmp_path / "arrays")
    assert told["classes"] == ["first", "last"]
    assert any(
        "each .npy file is taken for an image, a guess from their shapes ((56, 60, 13)" in w for w in told["warnings"]
    )
    right = np.ascontiguousarray(np.rint(samples[..., (3, 2, 1)] * (255 / 4095)).astype(np.uint8))
    dataset = Dataset.open(home, "d")
    for row in dataset.rows("train"):
        np.testing.assert_array_equal(decode(dataset.read(row), dataset.values), right)


@pytest.mark.parametrize("array", [np.zeros(512, np.float32), np.zeros((4, 512), np.float32), np.array(["a", "b"])])
def test_vectors_and_tables_are_no_images(home: Home, tmp_path: Path, array: npt.NDArray[Any]) -> None:
    (tmp_path / "vectors" / "cat").mkdir(parents=True)
    np.save(tmp_path / "vectors" / "cat" / "0.npy", array)
    with pytest.raises(InputError, match="has no images that can be imported"):
        imported(home, tmp_path / "vectors")


@pytest.mark.parametrize(("bands", "shown"), [("", (3, 2, 1)), ("8,4,3", (7, 3, 2))])
def test_bands_of_a_container_are_told_and_chosen(
    home: Home, tmp_path: Path, bands: str, shown: tuple[int, ...]
) -> None:
    smooth = np.linspace(0, 3000, 24 * 24).reshape(24, 24, 1) * np.linspace(0.5, 1, 13)
    scenes = np.stack([smooth + 50 * number for number in range(6)]).astype(np.uint16)
    with h5py.File(tmp_path / "scenes.h5", "w") as file:
        file["images"], file["labels"] = scenes, np.arange(6) % 2
    options = {"range": "0:2000", "val_fraction": 0, "bands": bands}
    told = finish(
        Import(str(tmp_path / "scenes.h5"), "d", options=options, home=str(home.root), reference=bool(bands)).run()
    )
    named = f"bands {', '.join(str(band + 1) for band in shown)} of 13 are drawn as red, green and blue"
    assert [named in text for text in told["warnings"]].count(True) == 1
    dataset = Dataset.open(home, "d")
    right = np.clip(np.rint(scenes[..., shown] * (255 / 2000)), 0, 255).astype(np.uint8)
    found = [decode(dataset.read(row), dataset.values) for row in dataset.rows("train")]
    assert {pixels.tobytes() for pixels in found} == {np.ascontiguousarray(pixels).tobytes() for pixels in right}


def test_tiffs_of_many_bands_in_a_tar_are_shown_and_imported(home: Home, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "scenes.tar", "w") as archive:
        for number in range(4):
            for ending, data in (("tif", banded(RAMP + np.uint16(number))), ("cls", b"%d" % (number % 2))):
                member = tarfile.TarInfo(f"{number}.{ending}")
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    sample = inspect_file(tmp_path / "scenes.tar", index=1)["sample"]
    assert (sample["shape"], sample["label"]) == ([14, 15, 3], 1)
    assert any("bands 4, 3, 2 of 13 are drawn" in note for note in sample["notes"])
    options = {"val_fraction": 0, "bands": "8,4,3"}
    told = finish(Import(str(tmp_path / "scenes.tar"), "d", options=options, home=str(home.root)).run())
    assert sum("of 13" in text for text in told["warnings"]) == 1
    dataset = Dataset.open(home, "d")
    first = decode(dataset.read(dataset.row("train", 0)), dataset.values)
    np.testing.assert_array_equal(first, np.rint(RAMP[..., (7, 3, 2)] * (255 / 4095)).astype(np.uint8))


def test_choices_that_are_none_are_refused(home: Home, tmp_path: Path) -> None:
    (tmp_path / "images" / "cat").mkdir(parents=True)
    (tmp_path / "images" / "cat" / "0.png").write_bytes(encoded(picture(0)))
    for options, reason in (
        ({"range": "5:5"}, "'5:5' is no range: give dataset, as-is, or black and white like 0:4095"),
        ({"range": "-1e308:1e308"}, "'-1e308:1e308' is no range"),
        ({"bands": "0,1,2"}, "'0,1,2' are no bands"),
        ({"bands": "9,1,2"}, "could be read as an image.*there is no choice of bands 9, 1, 2: it has 3"),
    ):
        with pytest.raises(InputError, match=reason):
            imported(home, tmp_path / "images", **options)
