"""Runs side by side: what is the same thing in each, how they differ, and whether they may be compared at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..base.errors import InputError
from ..base.strict_json import dumps
from ..machine import machine_differences
from .records import RunRecord
from .series import STORE, Measure, Part, Series, measures, series
from .statistics import Ratio, Summary, advantage, summarise

NOT_OPTIONS = {
    "kind", "experiment", "datasets", "started", "session", "fingerprints", "versions", "stores", "configurations",
    "left_out", "store_bytes", "methods", "images", "dataset_images", "formats", "variants", "cutoffs", "loaders",
    "batch_sizes", "worker_counts", "transforms", "devices", "outputs", "orders", "home", "ceilings", "scaling",
    "file", "columns", "warnings", "prepare_s", "samples", "val_samples", "held_out", "dataset",
}  # fmt: skip
"""Of a setup: what the rows tell one by one, and what is no option at all."""

EFFORT = {"rounds", "repeats", "seconds", "minutes", "seed", "epochs", "patience", "memory_gb"}
"""How long and how often was measured: it makes a figure surer, not another one."""

LIKE = {"race": "loader"}
"""Experiments that measure the same: an earlier name of one."""


class RunDifference(NamedTuple):
    """Something in which runs differ. `refuses`: their figures do not belong side by side because of it."""

    subject: str
    values: tuple[str, ...]
    refuses: bool


@dataclass(frozen=True)
class ComparisonLine:
    """One thing in each run: `values[i]` are those of run i, empty where it was not measured there."""

    parts: tuple[Part, ...]
    values: tuple[tuple[float, ...], ...]

    @property
    def summaries(self) -> list[Summary | None]:
        return [summarise(found) if found else None for found in self.values]


@dataclass(frozen=True)
class Comparison:
    """Runs side by side by one measure. What all their things share is in `shared`, the rest tells the lines apart."""

    runs: Sequence[RunRecord]
    measure: Measure
    lines: Sequence[ComparisonLine]
    shared: tuple[Part, ...]

    def times(self, line: ComparisonLine, run: int, base: int = 0) -> Ratio | None:
        """How many times as good as in run `base` a thing is in run `run`; None where one of them lacks it."""
        if not line.values[run] or not line.values[base]:
            return None
        return self.better(line.values[run], line.values[base])

    def better(self, first: Sequence[float], second: Sequence[float]) -> Ratio:
        """How many times as good the first values are: as much where more is better, as short where less is."""
        return advantage(first, second, more=self.measure.more)


def kind_of(record: RunRecord) -> str:
    """What it measured; records of different kinds have nothing in common."""
    return LIKE.get(record.experiment, record.experiment)


def common_measures(runs: Sequence[RunRecord]) -> list[Measure]:
    """The measures that every run has, in the order of the first."""
    others = [set(measures(run)) for run in runs[1:]]
    return [measure for measure in measures(runs[0]) if all(measure in other for other in others)]


def compare(runs: Sequence[RunRecord], measure: Measure) -> Comparison:
    """One run or more by one measure. Things are matched by what varies within a run, and by their store."""
    found = [series(run, measure) for run in runs]
    varying = _varying(found)
    lines: dict[tuple[Part, ...], list[tuple[float, ...]]] = {}
    for number, of_run in enumerate(found):
        for one in of_run:
            key = tuple(part for part in one.parts if part[0] in varying)
            values = lines.setdefault(key, [() for _ in runs])
            values[number] += one.values
    shared = [part for of_run in found for one in of_run for part in one.parts if part[0] not in varying]
    settled = _alike(tuple(dict.fromkeys(shared)))
    return Comparison(runs, measure, [ComparisonLine(key, tuple(values)) for key, values in lines.items()], settled)


def _varying(found: Sequence[Sequence[Series]]) -> set[str]:
    """The parts that have several values within one of the runs; the store is always among them."""
    varying = {STORE}
    for of_run in found:
        seen: dict[str, set[str]] = {}
        for one in of_run:
            for name, value in one.parts:
                seen.setdefault(name, set()).add(value)
        varying |= {name for name, values in seen.items() if len(values) > 1}
    return varying


def _alike(parts: Sequence[Part]) -> tuple[Part, ...]:
    names = [name for name, _ in parts]
    return tuple(part for part in parts if names.count(part[0]) == 1)


# ---------------------------------------------------------------- may they be compared?


def check_comparable(runs: Sequence[RunRecord], anyway: bool = False) -> list[RunDifference]:
    """All differences of these runs. Raises InputError where they measured different things, and, unless `anyway`,
    where their machines, datasets or options differ in what makes figures incomparable."""
    kinds = list(dict.fromkeys(kind_of(run) for run in runs))
    if len(kinds) > 1:
        raise InputError(f"{' and '.join(kinds)} runs have no figure in common; choose runs of one kind")
    if runs and not common_measures(runs):
        raise InputError("these runs have no figure in common")
    found = differences(runs)
    refusing = [difference for difference in found if difference.refuses]
    if refusing and not anyway:
        raise InputError(f"these runs should not be compared: {'; '.join(map(told, refusing))}")
    return found


def told(difference: RunDifference) -> str:
    """ "memory in GB is 16 in one and 32 in another"."""
    return f"{difference.subject}: {' | '.join(difference.values)}"


def differences(runs: Sequence[RunRecord]) -> list[RunDifference]:
    """Everything in which runs differ and that matters or is worth knowing, what refuses a comparison first."""
    found = [*_machines(runs), *_datasets(runs), *_options(runs), *_versions(runs)]
    return sorted(found, key=lambda difference: not difference.refuses)


def _machines(runs: Sequence[RunRecord]) -> list[RunDifference]:
    """Facts in which a run's machine differs from the first run's."""
    machines = [run.machine for run in runs]
    subjects: dict[str, list[str]] = {}
    for number, machine in enumerate(machines[1:], 1):
        for fact in machine_differences(machines[0], machine):
            values = subjects.setdefault(fact.name, [_shown(fact.first)] * len(runs))
            values[number] = _shown(fact.second)
    return [RunDifference(name, tuple(values), True) for name, values in subjects.items()]


def _datasets(runs: Sequence[RunRecord]) -> list[RunDifference]:
    names = [", ".join(run.setup["datasets"]) for run in runs]
    if len(set(names)) > 1:
        return [RunDifference("dataset", tuple(names), True)]
    prints = [_shown(run.setup.get("fingerprints")) if run.setup.get("fingerprints") else "" for run in runs]
    known = {told for told in prints if told}
    if len(known) > 1:
        return [RunDifference("content of the dataset", tuple(_short(run) for run in runs), True)]
    if known and "" in prints:
        return [RunDifference("content of the dataset", tuple(_short(run) for run in runs), False)]
    return []


def _short(run: RunRecord) -> str:
    """The beginning of each fingerprint."""
    prints = run.setup.get("fingerprints")
    return ", ".join(str(value)[:8] for value in prints.values()) if isinstance(prints, Mapping) else "not recorded"


def _options(runs: Sequence[RunRecord]) -> list[RunDifference]:
    names = dict.fromkeys(name for run in runs for name in run.setup if name not in NOT_OPTIONS)
    singles = [_single_options(run) for run in runs]
    for options in singles:
        names |= dict.fromkeys(options)
    pairs = list(zip(runs, singles, strict=True))
    told = {name: tuple(_option(run, options, name) for run, options in pairs) for name in names}
    return [
        RunDifference(name.replace("_", " "), values, name not in EFFORT)
        for name, values in told.items()
        if len(set(values) - {NOT_TOLD}) > 1
    ]


NOT_TOLD = "not recorded"


def _single_options(run: RunRecord) -> dict[str, str]:
    """What all of a run's rows share, as they tell it: a list of one in a setup is one value."""
    parts = [part for measure in measures(run)[:1] for one in series(run, measure) for part in one.parts]
    return {name: value for name, value in _alike(tuple(dict.fromkeys(parts))) if name != STORE}


def _option(run: RunRecord, options: Mapping[str, str], name: str) -> str:
    if name in options:
        return options[name]
    told = run.setup.get(name)
    return NOT_TOLD if told is None or isinstance(told, list) else _shown(told)


def _versions(runs: Sequence[RunRecord]) -> list[RunDifference]:
    """Versions of libraries are said: to compare them may be what is wanted."""
    told = [versions if isinstance(versions := run.setup.get("versions"), Mapping) else {} for run in runs]
    names = dict.fromkeys(name for versions in told for name in versions)
    rows = {name: tuple(str(versions.get(name, NOT_TOLD)) for versions in told) for name in names}
    return [RunDifference(name, values, False) for name, values in rows.items() if len(set(values) - {NOT_TOLD}) > 1]


def _shown(value: Any) -> str:
    if value is None or value in ([], {}):
        return "none"
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return value if isinstance(value, str) else dumps(value, sort_keys=True)
