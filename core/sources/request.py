"""What an import asks of its source, beside the source's own options."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import InputError
from ..base.home import Home
from ..base.names import readable

LISTING = 4.0
"""Times that listing files one by one takes, where reading the names in their folders takes one."""


class PatienceError(InputError):
    """What is there cannot be told without more work than `Patience` admits; the text says what work."""


@dataclass(frozen=True, slots=True)
class Patience:
    """For who only wants to look: until when (`time.monotonic`) a place may be read, and how many images may be listed
    one by one. What is told then is of a part, and `Recognition.partial` says of which."""

    until: float
    images: int
    seconds: float

    @classmethod
    def of(cls, seconds: float, images: int) -> Patience:
        """From now on."""
        return cls(time.monotonic() + seconds, images, seconds)

    def again(self, seconds: float) -> Patience:
        """The same for the next work, from now on."""
        return self.of(seconds, self.images)

    @property
    def over(self) -> bool:
        return time.monotonic() > self.until

    def is_over(self, images: int) -> bool:
        """Whether there is no time for more, or so many are as many as may be listed one by one."""
        return self.over or images >= self.images

    def every(self, images: int) -> int:
        """Of so many images, whose folders have just been read, each how manyth is listed: all, where that takes no
        longer than there was time for, by what the folders took."""
        took = self.seconds - (self.until - time.monotonic())
        return max(-(-images // self.images), math.ceil(LISTING * took / self.seconds), 1)


@dataclass(frozen=True, slots=True)
class Request:
    """`scratch` is an empty folder for the time of the import, `downloads` one that stays.

    `path` is None for a source that needs none, and for one at an `address`; `limit` is the most images to hand over,
    of all splits together; `called` is what people call the path, where that is not the path itself (an upload's name);
    with `patience` it is only looked at. With `reference` nothing is to be copied (see
    `core.base.source_contracts.Referable`), and with `unread` files may be named in the place of what they hold
    (`FoundImage.file`), so that several processes read them. `home`: where what is noted of files may be kept.
    `resumed`: `scratch` has what the same import left when it was killed.
    """

    scratch: Path
    downloads: Path
    path: Path | None = None
    limit: int | None = None
    called: str = ""
    patience: Patience | None = None
    reference: bool = False
    unread: bool = False
    home: Home | None = None
    resumed: bool = False
    address: str = ""

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise InputError(f"a limit of {self.limit} images leaves nothing to import; use 1 or more, or no limit")

    @property
    def place(self) -> Path:
        """The path, for a source that cannot do without one. Raises InputError where there is none."""
        if self.path is None:
            raise InputError("this source needs the path of a folder or an archive")
        return self.path if self.path.parts else Path.cwd()  # what lies in "." would not begin with its name

    @property
    def shown(self) -> str:
        """The path in words for people."""
        return self.called or readable(self.place)
