"""Arrays as image files: the pixel rule reads back what was written."""

from __future__ import annotations

import numpy as np
import pytest

from core.encodings.original import OriginalEncoding
from core.images import pixels
from core.images.array_files import as_image_file
from core.images.value_range import ValueRange

RNG = np.random.default_rng(7)
GREY = RNG.integers(0, 256, (5, 7), np.uint8)
COLOUR = RNG.integers(0, 256, (5, 7, 3), np.uint8)


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("array", [GREY, GREY[:, :, None], COLOUR, COLOUR[::-1, ::2]], ids=["2d", "1", "rgb", "view"])
def test_bytes(array: np.ndarray, small: bool) -> None:
    data, ending = as_image_file(array, small)
    assert np.array_equal(pixels.decode(data), np.broadcast_to(array if array.ndim == 3 else array[:, :, None],
                                                               (*array.shape[:2], 3)))  # fmt: skip
    assert OriginalEncoding().suffix(data) == ending


def test_wide_samples_keep_their_numbers_and_are_scaled_by_the_range_of_their_dataset() -> None:
    array = np.array([[0, 1000], [2047, 4095]], np.uint16)
    data, ending = as_image_file(array, True)
    shown, values = pixels.examine(data)
    assert ending == ".npy"
    assert values == pixels.Values("integer", 0, 4095)
    assert pixels.decode(data, ValueRange(integers=(0, 4095)))[:, :, 1].tolist() == [[0, 62], [127, 255]]
    assert OriginalEncoding().suffix(data) == ".npy"
    assert shown.max() == 16


def test_truth_values_are_black_and_white_and_floats_have_their_range() -> None:
    assert pixels.decode(as_image_file(np.array([[True, False]]), True)[0])[0, :, 0].tolist() == [255, 0]
    data, _ = as_image_file(np.array([[-1.0, 0.0], [np.nan, 1.0]], np.float32), True)
    assert pixels.decode(data, ValueRange(floats=(-1, 1)))[:, :, 0].tolist() == [[0, 128], [0, 255]]


def test_of_bands_that_nothing_names_the_first_are_shown() -> None:
    bands = RNG.integers(0, 256, (9, 11, 5), np.uint8)
    assert np.array_equal(pixels.decode(as_image_file(bands, True)[0]), bands[:, :, :3])
    two, _ = as_image_file(bands[:, :, :2], True)
    assert np.array_equal(pixels.decode(two), np.repeat(bands[:, :, :1], 3, axis=2))


@pytest.mark.parametrize("array", [np.zeros(4), np.array([["a"]]), np.zeros((0, 3), np.uint8)], ids=["1d", "text", "0"])
def test_what_is_no_image_is_refused(array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="not an image's samples"):
        as_image_file(array, True)


def test_objects_in_an_npy_file_are_never_loaded() -> None:
    hostile = b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1, 1), }".ljust(127) + b"\nx"
    with pytest.raises(pixels.BadImage):
        pixels.decode(hostile)
