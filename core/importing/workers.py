"""The calls of an import, over all processors: here while they are few, in threads, or in processes."""

from __future__ import annotations

import importlib.util
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager

from ..base.contracts import Skipped
from ..processes.cpus import usable_cpus
from ..processes.pool import in_order, processes
from .chunks import GivenImage, ImportChunk
from .keeping import ImportedImage, KeptChunk

INLINE_IMAGES = 500
INLINE_SECONDS = 1.0
"""Fewer images than this are read here, for so long; starting processes would take longer."""

THREADED_IMAGES = 4000
PHOTO_BYTES = 24 << 10
"""Up to so many JPEGs of at least so many bytes are decoded in threads: libjpeg-turbo lets others run meanwhile, and a
process takes as long to start as hundreds of them to decode."""


def kept(
    call: Callable[[Sequence[GivenImage | Skipped]], KeptChunk], given: Iterator[ImportChunk], total: int
) -> Generator[tuple[ImportChunk, KeptChunk], None, None]:
    """Each chunk with what became of it, in order; `total` is the number of images."""
    begun = time.monotonic()
    for chunk in given:
        first = call(chunk.given)
        yield chunk, first
        if total >= INLINE_IMAGES or time.monotonic() - begun > INLINE_SECONDS:
            break
    else:
        return
    workers = usable_cpus()
    with _executor(workers, total, chunk, first) as pool:
        under_way: deque[ImportChunk] = deque()
        for result in in_order(pool, workers, call, _noted(given, under_way)):
            yield under_way.popleft(), result


def _noted(given: Iterable[ImportChunk], under_way: deque[ImportChunk]) -> Iterator[Sequence[GivenImage | Skipped]]:
    """What workers are given of each chunk; the rest waits in `under_way`."""
    for chunk in given:
        under_way.append(chunk)
        yield chunk.given


def _executor(workers: int, total: int, chunk: ImportChunk, kept: KeptChunk) -> AbstractContextManager[Executor]:
    """Where the calls are best made, as the first of them tells."""
    if total <= THREADED_IMAGES and _are_photos(chunk, kept) and importlib.util.find_spec("simplejpeg") is not None:
        return ThreadPoolExecutor(workers)
    return processes(workers)


def _are_photos(chunk: ImportChunk, kept: KeptChunk) -> bool:
    images = [
        (path, result.bytes)
        for path, result in zip(chunk.paths, kept.results, strict=True)
        if isinstance(result, ImportedImage)
    ]
    jpegs = sum(path.lower().endswith((".jpg", ".jpeg")) for path, _ in images)
    return bool(images) and jpegs == len(images) and sum(size for _, size in images) >= PHOTO_BYTES * len(images)
