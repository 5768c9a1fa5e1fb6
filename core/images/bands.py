"""Which channels of an image are drawn: three as red, green and blue, or one in grey.

Channels that nothing names are bands of one image; none is ever taken for transparency. What the file says comes first
(names of bands, wavelengths, "rgba", "bgr"); then the orders of bands that data sets of satellites have in common:

- 3 channels: red, green, blue. 4: the first three, the fourth being infrared, depth or the like; with values below 0
  the first alone, since those are standardised measurements (the modalities of a scan) and no colours.
- 2: the first alone.
- 10: Sentinel-2 without its bands of 60 m, B02 (blue), B03 (green), B04 (red), ...: the third, second and first.
- 12 and 13: Sentinel-2 with B01 first, level 2A (without B10) and 1C: the fourth, third and second.
- any other number: the first three, and it is said that nothing tells which colours they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

SENTINEL_2 = {
    10: ((2, 1, 0), "a guess: the order of Sentinel-2's bands of 10 and 20 m, B02 first"),
    12: ((3, 2, 1), "a guess: the order of Sentinel-2's bands at level 2A, B01 first"),
    13: ((3, 2, 1), "a guess: the order of Sentinel-2's bands at level 1C, B01 first"),
}

MOST_CHANNELS = 4
"""Channels up to which an axis is theirs, whatever its place."""

MOST_BANDS = 16
"""Bands up to which an axis is theirs where only its length, beside longer ones, says so."""

CHANNELS = (1, 2, 3, 4)
"""Lengths of an axis that is the channels', whatever the others."""

RED, GREEN, BLUE = 650.0, 550.0, 460.0
"""Wavelengths in nm."""

_COLOURS = (
    ("red", "green", "blue"),
    ("r", "g", "b"),
    ("b04", "b03", "b02"),
    ("b4", "b3", "b2"),
)


@dataclass(frozen=True, slots=True)
class Bands:
    """The channels that are drawn, counted from 0: three as red, green and blue, or one in grey; and why.

    alpha: the channel that the file declares to be transparency, laid over white.
    """

    chosen: tuple[int, ...]
    words: str = ""
    alpha: int | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """What a file says of the channels of its images.

    words: those of its name, in lower case; names: of each channel, in their order; wavelengths: likewise, in nm;
    alpha: whether it declares that the last of two or four channels is transparency.
    """

    words: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    wavelengths: tuple[float, ...] = ()
    alpha: bool = False

    @property
    def all_names(self) -> tuple[str, ...]:
        """What each channel is called: its name, or its wavelength."""
        return self.names or tuple(f"{wave:.5g} nm" for wave in self.wavelengths)


NOTHING = Hints()


def choose(count: int, hints: Hints = NOTHING, signed: bool = False) -> Bands:
    """The channels of `count` that are drawn unless others are asked for. `signed`: some values are below 0."""
    if count == 1:
        return Bands((0,))
    alpha = count - 1 if count in (2, 4) and (hints.alpha or "rgba" in hints.words or "bgra" in hints.words) else None
    told = _by_words(count, hints) or _by_names(count, hints) or _by_wavelengths(count, hints)
    if told is not None:
        return Bands(told, _said(told, count, "as the file names them"), alpha)
    if alpha is not None or count == 3:
        return Bands((0, 1, 2) if count > 2 else (0,), alpha=alpha)
    if count == 2 or (count == MOST_CHANNELS and signed):
        return Bands((0,), _said((0,), count, "nothing says what the channels are"))
    chosen, why = SENTINEL_2.get(count, ((0, 1, 2), "nothing says which colours they are"))
    return Bands(chosen, _said(chosen, count, why))


def channel_axis(shape: tuple[int, ...]) -> int | None:
    """Which of three axes is the channels', 0 or 2; None where neither is."""
    for axis in (2, 0):
        if shape[axis] in CHANNELS:
            return axis
    for axis, sides in ((2, shape[:2]), (0, shape[1:])):
        if shape[axis] <= MOST_BANDS and shape[axis] < min(sides):
            return axis
    return None


def asked(count: int, wanted: Sequence[int]) -> Bands:
    """The channels that somebody asks for. Raises ValueError where there are none such."""
    if len(wanted) not in (1, 3) or not all(0 <= band < count for band in wanted):
        raise ValueError(f"there is no choice of bands {numbered(wanted)}: it has {count}; give one or three of them")
    chosen = tuple(wanted) if len(set(wanted)) > 1 else (wanted[0],)
    return Bands(chosen, _said(chosen, count, "as asked for") if count > 1 else "")


def numbered(bands: Sequence[int]) -> str:
    """Bands counted from 1, as people write them."""
    return ", ".join(str(band + 1) for band in bands)


def _said(chosen: Sequence[int], count: int, why: str) -> str:
    if len(chosen) == 1:
        return f"band {chosen[0] + 1} of {count} is drawn in grey ({why})"
    return f"bands {numbered(chosen)} of {count} are drawn as red, green and blue ({why})"


def _by_words(count: int, hints: Hints) -> tuple[int, ...] | None:
    """OpenCV's order, where the name says so."""
    return (2, 1, 0) if count in (3, 4) and ("bgr" in hints.words or "bgra" in hints.words) else None


def _by_names(count: int, hints: Hints) -> tuple[int, ...] | None:
    names = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in hints.names]
    if len(names) != count:
        return None
    for colours in _COLOURS:
        if all(names.count(colour) == 1 for colour in colours):
            found = tuple(names.index(colour) for colour in colours)
            return None if count == 3 and found == (0, 1, 2) else found
    return None


def _by_wavelengths(count: int, hints: Hints) -> tuple[int, ...] | None:
    """The bands nearest to red, green and blue, where all three are among them."""
    waves = hints.wavelengths
    if len(waves) != count or count < 3:
        return None
    nearest = tuple(min(range(count), key=lambda band: abs(waves[band] - colour)) for colour in (RED, GREEN, BLUE))
    near = all(abs(waves[band] - colour) < 60 for band, colour in zip(nearest, (RED, GREEN, BLUE), strict=True))
    return nearest if near and len(set(nearest)) == 3 else None


def parsed(text: str) -> tuple[int, ...]:
    """Bands as people write them, "4,3,2" or "1", counted from 0. Raises ValueError."""
    found = [part.strip() for part in text.split(",")]
    numbers = all(part.isascii() and part.isdigit() and len(part) < 8 and int(part) > 0 for part in found)
    if len(found) not in (1, 3) or not numbers:
        raise ValueError(f"{text!r} are no bands: give one, or three as red, green and blue, like 4,3,2")
    return tuple(int(part) - 1 for part in found)
