"""Whether a rival keeps decoded images from epoch to epoch. That wins any warm benchmark, and no training on more
images than fit in memory.

Three looks. Who has not the memory for it keeps nothing. Who decodes takes processor time. Who keeps pixels has them
in memory, where they can be found. Kept bytes of files are no fault, nor are maps of a container.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np

from ..inside.work import RivalWork
from .kept_pixels import Pieces, look_into
from .known import Known
from .refused import RivalRefused

LOOKED_FOR = 64
"""Samples whose pixels are looked for."""

KEPT = 0.95
"""Of them: as many in memory are kept. What is under way, and what was freed and not written over yet, is less."""

FREED = 6.0
"""Times the size of all decoded samples: who has more memory may have most of them in what was freed. Of 64, honest
loaders had 57 (a tutorial's, 2,400 CIFAR images, 30 times), 43 (LitData, 16,000 CIFAR images, 8 times), 6 (DALI, as
many, 4 times), 1 (the tutorial's, as many, 4 times), none (the tutorial's, 480 photos, twice)."""

UNDER_WAY = 0.4
"""Of the samples: where more than this are in batches that are made ahead, nothing can be told."""

AHEAD = 3
"""Batches that a worker has under way, about: torch's two, and the one that it fills. Views are no samples."""

COULD_HOLD = 0.7
"""Of the decoded samples' bytes: who has less memory keeps few of them."""


def check_cpu(cpu_s: float, least: float) -> None:
    """`cpu_s`: processor seconds per image of timed epochs. Raises RivalRefused."""
    if cpu_s < least:
        raise RivalRefused(
            f"takes {1e6 * cpu_s:.2f} us of processor time per image, where decoding takes {1e6 * least:.2f} us at "
            "least: it hands out images that it decoded before"
        )


def check_memory(known: Known, work: RivalWork, pids: Sequence[int], memory_bytes: float) -> str:
    """After two whole epochs or more: whether most decoded samples lie in the memory of these processes, which occupy
    `memory_bytes` at most. Returns why nothing can be told, "" where they do not. Raises RivalRefused."""
    samples = known.samples
    if samples.encoding == "raw":
        return ""
    if work.device != "cpu":
        return "its images are decoded on a GPU"
    if memory_bytes < COULD_HOLD * known.decoded_bytes:
        return ""
    if memory_bytes > FREED * known.decoded_bytes:
        return (
            f"{len(samples):,} images are too few: decoded they are {known.decoded_bytes / 1e6:,.0f} MB, its processes "
            f"used {memory_bytes / 1e6:,.0f} MB"
        )
    ahead = (AHEAD if work.transform == "none" else 1) * max(work.workers, 1) * work.batch_size
    if ahead > UNDER_WAY * len(samples):
        return f"{len(samples):,} images are too few: {min(ahead, len(samples)):,} may be in batches made ahead"
    pieces, random, drawn = Pieces(), np.random.default_rng(), 0
    for index in random.permutation(len(samples)).tolist():
        drawn += pieces.add(index, known.reference.pixels(index), random)
        if drawn == LOOKED_FOR:
            break
    needed = ceil(KEPT * drawn)
    if drawn < LOOKED_FOR // 4:
        return "its images are too plain to be told from each other in memory"
    pieces.ready()
    if not look_into(pieces, pids, needed):
        return "the memory of its processes may not be read here, or not within 15 s"
    if len(pieces.found) >= needed:
        raise RivalRefused(
            f"keeps decoded images: {len(pieces.found)} of {drawn} drawn at random were found in its memory after its "
            "epochs"
        )
    return ""
