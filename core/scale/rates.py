"""What the model is given: how long an image takes, how large it is, and how much there is to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ImageFacts:
    """What one image takes, in bytes, on average.

    source: of the file that a build reads. payload: encoded and compressed. stored: what it occupies in the store,
    with its share of what lies between and beside payloads. read: what an epoch fetches of it from the storage.
    source_requests: how often a build asks for its file: less than once where one file holds many images.
    file_per_sample: images are read from files of their own; refers: from those that the dataset has.
    """

    source: float
    payload: float
    stored: float
    read: float
    source_requests: float = 1.0
    file_per_sample: bool = False
    refers: bool = False

    @property
    def writes_files(self) -> bool:
        """Whether a build writes a file for each image."""
        return self.file_per_sample and not self.refers


@dataclass(frozen=True)
class BuildRates:
    """Seconds, as measured here. `stages`: of one CPU an image while all CPUs are busy, by stage; `alone`: how many
    times as fast an image is while one CPU is busy and the others are not. `start_s`: once a build by several
    processes; `alone_start_s`: by one; `part_s`: once a part; `commit_s`: an image, in the one process that drives the
    build and commits the store; `cut_s`: an image, there, where parts are planned by their size."""

    stages: Mapping[str, float]
    start_s: float
    alone_start_s: float
    part_s: float
    commit_s: float = 0.0
    cut_s: float = 0.0
    alone: float = 1.0

    @property
    def image_s(self) -> float:
        return sum(self.stages.values())


@dataclass(frozen=True)
class LoadRates:
    """Seconds of one CPU an image while all CPUs load, as measured here, by how large the store is.

    near_s: from a store that a processor's cache holds; far_s: from one that it does not; first_s: what an image takes
    longer when it is read for the first time after the store was opened. Beside the images, start_s: opening the store
    and the first epoch; epoch_s: any other; open_s: opening, by each image of the store; order_s: drawing an epoch's
    order, by each image of it. cache_bytes: what the processor's caches hold.
    """

    near_s: float
    far_s: float
    first_s: float
    start_s: float
    cache_bytes: float
    epoch_s: float = 0.0
    open_s: float = 0.0
    order_s: float = 0.0

    def image_s(self, store_bytes: float) -> float:
        """Of images drawn from everywhere in a store of this size: the share that no cache holds is slower."""
        beyond = max(0.0, 1.0 - self.cache_bytes / store_bytes) if store_bytes > 0 else 0.0
        return self.near_s + (self.far_s - self.near_s) * beyond


@dataclass(frozen=True)
class ScaleRequest:
    """How much, and on what: `images` in a store of `parts` parts, on `nodes` nodes of `cpus` CPUs; `epochs` of
    training, whose devices take `gpu_images_s` images per second together (None: as many as come)."""

    images: int
    parts: int
    nodes: int = 1
    cpus: int = 1
    epochs: int = 1
    gpu_images_s: float | None = None
    build_workers: int | None = field(default=None)

    @property
    def slots(self) -> int:
        """Parts that are built at a time."""
        most = self.nodes * self.cpus if self.build_workers is None else self.build_workers
        return max(1, min(most, self.parts))

    @property
    def nodes_used(self) -> int:
        """Nodes that build."""
        return min(self.nodes, self.slots)
