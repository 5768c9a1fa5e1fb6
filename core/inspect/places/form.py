"""What the image of a record is, and where it lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ...base.contracts import MAX_PAYLOAD
from ..records import Label

PIXELS = "pixels"

RGB = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class ImageForm:
    """encoding: of an image file ("jpeg", "png", ...), or `PIXELS`: uint8, height x width x `channels`, or planes one
    after the other (`planar`); bands: the channels that are red, green and blue."""

    encoding: str
    height: int = 0
    width: int = 0
    channels: int = 3
    planar: bool = False
    bands: tuple[int, int, int] = RGB

    @property
    def is_pixels(self) -> bool:
        return self.encoding == PIXELS

    @property
    def is_plain(self) -> bool:
        """Whether these are pixels as everybody here takes them: RGB, interleaved."""
        return self.is_pixels and self.channels == 3 and not self.planar and self.bands == RGB

    @property
    def size(self) -> int:
        """Bytes of bare pixels."""
        return self.height * self.width * self.channels

    def to_json(self) -> list[Any]:
        return [self.encoding, self.height, self.width, self.channels, self.planar, list(self.bands)]

    @classmethod
    def from_json(cls, told: Any) -> ImageForm:
        """Raises ValueError (or TypeError) for what `to_json` does not write."""
        encoding, height, width, channels, planar, bands = told
        red, green, blue = map(int, bands)
        made = cls(str(encoding), int(height), int(width), int(channels), bool(planar), (red, green, blue))
        area = made.height * made.width
        if min(made.height, made.width) < 0 or made.channels < 1 or max(area * made.channels, area * 3) > MAX_PAYLOAD:
            raise ValueError("no form of an image")
        if not all(0 <= band < made.channels for band in made.bands):
            raise ValueError("no form of an image: its bands are not among its channels")
        return made


class ImagePlace(NamedTuple):
    """A record's image: its form, where its bytes lie in the file, and its label.

    offset: -1 where they do not lie bare (compressed, in base64, ...): then the reader process hands them out. file:
    which of several files that are one.
    """

    form: ImageForm
    offset: int
    length: int
    label: Label
    file: int = 0


class ImagePlaces(Protocol):
    """Tells the places of a file's images one by one.

    Of a folder that is opened, `files` may be an attribute: the names of the files in it that places are in.
    """

    def place(self, index: int) -> ImagePlace:
        """Raises what is in `records.UNREADABLE` for a record that is no image or cannot be read."""
        ...
