"""What is said of a folder's layout: its parts, each of one split and one class, and what is not used."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from .tree import SourceFolder

LEVELS = ("auto", "first", "last", "path")
"""Of folders in one another, which one is the class: what seems right, the first, the last, or all by their path."""


class LayoutPart(NamedTuple):
    """Images of one split: of the class `class_name`, or None where no folder tells one.

    Everything below belongs, or (`deep` false) what lies directly in it. `group`: the name and the value of a field,
    for images of one of several groups ("group", "amazon") or folds.
    """

    split: str
    class_name: str | None
    folder: SourceFolder
    deep: bool = True
    group: tuple[str, str] | None = None


class Unused(NamedTuple):
    """A folder whose images are not taken, all below it or (`deep` false) the ones directly in it, and why."""

    folder: SourceFolder
    reason: str
    deep: bool = True


@dataclass
class FolderLayout:
    """`root` is the folder that the images are really in; `why` tells the layout in words; `notes` what is a guess.

    `judges_names`: folders are judged by their names, not all taken for classes; `level` is one of `LEVELS`.
    """

    root: SourceFolder
    judges_names: bool = True
    level: str = "auto"
    why: str = ""
    parts: list[LayoutPart] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    nested: bool = False
    """Whether it was said that classes hold folders."""

    @property
    def guesses_level(self) -> bool:
        return self.judges_names and self.level == "auto"

    def leave(self, folder: SourceFolder, reason: str) -> None:
        self.unused.append(Unused(folder, reason))

    def leave_but(
        self, used: Collection[SourceFolder], folders: Iterable[SourceFolder], why: Callable[[SourceFolder], str]
    ) -> None:
        """Of these folders, those that are not used, each with its own reason."""
        for folder in folders:
            if folder not in used:
                self.leave(folder, why(folder))

    def leave_loose(self, folder: SourceFolder, beside: str) -> None:
        """Images that lie in a folder that is to hold folders only."""
        if folder.images:
            self.unused.append(Unused(folder, f"beside {beside}", deep=False))
