"""What a build will bring, measured on a sample of the dataset before anything is built."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from core.building.encode import workers_for
from core.building.recipe import Recipe
from core.building.sample import sample_payloads, sample_rows, training_payloads
from core.building.task import Build
from core.compressions import COMPRESSIONS
from core.contracts import Compression
from core.home import Home

SAMPLE = 256
SAMPLE_SEED = 1
"""Not the seed of the training sample: a dictionary is judged by payloads it has not seen."""

WRITE_SECONDS = {"disk": 60e-6, "lmdb": 10e-6, "hdf5": 8e-6}
"""Seconds a sample to write and verify it, as two cores took for CIFAR-10's JPEGs; encoding is measured instead."""


@dataclass(frozen=True)
class Gain:
    """What a compression made of a sample of payloads. Rates are in payload bytes a second, one thread."""

    compression: str
    ratio: float
    compress_bytes_per_s: float
    decompress_bytes_per_s: float


def estimate(build: Build) -> dict[str, Any]:
    """Payload bytes and seconds of a build, extrapolated from `SAMPLE` samples encoded for it.

    Returns `samples`, `sampled`, `payload_bytes` and `source_bytes` ({split: bytes}), `ratio` (payload to source
    file) and `seconds`. Raises InputError where the build would.
    """
    recipe = Recipe.of(
        Home.find(build.home), build.dataset, build.format, build.encoding, build.compression, build.options
    )
    rows = sample_rows(recipe, SAMPLE, SAMPLE_SEED)
    encoded, encode_s = _timed(lambda: sample_payloads(recipe, rows))
    gain = _gain(recipe.compression.train(_training(recipe)), build.compression, encoded)
    payload_bytes = {
        split: _payload_bytes(recipe, split, sum(map(len, encoded)) / len(rows), gain.ratio)
        for split in recipe.dataset.splits
    }
    source_bytes = recipe.dataset.split_bytes()
    samples = sum(recipe.dataset.splits.values())
    compress_s = sum(map(len, encoded)) / gain.compress_bytes_per_s
    workers = max(1, workers_for(build.workers, samples, recipe.untouched))
    each = (encode_s + compress_s) / len(rows) / workers + WRITE_SECONDS.get(build.format, max(WRITE_SECONDS.values()))
    return {
        "samples": samples,
        "sampled": len(rows),
        "payload_bytes": payload_bytes,
        "source_bytes": source_bytes,
        "ratio": sum(payload_bytes.values()) / max(1, sum(source_bytes.values())),
        "seconds": samples * each,
    }


def compare_compressions(
    home: Home, dataset: str, encoding: str = "original", options: Mapping[str, Any] | None = None
) -> list[Gain]:
    """What each installed compression brings to this dataset's payloads in this encoding, measured on a sample."""
    recipe = Recipe.of(home, dataset, "disk", encoding, "none", options or {})
    encoded = sample_payloads(recipe, sample_rows(recipe, SAMPLE, SAMPLE_SEED))
    training = training_payloads(recipe)
    return [
        _gain(COMPRESSIONS.make(name).train(training), name, encoded)
        for name, entry in COMPRESSIONS.items()
        if entry.available()
    ]


def _training(recipe: Recipe) -> list[bytes]:
    return [] if recipe.compression.identity else training_payloads(recipe)


def _gain(compression: Compression, name: str, payloads: Sequence[bytes]) -> Gain:
    """Compress and decompress these payloads, and time both."""
    compressed, compress_s = _timed(lambda: [compression.compress(payload) for payload in payloads])
    _, decompress_s = _timed(lambda: [compression.decompress(payload) for payload in compressed])
    before = max(1, sum(map(len, payloads)))
    return Gain(name, sum(map(len, compressed)) / before, before / compress_s, before / decompress_s)


def _timed(work: Any) -> tuple[Any, float]:
    began = time.perf_counter()
    made = work()
    return made, max(1e-9, time.perf_counter() - began)


def _payload_bytes(recipe: Recipe, split: str, encoded_bytes: float, ratio: float) -> int:
    """Exact where nothing is left to chance, else the sample's mean for every sample."""
    contents = recipe.contents(split)
    if contents.total_bytes is not None:
        return contents.total_bytes
    if contents.payload_shape is not None:
        return contents.samples * prod(contents.payload_shape)
    return round(contents.samples * encoded_bytes * ratio)
