"""The environments of the rivals: what is there, what can be had, installing and removing."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from ...base.errors import InputError, disk_trouble_told
from ...base.events import Event
from ...base.files import remove
from ...base.home import Home
from ...base.lock import Lock
from ...base.package import COMMAND
from ...base.staging import claim
from .. import RIVALS
from ..registration import EnvironmentSpec
from .installation import installing
from .needs import missing_gpu, missing_lately
from .places import EnvironmentPlace, bytes_on_disk, place_for, places_of, workplace
from .pythons import python_for
from .sizes import about_bytes
from .specs import rivals_in, spec_of


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    """How it is with one rival, or one environment.

    installed: it can run at once. available: it is there, or this machine has what it needs. reason: why it is not, or
    why the last installation failed; "" else. bytes: on disk, or about what it will be where `installed` is not.
    version: of the rival's library, "" where it is not known. python: of the environment, None where it is not
    installed.
    """

    name: str
    installed: bool
    available: bool
    reason: str
    bytes: int
    version: str
    python: Path | None


class Environments:
    """The environments of one home. Ours, which run in this program's own Python, are always there."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def state(self, name: str) -> EnvironmentState:
        """Of a rival, else of the environment of that name. Raises InputError for a name that neither has."""
        spec = spec_of(name)
        return self._own(name) if spec is None else self._of(name, spec)

    def install(self, spec: EnvironmentSpec, later_s: float = 0.0) -> Iterator[Event]:
        """See `installation.installing`; what an earlier spec or Python left of that name is removed afterwards."""
        yield from installing(self._home, spec, later_s)
        here = self._place(spec)
        for place in places_of(self._home, spec.name):
            if place != here:
                with suppress(InputError):  # somebody makes it at this moment
                    self._take_away(place)

    def remove(self, name: str) -> int:
        """Remove a rival's environment, and what all rivals of that environment have prepared; the bytes it freed.

        Raises:
            InputError: there is nothing to remove, it is this program's own, or a process uses it or makes it.
            WorkError: the disk refuses.
        """
        spec = spec_of(name)
        if spec is None:
            raise InputError(f"{name!r} is part of this program: there is nothing to remove")
        places = places_of(self._home, spec.name)
        containers = [folder for rival in rivals_in(spec.name) if (folder := self._containers(rival)).is_dir()]
        if not places and not containers:
            raise InputError(f"nothing of {name!r} is installed here")
        freed = sum(bytes_on_disk(folder, alone=True) for folder in [*(place.folder for place in places), *containers])
        with disk_trouble_told("the removal"):
            for place in places:
                if not self._take_away(place):
                    raise InputError(f"{spec.name} is in use: wait for what runs in it to end, or cancel it")
            for folder in containers:
                remove(folder)
        return freed

    def python_of(self, rival: str) -> Path:
        """The Python that a rival runs with. Raises InputError that says how to have it where it is not installed."""
        state = self.state(rival)
        if state.python is not None:
            return state.python
        if not state.available:
            raise InputError(f"the rival {rival!r} is not available here: it {state.reason}")
        failed = f" (the last attempt: {state.reason})" if state.reason else ""
        raise InputError(f"the rival {rival!r} is not installed{failed}: {COMMAND} rivals install {rival}")

    def _own(self, name: str) -> EnvironmentState:
        registration = RIVALS[name]
        there = registration.available()
        reason = "" if there else f"needs a library that is missing: {registration.install_hint}"
        return EnvironmentState(name, there, there, reason, 0, _own_version(), Path(sys.executable) if there else None)

    def _of(self, name: str, spec: EnvironmentSpec) -> EnvironmentState:
        if name in RIVALS and "cpu" not in RIVALS[name].devices and (lacking := missing_gpu()):
            return EnvironmentState(name, False, False, lacking, about_bytes(spec), "", None)
        place = self._place(spec)
        told = None if place is None else place.installed()
        if place is not None and told is not None:
            version = told.version_of(RIVALS[name].distribution) if name in RIVALS else ""
            return EnvironmentState(name, True, True, "", told.bytes, version, place.python)
        lacks = missing_lately(spec)
        failed = place.failed() if place is not None else ""
        return EnvironmentState(name, False, not lacks, lacks or failed, about_bytes(spec), "", None)

    def _place(self, spec: EnvironmentSpec) -> EnvironmentPlace | None:
        python = python_for(spec)
        return None if python is None else place_for(self._home, spec, python)

    def _containers(self, rival: str) -> Path:
        return self._home.rivals / "containers" / rival

    def _take_away(self, place: EnvironmentPlace) -> bool:
        """Remove an environment as one step for everybody who looks; False where somebody uses it.

        Raises InputError where it is being made.
        """
        with ExitStack() as stack:
            scratch = stack.enter_context(claim(workplace(self._home), place.folder.name, "installation"))
            lock = Lock(place.in_use)
            if not lock.acquire():
                return False
            stack.callback(lock.close)
            if place.folder.exists():
                place.folder.rename(scratch / "removed")
                shutil.rmtree(scratch / "removed")
            place.failure.unlink(missing_ok=True)
            place.log.unlink(missing_ok=True)
        return True


def _own_version() -> str:
    from ... import __version__

    return __version__
