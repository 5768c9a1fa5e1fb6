"""What an import asks of its source, beside the source's own options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.names import readable


@dataclass(frozen=True, slots=True)
class Request:
    """`scratch` is an empty folder for the time of the import, `downloads` one that stays.

    `path` is None for a source that needs none; `limit` is the most images to hand over, of all splits together;
    `called` is what people call the path, where that is not the path itself (an upload's name).
    """

    scratch: Path
    downloads: Path
    path: Path | None = None
    limit: int | None = None
    called: str = ""

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise InputError(f"a limit of {self.limit} images leaves nothing to import; use 1 or more, or no limit")

    @property
    def place(self) -> Path:
        """The path, for a source that cannot do without one. Raises InputError where there is none."""
        if self.path is None:
            raise InputError("this source needs the path of a folder or an archive")
        return self.path

    @property
    def shown(self) -> str:
        """The path in words for people."""
        return self.called or readable(self.place)
