"""One configuration of an experiment with rivals: its container, its workers, its process, and its repeats."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import SystemRandom
from typing import Any

from ..base.errors import WorkError
from ..base.home import Home
from ..base.lock import Lock
from ..base.units import counted
from ..loading.cache import prepare_cache
from ..processes.cpus import usable_cpus
from ..rivals import RIVALS
from ..rivals.checking import Known, RivalChecks
from ..rivals.containers import Prepared, prepared_container
from ..rivals.environments import Environments, hold
from ..rivals.exported import Exported
from ..rivals.handed import Handed
from ..rivals.inside.work import RivalWork
from ..rivals.process import RivalLimits, RivalProcess, Used
from ..rivals.registration import OWN
from ..rivals.search import WorkersFound, search_workers, worker_counts
from .configurations import LoaderConfiguration
from .rival_choice import SEARCHED

Live = Mapping[str, Any]

VALIDATED = 2
"""Epochs before the first timed one; they warm it up as well."""

TOLD_BY_S = 0.3
"""Seconds of decoding that a repeat has to hold at least for its processor time to say anything."""

LOOKED = 16
"""Images of each repeat that are kept whole and compared."""


@dataclass
class RivalEntry:
    """One configuration. Its methods raise RivalFailed, RivalRefused or InputError with the reason; `close` ends all
    that runs of it."""

    configuration: LoaderConfiguration
    exported: Exported
    home: Home
    limits: RivalLimits
    work: RivalWork
    known: Known
    pinned: int | None = None
    python: Path | None = None
    container: Prepared | None = None
    found: WorkersFound | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    process: RivalProcess | None = None
    held: Lock | None = None

    @classmethod
    def of(
        cls,
        configuration: LoaderConfiguration,
        exported: Exported,
        home: Home,
        limits: RivalLimits,
        seed: int,
        known: Known,
        pinned: int | None = None,
    ) -> RivalEntry:
        """`known`: of the samples, shared by all that are compared. `pinned`: workers that were found elsewhere."""
        work = RivalWork(
            batch_size=configuration.batch_size,
            transform=configuration.transform,
            output=configuration.output,
            seed=seed,
            device=configuration.device,
            store=str(Path(configuration.path).absolute()),
            split=exported.split,
        )
        return cls(configuration, exported, home, limits, work, known, pinned)

    @property
    def name(self) -> str:
        """The rival's name."""
        return self.configuration.loader

    @property
    def counts(self) -> list[int]:
        """The numbers of workers that are tried; one where it was asked for."""
        asked = self.configuration.workers
        if asked in SEARCHED:
            if self.pinned is not None:
                return [self.pinned]
            return worker_counts(RIVALS[self.name], usable_cpus())
        number = asked.rpartition(":")[2]
        return [0 if number == "inline" else int(number)]

    # ------------------------------------------------------------ before the rounds

    def find(self) -> None:
        """Its environment's Python, which nobody can remove until it is closed. Raises InputError with the remedy where
        it is not installed."""
        if RIVALS[self.name].environment != OWN:
            self.python = Environments(self.home).python_of(self.name)
            self.held = hold(self.python)

    def prepare(self) -> None:
        """Its container, written where it is not there yet."""
        self.container = prepared_container(self.name, self.exported, self.home, self.limits, self.python)
        self.facts |= {
            "prepare_s": self.container.seconds,
            "bytes_on_disk": self.container.bytes,
            "files": self.container.files,
            **({"reencodes": True} if RIVALS[self.name].reencodes else {}),
        }

    def search(self) -> Generator[Live, None, None]:
        """The number of workers, pinned for all that follows."""
        counts = self.counts
        if len(counts) > 1:
            with self._started() as process:
                found = yield from search_workers(process, self._folder, self.work, counts)
            reason = found.reason
        else:
            found, reason = (
                WorkersFound(counts[0], []),
                "asked for" if self.pinned is None else "found for the same work before",
            )
        self.found, self.work = found, replace(self.work, workers=found.workers)
        one, several = ("thread", "threads") if RIVALS[self.name].threads else ("process", "processes")
        kind = counted(found.workers, one, several) if found.workers else "inline"
        self.facts |= {"workers": kind, "workers_reason": reason, "workers_tried": list(found.tried)}
        self.facts["workers_used"] = f"{several}:{found.workers}" if found.workers else "inline"

    def validate(self) -> Generator[Live, None, None]:
        """Two epochs of a fresh process whose every image is looked at. It stays for the repeats, warm and paused."""
        self.process = self._started()
        self.process.open(self._folder, self.work)
        handed = yield from self.process.epochs(
            self.limits.answer_s, most=VALIDATED, images=LOOKED, seed=_drawn(), means=True
        )
        checked = self._checks.validate(handed)
        untold = self._checks.caching(self.process.pids(), self.process.used.peak_memory_bytes)
        self.process.pause()
        self.facts |= {
            "first_batch_s": handed.first_batch_s,
            "rival_version": self.process.version,
            "checked": checked.compared,
            "shuffle_quality": checked.shuffle_quality,
            **({"caching_untold": untold} if untold else {}),
        }

    # ------------------------------------------------------------ in the rounds

    def warm(self, seconds: float) -> Generator[Live, None, dict[str, Any]]:
        """A repeat of the process that was validated, out of the page cache: whole epochs for about `seconds`."""
        cache = prepare_cache(self._folder, "warm")
        assert self.process is not None
        self.process.resume()
        handed = yield from self.process.epochs(seconds, images=LOOKED, seed=_drawn())
        used = self.process.used
        self.process.pause()
        return {**self._figures(handed, used), "cache": cache, "first_batch_s": self.facts["first_batch_s"]}

    def cold(self) -> Generator[Live, None, dict[str, Any]]:
        """One epoch of a fresh process, none of whose container's pages are in memory when it opens it."""
        with self._started() as process:
            cache = prepare_cache(self._folder, "cold")
            process.open(self._folder, self.work)
            handed = yield from process.epochs(0.0, most=1, images=LOOKED, seed=_drawn())
            return {**self._figures(handed, process.used), "cache": cache, "first_batch_s": handed.first_batch_s}

    def check_processor_time(self, repeat: Mapping[str, Any]) -> None:
        """Whether an undisturbed repeat took the processor time that decoding takes. Raises RivalRefused. Of a few
        images nothing is said: some batches were made before the clock started."""
        if repeat["samples"] * self.known.least_cpu_s >= TOLD_BY_S:
            self._checks.processor_time(repeat["cpu_s_per_sample"])

    def end(self) -> None:
        """End its process."""
        if self.process is not None:
            self.process.close()
            self.process = None

    def close(self) -> None:
        """End its process, and let go of its environment."""
        self.end()
        if self.held is not None:
            self.held.close()
            self.held = None

    # ------------------------------------------------------------ parts

    @property
    def _folder(self) -> Path:
        if self.container is None:
            raise WorkError(f"{self.name} has no container yet")
        return self.container.folder

    @property
    def _checks(self) -> RivalChecks:
        return RivalChecks(self.exported, RIVALS[self.name], self.work, self.known)

    def _started(self) -> RivalProcess:
        process = RivalProcess(self.name, self.exported, self.limits, self.python)
        process.begin()
        return process

    def _figures(self, handed: Handed, used: Used) -> dict[str, Any]:
        checked = self._checks.timed(handed)
        own = {name: value for name, value in self.facts.items() if name not in ("first_batch_s", "checked")}
        return {
            **own,
            "samples": handed.samples,
            "seconds": handed.seconds,
            "samples_per_s": handed.samples / handed.seconds,
            "epochs": [samples / seconds for samples, seconds in handed.epochs if seconds > 0],
            "cpu_s": used.cpu_s,
            "cpu_s_per_sample": used.cpu_s / handed.samples,
            "peak_memory_bytes": used.peak_memory_bytes,
            "unique": checked.unique,
            "order_distance": checked.order_distance,
            "checked": self.facts["checked"] + checked.compared,
            "cpus": usable_cpus(),
        }


def _drawn() -> int:
    """No rival can foresee which images are kept."""
    return SystemRandom().randrange(2**31)
