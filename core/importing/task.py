"""The task that imports a dataset: a source's images become files and an index under `data/raw/<name>`.

Every image is decoded once by the pixel rule, which finds the broken ones and gives shape and checksums. The original
bytes are kept untouched. All is made beside the target and renamed when it is complete.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ..base.errors import InputError, WorkError, disk_trouble_told
from ..base.events import Event, Message, Result
from ..base.home import Home, check_name
from ..base.names import readable
from ..base.source_contracts import Referable, Resumable, Source
from ..base.staging import KEPT_DAYS, claim, left_to_go_on
from ..base.units import size_text
from ..datasets.dataset import Dataset
from ..processes.engines import open_engine
from ..processes.pool import get_ready
from ..remote.address import is_address
from ..sources import Request, open_source
from ..sources.pixel_options import pixel_choice_of
from ..sources.recognise import GENERATED, as_path
from . import resume
from .copying import Copier
from .keeping import CHECKS, Keeper
from .reading import Reading
from .recognise import recognise

if TYPE_CHECKING:
    from ..sources.remote_tree import RemoteTree

WORKPLACE = ".importing"

LOOKED_AT = 10_000
"""Files whose sizes are summed up for a sentence."""

VERSION = 1
"""Of what a killed import leaves for the next one."""


@dataclass
class Import:
    """Import `source` ("shapes", "cifar10" or a path) as the dataset `name`; `options` are the source's own.

    `called` is what people call the source, where that is not the path itself. With `reference` no image is copied: the
    dataset refers to where they lie; else `copy` says how files come into it (`copying.WAYS`). `check` is one of
    `keeping.CHECKS`: "header" goes with `reference` alone.
    `engine`: who reads and checks the images, "local" (this machine) or "ray" (a cluster at `address`, without one a
    cluster of its own on this machine), whose nodes find source and home at the same paths; the dataset is the same.
    """

    source: str
    name: str
    limit: int | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    home: str | None = None
    called: str = ""
    reference: bool = False
    copy: str = "auto"
    check: str = "full"
    engine: str = "local"
    address: str | None = None

    def run(self) -> Iterator[Event]:
        """Ends with the `import` verb's JSON. Raises InputError and WorkError; leaves nothing half-made behind."""
        begun = time.monotonic()
        home = Home.find(self.home)
        name = check_name(self.name)
        self._check_choices()
        told = self._told()
        with trouble_told(), claim_name(home, name, told) as scratch:
            yield from _others(home, name)
            source = open_source(recognise(self.source), self.options, self._request(home, scratch, told))
            if self.reference and not isinstance(source, Referable):
                raise InputError(
                    f"{self.source} is made or unpacked by the import, so nothing is there to refer to: import a copy"
                )
            with closing(source):
                choice = pixel_choice_of(source)
                get_ready(".importing.keeping")
                yield from source.prepare()
                keeper = Keeper(self.copy, self.check, choice.bands, _tree_of(source))
                elsewhere = self.engine != "local" or self.address is not None
                engine = partial(open_engine, self.engine, None, self.address) if elsewhere else None
                reading = Reading(source, scratch / "dataset", keeper, choice, refer=self.reference, engine=engine)
                if isinstance(source, Resumable) and source.resumable:
                    resume.marked(scratch, told)
                yield from reading.run(self.called or self.source, name)
            (scratch / "dataset").rename(home.raw / name)
        told_of_it = summary(Dataset.open(home, name), time.monotonic() - begun)
        traffic = {"traffic": asdict(reading.traffic)} if reading.traffic.requests else {}
        yield Result({**told_of_it, "resumed": reading.resumed, **traffic})

    def _check_choices(self) -> None:
        Copier(self.copy)
        if self.check not in CHECKS:
            raise InputError(f"--check {self.check}: choose {' or '.join(CHECKS)}")
        if self.check == "header" and not self.reference:
            raise InputError("--check header goes with --reference: what is copied is read anyway")

    def _told(self) -> dict[str, object]:
        """What another import has in common with this one if it can go on with what this one left."""
        fields = {name: getattr(self, name) for name in ("limit", "called", "reference", "copy", "check")}
        options = {name: str(value) for name, value in self.options.items()}
        return {"source": self._where(), "options": options, "version": VERSION, **fields}

    def _where(self) -> str:
        if self.source in GENERATED or is_address(self.source):
            return self.source
        return readable(as_path(self.source).absolute())

    def _request(self, home: Home, scratch: Path, told: Mapping[str, object]) -> Request:
        work = scratch / "source"
        resumed = resume.is_of(scratch, told)
        work.mkdir(exist_ok=resumed)
        resumed = resumed and not resume.was_rebooted(scratch)  # else the listing may not have reached the disk
        elsewhere = is_address(self.source)
        path = None if elsewhere or self.source in GENERATED else as_path(self.source)
        return Request(
            scratch=work,
            downloads=home.root / "data" / "downloads",
            path=path,
            limit=self.limit,
            called=self.called,
            reference=self.reference,
            unread=True,
            home=home,
            resumed=resumed,
            address=self.source if elsewhere else "",
        )


def _tree_of(source: Source) -> RemoteTree | None:
    """Where a source's files are read that lie elsewhere."""
    tree: RemoteTree | None = getattr(source, "tree", None)
    return tree


def _others(home: Home, name: str) -> Iterator[Event]:
    """What other imports left when they were killed, in a sentence."""
    for other, folder in left_to_go_on(home.raw / WORKPLACE):
        if other != name:
            sizes = [path.lstat().st_size for path in islice(folder.rglob("*"), LOOKED_AT)]
            more = "more than " if len(sizes) == LOOKED_AT else ""
            yield Message(
                f"the import of {other!r} was interrupted and left {more}{size_text(sum(sizes))}: import it again, and "
                f"it goes on; after {KEPT_DAYS} days it is removed"
            )


@contextmanager
def claim_name(home: Home, name: str, told: Mapping[str, object]) -> Iterator[Path]:
    """A scratch folder for the import of `name`, with what the same one, `told`, left when it was killed.

    Raises InputError where it exists or is being imported.
    """
    with claim(home.raw / WORKPLACE, name, "import", lambda folder: resume.is_of(folder, told)) as scratch:
        if (home.raw / name).exists():
            raise InputError(f"there is a dataset {name!r} already; choose another name, or delete it first")
        yield scratch


@contextmanager
def trouble_told() -> Iterator[None]:
    """What the disk refuses, to us or to SQLite, as a WorkError that says so."""
    with disk_trouble_told("the import"):
        try:
            yield
        except sqlite3.OperationalError as error:
            raise WorkError(
                f"the index cannot be written ({error}); free some space, or set --home elsewhere"
            ) from error


def summary(dataset: Dataset, seconds: float) -> dict[str, object]:
    """The `import` verb's JSON of a dataset that was imported in so many seconds."""
    return {
        "dataset": dataset.name,
        "splits": dataset.splits,
        "classes": dataset.classes,
        "recognised": dataset.recognised,
        "why": dataset.why,
        "labels": dataset.labels,
        "skipped": [skipped._asdict() for skipped in dataset.skipped()],
        "unused": [unused._asdict() for unused in dataset.unused()],
        "warnings": list(dataset.notes),
        "range": dataset.values.to_json(),
        "fields": [field.name for field in dataset.fields],
        "reference": str(dataset.reference_root) if dataset.reference_root else None,
        "bytes": dataset.bytes,
        "fingerprint": dataset.fingerprint,
        "path": str(dataset.root),
        "seconds": round(seconds, 3),
    }
