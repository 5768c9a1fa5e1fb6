"""What a build will bring, measured on a sample of the dataset before anything is built."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from ..base.contracts import Compression, Row
from ..base.home import Home
from ..compressions import COMPRESSIONS
from ..formats import FORMATS
from ..stores.jpeg_index import index_bytes
from .encode import workers_for
from .entry_points import noted
from .recipe import Recipe
from .sample import jpeg_share, sample_payloads, sample_rows, training_payloads
from .task import Build
from .trial import Trial, write_trial

SAMPLE = 256
SAMPLE_BYTES = 1 << 26
"""Pixels that are held at once: of large images the sample is smaller."""

SAMPLE_SEED = 1
"""Not the seed of the training sample: a dictionary is judged by payloads it has not seen."""

START_SECONDS = 1.5
"""What starting worker processes takes: about as long for two as for many, once a build."""


@dataclass(frozen=True)
class Gain:
    """What a compression made of a sample of payloads. Rates are in payload bytes per second, one thread."""

    compression: str
    ratio: float
    compress_bytes_per_s: float
    decompress_bytes_per_s: float


def estimate(build: Build) -> dict[str, Any]:
    """Sizes and seconds of a build, extrapolated from `SAMPLE` samples that are encoded for it and written on trial.

    Returns `samples`, `sampled`, `payload_bytes`, `source_bytes`, `index_bytes` (what a JPEG index adds to the sizes)
    and `allocated_bytes` ({split: bytes}; the last None where nothing can be written), `ratio` (payload to source
    file), `seconds` in all, of which `startup_seconds` and `training_seconds` do not grow with the dataset, and
    `source_jpeg`, the share of the sample's files that are JPEG.
    Raises InputError where the build would.
    """
    home = Home.find(build.home)
    recipe = Recipe.of(home, build.dataset, build.format, build.encoding, build.compression, build.options)
    rows, encoded, encode_s, trained, training_s, gain, stored = _prepared(recipe, build.compression)
    endings = [recipe.encoding.suffix(payload) + trained.suffix for payload in encoded]
    trial = write_trial(dataclasses.replace(recipe, compression=trained), stored, endings, home.built)
    mean = sum(map(len, encoded)) / len(rows)
    splits = recipe.dataset.splits
    index = _index(recipe, encoded)
    beside = {split: round(index.fixed + index.each * count) for split, count in splits.items()}
    payload_bytes = {split: _payload_bytes(recipe, split, mean, gain.ratio) + beside[split] for split in splits}
    source_bytes = recipe.dataset.split_bytes()
    samples = sum(splits.values())
    workers = workers_for(build.workers, recipe)
    encoding_s = encode_s + mean / gain.compress_bytes_per_s + index.seconds
    each = encoding_s / max(1, workers) + (trial.seconds if trial else 0.0)
    fixed = {"startup_seconds": START_SECONDS if workers else 0.0,
             "training_seconds": training_s if recipe.compression.learns else 0.0}  # fmt: skip
    return {
        "samples": samples,
        "sampled": len(rows),
        "payload_bytes": payload_bytes,
        "source_bytes": source_bytes,
        "index_bytes": beside,
        "allocated_bytes": trial
        and {split: _allocated(trial, splits[split], payload_bytes[split]) for split in splits},
        "ratio": sum(payload_bytes.values()) / max(1, sum(source_bytes.values())),
        "seconds": samples * each + sum(fixed.values()),
        "source_jpeg": jpeg_share(recipe, rows),
        **fixed,
    }


class _Prepared(NamedTuple):
    """A sample as it will be stored, whatever the format: `encoded`, then compressed (`stored`)."""

    rows: list[Row]
    encoded: list[bytes]
    encode_s: float
    compression: Compression
    training_s: float
    gain: Gain
    stored: list[bytes]


_last_prepared: dict[tuple[str, ...], _Prepared] = {}
"""The last one: formats are asked about one after another."""


def _prepared(recipe: Recipe, compression: str) -> _Prepared:
    key = (*_encoding_key(recipe), repr(recipe.compression))
    if key not in _last_prepared:
        rows = _sample(recipe)
        encoded, encode_s = _encoded(recipe, rows)
        trained, training_s = _timed(lambda: recipe.compression.train(_training(recipe)))
        _last_prepared.clear()
        _last_prepared[key] = _Prepared(
            rows, encoded, encode_s, trained, training_s, *_gain(trained, compression, encoded)
        )
    return _last_prepared[key]


class _Index(NamedTuple):
    """Bytes of an index without samples, bytes and seconds that each sample adds."""

    fixed: float
    each: float
    seconds: float


def _index(recipe: Recipe, payloads: Sequence[bytes]) -> _Index:
    if recipe.jpeg_index is None:
        return _Index(0, 0.0, 0.0)
    interval = recipe.jpeg_index
    noted([], interval)  # loads the kernels
    records, seconds = _timed(lambda: noted(payloads, interval))
    return _Index(index_bytes([]), (index_bytes(records) - index_bytes([])) / len(records), seconds / len(records))


def _sample(recipe: Recipe) -> list[Row]:
    """`SAMPLE` rows, or as many as fit `SAMPLE_BYTES` of pixels."""
    rows = sample_rows(recipe, SAMPLE, SAMPLE_SEED)
    mean = sum(row.height * row.width * 3 for row in rows) / max(1, len(rows))
    return rows[:: max(1, math.ceil(len(rows) * mean / SAMPLE_BYTES))]


_encode_seconds: dict[tuple[str, ...], float] = {}


def _encoded(recipe: Recipe, rows: Sequence[Row]) -> tuple[list[bytes], float]:
    """The payloads, and the seconds that one takes. Of each encoding this is measured once, when libraries are loaded
    and files are in memory, so that builds with the same encoding are told the same of it."""
    payloads, first_s = _timed(lambda: sample_payloads(recipe, rows))
    key = _encoding_key(recipe)
    if key not in _encode_seconds:
        again_s = _timed(lambda: sample_payloads(recipe, rows))[1] if first_s < 1.0 else first_s
        _encode_seconds[key] = min(first_s, again_s) / len(rows)
    return payloads, _encode_seconds[key]


def _encoding_key(recipe: Recipe) -> tuple[str, ...]:
    return (str(recipe.dataset.root), recipe.dataset.fingerprint, repr(recipe.encoding))


def _allocated(trial: Trial, samples: int, payload_bytes: int) -> int:
    return round(trial.fixed + payload_bytes + trial.overhead * samples)


def compare_compressions(
    home: Home, dataset: str, encoding: str = "original", options: Mapping[str, Any] | None = None
) -> list[Gain]:
    """What each installed compression brings to this dataset's payloads in this encoding, measured on a sample."""
    any_format = next(iter(FORMATS))  # payloads are the same in each
    recipe = Recipe.of(home, dataset, any_format, encoding, "none", options or {})
    encoded = sample_payloads(recipe, _sample(recipe))
    training = training_payloads(recipe)
    return [
        _gain(COMPRESSIONS.make(name).train(training), name, encoded)[0]
        for name, entry in COMPRESSIONS.items()
        if entry.available()
    ]


def _training(recipe: Recipe) -> list[bytes]:
    return training_payloads(recipe) if recipe.compression.learns else []


def _gain(compression: Compression, name: str, payloads: Sequence[bytes]) -> tuple[Gain, list[bytes]]:
    """Compress and decompress these payloads, and time both; and what they became."""
    compression.decompress(compression.compress(payloads[0]))  # loads the library
    compressed, compress_s = _timed(lambda: [bytes(compression.compress(payload)) for payload in payloads])
    _, decompress_s = _timed(lambda: [compression.decompress(payload) for payload in compressed])
    before = max(1, sum(map(len, payloads)))
    gain = Gain(name, sum(map(len, compressed)) / before, before / compress_s, before / decompress_s)
    return gain, compressed


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
