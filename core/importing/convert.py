"""The task that turns whatever can be imported into a store of a format: import by reference, build, verify."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.errors import InputError, disk_trouble_told
from ..base.events import Event, Message, Result
from ..base.home import Home, check_name, suggested_name
from ..base.staging import claim
from ..building import Build
from ..compressions import COMPRESSIONS
from ..datasets.dataset import Dataset
from ..encodings import ENCODINGS
from ..formats import FORMATS
from ..remote.address import is_address
from ..sources import SOURCES
from .recognise import recognise
from .task import Import

WORKPLACE = ".converting"

BARE_PIXELS = (b"P5\n", b"P6\n")
"""How an image file begins that was made of a container's array (`images.array_files`)."""


@dataclass(frozen=True)
class Convert:
    """Make a store of format `to` from `source`, which is whatever `Import` takes.

    Nothing is copied on the way where the source can be referred to. `options` go to the source, the format, the
    encoding or the compression, whichever has one of that name. `encoding` None is "original", but "png" where the
    source keeps bare pixels. `out`: the store's folder, which must not be there yet, or its address
    (`s3://bucket/folder`); without it the store is built in the home. The dataset `name` (after the source, where it is
    empty) stays in the home, but for a folder.
    """

    source: str
    to: str
    encoding: str | None = None
    compression: str = "none"
    options: Mapping[str, Any] = field(default_factory=dict)
    out: str | None = None
    name: str = ""
    workers: int | None = None
    force: bool = False
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Ends with the `build` verb's JSON and what the import said. Raises InputError and WorkError."""
        FORMATS[self.to]
        name = check_name(self.name) if self.name else suggested_name(self.source)
        if self.out is None or is_address(self.out):
            yield from self._in(Home.find(self.home), name)
            return
        out = Path(self.out).expanduser().absolute()
        if out.exists():
            raise InputError(f"{out} is there already; give a folder that is not, or remove it")
        if not out.parent.is_dir():
            raise InputError(f"there is no folder {out.parent} to make {out.name} in; create it first")
        try:
            with disk_trouble_told("the conversion"), claim(out.parent / WORKPLACE, out.name, "conversion") as scratch:
                told = yield from _last(self._in(Home(scratch), name))
                Path(told["store"]).rename(out)
        finally:
            _remove_unused(out.parent / WORKPLACE)
        yield Result({**told, "store": str(out)})

    def _in(self, home: Home, name: str) -> Iterator[Event]:
        """Import and build in this home."""
        kind = recognise(self.source)  # looks into the file, so once
        source, build = self._shared_out(kind)
        if (home.raw / name).exists():
            imported: Mapping[str, Any] = _same(Dataset.open(home, name), self.source)
            yield Message(f"dataset {name!r} was imported from {self.source} before, and is used as it is")
            if source:
                given = ", ".join(source)
                yield Message(f"what it was imported with holds, not {given}; another --name imports anew", "warning")
        else:
            task = Import(self.source, name, None, source, str(home.root), reference=SOURCES[kind].refers)
            imported = yield from _last(task.run())
        dataset = Dataset.open(home, name)
        encoding = self.encoding or ("png" if keeps_bare_pixels(dataset) else "original")
        if FORMATS[self.to].refers and not dataset.has_files:
            build = {"copy": True, **build}
        built = yield from _last(
            Build(
                name, self.to, encoding, self.compression, build, self.workers, self.force, str(home.root),
                out=self.out if self.out and is_address(self.out) else None,
            ).run()
        )  # fmt: skip
        kept = {key: imported[key] for key in ("recognised", "why", "skipped", "unused", "warnings") if key in imported}
        yield Result({**built, **kept, "encoding": encoding})

    def _shared_out(self, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The options of the source, and those of the build. Raises InputError for one that neither has."""
        of_source = SOURCES.options(kind)
        of_build = {
            **FORMATS.options(self.to),
            **ENCODINGS.options(self.encoding or "original"),
            **COMPRESSIONS.options(self.compression),
        }
        unknown = sorted(set(self.options).difference(of_source, of_build))
        if unknown:
            names = ", ".join([*of_source, *of_build]) or "none"
            raise InputError(f"unknown option {unknown[0]!r}; the source and the store have: {names}")
        chosen = (of_source, of_build)
        return tuple({n: v for n, v in self.options.items() if n in part} for part in chosen)  # type: ignore[return-value]


def keeps_bare_pixels(dataset: Dataset) -> bool:
    """Whether its images were made of a container's arrays, so that they are no files that others would look for."""
    row = dataset.row(next(iter(dataset.splits)), 0)
    return dataset.read(row)[:3] in BARE_PIXELS


def _same(dataset: Dataset, source: str) -> Mapping[str, Any]:
    """What the import of a dataset said. Raises InputError where it was imported from something else."""
    if dataset.source != source:
        raise InputError(
            f"there is a dataset {dataset.name!r} already, imported from {dataset.source}; give --name another one"
        )
    return {"recognised": dataset.recognised, "why": dataset.why, "warnings": list(dataset.notes)}


def _last(events: Iterator[Event]) -> Generator[Event, None, Mapping[str, Any]]:
    """All events but the result, which is returned."""
    result: Mapping[str, Any] = {}
    for event in events:
        if isinstance(event, Result):
            result = event.data
        else:
            yield event
    return result


def _remove_unused(workplace: Path) -> None:
    """Where somebody's own folder served as the workplace, nothing of ours stays in it but what others work at."""
    with suppress(OSError):
        used = {folder.name.rpartition(".")[0] for folder in workplace.iterdir() if folder.is_dir()}
        for lock in workplace.glob("*.lock"):
            if lock.stem not in used:
                lock.unlink(missing_ok=True)
        workplace.rmdir()
