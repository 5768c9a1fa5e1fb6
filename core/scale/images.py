"""How large an image is in a store that was never built: from the sizes of payloads and the format's size model."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ..base.contracts import Row
from ..building.recipe import Recipe
from ..building.sample import sample_payloads, sample_rows
from ..formats import FORMATS
from .rates import ImageFacts

SAMPLE = 512
SAMPLE_PIXELS = 20_000_000
SEED = 2
BESIDE = 16
"""Bytes a sample that lie beside its container: its checksum, and its label where there are several parts."""


def image_facts(recipe: Recipe) -> ImageFacts:
    """On a sample of the dataset, encoded and compressed; exact where all payloads are as large. `recipe`: with its
    compression trained."""
    rows = _sample(recipe)
    sizes = np.array(_payload_sizes(recipe, rows), np.float64)
    form = FORMATS[recipe.format_name]
    source = recipe.dataset.bytes / max(sum(recipe.dataset.splits.values()), 1)
    if recipe.untouched:
        sizes *= source / max(float(sizes.mean()), 1.0)  # the sample's mean is not the dataset's, which is known
    stored = float(form.occupied(sizes).mean()) + BESIDE
    payload = float(sizes.mean())
    return ImageFacts(
        source=source,
        payload=payload,
        stored=stored,
        read=payload if form.refers else stored,
        source_requests=1.0 if recipe.dataset.has_files else 0.0,
        file_per_sample=form.file_per_sample,
        refers=form.refers,
    )


def _sample(recipe: Recipe) -> Sequence[Row]:
    rows = sample_rows(recipe, SAMPLE, SEED)
    pixels = sum(row.height * row.width for row in rows)
    return rows[:: max(1, -(-pixels // SAMPLE_PIXELS))]


def _payload_sizes(recipe: Recipe, rows: Sequence[Row]) -> list[int]:
    if recipe.untouched:
        return [row.bytes for row in rows]
    shape = recipe.encoding.payload_shape
    if shape is not None and recipe.compression.identity:
        return [prod(shape)] * len(rows)
    return [len(recipe.compression.compress(payload)) for payload in sample_payloads(recipe, rows)]
