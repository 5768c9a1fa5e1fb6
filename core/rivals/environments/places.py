"""Where environments lie, and what is kept beside them: `<home>/data/rivals/environments/<name>-<digest>`.

An environment is made where it stays, since its scripts hold its path. What makes it one is `environment.json`, written
last: a folder without it is half-made, is taken for nothing, and is removed by whoever installs it next.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...base.checked_fields import AMOUNT, COUNT, TEXT, check, list_of
from ...base.files import Unreadable, read_object, write_whole
from ...base.home import Home
from ...base.names import digest
from ...base.strict_json import dumps
from ..registration import EnvironmentSpec
from .installers import python_in
from .pythons import ChosenPython

RECORD = "environment.json"
FIELDS = {
    "name": TEXT,
    "python": TEXT,
    "installer": TEXT,
    "installed": list_of(TEXT),
    "seconds": AMOUNT,
    "bytes": COUNT,
    "when": TEXT,
}
FOLDER_NAME = re.compile(r"(?P<name>[a-z0-9][a-z0-9_-]{0,39})-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class InstalledEnvironment:
    """What `environment.json` tells: `installed` as "distribution==version", `seconds` that installing took, `bytes`
    on disk, `when` it was done (ISO 8601, UTC)."""

    name: str
    python: str
    installer: str
    installed: tuple[str, ...]
    seconds: float
    bytes: int
    when: str

    def version_of(self, distribution: str) -> str:
        """ "1.0.2"; "" where it is not installed."""
        wanted = _normal(distribution)
        pairs = (line.partition("==") for line in self.installed)
        return next((version for name, _, version in pairs if _normal(name) == wanted), "")


@dataclass(frozen=True, slots=True)
class EnvironmentPlace:
    """One environment's folder, and the files beside it."""

    folder: Path

    @property
    def in_use(self) -> Path:
        """The lock that whoever runs in it shares, and whoever removes it has alone."""
        return self.folder.with_name(f"{self.folder.name}.use")

    @property
    def log(self) -> Path:
        """Of an installation that failed, the end of what the installer wrote."""
        return self.folder.with_name(f"{self.folder.name}.log")

    @property
    def failure(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.failed.json")

    @property
    def python(self) -> Path:
        return python_in(self.folder)

    def installed(self) -> InstalledEnvironment | None:
        """None where it is not installed, half-made, or the Python that it was made with is gone."""
        try:
            told = read_object(self.folder / RECORD)
            check(told, FIELDS)
        except Unreadable:
            return None
        if not self.python.exists():
            return None
        fields: dict[str, Any] = {name: told[name] for name in FIELDS}
        return InstalledEnvironment(**{**fields, "installed": tuple(told["installed"])})

    def keep(self, environment: InstalledEnvironment) -> None:
        """Write the record that makes the folder an environment. Raises OSError."""
        told = {name: getattr(environment, name) for name in FIELDS}
        write_whole(self.folder / RECORD, dumps({**told, "installed": list(environment.installed)}).encode())

    def failed(self) -> str:
        """Why the last installation failed; "" where none did."""
        try:
            told = read_object(self.failure)
            check(told, {"reason": TEXT})
        except Unreadable:
            return ""
        return str(told["reason"])


def workplace(home: Home) -> Path:
    """The folder of all environments."""
    return home.rivals / "environments"


def place_for(home: Home, spec: EnvironmentSpec, python: ChosenPython) -> EnvironmentPlace:
    """Another spec, Python or kind of machine has another place, so what lies there is what the spec says."""
    told = [spec.name, [list(step) for step in spec.steps], python.minor, sys.platform, platform.machine()]
    return EnvironmentPlace(workplace(home) / f"{spec.name}-{digest(dumps(told))}")


def places_of(home: Home, name: str) -> list[EnvironmentPlace]:
    """Every environment of that name: also what earlier specs and Pythons left, half-made ones, and what is left of an
    installation that failed."""
    return [place for place in places_in(home) if _name_of(place) == name]


def installed_in(home: Home) -> list[InstalledEnvironment]:
    """What is installed in a home."""
    return [told for place in places_in(home) if (told := place.installed()) is not None]


def bytes_on_disk(folder: Path, alone: bool = False) -> int:
    """Bytes that the files of a folder occupy, each once; links are not followed.

    alone: those that nobody else has (`sharing`), which is what removing the folder frees.
    """
    seen: dict[tuple[int, int], int] = {}
    for path, _, files in os.walk(folder):
        for file in files:
            try:
                status = (Path(path) / file).lstat()
            except OSError:
                continue  # an installer moves its files about
            if alone and status.st_nlink > 1:
                continue
            seen[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(seen.values())


def places_in(home: Home) -> Iterator[EnvironmentPlace]:
    """Every environment's place in a home, whatever state it is in."""
    folder = workplace(home)
    if folder.is_dir():
        names = {path.name.removesuffix(".log").removesuffix(".failed.json") for path in folder.iterdir()}
        yield from (EnvironmentPlace(folder / name) for name in sorted(names) if FOLDER_NAME.fullmatch(name))


def _name_of(place: EnvironmentPlace) -> str:
    match = FOLDER_NAME.fullmatch(place.folder.name)
    return match["name"] if match else ""


def _normal(distribution: str) -> str:
    """As the packaging specification compares names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
