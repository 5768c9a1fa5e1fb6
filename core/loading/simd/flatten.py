"""Sixteen pixels at once of a PNG that is not RGB, as RGB: grey three times, alpha over white."""

from __future__ import annotations

from typing import Any

from .colour import LANES, interleaved
from .instruction import ADDRESS, I8, I16, VOID, constant, instruction, load, shuffle, store, vector

BYTES, WORDS = vector(I8, LANES), vector(I16, LANES)


@instruction(VOID, ADDRESS, ADDRESS)
def grey_to_rgb(builder: Any, source: Any, out: Any) -> None:
    """16 bytes to 48."""
    store(builder, interleaved(builder, [load(builder, source, BYTES, align=1)] * 3), out, align=1)


@instruction(VOID, ADDRESS, ADDRESS)
def grey_alpha_to_rgb(builder: Any, source: Any, out: Any) -> None:
    """32 bytes to 48."""
    grey, alpha = _channels(builder, source, 2)
    store(builder, interleaved(builder, [_over_white(builder, grey, alpha)] * 3), out, align=1)


@instruction(VOID, ADDRESS, ADDRESS)
def rgba_to_rgb(builder: Any, source: Any, out: Any) -> None:
    """64 bytes to 48."""
    *colours, alpha = _channels(builder, source, 4)
    store(builder, interleaved(builder, [_over_white(builder, colour, alpha) for colour in colours]), out, align=1)


def _channels(builder: Any, source: Any, count: int) -> list[Any]:
    pixels = load(builder, source, vector(I8, count * LANES), align=1)
    return [shuffle(builder, pixels, pixels, list(range(channel, count * LANES, count))) for channel in range(count)]


def _over_white(builder: Any, colour: Any, alpha: Any) -> Any:
    """(colour * alpha + 255 * (255 - alpha)) / 255, rounded: what Pillow's AlphaComposite.c comes to over white."""
    colour, alpha = builder.zext(colour, WORDS), builder.zext(alpha, WORDS)
    white = builder.mul(builder.sub(constant(255, WORDS), alpha), constant(255, WORDS))
    total = builder.add(builder.add(builder.mul(colour, alpha), white), constant(128, WORDS))
    total = builder.add(total, builder.lshr(total, constant(8, WORDS)))
    return builder.trunc(builder.lshr(total, constant(8, WORDS)), BYTES)
