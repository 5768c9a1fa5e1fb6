"""Sixteen pixels at once: chroma brought to full size, YCbCr to RGB as libjpeg does it, RGB taken apart.

libjpeg's pixels are made in integers of 16 bits, resized ones in float32. `factors` is the address of six float32: the
scale and shift of red, of green and of blue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .instruction import (
    ADDRESS,
    F32,
    I8,
    I16,
    I32,
    I64,
    INTEGER,
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
from .rounding import FORMATS

LANES = 16
FLOATS, BYTES = vector(F32, LANES), vector(I8, LANES)
WORDS, WIDE = vector(I16, LANES), vector(I32, LANES)

STARTS = (0, 12, 24, 32)
"""Where the four loads of sixteen pixels' 48 bytes begin; the last ends where they do."""

# 16-bit fixed-point factors of the conversion (jdcolor.c).
RED, GREEN_BLUE, GREEN_RED, BLUE = 91881, 22554, 46802, 116130
ONE = 65536

LAYOUTS = [(planar, form) for planar in (True, False) for form in FORMATS]
"""What can be written: in planes or interleaved, and as which numbers. Written is what has this number here."""


@instruction(VOID, ADDRESS, ADDRESS)
def as_words(builder: Any, row: Any, out: Any) -> None:
    """Sixteen uint8 as int16."""
    store(builder, builder.zext(load(builder, row, BYTES, align=1), WORDS), out, align=2)


@instruction(VOID, ADDRESS, ADDRESS, INTEGER, INTEGER, ADDRESS)
def widen(builder: Any, near: Any, far: Any, place: Any, last: Any, out: Any) -> None:
    """Thirty-two samples, int16, from sixteen of each of two rows, uint8: 9/16, 3/16, 3/16 and 1/16 of four neighbours.

    jdsample.c's h2v2_fancy_upsample: `near` is the nearer row. `place` is the first sample's in its row and `last` the
    last one's of the row; these two are their own neighbours. What is written has the same place, twice.
    """
    before, middle, behind = (
        builder.add(builder.mul(_words(builder, near, step), constant(3, WORDS)), _words(builder, far, step))
        for step in (-1, 0, 1)
    )
    _widen(builder, (before, middle, behind), (8, 7, 4), place, last, out)


@instruction(VOID, ADDRESS, INTEGER, INTEGER, ADDRESS)
def widen_one(builder: Any, row: Any, place: Any, last: Any, out: Any) -> None:
    """The same from one row: 3/4 of the nearer sample and 1/4 of the other (h2v1_fancy_upsample)."""
    before, middle, behind = (_words(builder, row, step) for step in (-1, 0, 1))
    _widen(builder, (before, middle, behind), (1, 2, 2), place, last, out)


def _words(builder: Any, row: Any, step: int) -> Any:
    """Sixteen uint8, `step` behind an address, as int16."""
    return builder.zext(load(builder, builder.add(row, row.type(step)), BYTES, align=1), WORDS)


def _widen(
    builder: Any, sums: tuple[Any, Any, Any], rounding: tuple[int, int, int], place: Any, last: Any, out: Any
) -> None:
    """`sums`: sixteen and their neighbours on both sides. `rounding`: what is added to those of even and of odd places,
    and by how many bits they are shifted then.

    The neighbours come from memory that was written long ago: vectors that overlap what was just stored would wait.
    """
    before, middle, behind = sums
    even, odd, bits = rounding
    places = builder.add(splat(builder, builder.trunc(place, I32), LANES), WIDE(list(range(LANES))))
    first = builder.icmp_signed("==", places, constant(0, WIDE))
    final = builder.icmp_signed("==", places, splat(builder, builder.trunc(last, I32), LANES))
    thrice = builder.mul(middle, constant(3, WORDS))
    halves = [
        builder.add(builder.add(thrice, builder.select(edge, middle, other)), constant(added, WORDS))
        for edge, other, added in ((first, before, even), (final, behind, odd))
    ]
    both = shuffle(builder, halves[0], halves[1], [lane // 2 + LANES * (lane % 2) for lane in range(2 * LANES)])
    store(builder, builder.lshr(both, constant(bits, both.type)), out, align=2)


def _ycc(builder: Any, luma: Any, blue: Any, red: Any) -> list[Any]:
    """Sixteen pixels, luma uint8 and chroma int16, as libjpeg rounds them (jdcolor.c).

    A product with a 16-bit fraction f, rounded, is ((2 * value * f >> 16) + 1) >> 1: the upper half of a product of two
    16-bit numbers. Factors are split into whole numbers and such fractions. Green, a sum of two, takes 32 bits.
    """
    add, sub = builder.add, builder.sub
    y = builder.zext(load(builder, luma, BYTES, align=1), WORDS)
    b, r = (sub(load(builder, row, WORDS, align=2), constant(128, WORDS)) for row in (blue, red))
    twice_b = add(b, b)
    wide_b, wide_r = (builder.sext(values, WIDE) for values in (b, r))
    green = builder.add(
        builder.mul(wide_b, constant(-GREEN_BLUE, WIDE)), builder.mul(wide_r, constant(65536 - GREEN_RED, WIDE))
    )
    green = builder.trunc(builder.ashr(add(green, constant(32768, WIDE)), constant(16, WIDE)), WORDS)
    parts = [
        add(r, _rounded_product(builder, add(r, r), RED - 65536)),
        sub(green, r),
        add(twice_b, _rounded_product(builder, twice_b, BLUE - 2 * 65536)),
    ]
    return [builder.uitofp(_within_bytes(builder, add(y, part)), FLOATS) for part in parts]


def _rounded_product(builder: Any, twice: Any, fraction: int) -> Any:
    """Half of `twice`, int16, times fraction / 65536, rounded: the fraction is below a half, so it is an int16."""
    product = builder.mul(builder.sext(twice, WIDE), constant(fraction, WIDE))
    upper = builder.trunc(builder.ashr(product, constant(16, WIDE)), WORDS)
    return builder.ashr(builder.add(upper, constant(1, WORDS)), constant(1, WORDS))


def _within_bytes(builder: Any, words: Any) -> Any:
    """int16 clamped to 0..255."""
    for comparison, bound in ((">", 0), ("<", 255)):
        inside = builder.icmp_signed(comparison, words, constant(bound, WORDS))
        words = builder.select(inside, words, constant(bound, WORDS))
    return words


def _smooth_ycc(builder: Any, luma: Any, blue: Any, red: Any) -> list[Any]:
    """Sixteen pixels, all float32 and between the integers."""
    y, b, r = load(builder, luma, FLOATS), _chroma(builder, blue), _chroma(builder, red)
    parts = [
        _sum_of_products(builder, (RED / ONE, r)),
        _sum_of_products(builder, (-GREEN_BLUE / ONE, b), (-GREEN_RED / ONE, r)),
        _sum_of_products(builder, (BLUE / ONE, b)),
    ]
    return [_clamped(builder, builder.fadd(y, part)) for part in parts]


def _smooth_rgb(builder: Any, red: Any, green: Any, blue: Any) -> list[Any]:
    """Sixteen pixels, three rows of float32."""
    return [load(builder, row, FLOATS) for row in (red, green, blue)]


def _raw_rgb(builder: Any, pixels: Any, _: Any, __: Any) -> list[Any]:
    """Sixteen pixels of interleaved uint8.

    Four are loaded into each quarter of a vector, and from there each byte goes to the first of an integer's four,
    within its quarter: what every processor does in one instruction.
    """
    quarters = [load(builder, offset(builder, pixels, start, 1), BYTES, align=1) for start in STARTS]
    halves = [shuffle(builder, quarters[at], quarters[at + 1], list(range(32))) for at in (0, 2)]
    loaded = shuffle(builder, halves[0], halves[1], list(range(64)))
    zeros = constant(0, loaded.type)
    firsts = [16 * (pixel // 4) + 3 * pixel - STARTS[pixel // 4] for pixel in range(LANES)]
    channels = []
    for channel in range(3):
        places = [place for first in firsts for place in (first + channel, 64, 64, 64)]
        integers = builder.bitcast(shuffle(builder, loaded, zeros, places), WIDE)
        channels.append(builder.sitofp(integers, FLOATS))
    return channels


def _chroma(builder: Any, row: Any) -> Any:
    return builder.fsub(load(builder, row, FLOATS), constant(128.0, FLOATS))


def _sum_of_products(builder: Any, *products: tuple[float, Any]) -> Any:
    total, *others = (builder.fmul(values, constant(factor, FLOATS)) for factor, values in products)
    for other in others:
        total = builder.fadd(total, other)
    return total


def _clamped(builder: Any, values: Any) -> Any:
    for comparison, bound in ((">", 0.0), ("<", 255.0)):
        inside = builder.fcmp_ordered(comparison, values, constant(bound, FLOATS))
        values = builder.select(inside, values, constant(bound, FLOATS))
    return values


def _written(source: Callable[..., list[Any]]) -> Any:
    """An instruction that takes sixteen pixels from `source`, normalises and writes them.

    (one, two, three, factors, out, plane, layout): three addresses for `source`, that of the factors, that of the
    first pixel's red, the bytes from one plane to the next, and which of `LAYOUTS` it is.
    """

    @instruction(VOID, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, INTEGER)
    def write(builder: Any, one: Any, two: Any, three: Any, factors: Any, out: Any, plane: Any, layout: Any) -> None:
        channels = []
        for number, values in enumerate(source(builder, one, two, three)):
            scale, shift = (
                splat(builder, load(builder, offset(builder, factors, 2 * number + part, 4), F32), LANES)
                for part in (0, 1)
            )
            channels.append(builder.fadd(builder.fmul(values, scale), shift))
        end = builder.append_basic_block("written")
        choice = builder.switch(layout, end)
        for number, (planar, form) in enumerate(LAYOUTS):
            block = builder.append_basic_block()
            choice.add_case(I64(number), block)
            builder.position_at_end(block)
            _store(builder, [FORMATS[form][1](builder, values) for values in channels], out, plane if planar else None)
            builder.branch(end)
        builder.position_at_end(end)

    return write


def _store(builder: Any, channels: Sequence[Any], out: Any, plane: Any) -> None:
    """Each into a plane of its own; interleaved if `plane` is None."""
    if plane is None:
        store(builder, interleaved(builder, channels), out, align=1)
        return
    for number, values in enumerate(channels):
        store(builder, values, builder.add(out, builder.mul(plane, plane.type(number))), align=1)


def interleaved(builder: Any, channels: Sequence[Any]) -> Any:
    """Three vectors of sixteen as one of pixels."""
    red, green, blue = channels
    both = shuffle(builder, red, green, list(range(2 * LANES)))
    all_blue = shuffle(builder, blue, blue, list(range(LANES)) * 2)
    return shuffle(builder, both, all_blue, [LANES * channel + pixel for pixel in range(LANES) for channel in range(3)])


write_ycc = _written(_ycc)
write_smooth_ycc = _written(_smooth_ycc)
write_smooth_rgb = _written(_smooth_rgb)
write_raw = _written(_raw_rgb)
