"""Sixteen pixels at once: chroma brought to full size, YCbCr to RGB as libjpeg does it, RGB taken apart.

Everything is computed in float32, in which libjpeg's integers are exact: one type from the sample to the normalised
value. `factors` is the address of six float32: scale and shift of red, of green and of blue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .instruction import (
    ADDRESS,
    F32,
    FLOAT,
    I8,
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
    vector_function,
)
from .rounding import FORMATS

LANES = 16
FLOATS, BYTES = vector(F32, LANES), vector(I8, LANES)
HALF_FLOATS = vector(F32, LANES // 2)
INTERLEAVED = vector(I8, 3 * LANES)

# 16-bit fixed-point factors of the conversion, and what rounds it (jdcolor.c).
RED, GREEN_BLUE, GREEN_RED, BLUE = 91881.0, 22554.0, 46802.0, 116130.0
HALF, ONE = 32768.0, 65536.0

LAYOUTS = [(planar, form) for planar in (True, False) for form in FORMATS]
"""What can be written: in planes or interleaved, and as which numbers. Written is what has this number here."""


@instruction(VOID, ADDRESS, ADDRESS, FLOAT, FLOAT, ADDRESS)
def add_rows(builder: Any, near: Any, far: Any, near_parts: Any, far_parts: Any, out: Any) -> None:
    """out = near_parts * near + far_parts * far, of uint8, as float32."""
    total = constant(0.0, FLOATS)
    for row, parts in ((near, near_parts), (far, far_parts)):
        values = builder.uitofp(load(builder, row, BYTES, align=1), FLOATS)
        total = builder.fadd(total, builder.fmul(values, splat(builder, parts, LANES)))
    store(builder, total, out)


@instruction(VOID, ADDRESS, FLOAT, FLOAT, ADDRESS)
def widen(builder: Any, sums: Any, even_rounding: Any, odd_rounding: Any, out: Any) -> None:
    """Sixteen samples from eight (jdsample.c): 3/4 of the nearer one and 1/4 of the other, in sixteenths.

    `sums` are four times the samples, float32, with a neighbour before and behind the eight.
    """
    middle = load(builder, sums, HALF_FLOATS)
    thrice = builder.fmul(middle, constant(3.0, HALF_FLOATS))
    halves = []
    for neighbour, rounding in ((-1, even_rounding), (1, odd_rounding)):
        other = load(builder, offset(builder, sums, neighbour, 4), HALF_FLOATS)
        total = builder.fadd(builder.fadd(thrice, other), splat(builder, rounding, LANES // 2))
        halves.append(vector_function(builder, "floor", builder.fmul(total, constant(1 / 16, HALF_FLOATS))))
    both = shuffle(builder, halves[0], halves[1], [lane // 2 + LANES // 2 * (lane % 2) for lane in range(LANES)])
    store(builder, both, out)


def _ycc(builder: Any, luma: Any, blue: Any, red: Any) -> list[Any]:
    """Sixteen pixels, luma uint8 and chroma float32, as libjpeg rounds them."""
    y = builder.uitofp(load(builder, luma, BYTES, align=1), FLOATS)
    b, r = _chroma(builder, blue), _chroma(builder, red)
    parts = [
        _sum_of_products(builder, (RED, r)),
        _sum_of_products(builder, (-GREEN_BLUE, b), (-GREEN_RED, r)),
        _sum_of_products(builder, (BLUE, b)),
    ]
    for number, part in enumerate(parts):
        scaled = builder.fmul(builder.fadd(part, constant(HALF, FLOATS)), constant(1 / ONE, FLOATS))
        parts[number] = builder.fadd(y, vector_function(builder, "floor", scaled))
    return [_clamped(builder, part) for part in parts]


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
    """Sixteen pixels of interleaved uint8."""
    loaded = load(builder, pixels, INTERLEAVED, align=1)
    taken = (shuffle(builder, loaded, loaded, list(range(channel, 3 * LANES, 3))) for channel in range(3))
    return [builder.uitofp(channel, FLOATS) for channel in taken]


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
