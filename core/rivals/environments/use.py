"""Who runs in an environment holds it, so that nobody removes it meanwhile."""

from __future__ import annotations

from pathlib import Path

from ...base.errors import InputError
from ...base.lock import Lock
from .places import FOLDER_NAME, EnvironmentPlace


def hold(python: Path) -> Lock | None:
    """A shared lock on the environment of this Python (`Environments.python_of`), held until it is closed.

    A child that inherits it (`Lock.fileno`, `pass_fds`) holds it as long as it lives. None for a Python of no
    environment of ours. Raises InputError where the environment is being made or removed.
    """
    place = EnvironmentPlace(python.parent.parent)
    if not FOLDER_NAME.fullmatch(place.folder.name):
        return None
    lock = Lock(place.in_use, shared=True)
    if not lock.acquire() or place.installed() is None:
        lock.close()
        raise InputError(f"the environment {place.folder.name} is not there any more: install it again")
    return lock
