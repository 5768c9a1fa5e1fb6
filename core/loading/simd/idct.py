"""libjpeg's accurate integer IDCT (jidctint.c): all columns of a block at once, then all rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from numba import types

from .instruction import (
    ADDRESS,
    BYTE,
    F32,
    I8,
    I32,
    VOID,
    constant,
    instruction,
    load,
    offset,
    shuffle,
    splat,
    store,
    vector,
)

LARGEST_COLUMN = 16000
"""Up to this in every column, no two columns' sums leave the 16 bits in which libjpeg's vector code adds them.
A natural image's come to 16,073 at most. Larger ones: `core.loading.jpeg.scan`."""

ROW, SAMPLES, FLOATS = vector(I32, 8), vector(I8, 8), vector(F32, 8)


@instruction(types.boolean, ADDRESS, ADDRESS, ADDRESS)
def idct_block(builder: Any, coefficients: Any, out: Any, stride: Any) -> Any:
    """The samples of a block. True where a coefficient is too large for them to be libjpeg's for certain.

    `coefficients`: address of 64 dequantised int32, rows of the block one after the other. `out`: address of
    the first of 8 x 8 uint8 samples, whose rows are `stride` bytes apart.
    """
    return _idct(builder, coefficients, out, stride, 8)


@instruction(types.boolean, ADDRESS, ADDRESS, ADDRESS)
def idct_corner(builder: Any, coefficients: Any, out: Any, stride: Any) -> Any:
    """The same for a block whose coefficients are zero but for the first four of its first four rows."""
    return _idct(builder, coefficients, out, stride, 4)


def _idct(builder: Any, coefficients: Any, out: Any, stride: Any, size: int) -> Any:
    """With `size` x `size` coefficients; what is multiplied with the zeros beyond is left out by the compiler."""
    zeros = [constant(0, ROW)] * (8 - size)
    rows = [load(builder, offset(builder, coefficients, row, 32), ROW) for row in range(size)] + zeros
    columns = _transposed(builder, _one_dimension(builder, rows, 11))[:size] + zeros
    samples = [_to_byte(builder, column) for column in _one_dimension(builder, columns, 18)]
    _store_rows(builder, _transposed(builder, samples), out, stride)
    return _has_large(builder, rows[:size])


def _has_large(builder: Any, rows: Sequence[Any]) -> Any:
    """Whether the first pass may give some column more than `LARGEST_COLUMN`.

    It takes the column's first coefficient 4 times, and the others 5.55 times at most.
    """
    sizes = [builder.select(builder.icmp_signed("<", row, constant(0, ROW)), builder.neg(row), row) for row in rows]
    first = builder.shl(sizes[0], constant(2, ROW))
    others = builder.mul(reduce(builder.add, sizes[1:]), constant(6, ROW))
    outside = builder.icmp_unsigned(">", builder.add(first, others), constant(LARGEST_COLUMN, ROW))
    return builder.icmp_signed("!=", builder.bitcast(outside, I8), I8(0))


@instruction(VOID, BYTE, ADDRESS, ADDRESS)
def fill_block(builder: Any, value: Any, out: Any, stride: Any) -> None:
    """8 x 8 samples of one value: the IDCT of a block that has nothing but its DC coefficient."""
    _store_rows(builder, [splat(builder, value, 8)] * 8, out, stride)


@instruction(VOID, ADDRESS)
def clear_block(builder: Any, coefficients: Any) -> None:
    """Set 64 int32 to zero."""
    for row in range(8):
        store(builder, constant(0, ROW), offset(builder, coefficients, row, 32))


@instruction(VOID, ADDRESS, ADDRESS, ADDRESS, ADDRESS)
def transpose(builder: Any, source: Any, source_stride: Any, target: Any, target_stride: Any) -> None:
    """Transpose 8 x 8 float32; the strides are in bytes."""
    rows = [
        load(builder, builder.add(source, builder.mul(source_stride, source_stride.type(row))), FLOATS)
        for row in range(8)
    ]
    _store_rows(builder, _transposed(builder, rows), target, target_stride, align=4)


def _store_rows(builder: Any, rows: Sequence[Any], address: Any, stride: Any, align: int = 1) -> None:
    for number, row in enumerate(rows):
        store(builder, row, builder.add(address, builder.mul(stride, stride.type(number))), align)


def _transposed(builder: Any, rows: Sequence[Any]) -> list[Any]:
    """Eight vectors of eight: three times, halves interleaved."""
    low, high = ([half + lane // 2 + 8 * (lane % 2) for lane in range(8)] for half in (0, 4))
    for _ in range(3):
        rows = [shuffle(builder, rows[i], rows[i + 4], mask) for i in range(4) for mask in (low, high)]
    return list(rows)


def _one_dimension(builder: Any, inputs: Sequence[Any], shift: int) -> list[Any]:
    """The one-dimensional transform of jidctint.c in eight lanes; its constants are 13-bit fixed point."""
    add, sub = builder.add, builder.sub

    def times(value: Any, factor: int) -> Any:
        return builder.mul(value, constant(factor, ROW))

    common = times(add(inputs[2], inputs[6]), 4433)
    even2, even3 = add(common, times(inputs[6], -15137)), add(common, times(inputs[2], 6270))
    even0, even1 = (builder.shl(op(inputs[0], inputs[4]), constant(13, ROW)) for op in (add, sub))
    even = [add(even0, even3), add(even1, even2), sub(even1, even2), sub(even0, even3)]

    odd = [inputs[7], inputs[5], inputs[3], inputs[1]]
    z1, z2, z3, z4 = add(odd[0], odd[3]), add(odd[1], odd[2]), add(odd[0], odd[2]), add(odd[1], odd[3])
    z5 = times(add(z3, z4), 9633)
    odd = [times(value, factor) for value, factor in zip(odd, (2446, 16819, 25172, 12299), strict=True)]
    z1, z2 = times(z1, -7373), times(z2, -20995)
    z3, z4 = add(times(z3, -16069), z5), add(times(z4, -3196), z5)
    odd = [add(odd[0], add(z1, z3)), add(odd[1], add(z2, z4)), add(odd[2], add(z2, z3)), add(odd[3], add(z1, z4))]

    rounding, by = constant(1 << (shift - 1), ROW), constant(shift, ROW)
    sums = [add(even[i], odd[3 - i]) for i in range(4)] + [sub(even[i], odd[3 - i]) for i in (3, 2, 1, 0)]
    return [builder.ashr(add(total, rounding), by) for total in sums]


def _to_byte(builder: Any, values: Any) -> Any:
    """Centred samples to 0..255, clamped."""
    lowest, highest = constant(0, ROW), constant(255, ROW)
    values = builder.add(values, constant(128, ROW))
    values = builder.select(builder.icmp_signed("<", values, lowest), lowest, values)
    values = builder.select(builder.icmp_signed(">", values, highest), highest, values)
    return builder.trunc(values, SAMPLES)
