"""How the values of a dataset become pixels: its axes, what it says of its colours and its top, its display."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .. import arrays
from ..display import Display, Drawn, native
from . import described
from . import layouts as hdf5_layouts
from . import spec as hdf5_spec
from .facts import Facts

SAMPLED = 9
"""Images that are looked at to tell what their values mean."""


@dataclass(frozen=True)
class Look:
    """How the images of one dataset are shown: `layout` is the axes of one image in the order of the file."""

    facts: Facts
    layout: str
    display: Display
    upside_down: bool = False

    def draw(self, values: arrays.Array) -> Drawn:
        """The picture as it is asked for (`Hdf5File.choice`). Raises ValueError for what is none."""
        image = native(hdf5_layouts.upright(values, self.layout))
        image = hdf5_spec.turned(image, self.facts.attributes)
        image = image[::-1] if self.upside_down else image
        looked_up = hdf5_spec.through_palette(self.facts.file, image, self.facts.attributes)
        if looked_up is not None:
            return Drawn(looked_up, (), 0, 255, (0, 1, 2), 3)
        return self.display.draw(image, self.facts.file.choice)


def look_of(facts: Facts, layout: str, first: Callable[[int], Sequence[arrays.Array]]) -> Look:
    """`layout` is that of the whole dataset; `first(n)` reads a few images, upright, to tell what their values mean."""
    channels = facts.shape[layout.index("C")] if "C" in layout else 1
    turned = described.upside_down(facts)
    display = Display(
        lambda: first(SAMPLED),
        described.hints(facts, channels),
        told=hdf5_spec.limits(facts.attributes),
        no_data=described.no_data(facts),
        white_is_zero=hdf5_spec.white_is_zero(facts.attributes),
        notes=_notes(facts, turned),
    )
    return Look(facts, hdf5_layouts.of_image(layout), display, turned)


def _notes(facts: Facts, turned: bool) -> tuple[str, ...]:
    """What the file says of the axes and the top of its images."""
    told = described.layout(facts)
    axes = f"its axes are {', '.join(described.NAMES[axis] for axis in told)}, as the file says" if told else ""
    return tuple(filter(None, (axes, "its first row is the lowest, as the file says (opengl)" if turned else "")))
