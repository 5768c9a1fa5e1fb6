"""One JPEG through our decoder in guarded memory, compared with Pillow and with itself (see `fuzz_jpeg`)."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.guarded import guarded_tuple
from benchmarks.guarded_batch import Answer, GuardedBatch, answer_of, history, pillow
from core.loading.batch_sampler import BatchSpec
from core.loading.decode import turbo
from core.loading.fused.memory import axes_of, output_to
from core.loading.jpeg.batch import jpeg_batch, jpeg_sizes, jpeg_views
from core.loading.jpeg.records import no_records
from core.loading.jpeg.state import ACROSS, COMPONENTS, DOWN, HEIGHT, PADDING, SCAN, WIDTH, DecoderState, new_state
from core.loading.resample import new_workspace
from core.loading.statuses import OK, TOO_SMALL
from core.loading.transform import SIDE, Transform, View

VIEW_LEVELS = 3.0
"""Levels of 0..255 by which a view may differ from Pillow's planes, resized without rounding."""

MOST_SAMPLES, MOST_BYTES = 1 << 21, 1 << 21
"""Larger images, as headers may claim, are not decoded here."""


class Checker:
    """Keeps the memory, and the state that has seen every image so far."""

    def __init__(self, clean: Sequence[bytes]) -> None:
        self.counts: Counter[str] = Counter()
        self._clean = clean
        self._fresh = guarded_tuple(new_state(MOST_BYTES, MOST_SAMPLES))
        self._used = guarded_tuple(self._fresh)
        self._blank = new_state(0, 0)
        self._work = guarded_tuple(new_workspace())
        self._batch = GuardedBatch(MOST_BYTES, 4 * 3 * MOST_SAMPLES)

    def check(self, seed: int, data: bytes) -> Iterator[tuple[str, str]]:
        """What is wrong with the answers to this image: (kind, in words)."""
        self.counts["images"] += 1
        sizes = np.zeros((1, 2), np.int64)
        jpeg_sizes(*self._batch.payload(data), sizes)
        height, width = sizes[0].tolist()
        if not 0 < height * width <= MOST_SAMPLES // 3 or len(data) > MOST_BYTES:
            self.counts["of no size"] += 1
            return
        wanted = pillow(data)
        self._prime(seed)
        yield from self._whole(seed, data, (height, width), wanted)
        yield from self._views(seed, data, (height, width), wanted)
        yield from self._staged(data, wanted)

    def _prime(self, seed: int) -> None:
        """Leave tables of a file that is in order in the used state: others than this image's, mostly."""
        self._decoded(seed, self._clean[seed % len(self._clean)], (0, 0), self._used)  # is of no such size

    def _whole(
        self, seed: int, data: bytes, size: tuple[int, int], wanted: npt.NDArray[np.uint8] | None
    ) -> Iterator[tuple[str, str]]:
        used = self._decoded(seed, data, size, self._used)
        fresh = self._decoded(seed, data, size, self._reset(data))
        yield from history(fresh, used, "whole")
        if fresh.status != OK:
            self.counts["left to Pillow"] += 1
        elif wanted is None:
            yield "accepted", "whole: Pillow refuses it"
        elif not np.array_equal(np.rint(fresh.pixels), wanted):
            yield "pixels", f"whole: up to {np.abs(fresh.pixels - wanted).max():.0f} levels"
        else:
            self.counts["equal to Pillow's"] += 1

    def _views(
        self, seed: int, data: bytes, size: tuple[int, int], wanted: npt.NDArray[np.uint8] | None
    ) -> Iterator[tuple[str, str]]:
        transform = Transform("train224" if seed % 3 else "eval224", seed)
        (view,) = transform.views(BatchSpec(seed, 0, np.zeros(1, np.int64)), [size])
        self._prime(seed)
        used = self._viewed(seed, data, size, view, self._used)
        fresh = self._viewed(seed, data, size, view, self._reset(data))
        yield from history(fresh, used, "view")
        if fresh.status != OK:
            return
        if wanted is None:
            yield "accepted", "view: Pillow refuses it"
            return
        worst = np.abs(fresh.pixels - _view_of_planes(data, view)).max()
        if worst > VIEW_LEVELS:
            yield "pixels", f"view: up to {worst:.1f} levels"
        else:
            self.counts["views like Pillow's"] += 1

    def _staged(self, data: bytes, wanted: npt.NDArray[np.uint8] | None) -> Iterator[tuple[str, str]]:
        given = turbo(data)
        if given is not None and wanted is None:
            yield "staged", "answers where Pillow refuses"
        elif given is not None and not np.array_equal(given, wanted):
            yield "staged", "differs from Pillow"

    def _reset(self, data: bytes) -> DecoderState:
        """The fresh state as new, with no more memory than this image needs, as the used state knows it."""
        samples, stream = _needs(self._used, data)
        kept = {
            "samples": self._fresh.samples[-min(samples, MOST_SAMPLES) :],
            "stream": self._fresh.stream[-min(stream, MOST_BYTES) :],
        }
        state = self._fresh._replace(**kept)
        for name, part in zip(state._fields, state, strict=True):
            part[...] = 0 if name in kept else getattr(self._blank, name)
        return state

    def _decoded(self, seed: int, data: bytes, size: tuple[int, int], state: DecoderState) -> Answer:
        normalise, out = self._batch.output(seed, size)
        status = np.full(1, TOO_SMALL, np.uint8)
        jpeg_batch(*self._batch.payload(data), np.zeros(1, np.int64), *size, state, output_to(out, normalise), status)
        return answer_of(status, out, normalise)

    def _viewed(self, seed: int, data: bytes, size: tuple[int, int], view: View, state: DecoderState) -> Answer:
        normalise, out = self._batch.output(seed, (SIDE, SIDE))
        status = np.full(1, TOO_SMALL, np.uint8)
        jpeg_views(
            *self._batch.payload(data), no_records(1), np.zeros(1, np.int64), np.array([size]), *axes_of([view]), state,
            self._work, output_to(out, normalise), status,
        )  # fmt: skip
        return answer_of(status, out, normalise)


def _needs(state: DecoderState, data: bytes) -> tuple[int, int]:
    """Bytes of samples and of the stream that the image whose header a state holds needs; little where it has none."""
    frame = state.frame
    if not frame[SCAN]:
        return 16, PADDING
    across, down = 8 * frame[ACROSS], 8 * frame[DOWN]
    mcus = -(-frame[WIDTH] // across) * -(-frame[HEIGHT] // down)
    samples = mcus * (across * down + (128 if frame[COMPONENTS] == 3 else 0))
    return int(samples) + 16, int(len(data) - frame[SCAN]) + PADDING


def _view_of_planes(data: bytes, view: View) -> npt.NDArray[np.float64]:
    """What the view shows by Pillow's own decoder and resizing, without rounding and clamping in between."""
    with Image.open(io.BytesIO(data)) as image:
        image.draft("YCbCr", None)
        planes = np.asarray(image, np.float32).reshape(image.height, image.width, -1)
    shown = [resized(planes[:, :, number], view) for number in range(planes.shape[2])]
    luma, blue, red = shown if len(shown) == 3 else (shown[0], np.full_like(shown[0], 128), np.full_like(shown[0], 128))
    blue, red = blue - 128, red - 128
    colours = [luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue]
    return np.clip(np.stack(colours, 2), 0, 255)


def resized(plane: npt.NDArray[np.float32], view: View) -> npt.NDArray[np.float64]:
    """What a view shows of a plane, by Pillow's resizing of float32."""
    part = Image.fromarray(plane[view.top : view.bottom, view.left : view.right])
    x, y = view.x_start - view.left, view.y_start - view.top
    box = (x, y, min(x + SIDE * view.x_step, part.width), min(y + SIDE * view.y_step, part.height))
    shown = np.asarray(part.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box), np.float64)
    return shown[:, ::-1] if view.flip else shown
