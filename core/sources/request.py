"""What an import asks of its source, beside the source's own options."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import InputError
from ..base.home import Home
from ..base.names import readable


class PatienceError(InputError):
    """A folder has more than `Patience` admits."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Until when (`time.monotonic`) a folder may be read, and how many images it may have."""

    until: float
    images: int

    def check(self, images: int) -> None:
        """Raises PatienceError."""
        if images > self.images:
            raise PatienceError(f"it has more than {self.images:,} images")
        if time.monotonic() > self.until:
            raise PatienceError("reading its folders takes long")


@dataclass(frozen=True, slots=True)
class Request:
    """`scratch` is an empty folder for the time of the import, `downloads` one that stays.

    `path` is None for a source that needs none; `limit` is the most images to hand over, of all splits together;
    `called` is what people call the path, where that is not the path itself (an upload's name); `patience` bounds the
    time that listing a folder may take, for whoever only wants to look. With `reference` nothing is to be copied
    (`core.base.contracts.Referable`), and with `unread` files may be named in the place of what they hold
    (`FoundImage.file`), so that several processes read them. `home`: where what is noted of files may be kept.
    `resumed`: `scratch` is not empty, it has what the same import left when it was killed.
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
