"""A store while it is made: its parts one after the other, or by an engine, then put together."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any

from ..base.contracts import FieldLayout
from ..base.errors import InputError
from ..base.events import Event, Message, Pace, Progress
from ..base.files import Unreadable, read_object, write_whole
from ..base.staging import MARKER
from ..base.steps import Steps
from ..base.strict_json import dumps
from ..base.time_left import Remaining
from ..machine.background import BackgroundLoad
from ..machine.session import versions
from ..processes.cpus import usable_cpus
from ..processes.engines import Done, open_engine
from .assemble import Assembly
from .encode import Encode, encoded, is_worth_processes, work_of, workers_for
from .fields import are_kept, layouts
from .part import SUMMING, VERIFYING, WRITING, PartBuilder, parts_under_way
from .part_places import PartFolder, PartResult, PartsAtAddress
from .plan import BuildPlan, PlannedPart, plan_of
from .publish import settle
from .recipe import Recipe
from .sample import training_payloads

SYNCING = "syncing to the disk"
SAMPLE_SECONDS: Mapping[str, tuple[float, float]] = {
    SUMMING: (0.0, 0.3e-9), VERIFYING: (1e-5, 0.3e-9), SYNCING: (0.0, 2e-9),
}  # fmt: skip
"""By stage, seconds a sample and a byte of it, before any was."""

WORK_SECONDS: Mapping[str, float] = {"original": 2e-9, "png": 1.6e-7}
USUAL_WORK = 1.4e-8
"""By encoding, seconds that a pixel takes one process to be encoded and written, before any was."""

COMPRESSED = 1.3
"""Times that, where payloads are compressed."""

TRAINING_S = 1.5
"""What training a dictionary takes."""

PARTS, STORE = "parts", "store"
"""The folders in that of a build."""

LOCAL = "local"


class Making:
    """One store while it is made in a folder of its own: `parts` in the making, and in the end `store`."""

    assembly: Assembly

    def __init__(
        self,
        recipe: Recipe,
        workers: int | None,
        engine: str,
        address: str | None,
        asked: Mapping[str, Any],
        out: PartsAtAddress | None = None,
        resume: bool = False,
    ) -> None:
        """`asked`: the fields of the task, for whoever finds what is left of it (`interrupted`); `out`: where the store
        is to lie, if not on this machine's disks; `resume`: go on with the parts that are there, where they are of the
        same plan."""
        self._given, self._engine, self._address, self._asked = recipe, engine, address, dict(asked)
        self._out, self._resume = out, resume
        self._asked_workers = workers
        self._training_s = self._startup_s = 0.0
        self._engine_text, self._slots = LOCAL, 0
        self._background = BackgroundLoad()
        self._results: dict[str, PartResult] = {}
        self.resumed = 0
        self.repeated: list[dict[str, Any]] = []

    @cached_property
    def recipe(self) -> Recipe:
        """With its compression trained."""
        if not self._given.compression.learns:
            return self._given
        began = time.perf_counter()
        trained = self._given.trained(training_payloads(self._given))
        self._training_s = time.perf_counter() - began
        return trained

    @cached_property
    def plan(self) -> BuildPlan:
        return plan_of(self.recipe, versions())

    @property
    def in_turn(self) -> bool:
        """Whether the parts are built one after the other, each encoded by several processes: where each split is one
        part. Else an engine builds several parts at once."""
        return self._engine == LOCAL and len(self.plan.parts) == len(self.recipe.dataset.splits)

    @cached_property
    def workers(self) -> int:
        """Processes beside this one."""
        if self.in_turn or self._asked_workers is not None:
            return workers_for(self._asked_workers, self.recipe)
        return min(usable_cpus(), len(self.plan.parts)) if is_worth_processes(self.recipe.dataset) else 0

    @property
    def conditions(self) -> dict[str, Any]:
        """What the splits' `seconds` leave out, and what they depend on: `workers` (processes beside this one, here or
        elsewhere), the engine, the seconds that their start took (and that of the kernels of a JPEG index), those that
        training a dictionary took, and the background load."""
        return {
            "workers": self._slots or self.workers,
            "engine": self._engine_text,
            "startup_seconds": self._startup_s,
            "training_seconds": self._training_s,
            "background_load": self._background.share,
        }

    def goes_on(self, scratch: Path) -> bool:
        """Whether what a killed build has left in its folder is of this plan."""
        try:
            return self._resume and read_object(scratch / MARKER).get("digest") == self.plan.digest
        except Unreadable:
            return False

    def run(self, scratch: Path) -> Iterator[Event]:
        """Make it in `scratch / STORE`, or at its address. Raises InputError or WorkError where that fails."""
        if self._given.compression.learns:
            yield Progress("training the dictionary", 0, None, left_s=TRAINING_S + self._work * self._work_s)
        keeps_fields = are_kept(self.recipe)
        told: Mapping[str, tuple[FieldLayout, ...]] = layouts(self.recipe.dataset) if keeps_fields else {}
        parts = scratch / PARTS
        builder = PartBuilder(self.recipe, self._out or PartFolder(parts, lasting=not self.in_turn), told)
        self._take_up(scratch, builder)
        if self.resumed:
            yield Message(
                f"{self.resumed:,} of {self.plan.samples:,} samples are built already: going on with the rest"
            )
        seconds = yield from self._in_turns(builder) if self.in_turn else self._by_engine(builder, parts)
        if self._out:
            yield from self._brought(self._out, parts)
        self.assembly = Assembly(
            self.recipe, self.plan, parts, scratch / STORE, keeps_fields, elsewhere=bool(self._out)
        )
        yield Progress("putting it together", 0, None, left_s=self._syncing_s)
        self.assembly.run(self._results, seconds)
        self.assembly.save({**self.conditions, **self.recipe.pixels})
        yield Progress(SYNCING, 0, None, left_s=self._syncing_s)
        if self._out:
            self._out.publish(scratch / STORE)
        else:
            settle(scratch / STORE)

    @property
    def _syncing_s(self) -> float:
        """What is expected: the writing has brought nothing of it to the disk yet."""
        written = sum(result.sizes.apparent_bytes for result in self._results.values())
        return 0.0 if self._out else SAMPLE_SECONDS[SYNCING][1] * written

    def _brought(self, out: PartsAtAddress, parts: Path) -> Iterator[Event]:
        """What lies beside the containers at the address, to here."""
        for number, planned in enumerate(self.plan.parts):
            out.bring(planned, parts)
            yield Progress("collecting what lies beside the shards", number + 1, len(self.plan.parts), "shards")

    def _take_up(self, scratch: Path, builder: PartBuilder) -> None:
        """Find the parts that are there already; clear away what is not complete."""
        shutil.rmtree(scratch / STORE, ignore_errors=True)
        parts = scratch / PARTS
        parts.mkdir(exist_ok=True)
        planned = {one.name: one for one in self.plan.parts}
        going_on = not self._out or (self._resume and self._out.goes_on(self.plan.digest))
        if self._out:
            self._out.begin(self.plan.digest, going_on)
        if going_on:
            found = (builder.place.built(one) for one in self.plan.parts)
            self._results = {result.name: result for result in found if result is not None}
        for folder in parts.iterdir():
            if self._out or folder.name not in planned or folder.name not in self._results:
                shutil.rmtree(folder, ignore_errors=True)
        self.resumed = sum(result.samples for result in self._results.values())
        if not self.in_turn:
            left = {"digest": self.plan.digest, "parts": len(self.plan.parts), "build": self._asked}
            write_whole(scratch / MARKER, dumps(left).encode())

    def _missing(self) -> list[PlannedPart]:
        return [one for one in self.plan.parts if one.name not in self._results]

    @property
    def _work(self) -> int:
        dataset = self._given.dataset
        return work_of(sum(dataset.splits.values()), dataset.pixels())

    @property
    def _work_s(self) -> float:
        """Seconds that a pixel will take, until it is known."""
        workers = workers_for(self._asked_workers, self._given)
        compressed = 1.0 if self._given.compression.identity else COMPRESSED
        return compressed * WORK_SECONDS.get(self._given.encoding_name, USUAL_WORK) / max(workers, 1)

    # ---- one part after the other

    def _in_turns(self, builder: PartBuilder) -> Generator[Event, None, dict[str, float]]:
        """Returns the seconds that writing each split took."""
        left = Remaining(
            {WRITING: self._work, **dict.fromkeys(SAMPLE_SECONDS, self.plan.samples)},
            {WRITING: self._work_s, **dict.fromkeys(SAMPLE_SECONDS, 0.0)},
        )
        with encoded(builder.encoder, self.workers) as ready:
            self._startup_s = ready.startup_s
            self._background.look()
            for planned in self._missing():
                self._results[planned.name] = yield from self._part(builder, planned, ready.encode, left)
                self._background.look()
        return {one.split: self._results[one.name].seconds for one in self.plan.parts}

    def _part(
        self, builder: PartBuilder, planned: PlannedPart, encode: Encode, left: Remaining
    ) -> Generator[Event, None, PartResult]:
        done, pace, since, size = dict.fromkeys((WRITING, SUMMING, VERIFYING), 0), Pace(), time.monotonic(), 0
        steps = Steps(builder.build(planned, encode))
        for stage, samples, written, work in steps:
            now = time.monotonic()
            if samples:
                left.note(stage, work or samples, now - since)
                since = now
            done[stage], size = done[stage] + samples, size + written
            for kind, (each, byte) in SAMPLE_SECONDS.items():
                left.plan(kind, each + byte * size / max(done[WRITING], 1))
            if pace.due() or done[stage] == planned.samples:
                self._background.look()
                yield Progress(f"{stage} {planned.split}", done[stage], planned.samples, left_s=left.seconds)
        return steps.value

    # ---- several at once

    def _by_engine(self, builder: PartBuilder, parts: Path) -> Generator[Event, None, dict[str, float]]:
        """Returns the seconds that building each split took: its share of all of them."""
        missing, began = self._missing(), time.perf_counter()
        run = self._inline(builder, missing) if self._is_inline else self._engine_run(builder, missing)
        with closing(run):
            yield from self._watched(parts, missing, run)
        every = time.perf_counter() - began
        spent = dict.fromkeys(self.recipe.dataset.splits, 0.0)
        for one in self.plan.parts:
            spent[one.split] += self._results[one.name].seconds
        total = sum(spent.values()) or 1.0
        return {split: every * seconds / total for split, seconds in spent.items()}

    @property
    def _is_inline(self) -> bool:
        return self._engine == LOCAL and self.workers == 0

    def _inline(
        self, builder: PartBuilder, missing: list[PlannedPart]
    ) -> Generator[Done[PartResult] | None, None, None]:
        for number, planned in enumerate(missing):
            yield Done(number, builder(planned), 1, "")

    def _engine_run(
        self, builder: PartBuilder, missing: list[PlannedPart]
    ) -> Generator[Done[PartResult] | None, None, None]:
        began = time.perf_counter()
        workers = self.workers if self._engine == LOCAL else self._asked_workers
        with open_engine(self._engine, workers=workers, address=self._address) as engine:
            self._engine_text, self._slots = engine.text, engine.slots
            self._startup_s = time.perf_counter() - began
            build: Callable[[PlannedPart], PartResult] = builder
            yield from engine.run(build, missing)

    def _watched(
        self, folder: Path, missing: list[PlannedPart], run: Iterator[Done[PartResult] | None]
    ) -> Iterator[Event]:
        """Note what is done, and tell how far the parts in the making have come."""
        each = self._work * self._work_s / max(self.plan.samples, 1)
        left, pace = Remaining({WRITING: self.plan.samples - self.resumed}, {WRITING: each}), Pace(0.5)
        since, before = time.monotonic(), self.resumed
        for done in run:
            if done is not None:
                yield from self._note(missing[done.number], done)
            if pace.due() or len(self._results) == len(self.plan.parts):
                self._background.look()
                done_samples = sum(result.samples for result in self._results.values())
                under_way = 0 if self._out else parts_under_way(folder)
                samples = min(max(under_way, done_samples, before), self.plan.samples)
                now = time.monotonic()
                left.note(WRITING, samples - before, now - since)
                since, before = now, samples
                told = f"building shards ({len(self._results):,} of {len(self.plan.parts):,} done)"
                yield Progress(told, samples, self.plan.samples, left_s=left.seconds)
        if self._missing():
            raise InputError(f"{len(self._missing()):,} parts were not built; build again with --resume")

    def _note(self, planned: PlannedPart, done: Done[PartResult]) -> Iterator[Event]:
        self._results[planned.name] = done.made
        if done.attempts > 1:
            self.repeated.append({"part": planned.name, "attempts": done.attempts, "where": done.where})
            yield Message(
                f"part {planned.name} was built at attempt {done.attempts} by {done.where}: who built it before died",
                "warning",
            )
