"""Installing rivals as a task: one, several or all, each environment once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...base.errors import InputError, WorkError
from ...base.events import Event, Message, Result
from ...base.home import Home
from ...base.units import size_text
from .. import RIVALS
from ..registration import EnvironmentSpec
from .environments import Environments
from .places import installed_in
from .progress import expected_seconds
from .sizes import about_bytes
from .specs import environments, spec_of

ALL = "all"


@dataclass
class RivalInstall:
    """Install the environments of the rivals `names` (or of these names), or of "all" that this machine can have.

    Ends with `rivals`, as `rival_rows` tells them, and `failed: [{environment, reason}]`.

    Raises, where names were given and not all:
        InputError: a name that there is not.
        WorkError: an environment could not be installed; the others were tried.
    """

    names: Sequence[str] = (ALL,)
    home: str | None = None

    def run(self) -> Iterator[Event]:
        home = Home.find(self.home)
        there = Environments(home)
        specs, failed = self._wanted(), []
        left = [spec for spec in specs if not there.state(spec.name).installed]
        if len(left) > 1:
            yield Message(f"{len(left)} environments, about {size_text(sum(map(about_bytes, left)))} together")
        for number, spec in enumerate(left, start=1):
            known = installed_in(home)
            later_s = sum(expected_seconds(about_bytes(other), known) for other in left[number:])
            try:
                yield from there.install(spec, later_s)
            except (InputError, WorkError) as error:
                if len(specs) == 1 and ALL not in self.names:
                    raise
                failed.append({"environment": spec.name, "reason": str(error)})
                yield Message(str(error), "warning")
        if failed and ALL not in self.names:
            raise WorkError("; ".join(one["reason"] for one in failed))
        yield Result({"rivals": rival_rows(home), "failed": failed})

    def _wanted(self) -> list[EnvironmentSpec]:
        if not self.names:
            raise InputError(f"name the rivals to install, or {ALL!r}; there are: {', '.join(RIVALS)}")
        if ALL in self.names:
            return list(environments().values())
        found = {spec.name: spec for name in self.names if (spec := spec_of(name)) is not None}
        return list(found.values())


def rival_rows(home: Home) -> list[Mapping[str, Any]]:
    """Every rival: name, title, version, installed, available, reason, bytes, licence, environment, container.

    `bytes` are those of its environment, which others may share.
    """
    there = Environments(home)
    return [_row(name, there) for name in RIVALS]


def _row(name: str, there: Environments) -> Mapping[str, Any]:
    registration, state = RIVALS[name], there.state(name)
    return {
        "name": name,
        "title": registration.title,
        "version": state.version,
        "installed": state.installed,
        "available": state.available,
        "reason": state.reason,
        "bytes": state.bytes,
        "licence": registration.licence,
        "environment": registration.environment,
        "container": registration.container,
    }
