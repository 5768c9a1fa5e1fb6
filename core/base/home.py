"""Where everything lies: one home folder with `data/` and `runs/`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from .errors import InputError
from .package import INSTALLED
from .settings import setting_text
from .user_folders import user_folder

REPOSITORY = Path(__file__).resolve().parents[2]
"""The folder that holds this package: the clone, or where packages are installed."""

KAGGLE = Path("/kaggle/working")


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds `data/raw`, `data/built` and `runs`."""

    root: Path

    @classmethod
    def find(cls, given: str | os.PathLike[str] | None = None) -> Home:
        """`given`, else the setting `home`, else Kaggle's working folder, else the clone's own folder.

        Where the package is installed, the last is the current folder if it is a home already, else
        `format-matters` in the user's data folder. Raises InputError where the settings cannot be used.
        """
        chosen = given or setting_text("home")
        if chosen:
            return cls(Path(chosen).expanduser().absolute())
        if KAGGLE.is_dir():
            return cls(KAGGLE / "format-matters")
        return cls(_own_folder() if INSTALLED else REPOSITORY)

    @property
    def raw(self) -> Path:
        return self.root / "data" / "raw"

    @property
    def built(self) -> Path:
        return self.root / "data" / "built"

    @property
    def cache(self) -> Path:
        """Of files from addresses (`core.remote.cache`)."""
        return self.root / "data" / "cache"

    @property
    def rivals(self) -> Path:
        """Of rivals: their environments, containers, and the samples that these are made of."""
        return self.root / "data" / "rivals"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def jobs(self) -> Path:
        return self.root / "runs" / "jobs"


def _own_folder() -> Path:
    """Of somebody who installed the package: nothing is written beside it, nor into whatever folder he stands in."""
    here = Path.cwd()
    if any((here / name).is_dir() for name in ("data/raw", "data/built")):
        return here
    return user_folder("data")


def check_name(name: str) -> str:
    """A dataset's name that is safe as a folder's name. Raises InputError."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise InputError(
            f"{name!r} cannot be a dataset's name: use up to 64 letters, digits, '.', '_' and '-', "
            "and begin with a letter or digit"
        )
    return name


def suggested_name(source: str) -> str:
    """What a dataset is called after its source, a path or a name."""
    file = re.sub(r"(\.tar)?\.\w+$", "", Path(source.rstrip("/\\")).name)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", file).strip("-._").lower()[:60] or "images"
