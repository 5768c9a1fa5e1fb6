"""What a file itself says of its fields, which comes before anything that is guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Declared:
    """image: the field of the main image; images: of the further ones, where the file says which; label: the field of
    the label; classes: their names, by number; said: where all this stands, to follow "because" ("the schema's metadata
    name the features"); label_note: what is to be known of the labels ("labels run from 1 to 1000"); exact: no other
    field is an image, whatever is in it."""

    image: str | None = None
    images: tuple[str, ...] = ()
    label: str | None = None
    classes: Sequence[str] | None = None
    said: str = ""
    label_note: str = ""
    exact: bool = False

    @property
    def all_images(self) -> tuple[str, ...]:
        return (*((self.image,) if self.image is not None else ()), *self.images)


NOTHING = Declared()
