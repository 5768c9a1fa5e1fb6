"""Into which parts a build is cut: decided by dataset and recipe alone, so that whoever builds it, on however many
machines, builds the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..base.contracts import SplitPart
from ..base.errors import InputError
from ..base.options import chosen
from ..base.strict_json import dumps
from ..formats import FORMATS
from ..formats.shards import MB, MOST_SHARDS, Cut, InParts
from .recipe import Recipe
from .sample import sample_payloads, sample_rows

SAMPLED = 64
"""Images that are encoded to learn how large payloads become, where nothing else tells."""


class PlannedPart(NamedTuple):
    """A part of a split and its number of samples."""

    split: str
    part: SplitPart
    samples: int

    @property
    def name(self) -> str:
        """What its folder is called while a store is made."""
        return f"{self.split}.{self.part.number:05d}"


@dataclass(frozen=True)
class BuildPlan:
    """`parts`: all splits' parts, in the order of their samples. `digest`: the same for the same plan of the same
    dataset, recipe and versions of libraries: what one build has made of it, another one can use."""

    parts: tuple[PlannedPart, ...]
    digest: str

    def of(self, split: str) -> list[PlannedPart]:
        return [one for one in self.parts if one.split == split]

    @property
    def samples(self) -> int:
        return sum(one.samples for one in self.parts)


def plan_of(recipe: Recipe, versions: Mapping[str, str]) -> BuildPlan:
    """Of a recipe whose compression is trained. Raises InputError for options that contradict each other, and where
    more shards would come out than names have digits for."""
    cut = recipe.format.cut if isinstance(recipe.format, InParts) else Cut(1, 0)
    parts = tuple(one for split in recipe.dataset.splits for one in _parts(recipe, split, cut))
    dictionary = recipe.compression.dictionary or b""
    told = {
        "fingerprint": recipe.dataset.fingerprint,
        "format": [recipe.format_name, chosen(recipe.format)],
        "encoding": [recipe.encoding_name, chosen(recipe.encoding)],
        "compression": [recipe.compression_name, chosen(recipe.compression), hashlib.sha256(dictionary).hexdigest()],
        "parts": [[one.split, *one.part, one.samples] for one in parts],
        "versions": dict(versions),
    }
    return BuildPlan(parts, hashlib.sha256(dumps(told).encode()).hexdigest())


def _parts(recipe: Recipe, split: str, cut: Cut) -> Iterator[PlannedPart]:
    samples = recipe.dataset.splits[split]
    firsts = _equal(samples, cut.shards) if cut.shards else _by_size(recipe, split, cut.mb)
    if len(firsts) >= MOST_SHARDS:
        raise InputError(f"{len(firsts):,} shards are more than names have digits for: choose a larger shard_mb")
    for number, (first, end) in enumerate(zip(firsts, [*firsts[1:], samples], strict=True)):
        yield PlannedPart(split, SplitPart(number, len(firsts), first), end - first)


def _equal(samples: int, shards: int) -> list[int]:
    """Where so many parts begin, none empty while there are samples enough."""
    shards = min(shards, max(samples, 1))
    return [number * samples // shards for number in range(shards)]


def _by_size(recipe: Recipe, split: str, mb: int) -> list[int]:
    """Where parts begin that have `mb` MB at most, as far as sizes are known; a larger sample is a part of its own."""
    samples = recipe.dataset.splits[split]
    if not mb or not samples:
        return [0]
    sizes = FORMATS[recipe.format_name].occupied(_payload_sizes(recipe, split))
    firsts, room = [0], mb * MB
    ends = np.cumsum(sizes)
    while ends[-1] - (before := ends[firsts[-1] - 1] if firsts[-1] else 0.0) > room:
        following = max(int(np.searchsorted(ends, before + room, "right")), firsts[-1] + 1)
        if following >= samples:
            break
        firsts.append(following)
    return firsts


def _payload_sizes(recipe: Recipe, split: str) -> npt.NDArray[np.float64]:
    """Bytes of each payload, float64 (samples,): those of the files where payloads are these, or of the pixels; else of
    each the mean of some that are encoded."""
    samples = recipe.dataset.splits[split]
    if recipe.untouched:
        return np.fromiter(recipe.dataset.file_sizes(split), np.float64, samples)
    payloads = sample_payloads(recipe, sample_rows(recipe, SAMPLED))
    stored = [len(recipe.compression.compress(payload)) for payload in payloads]
    return np.full(samples, sum(stored) / max(1, len(stored)))
