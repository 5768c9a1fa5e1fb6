"""PNG's filters undone (PNG specification, third edition, chapter 9), a row at a time.

What a byte was reduced by is the byte before it, which is known only when that one is done: so pixel by pixel, with
the channels of a pixel in the lanes of one vector.
"""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
from collections.abc import Callable, Sequence
from typing import Any

from numba.core import cgutils

from .instruction import ADDRESS, I8, I16, VOID, constant, instruction, load, offset, store, vector

PIECE = 32
"""Bytes that `add_piece` and `copy_piece` take at a time."""

BYTES = vector(I8, PIECE)

Step = Callable[[Any, Any, Any, Sequence[Any]], tuple[Any, Sequence[Any]]]
"""(builder, filtered pixel, pixel above, carried): the pixel, and what is carried to the next one."""


@instruction(VOID, ADDRESS, ADDRESS, ADDRESS)
def add_piece(builder: Any, source: Any, above: Any, out: Any) -> None:
    """out = source + above, `PIECE` bytes (filter Up)."""
    total = builder.add(load(builder, source, BYTES, align=1), load(builder, above, BYTES, align=1))
    store(builder, total, out, align=1)


@instruction(VOID, ADDRESS, ADDRESS)
def copy_piece(builder: Any, source: Any, out: Any) -> None:
    """out = source, `PIECE` bytes."""
    store(builder, load(builder, source, BYTES, align=1), out, align=1)


def _sub(builder: Any, filtered: Any, _: Any, carried: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
    pixel = builder.add(filtered, carried[0])
    return pixel, [pixel]


def _average(builder: Any, filtered: Any, above: Any, carried: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
    """With all bits turned over, because CPUs have an average that is rounded up.

    floor((a + b) / 2) = ~ceil((~a + ~b) / 2), and ~(x + ~y) = y - x: two instructions from pixel to pixel.
    """
    wide = vector(I16, filtered.type.count)
    total = builder.add(builder.zext(carried[0], wide), builder.zext(builder.not_(above), wide))
    total = builder.add(total, constant(1, wide))
    rounded_up = builder.trunc(builder.lshr(total, constant(1, wide)), filtered.type)
    turned = builder.sub(rounded_up, filtered)
    return builder.not_(turned), [turned]


def _paeth(builder: Any, filtered: Any, above: Any, carried: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
    """Of left, above and corner (above the left one) the one nearest to left + above - corner, in this order.

    With t = 3 corner - left - above: the larger of left and above where t is not above the smaller one; else the
    smaller where t is not below the larger one; else the corner.
    """
    left, corner = carried
    wide = left.type
    above = builder.zext(above, wide)
    ahead = builder.sub(builder.mul(corner, constant(3, wide)), above)
    smaller = builder.select(builder.icmp_signed("<", left, above), left, above)
    larger = builder.select(builder.icmp_signed("<", left, above), above, left)
    bound = builder.sub(ahead, left)
    chosen = _choose(builder, builder.sub(bound, larger), corner, smaller)
    chosen = _choose(builder, builder.sub(smaller, bound), chosen, larger)
    both = vector(I8, 2 * wide.count)
    total = builder.add(builder.bitcast(chosen, both), builder.bitcast(builder.zext(filtered, wide), both))
    pixel = builder.bitcast(total, wide)
    return builder.trunc(pixel, filtered.type), [pixel, above]


def _choose(builder: Any, number: Any, if_negative: Any, otherwise: Any) -> Any:
    """By the sign of an int16 between -2048 and 2047, in each lane.

    Shifted by 12 bits, not by 15: LLVM would see that it is a comparison, whose result has a longer way through a mask
    register, and from pixel to pixel it is the way that counts.
    """
    sign = builder.ashr(number, constant(12, number.type))
    return builder.or_(builder.and_(sign, if_negative), builder.and_(builder.not_(sign), otherwise))


def _row(size: int, step: Step, start: Sequence[int], wide: bool) -> Any:
    """An instruction that undoes a filter in a row of pixels of `size` bytes.

    (source, above, out, pixels): addresses of the filtered row, the row above it and where it goes. `step` starts with
    these numbers carried, uint8 or, if `wide`, int16. Of pixels of 3 bytes the byte behind the row is written as well.
    """
    lanes = size + size % 2 if size > 1 else 1
    kind = vector(I8, lanes)

    @instruction(VOID, ADDRESS, ADDRESS, ADDRESS, ADDRESS)
    def undo(builder: Any, source: Any, above: Any, out: Any, pixels: Any) -> None:
        first = vector(I16 if wide else I8, lanes)
        places = [cgutils.alloca_once_value(builder, constant(value, first)) for value in start]
        with cgutils.for_range(builder, pixels) as loop:
            filtered, neighbour = (
                load(builder, offset(builder, row, loop.index, size), kind, align=1) for row in (source, above)
            )
            pixel, carried = step(builder, filtered, neighbour, [builder.load(place) for place in places])
            for place, value in zip(places, carried, strict=True):
                builder.store(value, place)
            store(builder, pixel, offset(builder, out, loop.index, size), align=1)

    return undo


def _every_size(step: Step, start: Sequence[int], *, wide: bool = False) -> tuple[Any, Any, Any, Any]:
    """For pixels of 1, 2, 3 and 4 bytes."""
    return (
        _row(1, step, start, wide),
        _row(2, step, start, wide),
        _row(3, step, start, wide),
        _row(4, step, start, wide),
    )


sub_1, sub_2, sub_3, sub_4 = _every_size(_sub, [0])
average_1, average_2, average_3, average_4 = _every_size(_average, [-1])
paeth_1, paeth_2, paeth_3, paeth_4 = _every_size(_paeth, [0, 0], wide=True)
