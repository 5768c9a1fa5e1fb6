"""The workloads of the suite: which images, how they are stored, and what a loader has to make of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..base.errors import InputError

SMALL, PHOTOS = "small", "photos"

SMALL_SIDE = 96
"""Pixels: images whose longer side is at most this long are small ones."""


@dataclass(frozen=True)
class SuiteWorkload:
    """images: of which kind, `SMALL` or `PHOTOS`. encoding: what is stored, "jpeg", "png" or "raw"; `options` are the
    encoding's. store: the format of our store. count: images unless given. cold: from an empty page cache."""

    name: str
    title: str
    images: str
    encoding: str
    count: int
    batch_size: int
    store: str = "lmdb"
    transform: str = "none"
    options: Mapping[str, Any] = field(default_factory=dict)
    cold: bool = False

    @property
    def cache(self) -> str:
        return "cold" if self.cold else "warm"


_WARM = (
    SuiteWorkload("small-jpeg", "Small images, JPEG", SMALL, "jpeg", 20_000, 256),
    SuiteWorkload("small-png", "Small images, PNG", SMALL, "png", 10_000, 256, "hdf5"),
    SuiteWorkload("small-raw", "Small images, raw pixels", SMALL, "raw", 50_000, 256, "hdf5"),
    SuiteWorkload("photos-jpeg", "Photos, JPEG, random crops", PHOTOS, "jpeg", 600, 64, transform="train224"),
    SuiteWorkload(
        "photos-raw", "Photos, raw pixels, random crops", PHOTOS, "raw", 600, 64, "hdf5", "train224", {"size": 256}
    ),
)
COLD = "-cold"
WORKLOADS: Mapping[str, SuiteWorkload] = {
    one.name: one
    for one in (
        *_WARM,
        *(
            replace(one, name=one.name + COLD, title=f"{one.title}, cold", cold=True)
            for one in _WARM
            if one.name in ("small-jpeg", "photos-jpeg")
        ),
    )
}
"""In the order in which they run: what is dropped first where time is short comes last."""

ALL, USUAL = "all", "usual"


def chosen_workloads(names: Sequence[str], limit: int | None) -> list[SuiteWorkload]:
    """The workloads of these names, or "all", in the order of `WORKLOADS`; with `limit` images each at most.

    Raises InputError for a name that there is not, or none at all.
    """
    for name in names:
        if name != ALL and name not in WORKLOADS:
            raise InputError(f"unknown workload {name!r}; there are: {ALL}, {', '.join(WORKLOADS)}")
    if not names:
        raise InputError(f"name one workload or more: {ALL}, {', '.join(WORKLOADS)}")
    if limit is not None and limit < 1:
        raise InputError(f"a limit of {limit} images leaves nothing to load; use 1 or more")
    wanted = [one for name, one in WORKLOADS.items() if ALL in names or name in names]
    return [replace(one, count=min(one.count, limit or one.count)) for one in wanted]


def counts_of(workloads: Iterable[SuiteWorkload], kind: str) -> list[int]:
    """The numbers of images that workloads need of a kind, each once, the largest first."""
    return sorted({one.count for one in workloads if one.images == kind}, reverse=True)
