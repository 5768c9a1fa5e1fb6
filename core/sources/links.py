"""What is noted of links that are followed: which lead out of the folder, and which to folders of the same tree."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from ..base.names import readable
from ..base.units import counted

SHOWN = 3


@dataclass
class SeveralLinks:
    """How many links of one kind there are, and the first ones."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, path: str) -> None:
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(path)

    def __str__(self) -> str:
        return ", ".join(self.first) + (", ..." if self.count > len(self.first) else "")


class FollowedLinks:
    """Links below the folder `root`."""

    def __init__(self, root: Path) -> None:
        self._root = readable(root)
        self._real_root = os.path.realpath(root)
        self._outside, self._inside = SeveralLinks(), SeveralLinks()
        self._real: dict[str, str] = {}

    def add(self, path: str, is_folder: bool) -> None:
        """Note a link."""
        folder = path.rpartition("/")[0]
        try:
            target = os.path.join(folder, os.readlink(path))  # noqa: PTH115, PTH118 - strings: there may be a million
        except OSError:
            return  # it was removed meanwhile
        real = self._real_path(target if is_folder else target.rpartition("/")[0])
        below = readable(path)[len(self._root) :].lstrip("/")
        if real != self._real_root and not real.startswith(self._real_root.rstrip("/") + "/"):
            self._outside.add(below)
        elif is_folder:
            self._inside.add(below)

    def _real_path(self, folder: str) -> str:
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder)
        return self._real[folder]

    def notes(self) -> list[str]:
        """A sentence for each kind."""
        notes = []
        if count := self._outside.count:
            links = counted(count, "link leads", "links lead")
            notes.append(f"{links} out of the folder ({self._outside}): followed; --option links=skip leaves links out")
        if count := self._inside.count:
            folders = counted(count, "folder is a link", "folders are links")
            notes.append(f"{folders} to another one of the same tree ({self._inside}): its images are taken for both")
        return notes
