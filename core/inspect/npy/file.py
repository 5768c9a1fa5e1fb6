"""Read-only access to one .npy file, or to all that lie in a folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from ...base.errors import InputError
from ...formats.container import open_file
from ...formats.maps import mapped
from ..display import Choice
from ..hdf5.name_hints import natural
from ..named_arrays.read_cost import read_cost_of
from ..records import Finding, ReadCost
from .arrays import FoundArrays, MappedSource

MOST_FILES = 40
"""Of a folder: a map keeps its file, and a reader may have `limits.OPEN_FILES`."""


class NpyFile:
    """Its arrays, called as their files are without the ending."""

    kind: ClassVar[str] = "npy"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.choice = Choice()
        self.doubts: dict[str, str] = {}
        self.read_cost: ReadCost | None = None
        self.model: str | None = None
        self.found = FoundArrays()
        paths = _paths(path)
        for one in paths[:MOST_FILES]:
            self._add(one)
        if len(paths) > MOST_FILES:
            self.found.problems.append(f"{len(paths):,} files; the first {MOST_FILES} are looked at")
        if not self.found.listed:
            raise InputError(f"{path} is damaged: {next(iter(self.found.problems), 'it holds no array')}")
        self.arrays, self.others = self.found.arrays, self.found.others
        count = len(self.found.listed)
        self.said = f"{count:,} .npy files in one folder" if path.is_dir() else "the magic of a .npy file"

    def _add(self, path: Path) -> None:
        try:
            with open_file(path) as file:  # no link is followed, and no pipe waited for
                size = file.seek(0, os.SEEK_END)
            self.found.add(path.stem, MappedSource(memoryview(mapped(path))), size)
        except (OSError, InputError) as error:
            self.found.problems.append(f"{path.name} cannot be read: {error}")

    @property
    def findings(self) -> list[Finding]:
        return self.found.findings

    def structure(self) -> Mapping[str, Any]:
        """Its arrays: name, type, shape, order of axes, bytes of the file, where in it the numbers begin."""
        sizes = [array["bytes"] for array in self.found.listed]
        return {"arrays": self.found.listed[:1_000], "file_bytes": sum(sizes), **read_cost_of(self)}

    def warnings(self) -> list[str]:
        return self.found.problems[:20]

    def close(self) -> None:
        """The maps go with the last array that refers to them."""


def _paths(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    with os.scandir(path) as entries:
        names = [one.name for one in entries if one.name.endswith(".npy") and one.is_file(follow_symlinks=False)]
    return [path / name for name in sorted(names, key=natural)]
