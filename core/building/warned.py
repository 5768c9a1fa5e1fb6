"""What speaks against a build that can be done."""

from __future__ import annotations

from collections.abc import Iterator

from ..base.events import Event, Message
from .fields import are_kept
from .recipe import Recipe
from .sample import jpeg_share, sample_rows

MOSTLY = 0.5


def warned(recipe: Recipe) -> Iterator[Event]:
    """Lossy files that would be encoded again; fields that the format does not keep."""
    if recipe.encoding_name == "jpeg" and jpeg_share(recipe, sample_rows(recipe, 32)) >= MOSTLY:
        yield Message(
            "these files are JPEG already: encoding them again loses pixels a second time and seldom saves bytes; "
            "--encoding original keeps them as they are",
            "warning",
        )
    if recipe.dataset.fields and not are_kept(recipe):
        names = ", ".join(field.name for field in recipe.dataset.fields)
        yield Message(
            f"format {recipe.format_name} keeps no further values of samples: {names} are left out", "warning"
        )
