"""What a store would cost at another number of images, from what it cost here, with how far off that may be.

Everything grows in proportion: as many bytes, seconds and files for an image as were measured. What is uncertain is
how large the other images are (between those of the class with the smallest files and of the one with the largest, as
measured here), how long writing takes (between the splits' paces) and how fast loading is (the spread of its repeats).
What a build takes once, however many images there are, does not grow: starting worker processes, training a dictionary.
"""

from __future__ import annotations

from typing import NamedTuple

from ..base.contracts import Contents
from ..base.errors import InputError
from ..formats import FORMATS
from .evidence import Evidence, StoreFacts
from .figures import Figure


class PredictedRange(NamedTuple):
    """A predicted value and how far it may well be off."""

    low: float
    middle: float
    high: float


class Prediction(NamedTuple):
    """Of one store at `images`. `memory_until`: at how many images it is as large as the memory, at the latest; `fits`
    whether it is smaller at this number; both None where the memory is not known. `epoch_s`: one pass, None where it
    was not measured; `epoch_from` says from what ("warm" or "cold"). `trouble`: why it cannot be built at all."""

    store: str
    images: int
    bytes: PredictedRange
    build_s: PredictedRange
    files: int
    memory_until: int | None
    fits: bool | None
    epoch_s: PredictedRange | None
    epoch_from: str
    trouble: str


def predict(
    evidence: Evidence,
    store: StoreFacts,
    images: int,
    memory_bytes: int | None,
    warm: Figure | None,
    cold: Figure | None,
) -> Prediction:
    """`warm` and `cold` are images per second with the store in the page cache and without it, where measured."""
    bytes_ = bytes_at(evidence, store, images)
    until = None if memory_bytes is None else int(memory_bytes / store.each)
    fits = None if memory_bytes is None else bytes_.middle <= memory_bytes
    speed, source = (cold, "cold") if fits is False else (warm, "warm")
    return Prediction(
        store=store.name,
        images=images,
        bytes=bytes_,
        build_s=build_at(store, images),
        files=files_at(store, images),
        memory_until=until,
        fits=fits,
        epoch_s=None
        if speed is None
        else PredictedRange(images / speed.high, images / speed.median, images / speed.low),
        epoch_from=source if speed is not None else "",
        trouble=_trouble(store, images),
    )


def bytes_at(evidence: Evidence, store: StoreFacts, images: int) -> PredictedRange:
    """Bytes on the disk. Only payloads whose size depends on the image are uncertain."""
    payload = 0.0 if store.even else store.payload_bytes / store.samples
    fewer, more = payload * (1 - evidence.images.least), payload * (evidence.images.most - 1)
    return PredictedRange(images * max(store.each - fewer, 0.0), images * store.each, images * (store.each + more))


def build_at(store: StoreFacts, images: int) -> PredictedRange:
    """Seconds of building without the check: what grows with the images, and what does not (`fixed_s`)."""
    mean, fixed = store.build_s / store.samples, store.fixed_s or 0.0
    low, high = min(*store.paces, mean), max(*store.paces, mean)
    return PredictedRange(fixed + images * low, fixed + images * mean, fixed + images * high)


def files_at(store: StoreFacts, images: int) -> int:
    """A file an image, or as many as there are here."""
    return images if store.file_an_image else store.files


def _trouble(store: StoreFacts, images: int) -> str:
    """Why a split of so many images cannot be kept so; empty where it can."""
    try:
        FORMATS.make(store.format).check(Contents(images, ()))
    except InputError as error:
        return str(error)
    return ""
