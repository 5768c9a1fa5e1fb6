"""Runs of pixels to where a batch wants them: float32 or uint8, planar or interleaved, decided while running."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .native import inlined
from .simd import colour
from .simd.rounding import FORMATS

PIECE = 16
"""Pixels that are written at a time; a run must not be shorter."""

(
    PLANAR, PLANAR_U8, PLANAR_F16, PLANAR_BF16, INTERLEAVED, INTERLEAVED_U8, INTERLEAVED_F16, INTERLEAVED_BF16
) = range(len(colour.LAYOUTS))  # fmt: skip

BYTES = tuple(size for size, _ in FORMATS.values())
"""Of a number, by format."""

Address = np.uint64


class Output(NamedTuple):
    """Where samples go: `memory`, uint8 (B, bytes of a sample), in one of the layouts above.

    A number is pixel * scale + shift; `factors` holds both for red, green and blue, float32 (6,). uint8 is cut off.
    """

    memory: npt.NDArray[np.uint8]
    layout: int
    factors: npt.NDArray[np.float32]


@inlined
def place_of(output: Output, sample: int, pixel: int) -> Address:
    """Where a pixel of a sample begins (in the first plane)."""
    start = np.uint64(output.memory.ctypes.data) + np.uint64(sample * output.memory.shape[1])
    return start + np.uint64(pixel) * pixel_bytes(output)


@inlined
def pixel_bytes(output: Output) -> Address:
    """From one pixel to the next (in the first plane)."""
    size = np.uint64(BYTES[output.layout % len(BYTES)])
    return np.uint64(3) * size if output.layout >= INTERLEAVED else size


@inlined
def plane_bytes(output: Output) -> Address:
    """From one plane to the next."""
    return np.uint64(output.memory.shape[1] // 3)


@inlined
def write_ycc(luma: Address, blue: Address, red: Address, pixels: int, output: Output, out: Address) -> None:
    """A run of libjpeg's YCbCr: luma uint8, chroma int16."""
    factors, plane, step = np.uint64(output.factors.ctypes.data), plane_bytes(output), pixel_bytes(output)
    for start in range(0, pixels, PIECE):
        x = np.uint64(min(start, pixels - PIECE))
        y, b, r = luma + x, blue + np.uint64(2) * x, red + np.uint64(2) * x
        colour.write_ycc(y, b, r, factors, out + step * x, plane, output.layout)


@inlined
def write_smooth(
    one: Address, two: Address, three: Address, ycc: bool, pixels: int, output: Output, out: Address
) -> None:
    """A run of resized pixels, three rows of float32: YCbCr or RGB."""
    factors, plane, step = np.uint64(output.factors.ctypes.data), plane_bytes(output), pixel_bytes(output)
    for start in range(0, pixels, PIECE):
        x = np.uint64(min(start, pixels - PIECE))
        a, b, c = one + np.uint64(4) * x, two + np.uint64(4) * x, three + np.uint64(4) * x
        if ycc:
            colour.write_smooth_ycc(a, b, c, factors, out + step * x, plane, output.layout)
        else:
            colour.write_smooth_rgb(a, b, c, factors, out + step * x, plane, output.layout)


@inlined
def write_raw(source: Address, pixels: int, output: Output, out: Address) -> None:
    """A run of interleaved uint8 RGB."""
    factors, plane, step = np.uint64(output.factors.ctypes.data), plane_bytes(output), pixel_bytes(output)
    for start in range(0, pixels, PIECE):
        x = np.uint64(min(start, pixels - PIECE))
        rgb = source + np.uint64(3) * x
        colour.write_raw(rgb, rgb, rgb, factors, out + step * x, plane, output.layout)
