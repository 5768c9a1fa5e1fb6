"""Images that are handed out as they are: compared with Pillow's decoding of their samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..handed import Handed
from ..inside.work import MEAN, STD
from .known import Known
from .reference import Reference, as_pixels, mean_pixels
from .refused import RivalRefused

Pixels = npt.NDArray[np.float64]

ALL = 8
"""Images from which on their median error is judged, too."""


@dataclass(frozen=True)
class Closeness:
    """How near images must come to Pillow's, in decibels of PSNR and in steps of 0..255.

    step: of any number, where pixels have to be the same; None where decoders may differ. each, median: dB of each
    image and of the median one. mean: steps between the means of a channel.
    """

    step: float | None
    each: float
    median: float
    mean: float


EXACT = Closeness(step=0.02, each=60, median=60, mean=0.02)
"""Of PNG and bare pixels. Numbers of half precision are 0.06 of a step away."""

DECODERS = Closeness(step=None, each=24, median=36, mean=5)
"""Of JPEG. The worst of 2,000 CIFAR images and 150 photos against Pillow: libjpeg-turbo's quick chroma upsampling 26.8
dB, FFmpeg (SPDL) 30.0, TensorFlow as shipped 38.9; the medians 41.4 and more; means up to 2.5 steps apart. OpenCV, DALI
on the CPU, simplejpeg and imagecodecs are the same to the bit."""

REENCODED = Closeness(step=None, each=17, median=28, mean=6)
"""Of JPEG encoded a second time, at quality 75 to 95, which a rival has to declare: the worst of the same images 19.6
dB, the medians 33.3 and more, means up to 2.1 steps apart. Two images of CIFAR are 10 to 15 dB apart, few 20."""

SAME = 40.0
"""dB between two samples from which on nobody can say whose pixels they are: copies in the dataset."""


def closeness(encoding: str, reencodes: bool) -> Closeness:
    """What is asked of a rival for samples of this encoding."""
    if encoding == "raw" or (encoding == "png" and not reencodes):
        return EXACT
    return REENCODED if reencodes else DECODERS


def psnr(given: Pixels, wanted: Pixels | npt.NDArray[np.uint8]) -> float:
    """dB of two images of 0..255; 100 where they are the same."""
    error = float(np.mean((given - wanted) ** 2))
    return float(10 * np.log10(255**2 / max(error, 1e-5)))


def compare_looked(handed: Handed, looked: Sequence[int], known: Known, limits: Closeness) -> None:
    """The images kept whole, of samples `looked`. Raises RivalRefused."""
    reference, decibels = known.reference, []
    for image, sample in zip(handed.looked, looked, strict=True):
        versions = [version.transpose(2, 0, 1) for version in reference.versions(sample)]
        given = as_pixels(image)
        fitting = [version for version in versions if version.shape == given.shape] or versions[:1]
        wanted = max(fitting, key=lambda version: psnr(given, version))
        decibels.append(psnr(given, wanted))
        if decibels[-1] < limits.each or (limits.step is not None and np.abs(given - wanted).max() > limits.step):
            raise RivalRefused(_reason(image, wanted, sample, known, limits))
        _compare_with_others(given, decibels[-1], sample, looked, reference)
    if len(decibels) >= ALL and np.median(decibels) < limits.median:
        raise RivalRefused(
            f"its images are {np.median(decibels):.0f} dB from Pillow's in the median, where decoders differ by "
            f"{limits.median:.0f} dB at most: it stores them in an encoding of its own"
        )


def _compare_with_others(given: Pixels, own: float, sample: int, looked: Sequence[int], reference: Reference) -> None:
    """It is nearer to its own sample than to any other that was looked at."""
    if own >= SAME:
        return
    for other in set(looked) - {sample}:
        pixels = reference.pixels(other).transpose(2, 0, 1)
        if pixels.shape != given.shape or psnr(given, pixels) <= own + 1:
            continue
        if psnr(reference.pixels(sample).transpose(2, 0, 1).astype(np.float64), pixels) < SAME:
            raise RivalRefused(f"hands out sample {sample} with the pixels of sample {other}")


def compare_means(
    handed: Handed, epochs: Sequence[npt.NDArray[np.int64]], samples: npt.NDArray[np.int64], wanted: Pixels,
    limits: Closeness,
) -> int:  # fmt: skip
    """The mean colours of `samples`, (n, 3) of 0..255, wherever they were handed out. Returns how many images that
    were. Raises RivalRefused."""
    order = np.concatenate(list(epochs))
    places = np.full(int(order.max()) + 1, -1)
    places[samples] = np.arange(len(samples))
    at = np.flatnonzero(places[order] >= 0)
    given = mean_pixels(handed.means[at])
    errors = np.abs(given - wanted[places[order[at]]]).max(1)
    wrong = np.flatnonzero(~(errors <= limits.mean))
    if not len(wrong):
        return len(at)
    first = int(wrong[0])
    others = np.abs(wanted - given[first]).max(1)
    whose = int(samples[int(others.argmin())])
    like = f": sample {order[at[first]]} has those of sample {whose}" if others.min() <= limits.mean else ""
    when = _how_long_ago(order, int(at[first]), whose) if like else ""
    raise RivalRefused(f"{len(wrong):,} of {len(at):,} images do not have the pixels of their samples{like}{when}")


def _how_long_ago(order: npt.NDArray[np.int64], place: int, sample: int) -> str:
    before = np.flatnonzero(order[:place] == sample)
    return f", which it handed out {place - int(before[-1]):,} images before" if len(before) else ""


# ------------------------------------------------------------ what it is instead

Reading = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]

BLUE_FIRST = "in the order blue, green, red"

READINGS: tuple[tuple[str, Reading], ...] = (
    (BLUE_FIRST, lambda image: image[::-1]),
    (BLUE_FIRST, lambda image: normalised(as_pixels(image)[::-1])),  # normalised as if they were red, green, blue
    ("upside down", lambda image: image[:, ::-1]),
    ("mirrored", lambda image: image[:, :, ::-1]),
    ("turned by 180 degrees", lambda image: image[:, ::-1, ::-1]),
    ("with height and width exchanged", lambda image: image.transpose(0, 2, 1)),
    ("with the channels last, and only called channels first", lambda image: _channels_first(image)),
)
"""What may have been done to an image, and how to undo it."""


def normalised(pixels: Pixels) -> npt.NDArray[np.float32]:
    """Numbers of 0..255, (3, H, W), as they are handed out."""
    numbers: npt.NDArray[np.float32] = ((pixels / 255 - MEAN[:, None, None]) / STD[:, None, None]).astype(np.float32)
    return numbers


def _as_it_is(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return image


def _channels_first(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return image.reshape(*image.shape[1:], 3).transpose(2, 0, 1)


def misreading(image: npt.NDArray[np.float32], wanted: npt.NDArray[np.uint8]) -> str:
    """What was done to an image, (3, H, W), that should be `wanted`, uint8 (3, H, W); "" where that is not known."""
    for words, undo in READINGS:
        undone = undo(image)
        if undone.shape == wanted.shape and psnr(as_pixels(undone), wanted) > DECODERS.each:
            return words
    for words, undo in (("", _as_it_is), *READINGS):
        undone = undo(image)
        if undone.shape == wanted.shape and _scaled_psnr(undone.astype(np.float64), wanted) > DECODERS.median:
            return words or f"not normalised as asked: its numbers go from {image.min():.3g} to {image.max():.3g}"
    return ""


def _scaled_psnr(image: Pixels, wanted: npt.NDArray[np.uint8]) -> float:
    """dB once each channel was multiplied and shifted as fits best."""
    fitted = np.empty(image.shape)
    for number, (given, target) in enumerate(zip(image, wanted.astype(np.float64), strict=True)):
        spread = given.var()
        slope = np.mean((given - given.mean()) * (target - target.mean())) / spread if spread > 0 else 0.0
        fitted[number] = (given - given.mean()) * slope + target.mean()
    if max(wanted.std((1, 2))) < 1:
        return 0.0  # a plain surface fits anything
    return psnr(fitted, wanted)


def _reason(
    image: npt.NDArray[np.float32], wanted: npt.NDArray[np.uint8], sample: int, known: Known, limits: Closeness
) -> str:  # fmt: skip
    given = as_pixels(image)
    found = psnr(given, wanted)
    if found < DECODERS.each and (words := misreading(image, wanted)):
        return f"hands out images {words}"
    for other in known.like(given.mean((1, 2))):
        pixels = known.reference.pixels(other).transpose(2, 0, 1)
        if other != sample and pixels.shape == given.shape and psnr(given, pixels) > max(found, limits.each):
            return f"hands out sample {sample} with the pixels of sample {other}"
    if limits.step is not None and found > limits.each:
        return f"rounds its numbers: they are up to {np.abs(given - wanted).max():.2f} of a step of 0..255 off"
    if limits.step is not None and found > REENCODED.each:
        return f"does not keep pixels: sample {sample} is {found:.0f} dB from what was stored: an encoding with losses"
    if found > REENCODED.each:
        return f"sample {sample} is {found:.0f} dB from Pillow's decoding: decoders differ by {limits.each:.0f} at most"
    return f"sample {sample} does not have the pixels of the dataset: {found:.0f} dB"
