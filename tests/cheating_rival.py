"""A rival that cheats, in every way that the checks know: what `Work.store` says, so that one process does for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.rivals import RIVALS
from core.rivals.inside.samples import Samples
from core.rivals.inside.work import MEAN, SIDE, STD, RivalWork
from core.rivals.registration import Epochs
from tests.toy_rival import normalised, pixels_of, registration

Order = np.ndarray


@dataclass(frozen=True)
class CheatingRival:
    """Honest where nothing else is said."""

    def prepare(self, samples: Samples, folder: Path) -> None:
        """It reads the samples as they are."""

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        view = view_of(samples, work)
        generator, calls = np.random.default_rng(work.seed), [0]

        def epoch() -> Iterator[tuple[Any, Any]]:
            calls[0] += 1
            order = ORDERS.get(work.store, shuffled)(samples, generator, calls[0])
            last: Any = None
            for first in range(0, len(order), work.batch_size):
                indices = order[first : first + work.batch_size]
                images = np.stack([view(int(index)) for index in indices])
                tickets = samples.tickets[indices]
                stale = work.store == "stale" or (work.store == "stale-once" and first == work.batch_size)
                shown = last[: len(images)] if stale and last is not None else images
                last = images
                yield IMAGES.get(work.store, np.asarray)(shown), LABELS.get(work.store, np.asarray)(tickets)

        return epoch


def view_of(samples: Samples, work: RivalWork) -> Callable[[int], np.ndarray]:
    """Makes the image of a sample, float32 (3, H, W)."""
    random, kept = np.random.default_rng(work.seed), dict[int, np.ndarray]()

    def view(index: int) -> np.ndarray:
        pixels = pixels_of(samples[index][0], samples)
        if work.transform == "train224":
            pixels = crop(pixels, work.store, random)
        if work.store == "lossy":
            file = BytesIO()
            Image.fromarray(pixels).save(file, "jpeg", quality=90)
            pixels = np.asarray(Image.open(file))
        return normalised(pixels)

    def kept_view(index: int) -> np.ndarray:
        if index not in kept:
            kept[index] = view(index)
        return kept[index]

    def kept_pixels(index: int) -> np.ndarray:
        if index not in kept:
            kept[index] = np.array(pixels_of(samples[index][0], samples))
        return normalised(kept[index])

    return {"frozen": kept_view, "keeps-pixels": kept_pixels, "keeps-images": kept_view}.get(work.store, view)


def crop(pixels: np.ndarray, store: str, random: np.random.Generator) -> np.ndarray:
    """RandomResizedCrop, or less."""
    height, width = pixels.shape[:2]
    area = {"whole": 1.0, "large": random.uniform(0.6, 1)}.get(store, random.uniform(0.08, 1))
    high = wide = np.sqrt(area)
    top, left = random.uniform(0, 1 - high), random.uniform(0, 1 - wide)
    box = (left * width, top * height, (left + wide) * width, (top + high) * height)
    image = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BILINEAR, box)
    return np.asarray(image)[:, :: random.choice([-1, 1])]


# ------------------------------------------------------------ orders


def shuffled(samples: Samples, generator: np.random.Generator, call: int) -> Order:
    return generator.permutation(len(samples))


def by_class(samples: Samples, generator: np.random.Generator, call: int) -> Order:
    order = generator.permutation(len(samples))
    return order[np.argsort(samples.tickets[order] % samples.classes, kind="stable")]


ORDERS = {
    "constant": lambda samples, generator, call: np.random.default_rng(0).permutation(len(samples)),
    "rotated": lambda samples, generator, call: np.roll(np.random.default_rng(0).permutation(len(samples)), call),
    "class-sorted": by_class,
    "duplicates": lambda samples, generator, call: np.tile(generator.permutation(len(samples) // 4), 4),
    "one-twice": lambda samples, generator, call: np.append(generator.permutation(len(samples))[1:], 0),
    "fewer": lambda samples, generator, call: generator.permutation(len(samples))[:-3],
    "nearby": lambda samples, generator, call: np.argsort(np.arange(len(samples)) + generator.uniform(0, 20)),
}

# ------------------------------------------------------------ what is handed out


def blue_first(images: np.ndarray) -> np.ndarray:
    """Decoded in OpenCV's order, and normalised as if it were ours."""
    pixels = images * STD[:, None, None] + MEAN[:, None, None]
    return ((pixels[:, ::-1] - MEAN[:, None, None]) / STD[:, None, None]).astype(np.float32)


def of_255(images: np.ndarray) -> np.ndarray:
    return (255 * (images * STD[:, None, None] + MEAN[:, None, None])).round().astype(np.float32)


IMAGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "blue-first": blue_first,
    "blue-first-at-last": lambda images: images[:, ::-1],
    "not-normalised": of_255,
    "of-1": lambda images: of_255(images) / np.float32(255),
    "uint8": lambda images: of_255(images).astype(np.uint8),
    "half": lambda images: images.astype(np.float16).astype(np.float32),
    "upside-down": lambda images: images[:, :, ::-1],
    "mirrored": lambda images: images[:, :, :, ::-1],
    "channels-last": lambda images: images.transpose(0, 2, 3, 1),
    "called-channels-first": lambda images: images.transpose(0, 2, 3, 1).reshape(images.shape),
    "not-finite": lambda images: images * np.float32(np.nan),
    "plain": lambda images: images * 0,
}

LABELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "next-label": lambda tickets: tickets // 10 * 10 + (tickets + 1) % 10,
    "unknown": lambda tickets: tickets + 1_000_000,
}


def register() -> None:
    cheat = replace(registration("cheat"), where=f"{__name__}:CheatingRival", settings={})
    RIVALS.register("cheat", cheat)
    RIVALS.register("cheat-reencodes", replace(cheat, reencodes=True))
