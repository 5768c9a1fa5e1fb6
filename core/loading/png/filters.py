"""Filters undone, row by row, from the inflated bytes to pixels."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np

from ..native import kernel
from ..simd import unfilter as simd
from ..simd.instruction import load_u8, store_u8
from .chunks import image_place
from .state import HEIGHT, PIXEL, ROW, SLACK, PngState

NONE, SUB, UP, AVERAGE, PAETH = range(5)

Address = np.uint64


@kernel
def unfilter(state: PngState, rows: int) -> bool:
    """Undo the filters of the first `rows` rows of `state.filtered`. False where some row's is none of the five.

    RGB goes to its place in `state.samples`; all else stays where it is, behind the byte that names its filter.
    """
    frame = state.frame
    size, pixel = frame[ROW], frame[PIXEL]
    source, above = np.uint64(state.filtered.ctypes.data), np.uint64(state.samples.ctypes.data)
    out, stride = source + np.uint64(1), np.uint64(size + 1)
    if pixel == 3:
        out, stride = above + np.uint64(image_place(state)), np.uint64(size)
    state.samples[: size + SLACK] = 0  # the row above the first
    for row in range(frame[HEIGHT]):
        kind = load_u8(source, np.uint64(0))
        if kind > PAETH:
            return False
        if row < rows:
            _undo(kind, pixel, source + np.uint64(1), above, out, size)
        above = out
        out += stride
        source += np.uint64(size + 1)
    return True


@kernel
def _undo(kind: int, pixel: int, source: Address, above: Address, out: Address, size: int) -> None:
    """One row of `size` bytes."""
    pixels = np.uint64(size // pixel)
    if kind == NONE:
        if source != out:
            _copy(source, out, size)
    elif kind == UP:
        _add(source, above, out, size)
    elif pixel == 3:
        _undo_3(kind, source, above, out, pixels)
    elif pixel == 1:
        _undo_1(kind, source, above, out, pixels)
    elif pixel == 4:
        _undo_4(kind, source, above, out, pixels)
    else:
        _undo_2(kind, source, above, out, pixels)


@kernel
def _copy(source: Address, out: Address, size: int) -> None:
    """`PIECE` bytes at a time; up to so many behind the end are written as well."""
    for start in range(0, size, simd.PIECE):
        simd.copy_piece(source + np.uint64(start), out + np.uint64(start))


@kernel
def _add(source: Address, above: Address, out: Address, size: int) -> None:
    whole = size // simd.PIECE * simd.PIECE
    for start in range(0, whole, simd.PIECE):
        place = np.uint64(start)
        simd.add_piece(source + place, above + place, out + place)
    for start in range(whole, size):  # no byte more: behind a row that stays where it is comes the next one
        place = np.uint64(start)
        store_u8(out + place, np.uint64(load_u8(source, place) + load_u8(above, place)))


@kernel
def _undo_1(kind: int, source: Address, above: Address, out: Address, pixels: Address) -> None:
    if kind == SUB:
        simd.sub_1(source, above, out, pixels)
    elif kind == AVERAGE:
        simd.average_1(source, above, out, pixels)
    else:
        simd.paeth_1(source, above, out, pixels)


@kernel
def _undo_2(kind: int, source: Address, above: Address, out: Address, pixels: Address) -> None:
    if kind == SUB:
        simd.sub_2(source, above, out, pixels)
    elif kind == AVERAGE:
        simd.average_2(source, above, out, pixels)
    else:
        simd.paeth_2(source, above, out, pixels)


@kernel
def _undo_3(kind: int, source: Address, above: Address, out: Address, pixels: Address) -> None:
    if kind == SUB:
        simd.sub_3(source, above, out, pixels)
    elif kind == AVERAGE:
        simd.average_3(source, above, out, pixels)
    else:
        simd.paeth_3(source, above, out, pixels)


@kernel
def _undo_4(kind: int, source: Address, above: Address, out: Address, pixels: Address) -> None:
    if kind == SUB:
        simd.sub_4(source, above, out, pixels)
    elif kind == AVERAGE:
        simd.average_4(source, above, out, pixels)
    else:
        simd.paeth_4(source, above, out, pixels)
