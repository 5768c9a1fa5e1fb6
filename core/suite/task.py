"""`LoaderSuite`: the whole neutral suite in one command, from environments to a page."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..base.errors import InputError
from ..base.events import Event, Message, Result
from ..base.home import Home
from ..base.package import COMMAND
from ..base.staging import claim
from ..machine import machine_facts, machine_identity
from .course import SuiteCourse
from .entrants import chosen_loaders
from .results import result_of
from .state import SuiteState, state_path
from .workloads import ALL, USUAL, chosen_workloads

MINUTES = 60.0


@dataclass(frozen=True)
class LoaderSuite:
    """Install the environments of `rivals`, get the images, and measure every loader in every workload.

    images, small: what to import, or a dataset's name; their sizes decide which workloads they are for; "" generates
    some. rivals, workloads: names, or "all"; "usual" is one rival of each library. out: the folder of the page and the
    file; `runs/suites` of the home unless given. rounds, seconds: of a warm workload's repeats. minutes: rounds, images
    and cold workloads are reduced to keep to them; None for no limit. limit: the most images of a workload. resume:
    where such a suite has finished already, give its result.

    What was interrupted goes on where the same suite is asked for again: what is installed, made and measured is kept,
    and a workload that was under way begins again. Ends with `{html, json, workloads, minutes}`.
    """

    images: str = ""
    small: str = ""
    rivals: Sequence[str] = (USUAL,)
    workloads: Sequence[str] = (ALL,)
    out: str = ""
    rounds: int = 5
    seconds: float = 2.0
    minutes: float | None = MINUTES
    limit: int | None = None
    resume: bool = False
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Raises InputError for what cannot be measured so, WorkError where the disk refuses."""
        if self.rounds < 1 or self.seconds <= 0 or (self.minutes is not None and self.minutes <= 0):
            raise InputError("a suite needs one round or more, and more than 0 seconds and minutes")
        home = Home.find(self.home)
        workloads = chosen_workloads(self.workloads, self.limit)
        loaders = chosen_loaders(self.rivals)
        folder = Path(self.out).expanduser().absolute() if self.out else home.runs / "suites"
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder} is a file: name a folder for the suite's page and file")
        path = state_path(home, self._asked(home))
        with claim(path.parent / ".running", path.stem, "suite"):
            state = SuiteState.read(path, self._same(home))
            if state is not None and state.finished and self.resume and Path(state.json).is_file():
                yield Message(f"this suite is finished: {state.html}", "notice")
            else:
                if self.resume and state is None:
                    yield Message("there is no such suite to go on with: it begins now", "notice")
                state = SuiteState.begin(path, self._same(home)) if state is None or state.finished else state
                yield from SuiteCourse(self, home, workloads, loaders, folder, state, time.monotonic()).run()
            yield Result(result_of(state))

    @property
    def command(self) -> str:
        """The command line that asks for this suite."""
        words = [COMMAND, "experiment", "suite"]
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in ("home", "resume", "out") or value == field.default:
                continue
            text = ",".join(value) if isinstance(value, list | tuple) else "0" if value is None else f"{value}"
            words += [f"--{field.name}", f"'{text}'" if " " in text else text]
        return " ".join(words)

    def _asked(self, home: Home) -> dict[str, Any]:
        """What has to be the same for a suite to be gone on with, as far as its caller says it."""
        fields = {name: value for name, value in dataclasses.asdict(self).items() if name not in ("resume", "home")}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}

    def _same(self, home: Home) -> dict[str, Any]:
        """The same, with the machine and the version: figures of two are not put into one table."""
        return {**self._asked(home), "machine": machine_identity(machine_facts(home.root)), "version": __version__}
