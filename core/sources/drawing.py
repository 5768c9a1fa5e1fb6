"""Pictures of ten shapes on textured backgrounds, drawn from random numbers alone.

A shape is a field over the plane: about the distance to its outline in units of its radius, negative inside. Textures
are noise whose amplitude falls with 1/frequency, as in photographs, so files weigh what photographs of their size do.
Everything works on a batch of images of one class at once; each image depends on its own generator only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..base.contracts import Pixels

Floats = npt.NDArray[np.float64]

BACKGROUND_CONTRAST = 50.0
SHAPE_CONTRAST = 11.0
"""Standard deviation of the textures' light, in steps of 0..255; a background's is that of the roughest one."""

SMOOTHEST = 0.08
"""Contrast of the smoothest background, as a part of the roughest one's."""

SLOPE = 0.9
"""Amplitude falls with frequency to this power; 1 is the average of photographs."""

COLOUR_NOISE = 0.15
"""How much of the texture is colour, beside light."""

SHADOW = 0.12
SHADOW_DARKNESS = 0.45
"""How far a shadow falls, in radii, and how much of the light it takes."""

SHADING = 13.0
"""How much a shape darkens over one radius, in steps of 0..255."""


def circle(x: Floats, y: Floats) -> Floats:
    return _from_centre(x, y) - 0.85


def ring(x: Floats, y: Floats) -> Floats:
    distance: Floats = np.abs(_from_centre(x, y) - 0.72)
    return distance - 0.22


def square(x: Floats, y: Floats) -> Floats:
    larger: Floats = np.maximum(np.abs(x), np.abs(y))
    return larger - 0.74


def triangle(x: Floats, y: Floats) -> Floats:
    half = np.sqrt(3) / 2
    farthest: Floats = np.maximum(half * np.abs(x) - y / 2, y)
    return farthest - 0.52


def cross(x: Floats, y: Floats) -> Floats:
    x, y = np.abs(x), np.abs(y)
    return np.minimum(np.maximum(x - 0.95, y - 0.28), np.maximum(x - 0.28, y - 0.95))


def star(x: Floats, y: Floats) -> Floats:
    fifth = np.pi / 5
    angle = np.abs(np.mod(np.arctan2(x, y) + fifth, 2 * fifth) - fifth)
    radius = np.hypot(x, y)
    inner = 0.45
    edge_x, edge_y = inner * np.cos(fifth) - 1.0, inner * np.sin(fifth)
    across = (radius * np.cos(angle) - 1.0) * edge_y - radius * np.sin(angle) * edge_x
    return np.asarray(across / np.hypot(edge_x, edge_y))


def heart(x: Floats, y: Floats) -> Floats:
    half = 0.5
    across, along = (x + y) * np.sqrt(0.5), (y - x) * np.sqrt(0.5)
    box: Floats = np.maximum(np.abs(across), np.abs(along)) - half
    lobes = np.minimum(_from_centre(across + half, along), _from_centre(across, along + half)) - half
    return np.minimum(box, lobes)


def crescent(x: Floats, y: Floats) -> Floats:
    field: Floats = np.maximum(_from_centre(x, y) - 0.95, 0.8 - _from_centre(x - 0.45, y))
    return field


def flower(x: Floats, y: Floats) -> Floats:
    petals: Floats = 0.74 + 0.18 * np.cos(6 * np.arctan2(y, x))
    radius = _from_centre(x, y)
    field: Floats = np.maximum(0.7 * (radius - petals), 0.24 - radius)
    return field


def arrow(x: Floats, y: Floats) -> Floats:
    y = np.abs(y)
    head = np.maximum(0.64 * (x - 0.98) + 0.77 * y, 0.05 - x)
    shaft = np.maximum(np.abs(x + 0.4) - 0.55, y - 0.22)
    return np.minimum(head, shaft)


def _from_centre(x: Floats, y: Floats) -> Floats:
    distance: Floats = np.hypot(x, y)
    return distance


SHAPES: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    shape.__name__: shape for shape in (arrow, circle, crescent, cross, flower, heart, ring, square, star, triangle)
}
"""Class -> its field over coordinates in units of the shape's radius, y downwards."""


def draw(shape: str, size: int, generators: Sequence[np.random.Generator]) -> Pixels:
    """One picture for each generator: uint8 (len(generators), size, size, 3)."""
    draws = np.stack([generator.random(13) for generator in generators])
    texture = _textures(size, generators)
    back, front = _colours(draws[:, :6])
    x, y, radius = _coordinates(size, draws[:, 6:12])
    roughness = SMOOTHEST + (1.0 - SMOOTHEST) * draws[:, 12] ** 2
    canvas = _everywhere(back) + BACKGROUND_CONTRAST * _everywhere(roughness[:, None]) * texture
    shadow = _cover(SHAPES[shape](x - SHADOW, y - SHADOW) * radius / 2)
    canvas *= 1.0 - SHADOW_DARKNESS * shadow[..., None]
    lit = _everywhere(front) + SHAPE_CONTRAST * texture[:, ::-1, ::-1] - SHADING * (x + y)[..., None]
    canvas += _cover(SHAPES[shape](x, y) * radius)[..., None] * (lit - canvas)
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)


def _everywhere(values: Floats) -> Floats:
    """(n, channels) as (n, 1, 1, channels), to go with pixels."""
    return values[:, None, None, :]


def _coordinates(size: int, draws: Floats) -> tuple[Floats, Floats, Floats]:
    """Pixel centres in each shape's own frame, (n, size, size), and its radius in pixels, (n, 1, 1)."""
    scale, turn, right, down, stretch, skew = (column[:, None, None] for column in draws.T)
    radius = size * (0.24 + 0.18 * scale)
    room = size / 2 - 0.95 * radius
    grid = np.arange(size) + 0.5 - size / 2
    x = (grid[None, None, :] - room * (2 * right - 1)) / radius
    y = (grid[None, :, None] - room * (2 * down - 1)) / radius
    angle = 2 * np.pi * turn
    across = x * np.cos(angle) + y * np.sin(angle)
    along = y * np.cos(angle) - x * np.sin(angle)
    wide = 1.0 + 0.3 * (stretch - 0.5)
    return across * wide + 0.3 * (skew - 0.5) * along, along / wide, radius


def _cover(distance: Floats) -> Floats:
    """How much of each pixel is inside an outline, from the distance in pixels."""
    cover: Floats = np.clip(0.5 - distance, 0.0, 1.0)
    return cover


def _colours(draws: Floats) -> tuple[Floats, Floats]:
    """A background's and a shape's colour for each image, (n, 3), well apart in hue and in light."""
    hue, apart, light, other, vivid, darker = draws.T
    back = _from_hue(hue, 0.1 + 0.45 * vivid, 70 + 100 * light)
    step = np.where(darker < 0.5, -1.0, 1.0) * (45 + 40 * other)
    front_light = 70 + 100 * light + step
    front_light = np.where((front_light < 35) | (front_light > 225), 70 + 100 * light - step, front_light)
    front = _from_hue(hue + 0.25 + 0.5 * apart, 0.9, front_light)
    return back, front


def _from_hue(hue: Floats, vivid: Floats | float, light: Floats) -> Floats:
    """RGB, (n, 3), of colours around a circle of hues (period 1)."""
    phases = hue[:, None] + np.array([0.0, 1 / 3, 2 / 3])
    swing: Floats = np.cos(2 * np.pi * phases)
    return light[:, None] + np.asarray(vivid).reshape(-1, 1) * 95.0 * swing


def _textures(size: int, generators: Sequence[np.random.Generator]) -> Floats:
    """1/f noise of mean 0 and standard deviation about 1 in light, with some colour: (n, size, size, 3)."""
    bins = (3, size, size // 2 + 1)
    noise = np.stack([generator.standard_normal((2, *bins)) for generator in generators])
    spectrum = (noise[:, 0] + 1j * noise[:, 1]) * _amplitudes(size)
    light, warm, cool = np.moveaxis(np.fft.irfft2(spectrum, s=(size, size)), 1, 0)
    warm, cool = COLOUR_NOISE * warm, COLOUR_NOISE * cool
    return np.stack([light + warm, light - 0.5 * warm + cool, light - warm - cool], axis=-1)


@lru_cache(maxsize=4)
def _amplitudes(size: int) -> Floats:
    """What each frequency is multiplied with so that light's standard deviation is 1."""
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    frequency[0, 0] = np.inf
    amplitude = frequency**-SLOPE
    power = 2 * np.sum(amplitude[:, 1:-1] ** 2) + np.sum(amplitude[:, [0, -1]] ** 2)
    return np.asarray(amplitude * size**2 / np.sqrt(2 * power))
