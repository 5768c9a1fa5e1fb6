"""Calls for engines, which other processes import: what they make, how they fail, when they die."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from core.base.errors import InputError


@dataclass(frozen=True)
class Power:
    """Of an integer; the text of a negative one is an error."""

    exponent: int

    def __call__(self, number: int) -> int:
        if number < 0:
            raise InputError(f"{number} is negative")
        return number**self.exponent


class TwoPartError(Exception):
    """Does not survive pickling."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")


def raises(what: str) -> None:
    if what == "unportable":
        raise TwoPartError("one", "two")
    raise ZeroDivisionError("by nothing")


@dataclass(frozen=True)
class Mortal:
    """Notes each attempt in `folder`; dies in the first `deaths` attempts at the item that is called "mortal"."""

    folder: str
    deaths: int

    def __call__(self, name: str) -> str:
        attempt = Path(self.folder) / f"{name}.{time.monotonic_ns()}"
        attempt.touch()
        if name == "mortal" and len(list(attempt.parent.glob("mortal.*"))) <= self.deaths:
            os.kill(os.getpid(), signal.SIGKILL)
        return name.upper()


@dataclass(frozen=True)
class Sleeper:
    """Writes its process into `folder` and sleeps."""

    folder: str
    seconds: float

    def __call__(self, name: str) -> int:
        (Path(self.folder) / name).write_text(str(os.getpid()))
        time.sleep(self.seconds)
        return os.getpid()


@dataclass(frozen=True)
class Held:
    """Writes its process into `folder` and goes on when something is called "go" there."""

    folder: str

    def __call__(self, name: str) -> int:
        (Path(self.folder) / name).write_text(str(os.getpid()))
        while not (Path(self.folder) / "go").exists():
            time.sleep(0.02)
        return os.getpid()
