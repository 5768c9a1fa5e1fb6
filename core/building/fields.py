"""Further values of samples on their way into a store: whether they are kept, and how they look in all splits."""

from __future__ import annotations

from pathlib import Path

from ..base.contracts import FieldLayout, FieldReader
from ..datasets.dataset import Dataset
from ..formats.field_layouts import alike, layouts_of
from .recipe import Recipe


def are_kept(recipe: Recipe) -> bool:
    """Whether samples have fields and the format keeps them."""
    return bool(recipe.dataset.fields) and isinstance(recipe.format.reader(Path()), FieldReader)


def layouts(dataset: Dataset) -> dict[str, tuple[FieldLayout, ...]]:
    """Those of each split, from one pass over all values."""
    found = alike([layouts_of(dataset.field_values(split), dataset.fields) for split in dataset.splits])
    return dict(zip(dataset.splits, found, strict=True))
