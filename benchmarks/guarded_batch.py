"""One image to a batch of one, both between forbidden pages; and what a decoder's answer is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt

from benchmarks.guarded import Guarded
from core.images.pixels import decode
from core.loading.normalise import Images, Normalise
from core.loading.statuses import OK

PLAIN = Normalise("float32", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
NORMALISES = (Normalise("uint8"), PLAIN)


class Answer(NamedTuple):
    """How decoding ended, and the pixels, float64 (height, width, 3) of 0..255 (zeros where it did not end well)."""

    status: int
    pixels: npt.NDArray[np.float64]


class GuardedBatch:
    """Memory for a payload of so many bytes and a batch of so many."""

    def __init__(self, input_bytes: int, output_bytes: int) -> None:
        self._input, self._output = Guarded(input_bytes), Guarded(output_bytes)

    def payload(self, data: bytes) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The payload as kernels take it: memory that ends with it, its offset, its length."""
        memory = self._input.last(len(data))
        memory[:] = np.frombuffer(data, np.uint8)
        memory.flags.writeable = False  # as the loader's payloads are: the same compiled kernels
        return memory, np.zeros(1, np.int64), np.array([len(data)])

    def output(self, seed: int, size: tuple[int, int]) -> tuple[Normalise, Images]:
        """A batch of one in one of four layouts, at the end of its memory or at its beginning."""
        normalise = NORMALISES[seed % 2]
        count = 3 * size[0] * size[1] * normalise.dtype.itemsize
        memory = self._output.last(count) if seed & 4 else self._output.first(count)
        memory[:] = 77
        shaped = memory.view(normalise.dtype).reshape((1, *size, 3) if seed & 2 else (1, 3, *size))
        return normalise, cast("Images", shaped.transpose(0, 3, 1, 2) if seed & 2 else shaped)


def answer_of(status: npt.NDArray[np.uint8], out: Images, normalise: Normalise) -> Answer:
    """What a kernel has answered for a batch of one."""
    pixels = out[0].transpose(1, 2, 0).astype(np.float64)
    scaled = pixels if normalise.output == "uint8" else 255 * pixels
    return Answer(int(status[0]), scaled if status[0] == OK else np.zeros(0))


def history(fresh: Answer, used: Answer, what: str) -> Iterator[tuple[str, str]]:
    """Whether the answer depends on what the state has seen before."""
    if fresh.status != used.status:
        yield "history", f"{what}: {fresh.status} with a fresh state, {used.status} with a used one"
    elif not np.array_equal(fresh.pixels, used.pixels):
        yield "history", f"{what}: other pixels with a fresh state than with a used one"


def pillow(data: bytes) -> npt.NDArray[np.uint8] | None:
    try:
        return decode(data)
    except ValueError:
        return None
