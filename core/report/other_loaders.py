"""The section of a report on loaders of others: whether one of them is faster here, and what each costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..base.units import counted, listed
from ..measure.loader_lines import COLUMNS, SPEED, LoaderLine, work_text
from ..measure.rival_rows import loader_title, subject_title
from ..measure.statistics import advantage
from . import code
from .document import Block, Chart, Points, Text
from .evidence import Evidence, LoaderComparison, LoadingConfiguration
from .experiments import missing
from .loader_charts import SHOWS, TITLE, costed, speed_against_cpu
from .loader_table import LEGEND, loader_table, refused_table
from .rival_headlines import WHOLE, rival_headlines
from .sentences import busy_text

EXAMPLES = ("webdataset", "ffcv", "streaming")


def other_loaders(evidence: Evidence, configuration: LoadingConfiguration | None) -> Iterator[Block]:
    if not evidence.loaders:
        what = "whether a loader of others is faster here"
        if evidence.stores:
            command = code.rivals_command(evidence, evidence.stores[0], EXAMPLES[:1], configuration)
            yield from missing(what, command)
        return
    yield Text(f"Is another loader faster here? {_answer(evidence.loaders)}")
    for comparison in evidence.loaders:
        yield from _compared(comparison)
    yield Text(f"{WHOLE} {LEGEND}", "small")


def _answer(found: Sequence[LoaderComparison]) -> str:
    """Of all kinds of work together."""
    faster = [_work_text(one, rival) for one in found for rival in one.rivals if _is_ahead(rival, one.ours)]
    if faster:
        return f"Yes: {listed(faster)}."
    if not all(one.ours for one in found):
        return "That cannot be said: nothing of ours was run beside them."
    count = len({line.about.get("loader") for one in found for line in one.rivals})
    return f"No: none of {counted(count, 'rival')} is significantly faster than ours." if count > 1 else (
        f"No: {loader_title(str(found[0].rivals[0].about.get('loader')))} is not significantly faster than ours."
    )  # fmt: skip


def _is_ahead(rival: LoaderLine, ours: Sequence[LoaderLine]) -> bool:
    return bool(ours) and advantage(rival.values[SPEED], ours[0].values[SPEED], more=True).ahead


def _work_text(comparison: LoaderComparison, line: LoaderLine) -> str:
    return f"{subject_title(line.about)} at {work_text(comparison.work)}"


def _compared(comparison: LoaderComparison) -> Iterator[Block]:
    """One kind of work: what it says, the chart, the table, and who was refused."""
    names = {line.configuration: subject_title(line.about) for line in comparison.lines}
    told = [f"{text} [{comparison.run.name}]" for text in rival_headlines(comparison.lines, bold="")]
    about = f"{work_text(comparison.work)}, {comparison.cache} cache, split {comparison.split}"
    shown = costed(comparison.lines)
    if shown:
        drawing = speed_against_cpu(shown)
        name = f"cpu-{'-'.join(comparison.work[1:])}"
        yield Chart(name, drawing, f"{TITLE} ({about}): up is faster, left is cheaper.", SHOWS)
    yield Points(told)
    yield loader_table(comparison.lines, names, f"Medians ({about})")
    if comparison.refused:
        yield refused_table(comparison.refused)
    if busy := busy_text(_share(line) for line in comparison.lines):
        yield Text(busy, "small")


def _share(line: LoaderLine) -> float | None:
    """What other programs took; None where no repeat was disturbed."""
    share = line.about.get("background_load")
    return float(share) if line.disturbed and isinstance(share, int | float) else None


def comparison_data(comparison: LoaderComparison) -> dict[str, Any]:
    """As plain JSON, with the field names of a loader's row."""
    return {
        "run": comparison.run.name,
        "started": comparison.run.started,
        "work": list(comparison.work),
        "cache": comparison.cache,
        "split": comparison.split,
        "loaders": [_line_data(line) for line in comparison.lines],
        "refused": [{name: row.get(name) for name in ("loader", "store", "reason")} for row in comparison.refused],
    }


def _line_data(line: LoaderLine) -> dict[str, Any]:
    told = {name: line.about.get(name) for name in ("loader", "store", "workers")}
    figures = {column.field: line.median(column.field) for column in COLUMNS}
    return {**told, "rival": line.rival, **figures, "repeats": line.repeats, "disturbed": line.disturbed}
