"""One PNG through our decoder in guarded memory, compared with Pillow and with itself (see `fuzz_png`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.guarded import guarded_tuple
from benchmarks.guarded_batch import Answer, GuardedBatch, answer_of, history, pillow
from benchmarks.jpeg_checks import resized
from core.loading.batch_sampler import BatchSpec
from core.loading.fused.memory import axes_of, output_to
from core.loading.png.batch import png_batch, png_sizes, png_views
from core.loading.png.chunks import image_place
from core.loading.png.state import HEIGHT, ROW, SLACK, STREAM, STREAM_BYTES, WIDTH, PngState, new_png_state
from core.loading.resample import new_workspace
from core.loading.statuses import OK, TOO_SMALL
from core.loading.transform import SIDE, Transform, View

VIEW_LEVELS = 0.6
"""Levels of 0..255 by which a view may differ from Pillow's pixels, resized without rounding: by its own."""

MOST_SAMPLES, MOST_BYTES = 1 << 20, 1 << 18
"""Larger images, as headers may claim, are not decoded here."""


class PngChecker:
    """Keeps the memory, and the state that has seen every image so far."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._blank = new_png_state(MOST_BYTES, MOST_SAMPLES)
        self._fresh = guarded_tuple(self._blank)
        self._used = guarded_tuple(self._blank)
        self._work = guarded_tuple(new_workspace())
        self._batch = GuardedBatch(MOST_BYTES, 4 * 3 * MOST_SAMPLES)

    def check(self, seed: int, data: bytes) -> Iterator[tuple[str, str]]:
        """What is wrong with the answers to this image: (kind, in words)."""
        self.counts["images"] += 1
        sizes = np.zeros((1, 2), np.int64)
        png_sizes(*self._batch.payload(data), sizes)
        height, width = sizes[0].tolist()
        if not 0 < height * width <= MOST_SAMPLES // 4 or len(data) > MOST_BYTES:
            self.counts["of no size"] += 1
            return
        wanted = pillow(data)
        transform = Transform("train224" if seed % 3 else "eval224", seed)
        (view,) = transform.views(BatchSpec(seed, 0, np.zeros(1, np.int64)), [(height, width)])
        for shown in (None, view):
            used = self._answer(seed, data, (height, width), shown, self._used)
            fresh = self._answer(seed, data, (height, width), shown, self._reset())
            yield from history(fresh, used, "view" if shown else "whole")
            yield from self._compared(fresh, wanted, shown)

    def _compared(
        self, answer: Answer, wanted: npt.NDArray[np.uint8] | None, view: View | None
    ) -> Iterator[tuple[str, str]]:
        what = "view" if view else "whole"
        if answer.status != OK:
            self.counts[f"{what}: left to Pillow"] += 1
            return
        if wanted is None:
            yield "accepted", f"{what}: Pillow refuses it"
            return
        if view:
            shown = np.stack([resized(wanted[:, :, number].astype(np.float32), view) for number in range(3)], 2)
            worst = np.abs(answer.pixels - np.clip(shown, 0, 255)).max() - VIEW_LEVELS
        else:
            worst = np.abs(np.rint(answer.pixels) - wanted).max()
        if worst > 0:
            yield "pixels", f"{what}: up to {worst:.2f} levels"
        else:
            self.counts[f"{what}: like Pillow's"] += 1

    def _reset(self) -> PngState:
        """The fresh state as new, with no more memory than this image needs, as the used state knows it."""
        frame = self._used.frame
        filtered, joined = (frame[ROW] + 1) * frame[HEIGHT], frame[STREAM] < 0
        needs = {
            "stream": int(joined * frame[STREAM_BYTES]) + SLACK,
            "filtered": int(filtered) + SLACK,
            "samples": image_place(self._used) + int(3 * frame[WIDTH] * frame[HEIGHT]) + SLACK,
        }
        for part, blank in zip(_arrays(self._fresh), _arrays(self._blank), strict=True):
            part[...] = blank
        return self._fresh._replace(**{name: getattr(self._fresh, name)[-need:] for name, need in needs.items()})

    def _answer(self, seed: int, data: bytes, size: tuple[int, int], view: View | None, state: PngState) -> Answer:
        normalise, out = self._batch.output(seed, (SIDE, SIDE) if view else size)
        status, first = np.full(1, TOO_SMALL, np.uint8), np.zeros(1, np.int64)
        target = output_to(out, normalise)
        if view:
            sizes = np.array([size])
            png_views(*self._batch.payload(data), first, sizes, *axes_of([view]), state, self._work, target, status)
        else:
            png_batch(*self._batch.payload(data), first, *size, state, target, status)
        return answer_of(status, out, normalise)


def _arrays(state: Any) -> Iterator[npt.NDArray[Any]]:
    for part in state:
        if isinstance(part, np.ndarray):
            yield part
        else:
            yield from _arrays(part)
