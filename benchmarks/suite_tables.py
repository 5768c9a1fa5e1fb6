"""The tables of a suite's file as Markdown, and ours against the best rival of each workload.

    python -m benchmarks.suite_tables SUITE.json [--out RESULTS.md]

SUITE.json is what `python -m core experiment suite` writes. The best rival of a workload is the fastest loader in it
that is not ours; of processor time the ratio is to the same one.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.measure.loader_lines import COLUMNS, CPU_TIME, SPEED, LoaderColumn
from core.measure.statistics import ratio
from core.measure.suite_file import parse_suite
from core.suite.entrants import OURS
from core.suite.tables import LoaderFigures, SuiteTable, table_of, titles_of

BEGIN, END = "<!-- suite: begin -->", "<!-- suite: end -->"
GOALS = {"small-raw": 2.5, "small-jpeg": 2.5, "small-png": 4.0, "photos-jpeg": 2.2, "photos-raw": 3.0}
MOST_CPU = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    text = "\n".join(tables(parse_suite(given.suite.read_bytes(), given.suite.name)))
    print(text)
    if given.out:
        keep(text, given.out)


def tables(suite: Mapping[str, Any]) -> Iterator[str]:
    """What was run, a table for each workload, and one of what should be reached."""
    titles = titles_of(suite)
    found = {one["name"]: (one, table_of(one, titles)) for one in suite["workloads"]}
    yield f"`{suite['command']}`, {suite['minutes']:g} minutes, {suite['started'][:16].replace('T', ' ')}."
    for note in suite["notes"]:
        yield f"{note[0].upper()}{note[1:]}."
    for workload, table in found.values():
        yield from _table(workload, table)
    yield from _goals({name: table for name, (_, table) in found.items()})


def _table(workload: Mapping[str, Any], table: SuiteTable) -> Iterator[str]:
    columns = [column for column in COLUMNS if any(one.median(column.field) is not None for one in table.figures)]
    heads = ["loader", "container", *(column.title for column in columns), "workers"]
    yield ""
    yield f"### {workload['title']}: {workload['samples']:,} images, batches of {workload['batch_size']}"
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for one in table.figures:
        shown = [_cell(one, column, table) for column in columns]
        cells = [one.title, one.store.partition("/")[0], *shown, one.workers]
        yield f"| {' | '.join(cells)} |"
    yield ""
    for left in table.refused:
        yield f"- {left.title}: {left.reason}"


def _cell(one: LoaderFigures, column: LoaderColumn, table: SuiteTable) -> str:
    """A median, bold where nobody is better."""
    value = one.median(column.field)
    text = "-" if value is None else column.text(value)
    return f"**{text}**" if one.loader in table.marks.get(column.field, {}) else text


def _goals(found: Mapping[str, SuiteTable]) -> Iterator[str]:
    heads = ["workload", "best rival", "images/s", "goal", "95% interval", "processor time", "goal", "95% interval"]
    yield ""
    yield "### Ours (fast) against the best rival"
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for name, goal in GOALS.items():
        if name in found and (row := _goal(found[name], goal)):
            yield f"| {name} | {' | '.join(row)} |"


def _goal(table: SuiteTable, goal: float) -> list[str]:
    """The ratios, and empty where one of the two was not measured."""
    ours = next((one for one in table.figures if one.loader == "fast"), None)
    rival = next((one for one in table.figures if one.loader not in OURS), None)
    if ours is None or rival is None:
        return []
    speed, cpu = (ratio(ours.line.values[field], rival.line.values[field]) for field in (SPEED, CPU_TIME))
    return [
        rival.title, f"{speed.value:.2f} x", f"{goal:g}", _interval(speed.low, speed.high),
        f"{cpu.value:.2f}", f"{MOST_CPU:g}", _interval(cpu.low, cpu.high),
    ]  # fmt: skip


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.2f} to {high:.2f}"


def keep(text: str, path: Path) -> None:
    """Put the tables between their marks in a file of results. Raises SystemExit where it has none."""
    before: Sequence[str] = path.read_text("utf-8").partition(BEGIN)
    if not before[1]:
        raise SystemExit(f"{path} has no line {BEGIN}")
    tail = before[2].partition(END)[2]
    path.write_text(f"{before[0]}{BEGIN}\n{text}\n{END}{tail}", "utf-8")


if __name__ == "__main__":
    main()
