"""A few samples of a dataset, drawn evenly from its first split: for training dictionaries and for estimates."""

from __future__ import annotations

from collections.abc import Sequence

from ..base.contracts import Row
from ..compressions.none import NoCompression
from .encode import Encoder
from .recipe import Recipe

JPEG_MAGIC = b"\xff\xd8\xff"
LOOKED_AT = 32

TRAINING_SAMPLES = 2_000
TRAINING_BYTES = 1 << 26


def sample_rows(recipe: Recipe, count: int, seed: int = 0) -> list[Row]:
    """Up to `count` rows of the first split, drawn by `seed`, in order."""
    dataset = recipe.dataset
    split = next(iter(dataset.splits))
    return [dataset.row(split, position) for position in dataset.sample_positions(split, k=count, seed=seed)]


def sample_payloads(recipe: Recipe, rows: Sequence[Row]) -> list[bytes]:
    """These rows' encoded payloads, not compressed."""
    return Encoder(recipe.dataset.reader, recipe.encoding, NoCompression(), recipe.dataset.values).encode(rows)


def training_payloads(recipe: Recipe) -> list[bytes]:
    """What a compression is trained on: `TRAINING_SAMPLES` payloads, or as many as fit `TRAINING_BYTES`."""
    rows = sample_rows(recipe, TRAINING_SAMPLES)
    pixels = sum(row.height * row.width * 3 for row in rows)
    kept = max(1, int(len(rows) * min(1.0, TRAINING_BYTES / max(1, pixels))))
    return sample_payloads(recipe, rows[:: max(1, len(rows) // kept)][:kept])


def jpeg_share(recipe: Recipe, rows: Sequence[Row]) -> float:
    """The share of JPEG files among the first of these rows, 0 to 1."""
    heads = [recipe.dataset.read(row)[:3] == JPEG_MAGIC for row in rows[:LOOKED_AT]]
    return sum(heads) / max(1, len(heads))
