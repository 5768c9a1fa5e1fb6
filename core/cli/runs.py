"""`runs`: what was measured, listed, compared, exported and imported."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.errors import InputError, disk_trouble_told
from ..base.events import Event, Message, Result
from ..base.files import write_output
from ..base.home import Home
from .verb import Verb, shared_arguments

if TYPE_CHECKING:
    from ..measure.compare import Comparison, ComparisonLine
    from ..measure.records import RunRecord


def _arguments(parser: ArgumentParser) -> None:
    names = parser.add_subparsers(dest="action", metavar="ACTION", parser_class=type(parser))
    shared = [shared_arguments(type(parser))]

    def action(name: str, text: str) -> ArgumentParser:
        return names.add_parser(name, help=text, description=text, parents=shared)

    action("list", "list the runs, the newest first (the default)")
    export = action("export", "write a run to a file: everything (.zip), its rows (.csv) or the record (.json)")
    export.add_argument("run", help="its name, or a part of it that no other has")
    export.add_argument("--to", required=True, metavar="FILE", help="a name that ends in .zip, .csv or .json")
    bring = action("import", "import a run that was exported as .zip, a suite's .json, or a notebook's summary.csv")
    bring.add_argument("file")
    merge = action("merge", "suites of several machines as one table, .html or .json")
    merge.add_argument("suite", nargs="+", help="a suite's .json, or the name of one among the runs")
    merge.add_argument("--to", required=True, metavar="FILE", help="a name that ends in .html or .json")
    merge.add_argument("--reference", default="", metavar="LOADER", help="the loader that ratios are to")
    compare = action("compare", "medians, spreads and verdicts of one run, or of several side by side")
    compare.add_argument("run", nargs="+")
    compare.add_argument("--measure", metavar="M", help="which measure (default: the main one)")
    compare.add_argument(
        "--anyway", action="store_true", help="compare even where machines, datasets or options differ"
    )


def _answer(given: Namespace) -> Iterator[Event]:
    home = Home.find(given.home)
    actions = {"export": _export, "import": _import, "compare": _compare, "merge": _merge}
    if given.action in actions:
        return actions[given.action](home, given)
    return _list(home)


def _list(home: Home) -> Iterator[Event]:
    from ..measure.runs import all_runs

    yield Result({"runs": [_told(run) for run in all_runs(home)]})


def _told(run: RunRecord) -> dict[str, Any]:
    return {
        "run": run.name,
        "experiment": run.experiment,
        "datasets": run.setup["datasets"],
        "started": run.setup["started"],
        "rows": len(run.rows),
        "lost": run.lost,
        "from": str(run.foreign.get("from", "here")),
    }


def _export(home: Home, given: Namespace) -> Iterator[Event]:
    from ..measure.exchange import bundle
    from ..measure.runs import find_run
    from ..measure.tabular import csv_text, json_text

    run, target = find_run(home, given.run), Path(given.to)
    makers = {
        ".zip": lambda: bundle(run),
        ".csv": lambda: csv_text(run.rows).encode("utf-8-sig"),
        ".json": lambda: json_text(_whole(run)).encode(),
    }
    if target.suffix.lower() not in makers:
        raise InputError(f"--to {target}: end the name in .zip, .csv or .json")
    with disk_trouble_told("the export"):
        write_output(target, makers[target.suffix.lower()]())
    yield Result({"run": run.name, "file": str(target), "bytes": target.stat().st_size})


def _whole(run: RunRecord) -> dict[str, Any]:
    """A run as JSON; a suite as its own file."""
    from ..measure.suite_runs import SUITE, suite_of

    if run.experiment == SUITE:
        return suite_of(run)
    return {"setup": run.setup, "machine": run.machine, "rows": run.rows}


def _import(home: Home, given: Namespace) -> Iterator[Event]:
    from ..measure.legacy_summary import size_warnings
    from ..measure.runs import take_in_file

    run = take_in_file(home, Path(given.file))
    warnings = size_warnings(home, run)
    for warning in warnings:
        yield Message(warning, "warning")
    yield Result({**_told(run), "warnings": warnings})


def _merge(home: Home, given: Namespace) -> Iterator[Event]:
    from ..suite.merge import merge_files, merged_suites

    yield Result(merge_files(merged_suites(home, given.suite, given.reference), [Path(given.to)]))


def _compare(home: Home, given: Namespace) -> Iterator[Event]:
    from ..measure.compare import check_comparable, common_measures, compare
    from ..measure.runs import find_run

    runs = [find_run(home, name) for name in given.run]
    found = check_comparable(runs, given.anyway)
    known = {measure.name: measure for measure in common_measures(runs)}
    name = given.measure or next(iter(known), "")
    if name not in known:
        raise InputError(f"there is no measure {name!r} in common; there are: {', '.join(known) or 'none'}")
    comparison = compare(runs, known[name])
    yield Result(
        {
            "runs": [_told(run) for run in runs],
            "measure": name,
            "unit": known[name].unit,
            "differences": [
                {"subject": one.subject, "values": list(one.values), "refuses": one.refuses} for one in found
            ],
            "shared": dict(comparison.shared),
            "rows": [row for line in comparison.lines for row in _rows(comparison, line)],
        }
    )


def _rows(comparison: Comparison, line: ComparisonLine) -> Iterator[dict[str, Any]]:
    """A row for each run that measured this thing. `times_as_good` is against the first run."""
    for number, summary in enumerate(line.summaries):
        if summary is None:
            continue
        ratio = comparison.times(line, number) if number else None
        against = {"times_as_good": ratio.value, "low": ratio.low, "high": ratio.high} if ratio else {}
        verdict = {"verdict": str(ratio.verdict)} if ratio else {}
        told = {**dict(line.parts), "run": number + 1, **summary._asdict()}
        spread = {"spread_low": told.pop("low"), "spread_high": told.pop("high")}
        yield {**told, **spread, **against, **verdict, "values": list(line.values[number])}


RUNS = Verb("list, compare, export and import what was measured", _arguments, _answer)
