"""The options of sources that say how image files become pixels."""

from __future__ import annotations

from dataclasses import dataclass

from ..base.options import option
from ..base.source_contracts import ChoosesPixels, Source
from ..images.pixel_choice import DATASET, NO_CHOICE, PixelChoice


@dataclass
class PixelOptions:
    """What a person may choose of the pixels; see docs/importing.md, "Pixels"."""

    range: str = option(
        DATASET,
        "values that are black and white: dataset (the fewest bits that hold all), as-is (what their type says), or "
        "LOW:HIGH",
    )
    bands: str = option("", "bands that are red, green and blue, from 1, like 3,2,1, or one; empty: the usual ones")

    @property
    def pixel_choice(self) -> PixelChoice:
        """Raises InputError for what is no range and no bands."""
        return PixelChoice.parsed(self.range, self.bands)


def pixel_choice_of(source: Source) -> PixelChoice:
    """What was asked of a source's pixels. Raises InputError for options that choose nothing."""
    return source.pixel_choice if isinstance(source, ChoosesPixels) else NO_CHOICE
