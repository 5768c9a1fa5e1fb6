"""What loaders are compared by beside their speed, from the repeats of a run, and who is best in each column."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..base.units import number_text, rounded, seconds_text, size_text
from .background_load import BUSY
from .controlled import store_factors
from .loader_runs import configuration_of
from .rival_rows import is_rival
from .statistics import advantage

CPU_TIME = "cpu_s_per_sample"
SPEED = "samples_per_s"


class LoaderColumn(NamedTuple):
    """A figure of a loader: its field in a repeat's row, what people call it, whether more of it is better, and how a
    value is written. `repeated`: it is measured anew in every repeat, so it has a spread."""

    field: str
    title: str
    more: bool
    text: Callable[[float], str]
    repeated: bool = True
    ranked: bool = True
    """False: nobody is the best. A shuffle is good enough or not, and on few images chance tells full ones apart."""


def micro_text(seconds: float) -> str:
    """ "6.40 µs", "1.85 ms" from a thousand on."""
    micros = 1e6 * seconds
    return (
        f"{number_text(round(micros, 2))} µs" if micros < 1000 else f"{number_text(float(f'{micros / 1000:.3g}'))} ms"
    )


def _brief(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else seconds_text(seconds)


def _percent(share: float) -> str:
    return f"{share:.0%}"


WORK = ("dataset", "encoding", "batch_size", "transform", "device", "output")

COLUMNS = (
    LoaderColumn(SPEED, "Images/s", True, lambda value: number_text(rounded(value))),
    LoaderColumn(CPU_TIME, "CPU per image", False, micro_text),
    LoaderColumn("peak_memory_bytes", "Peak memory", False, size_text),
    LoaderColumn("bytes_on_disk", "On disk", False, size_text, repeated=False),
    LoaderColumn("first_batch_s", "First batch", False, _brief),
    LoaderColumn("prepare_s", "Preparation", False, _brief, repeated=False),
    LoaderColumn("of_ceiling", "Of the ceiling", True, _percent),
    LoaderColumn("shuffle_quality", "Shuffle quality", True, "{:.2f}".format, repeated=False, ranked=False),
)
"""In the order in which a table has them. A record of an earlier version has the first and the fifth."""


@dataclass(frozen=True)
class LoaderLine:
    """A configuration: one of its repeats, the values of each column by its field, and how many repeats were measured
    beside other work."""

    configuration: str
    about: Mapping[str, Any]
    values: Mapping[str, tuple[float, ...]]
    disturbed: int = 0

    @property
    def rival(self) -> bool:
        return is_rival(self.about)

    @property
    def repeats(self) -> int:
        return len(self.values.get(SPEED, ()))

    @property
    def work(self) -> tuple[str, ...]:
        """What has to be the same for two lines to be compared, the value of each of `WORK`: which images, how they
        are encoded, and what is made of them."""
        encoding = store_factors("", str(self.about["store"]).partition("/")[2])["encoding"]
        return tuple(encoding if name == "encoding" else str(self.about.get(name, "")) for name in WORK)

    def median(self, field: str) -> float | None:
        """Of a column; None where it was not measured."""
        values = self.values.get(field)
        return statistics.median(values) if values else None


def work_text(work: Sequence[str]) -> str:
    """Of a line's `work`, without the dataset: "original, batches of 64, train224, cpu, float32"."""
    told = dict(zip(WORK, work, strict=True))
    transform = told["transform"].replace("none", "")
    parts = (told["encoding"], f"batches of {told['batch_size']}", transform, told["device"], told["output"])
    return ", ".join(filter(None, parts))


def loader_lines(repeats: Iterable[Mapping[str, Any]]) -> list[LoaderLine]:
    """The configurations of a run, the fastest first."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for repeat in repeats:
        groups.setdefault(configuration_of(repeat), []).append(repeat)
    lines = [_line(name, rows) for name, rows in groups.items()]
    return sorted(lines, key=lambda line: line.median(SPEED) or 0.0, reverse=True)


def _line(name: str, rows: Sequence[Mapping[str, Any]]) -> LoaderLine:
    values = {
        column.field: found
        for column in COLUMNS
        if (found := tuple(float(row[column.field]) for row in rows if _is_amount(row.get(column.field))))
    }
    return LoaderLine(name, rows[0], values, sum(is_disturbed(row) for row in rows))


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def is_disturbed(row: Mapping[str, Any]) -> bool:
    """Whether other programs were busy during a repeat."""
    share = row.get("background_load")
    return row.get("disturbed") is True or (isinstance(share, int | float) and share >= BUSY)


def has_columns(lines: Sequence[LoaderLine]) -> bool:
    """Whether these lines have more to compare than speed and the first batch."""
    return any(CPU_TIME in line.values or line.rival for line in lines)


def shown_columns(lines: Sequence[LoaderLine]) -> list[LoaderColumn]:
    """The columns that one of the lines has a value in."""
    return [column for column in COLUMNS if any(column.field in line.values for line in lines)]


def winners(lines: Sequence[LoaderLine], column: LoaderColumn) -> set[str]:
    """The configurations that are best in a column, among those that do the same work: the best median, and whatever
    is not significantly behind it. None where nobody is behind, and where more than half have the
    best of what is measured once."""
    groups: dict[tuple[str, ...], list[LoaderLine]] = {}
    for line in lines if column.ranked else ():
        if column.field in line.values:
            groups.setdefault(line.work, []).append(line)
    return {name for group in groups.values() for name in _best(group, column)}


def _best(group: Sequence[LoaderLine], column: LoaderColumn) -> set[str]:
    choose = max if column.more else min
    best = choose(group, key=lambda line: line.median(column.field) or 0.0)
    level = {line.configuration for line in group if line is best or _is_level(best, line, column)}
    most = len(group) - 1 if column.repeated else len(group) // 2
    return level if len(level) <= most else set()


def _is_level(best: LoaderLine, line: LoaderLine, column: LoaderColumn) -> bool:
    """Whether a line is as good as the best: of what is measured once, where both are written alike."""
    first, second = best.values[column.field], line.values[column.field]
    if not column.repeated or min(*first, *second) <= 0:
        return column.text(statistics.median(first)) == column.text(statistics.median(second))
    return len(first) > 1 and len(second) > 1 and not advantage(first, second, more=column.more).ahead
