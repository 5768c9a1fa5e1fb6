"""Making one environment: looked for, claimed, filled, tried, and only then noted as there."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ...base.errors import WorkError, disk_trouble_told
from ...base.events import Event, Message
from ...base.files import write_whole
from ...base.home import Home
from ...base.staging import claim
from ...base.strict_json import dumps
from ...base.units import seconds_text, size_text
from ..registration import EnvironmentSpec
from . import probe
from .commands import lines_of
from .installers import Installer, installer, installing_variables
from .needs import missing
from .places import EnvironmentPlace, InstalledEnvironment, bytes_on_disk, installed_in, place_for, places_in, workplace
from .progress import UNPACKED_FROM, InstallProgress, expected_seconds
from .pythons import ChosenPython, python_for
from .reasons import InstallFailed, end_of
from .sharing import share_files
from .sizes import about_bytes
from .specs import check_pins
from .variables import environment_variables

LIMIT_S = 3000.0
"""An environment that is not made by then will not be: a download that hangs, a compiler without memory."""

TRIED_S = 300.0
"""So long the first import of its module may take."""

SPARE_BYTES = 300_000_000

INSTALLED_LINE = re.compile(r"[A-Za-z0-9][\w.-]*==\S+")


def installing(home: Home, spec: EnvironmentSpec, later_s: float = 0.0) -> Iterator[Event]:
    """Install an environment that is not there yet; nothing happens where it is.

    `later_s`: what the caller will do afterwards, for the time left. Closing the generator ends the installer and
    leaves nothing half-made.

    Raises:
        InputError: a step has no pins; another process installs it.
        InstallFailed: the machine lacks something, the installer fails, or the module cannot be imported; a short log
            and the reason are kept beside it, for `Environments.state`.
        WorkError: the disk is full or has too little room.
    """
    check_pins(spec)
    if reason := missing(spec):
        raise InstallFailed(f"{spec.name} is not available here: it {reason}")
    python = python_for(spec)
    assert python is not None  # it would be missing
    place = place_for(home, spec, python)
    work = "installation"
    with disk_trouble_told(f"the {work}"), claim(workplace(home), place.folder.name, work) as scratch:
        if place.installed() is None:
            shutil.rmtree(place.folder, ignore_errors=True)  # half-made by a process that was killed
            _check_space(home, spec)
            yield from _Installation(home, spec, python, place, scratch, later_s).run()


def _check_space(home: Home, spec: EnvironmentSpec) -> None:
    needed = round(about_bytes(spec) * UNPACKED_FROM) + SPARE_BYTES
    free = shutil.disk_usage(workplace(home)).free
    if free < needed:
        raise WorkError(
            f"installing {spec.name} takes about {size_text(needed)} meanwhile, and {size_text(free)} are free in "
            f"{workplace(home)}: free some, or set --home elsewhere"
        )


@dataclass(frozen=True, slots=True)
class _Installation:
    home: Home
    spec: EnvironmentSpec
    python: ChosenPython
    place: EnvironmentPlace
    scratch: Path
    later_s: float

    def run(self) -> Iterator[Event]:
        tool, began, about = installer(), time.monotonic(), size_text(about_bytes(self.spec))
        log = self.scratch / "install.log"
        yield Message(
            f"{self.spec.name}: about {about} with {tool.name} and Python {self.python.minor} in {self.place.folder}"
        )
        try:
            yield from self._fill(tool, log)
            told = yield from self._tried(log)
            share_files(self.place.folder, [place.folder for place in places_in(self.home) if place.installed()])
            self._keep(tool, told, time.monotonic() - began)
        except InstallFailed as error:
            self._note_failure(str(error), log)
            raise InstallFailed(f"{self.spec.name} was not installed: {error} (the log: {self.place.log})") from None
        finally:
            if self.place.installed() is None:
                shutil.rmtree(self.place.folder, ignore_errors=True)
        self.place.failure.unlink(missing_ok=True)
        self.place.log.unlink(missing_ok=True)
        yield Message(f"{self.spec.name}: installed in {seconds_text(time.monotonic() - began)}")

    def _fill(self, tool: Installer, log: Path) -> Iterator[Event]:
        """An empty environment, and all steps."""
        temporary = self.scratch / "temporary"
        temporary.mkdir()
        about = about_bytes(self.spec)
        expected = expected_seconds(about, installed_in(self.home)) + self.later_s
        progress = InstallProgress(self.spec.name, about, expected, (self.place.folder, temporary))
        variables = installing_variables(self.place.folder, temporary)
        deadline = time.monotonic() + LIMIT_S
        commands = [("", tool.create(self.python, self.place.folder))]
        for number, step in enumerate(self.spec.steps, start=1):
            name = f"step {number} of {len(self.spec.steps)}" if len(self.spec.steps) > 1 else ""
            commands.append((name, tool.install(self.place.folder, step)))
        for name, command in commands:
            for lines in lines_of(command, variables, log, deadline):
                if (event := progress.look(lines, name)) is not None:
                    yield event

    def _tried(self, log: Path) -> Generator[Event, None, list[str]]:
        """What is installed, told by a process of the environment that has imported its module."""
        yield Message(f"{self.spec.name}: importing {self.spec.module}")
        command = [str(self.place.python), "-P", str(probe.__file__), self.spec.module]
        lines: list[str] = []
        try:
            for new in lines_of(command, environment_variables(self.place.python), log, time.monotonic() + TRIED_S):
                lines += new
        except InstallFailed as error:
            raise InstallFailed(f"it is installed, but {self.spec.module} cannot be imported: {error}") from None
        told = lines[len(lines) - lines[::-1].index("INSTALLED") :] if "INSTALLED" in lines else []
        return [line for line in told if INSTALLED_LINE.fullmatch(line)]

    def _keep(self, tool: Installer, told: list[str], seconds: float) -> None:
        versions = dict(line.split("==", 1) for line in told)
        python = versions.pop("python", self.python.minor)
        self.place.keep(
            InstalledEnvironment(
                name=self.spec.name,
                python=python,
                installer=tool.name,
                installed=tuple(f"{name}=={version}" for name, version in versions.items()),
                seconds=round(seconds, 1),
                bytes=bytes_on_disk(self.place.folder),
                when=datetime.now(UTC).isoformat(timespec="seconds"),
            )
        )

    def _note_failure(self, reason: str, log: Path) -> None:
        with suppress(OSError):  # a full disk is told already
            if log.exists():
                write_whole(self.place.log, end_of(log).encode())
            write_whole(self.place.failure, dumps({"reason": reason}).encode())
