"""The calls of an import, over all processors: here while they are few, in threads, in processes, or by an engine."""

from __future__ import annotations

import importlib.util
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing

from ..base.contracts import Skipped
from ..processes.cpus import usable_cpus
from ..processes.engines import TaskEngine
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


WINDOW_CHUNKS, WINDOW_BYTES = 64, 64 << 20
"""Chunks for each item that an engine can have under way, of which results are put in order; fewer where their bytes
come with them."""

Keep = Callable[[Sequence[GivenImage | Skipped]], KeptChunk]
Kept = tuple[ImportChunk, KeptChunk]


def kept(
    call: Keep,
    given: Iterator[ImportChunk],
    total: int,
    engine: Callable[[], TaskEngine] | None = None,
    waits: bool = False,
) -> Generator[Kept, None, None]:
    """Each chunk with what became of it, in order; `total` is the number of images; `engine` opens the one that makes
    the calls (None: this machine, in the way that suits them); `waits`: calls wait for a network rather than work."""
    if engine is not None:
        with engine() as opened:
            yield from _by_engine(opened, call, given)
        return
    begun = time.monotonic()
    for chunk in given:
        first = call(chunk.given)
        yield chunk, first
        if total >= INLINE_IMAGES or time.monotonic() - begun > INLINE_SECONDS:
            break
    else:
        return
    workers = usable_cpus()
    with _executor(workers, total, waits or _are_photos(chunk, first)) as pool:
        under_way: deque[ImportChunk] = deque()
        for result in in_order(pool, workers, call, _noted(given, under_way)):
            yield under_way.popleft(), result


def _by_engine(engine: TaskEngine, call: Keep, given: Iterator[ImportChunk]) -> Iterator[Kept]:
    """Window by window, so that no more results wait for one that is late than a window has."""
    while window := list(_window(given, WINDOW_CHUNKS * engine.slots)):
        results: dict[int, KeptChunk] = {}
        following = 0
        with closing(engine.run(call, [chunk.given for chunk in window])) as run:
            for done in run:
                if done is not None:
                    results[done.number] = done.made
                while following in results:
                    yield window[following], results.pop(following)
                    following += 1


def _window(given: Iterator[ImportChunk], chunks: int) -> Iterator[ImportChunk]:
    size = 0
    for _ in range(chunks):
        chunk = next(given, None)
        if chunk is None:
            return
        yield chunk
        size += sum(len(image.data) for image in chunk.given if isinstance(image, GivenImage))
        if size > WINDOW_BYTES:
            return


def _noted(given: Iterable[ImportChunk], under_way: deque[ImportChunk]) -> Iterator[Sequence[GivenImage | Skipped]]:
    """What workers are given of each chunk; the rest waits in `under_way`."""
    for chunk in given:
        under_way.append(chunk)
        yield chunk.given


def _executor(workers: int, total: int, let_others_run: bool) -> AbstractContextManager[Executor]:
    """Where the calls are best made, as the first of them tells."""
    if total <= THREADED_IMAGES and let_others_run and importlib.util.find_spec("simplejpeg") is not None:
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
