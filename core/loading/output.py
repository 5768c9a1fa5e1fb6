"""Runs of pixels to where a batch wants them: float32 or uint8, planar or interleaved, decided while running."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .native import inlined
from .simd import colour

PIECE = 16
"""Pixels that are written at a time; a run must not be shorter."""

PLANAR, PLANAR_U8, INTERLEAVED, INTERLEAVED_U8 = range(4)

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
    size = 1 if output.layout & 1 else 4
    return start + np.uint64(pixel * size * (3 if output.layout >= INTERLEAVED else 1))


@inlined
def plane_bytes(output: Output) -> Address:
    """From one plane to the next."""
    return np.uint64(output.memory.shape[1] // 3)


@inlined
def write_ycc(luma: Address, blue: Address, red: Address, pixels: int, output: Output, out: Address) -> None:
    """A run of libjpeg's YCbCr: luma uint8, chroma float32."""
    factors, plane = np.uint64(output.factors.ctypes.data), plane_bytes(output)
    for start in range(0, pixels, PIECE):
        x = np.uint64(min(start, pixels - PIECE))
        y, b, r = luma + x, blue + np.uint64(4) * x, red + np.uint64(4) * x
        if output.layout == PLANAR:
            colour.ycc_planar(y, b, r, factors, out + np.uint64(4) * x, plane)
        elif output.layout == PLANAR_U8:
            colour.ycc_planar_u8(y, b, r, factors, out + x, plane)
        elif output.layout == INTERLEAVED:
            colour.ycc_interleaved(y, b, r, factors, out + np.uint64(12) * x, plane)
        else:
            colour.ycc_interleaved_u8(y, b, r, factors, out + np.uint64(3) * x, plane)


@inlined
def write_smooth(
    one: Address, two: Address, three: Address, ycc: bool, pixels: int, output: Output, out: Address
) -> None:
    """A run of resized pixels, three rows of float32: YCbCr or RGB."""
    factors, plane = np.uint64(output.factors.ctypes.data), plane_bytes(output)
    for start in range(0, pixels, PIECE):
        x = np.uint64(min(start, pixels - PIECE))
        a, b, c = one + np.uint64(4) * x, two + np.uint64(4) * x, three + np.uint64(4) * x
        if output.layout == PLANAR:
            if ycc:
                colour.smooth_ycc_planar(a, b, c, factors, out + np.uint64(4) * x, plane)
            else:
                colour.smooth_planar(a, b, c, factors, out + np.uint64(4) * x, plane)
        elif output.layout == PLANAR_U8:
            if ycc:
                colour.smooth_ycc_planar_u8(a, b, c, factors, out + x, plane)
            else:
                colour.smooth_planar_u8(a, b, c, factors, out + x, plane)
        elif output.layout == INTERLEAVED:
            if ycc:
                colour.smooth_ycc_interleaved(a, b, c, factors, out + np.uint64(12) * x, plane)
            else:
                colour.smooth_interleaved(a, b, c, factors, out + np.uint64(12) * x, plane)
        elif ycc:
            colour.smooth_ycc_interleaved_u8(a, b, c, factors, out + np.uint64(3) * x, plane)
        else:
            colour.smooth_interleaved_u8(a, b, c, factors, out + np.uint64(3) * x, plane)


@inlined
def write_raw(source: Address, pixels: int, output: Output, out: Address) -> None:
    """A run of interleaved uint8 RGB."""
    factors, plane = np.uint64(output.factors.ctypes.data), plane_bytes(output)
    for start in range(0, pixels, PIECE):
        x = np.uint64(min(start, pixels - PIECE))
        rgb = source + np.uint64(3) * x
        if output.layout == PLANAR:
            colour.raw_planar(rgb, rgb, rgb, factors, out + np.uint64(4) * x, plane)
        elif output.layout == PLANAR_U8:
            colour.raw_planar_u8(rgb, rgb, rgb, factors, out + x, plane)
        elif output.layout == INTERLEAVED:
            colour.raw_interleaved(rgb, rgb, rgb, factors, out + np.uint64(12) * x, plane)
        else:
            colour.raw_interleaved_u8(rgb, rgb, rgb, factors, out + np.uint64(3) * x, plane)
