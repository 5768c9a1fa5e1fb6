"""`Race`: several stores loaded in turns, round after round, so that whatever disturbs the machine disturbs them all.

A race leaves one file, `runs/<session>/race-<time>.jsonl`: a line with its setup, then a line for every turn as soon
as that has ended. Medians and spreads are made from these lines whenever they are shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import FormatMattersError, InputError
from core.events import Event, Progress, Result, Sample
from core.home import Home
from core.loading.task import Load
from core.measure.records import Recorder
from core.stores import Manifest


@dataclass(frozen=True)
class Race:
    """Load each of `stores` (their folders) `rounds` times for `seconds`, interleaved; the rest is `Load`'s.

    Live figures come as `Sample("throughput", ...)`, each finished turn as `Sample("turn", ...)`; both name their
    `store` ("format/variant") and `round`. The result: `file`, `setup`, and `turns`, a row each with all that `Load`
    reported.
    """

    stores: Sequence[str]
    split: str = "train"
    batch_size: int = 256
    workers: str = "auto"
    device: str = "cpu"
    output: str = "float32"
    transform: str = "none"
    loader: str = "fast"
    seconds: float = 3.0
    rounds: int = 3
    cache: str = "warm"
    seed: int = 0
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Raises InputError for stores or settings that do not go, WorkError where a load fails; turns so far stay."""
        if not self.stores or self.rounds < 1:
            raise InputError("a race needs one store or more, and one round or more")
        manifests = {store: Manifest.load(Path(store)) for store in self.stores}
        setup = {name: value for name, value in dataclasses.asdict(self).items() if name != "home"}
        datasets = sorted({manifest.dataset for manifest in manifests.values()})
        recorder = Recorder.begin(Home.find(self.home), "race", datasets, setup)
        turns: list[dict[str, Any]] = []
        for number, store in _order(self.stores, self.rounds):
            yield Progress("racing", len(turns), len(self.stores) * self.rounds, "turns")
            turn = yield from self._turn(store, manifests[store], number)
            recorder.add("turn", turn)
            yield Sample("turn", {name: turn[name] for name in ("store", "format", "round", "samples_per_s")})
            turns.append(turn)
        yield Progress("racing", len(turns), len(turns), "turns")
        yield Result({"file": str(recorder.path), "setup": {**setup, "datasets": datasets}, "turns": turns})

    def _turn(self, store: str, manifest: Manifest, number: int) -> Generator[Event, None, dict[str, Any]]:
        """One load of one store; its live figures are handed on with the store's name."""
        who: dict[str, float | int | str] = {
            "store": f"{manifest.format}/{manifest.variant}",
            "format": manifest.format,
            "round": number,
        }
        told: Mapping[str, Any] = {}
        try:
            for event in self._load(store).run():
                if isinstance(event, Sample):
                    yield Sample(event.series, {**event.values, **who})
                elif isinstance(event, Result):
                    told = event.data
                else:
                    yield event
        except FormatMattersError as error:
            raise type(error)(f"{who['store']}: {error}") from error
        return {**told, **who, "dataset": manifest.dataset, "variant": manifest.variant, "path": store}

    def _load(self, store: str) -> Load:
        shared = {field.name for field in dataclasses.fields(Load)} & {field.name for field in dataclasses.fields(self)}
        return Load(store=store, **{name: getattr(self, name) for name in shared})


def _order(stores: Sequence[str], rounds: int) -> Iterator[tuple[int, str]]:
    """(round, store), each round beginning with another store, so that none always runs after the same."""
    for number in range(rounds):
        first = number % len(stores)
        for store in (*stores[first:], *stores[:first]):
            yield number + 1, store
