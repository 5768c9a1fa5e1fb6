"""How numbers become pictures: the range of a dataset, the bands that are drawn, and what is said of both."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.images.bands import Hints, asked, channel_axis, choose, parsed
from core.images.pixel_choice import AS_IS
from core.inspect import arrays
from core.inspect.display import Choice, Display, Drawn
from core.inspect.display_range import measured, of_type, sampled
from core.inspect.folder.file import FilesFolder
from core.inspect.schemas import understand
from core.inspect.values import samples_of

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def draw(images: Sequence[np.ndarray], place: int = 0, choice: Choice | None = None, **more: Any) -> Drawn:
    return Display(lambda: images, **more).draw(images[place], choice)


def grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(np.asarray(values, np.uint8)[:, :, None], 3, axis=2)


@pytest.mark.parametrize(
    "values",
    [
        RAMP,
        RAMP.astype(np.uint16) * 257,
        (RAMP.astype(np.uint16) * 257).astype(">u2"),
        RAMP.astype(np.float32) / 255,
        RAMP / 127.5 - 1,
        RAMP.astype(np.float64),
        RAMP.astype(np.int64),
        RAMP.astype(np.uint16),
    ],
    ids=["uint8", "uint16", "big-endian", "0 to 1", "-1 to 1", "floats to 255", "int64", "8 bits in 16"],
)
def test_values_that_fill_a_usual_range_keep_their_exact_brightness(values: np.ndarray) -> None:
    assert np.array_equal(draw([values]).pixels, grey(RAMP))


@pytest.mark.parametrize(
    "values",
    [
        RAMP.astype(np.uint16) * 10 + 300,
        RAMP.astype(np.int16) * 8 - 1024,
        RAMP.astype(np.float32) / 255 * 3,
        RAMP / 255 * 0.3 + 0.02,
        RAMP.astype(np.int32) * 100_000,
        RAMP.astype(np.float64) * 1e-9,
        (RAMP // 8).astype(np.uint8) * 2,
    ],
    ids=["reflectance", "signed", "floats to 3", "floats to 0.3", "int32", "tiny", "dark uint8"],
)
def test_a_narrow_range_is_stretched_and_told(values: np.ndarray) -> None:
    drawn = draw([values])
    exact = (values - float(values.min())) / (float(values.max()) - float(values.min())) * 255
    assert np.abs(drawn.pixels[:, :, 0] - exact).max() <= 2
    assert "are drawn as black to white" in drawn.notes[0]
    assert "of 1 image" in drawn.notes[0]


def test_one_range_for_all_images_of_a_dataset() -> None:
    """A dark image beside a bright one stays darker."""
    images = [RAMP.astype(np.uint16) * 4, RAMP.astype(np.uint16) * 12]
    display = Display(lambda: images)
    dark, bright = (display.draw(image).pixels for image in images)
    assert dark.max() == pytest.approx(85, abs=2)
    assert bright.max() == 255


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint16, np.float32, np.bool_])
def test_a_mask_of_0_and_1_is_black_and_white(dtype: type) -> None:
    mask = (RAMP > 250).astype(dtype)
    drawn = draw([mask])
    assert np.array_equal(drawn.pixels, grey(np.where(RAMP > 250, 255, 0)))


def test_class_numbers_are_spread_and_the_mark_for_ignore_is_white() -> None:
    classes = RAMP // 64
    assert np.array_equal(np.unique(draw([classes]).pixels), [0, 85, 170, 255])
    marked = classes.copy()
    marked[0] = 255
    drawn = draw([marked])
    assert np.array_equal(np.unique(drawn.pixels), [0, 85, 170, 255])
    assert "255 is white as well" in drawn.notes[0]


def test_black_and_white_of_uint8_is_nothing_to_stretch() -> None:
    assert draw([np.where(RAMP > 9, 255, 0).astype(np.uint8)]).notes == ()


def test_a_dark_photograph_among_bright_ones_stays_as_it_is() -> None:
    assert np.array_equal(draw([RAMP // 8, RAMP]).pixels, grey(RAMP // 8))


def test_nan_infinity_and_no_data_do_not_count() -> None:
    values = RAMP.astype(np.float32) * 10 + 100
    values[0, :3] = np.nan, np.inf, -np.inf
    drawn = draw([values])
    assert (drawn.low, drawn.high) == pytest.approx((130, 2650), abs=5)
    assert drawn.pixels[0, :3, 0].tolist() == [0, 255, 0]
    values[1] = -9999
    assert draw([values]).low >= 100
    assert draw([RAMP.astype(np.int16) + 500 - 999 * (RAMP == 7)], no_data=-492).low >= 500


def test_a_few_hot_pixels_do_not_make_the_rest_black() -> None:
    values = np.tile(RAMP, (8, 8)).astype(np.uint16) * 4
    values[5, 5] = 65535
    assert draw([values]).high < 1100


def test_nothing_but_one_value() -> None:
    for value, expected in ((0, 0), (1, 255), (7, 255)):
        assert draw([np.full((9, 9), value, np.int32)]).pixels.max() == expected
    assert measured(np.empty(0, np.float32), "no image").high == 1
    assert sampled([]).size == 0


def test_as_is_and_as_asked_for() -> None:
    values = RAMP.astype(np.uint16) * 10
    drawn = draw([values], choice=Choice(AS_IS))
    assert drawn.pixels.max() == 10
    assert drawn.notes == ("values from 0 to 65535 are drawn as black to white: as they are",)
    assert draw([values], choice=Choice((0.0, 5100.0))).pixels.max() == 128
    assert draw([RAMP // 8], choice=Choice(AS_IS)).notes == ()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0.0, 0.7]), (0, 1)), (np.array([-0.2, 0.7]), (-1, 1)), (np.array([0.0, 200.0]), (0, 255)),
        (np.array([-5.0, 200.0]), (-5, 200)), (np.array([3], np.uint16), (0, 65535)),
        (np.array([3], np.int32), (0, 255)), (np.array([300], np.int32), (0, 65535)),
        (np.array([-3], np.int16), (-32768, 32767)), (np.array([300], np.int16), (0, 32767)),
    ],
)  # fmt: skip
def test_what_a_type_stands_for(values: np.ndarray, expected: tuple[float, float]) -> None:
    found = of_type(values)
    assert (found.low, found.high) == expected


def colour_png_of_16_bits(values: np.ndarray) -> bytes:
    """Pillow writes none."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_the_numbers_of_image_files_that_are_no_photographs() -> None:
    def file(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
        made = io.BytesIO()
        image.save(made, kind, **options)
        return made.getvalue()

    wide = RAMP.astype(np.uint16) * 9
    assert np.array_equal(samples_of(file(Image.fromarray(wide))), wide)
    assert np.array_equal(samples_of(file(Image.fromarray(RAMP // 99))), RAMP // 99)
    colours = np.stack([wide, wide.T, wide + 7], axis=-1)
    assert np.array_equal(samples_of(colour_png_of_16_bits(colours)), colours)
    turned = samples_of(file(Image.fromarray(wide), "TIFF", tiffinfo={274: 6}))
    assert np.array_equal(turned, np.rot90(wide, -1))
    for other in (file(Image.fromarray(RAMP), "JPEG"), file(Image.fromarray(RAMP).convert("P")),
                  file(Image.fromarray(RAMP).convert("RGB")), file(Image.fromarray(RAMP).convert("LA"))):  # fmt: skip
        assert samples_of(other) is None
    with pytest.raises(ValueError, match="broken image"):
        samples_of(file(Image.fromarray(wide))[:60])


# ---------------------------------------------------------------- bands


def test_an_unnamed_fourth_or_second_channel_is_no_transparency() -> None:
    image = np.stack([RAMP, RAMP.T, 255 - RAMP, np.zeros_like(RAMP)], axis=-1)
    drawn = draw([image])
    assert np.array_equal(drawn.pixels, image[:, :, :3])
    assert "bands 1, 2, 3 of 4" in drawn.notes[0]
    two = draw([image[:, :, 1:3]])
    assert np.array_equal(two.pixels, grey(RAMP.T))
    assert "band 1 of 2" in two.notes[0]
    assert np.array_equal(arrays.to_rgb(image), image[:, :, :3])


def test_declared_transparency_is_laid_over_white() -> None:
    image = np.stack([RAMP, RAMP, RAMP, np.where(RAMP > 99, 255, 0)], axis=-1).astype(np.uint8)
    for hints in (Hints(words=("rgba",)), Hints(alpha=True)):
        drawn = Display(lambda: [image], hints).draw(image)
        assert np.array_equal(drawn.pixels, grey(np.where(RAMP > 99, RAMP, 255)))


@pytest.mark.parametrize(
    ("count", "hints", "signed", "expected"),
    [
        (3, Hints(), True, (0, 1, 2)),
        (4, Hints(), True, (0,)),
        (5, Hints(), False, (0, 1, 2)),
        (10, Hints(), False, (2, 1, 0)),
        (12, Hints(), False, (3, 2, 1)),
        (13, Hints(), False, (3, 2, 1)),
        (3, Hints(words=("bgr",)), False, (2, 1, 0)),
        (6, Hints(names=("Blue", "Green", "Red", "NIR", "SWIR1", "SWIR2")), False, (2, 1, 0)),
        (4, Hints(names=("B8", "B2", "B3", "B4")), False, (3, 2, 1)),
        (13, Hints(names=("B02", "B03", "B04", *(f"X{n}" for n in range(10)))), False, (2, 1, 0)),
        (31, Hints(wavelengths=tuple(np.linspace(400, 700, 31))), False, (25, 15, 6)),
        (31, Hints(wavelengths=tuple(np.linspace(900, 1700, 31))), False, (0, 1, 2)),
        (31, Hints(), False, (0, 1, 2)),
    ],
)
def test_which_bands_are_drawn(count: int, hints: Hints, signed: bool, expected: tuple[int, ...]) -> None:
    found = choose(count, hints, signed)
    assert found.chosen == expected
    assert count == 3 or found.words


def test_bands_that_are_asked_for() -> None:
    assert parsed("4, 3,2") == (3, 2, 1)
    image = np.stack([RAMP] * 5 + [RAMP.T], axis=-1)
    assert np.array_equal(draw([image], choice=Choice(bands=(5,))).pixels, grey(RAMP.T))
    assert asked(6, (5, 0, 1)).chosen == (5, 0, 1)
    for wrong in ("", "0", "1,2", "a,b,c", "1,2,3,4", "9999999999"):
        with pytest.raises(ValueError, match="give one, or three"):
            parsed(wrong)
    assert asked(6, (4, 4, 4)).chosen == (4,)
    assert draw([image], choice=Choice(bands=(5,), channels=13)).bands == (0, 1, 2)
    with pytest.raises(ValueError, match="it has 6"):
        draw([image], choice=Choice(bands=(6,)))


def test_a_choice_survives_json_and_names_what_is_none() -> None:
    for choice in (Choice(), Choice(AS_IS, (2, 1, 0), 13), Choice((0.5, 7.0), (3,))):
        assert Choice.from_json(choice.to_json()) == choice
    assert Choice.parsed("0:4095", "1") == Choice((0.0, 4095.0), (0,))
    for wrong in ("bright", "5:1", "1:", "nan:3"):
        with pytest.raises(ValueError, match="is no range"):
            Choice.parsed(wrong, None)


def test_the_range_is_that_of_the_bands_drawn() -> None:
    """A band that is far brighter does not make the others dark."""
    image = np.stack([RAMP.astype(np.uint16) * 4] * 3 + [RAMP.astype(np.uint16) * 200] * 2, axis=-1)
    assert draw([image]).high < 1100
    assert draw([image], choice=Choice(bands=(3,))).high > 50_000


def test_bands_first_and_last() -> None:
    assert channel_axis((13, 64, 64)) == 0
    assert channel_axis((64, 64, 13)) == 2
    assert channel_axis((3, 9, 3)) == 2
    assert channel_axis((40, 64, 64)) is None


def test_a_folder_of_masks_is_not_black(tmp_path: Path) -> None:
    for place in range(4):
        Image.fromarray((40 * place < RAMP).astype(np.uint8)).save(tmp_path / f"{place}.png")
    (tmp_path / "4.csv").write_text("0\n1\n2\n3\n")
    folder = FilesFolder(tmp_path)
    _, found = understand(folder, "png-csv")
    assert np.array_equal(found.read(2).pixels, grey(np.where(RAMP > 80, 255, 0)))
    folder.choice = Choice(AS_IS)
    assert found.read(2).pixels.max() == 1
