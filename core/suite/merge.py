"""Suites of several machines as one public table: a group of columns for each machine, and ratios to a loader that all
have. Figures of two machines never stand in one ranking."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..base.errors import InputError, disk_trouble_told
from ..base.files import Unreadable, read_whole, write_output
from ..base.home import Home
from ..base.strict_json import dumps
from ..base.units import counted
from ..machine import machine_identity
from ..measure.loader_lines import COLUMNS, CPU_TIME, SPEED
from ..measure.runs import find_run
from ..measure.suite_file import LARGEST_SUITE, parse_suite
from ..measure.suite_runs import suite_of
from .page import ShownCell, about_images, about_machine, about_work, data_address, page
from .tables import LoaderFigures, SuiteTable, table_of, titles_of
from .workloads import WORKLOADS

MARK = "format_matters_suites"
VERSION = 1
MOST = 26
"""Suites in one table: each has a letter."""

REFERENCES = ("torch", "naive", "fast")
"""Loaders that ratios are to, the first that all have; ours run everywhere, and DataLoader is what people know."""

SHOWN = (SPEED, CPU_TIME)


@dataclass(frozen=True)
class MergedSuites:
    """letters: suite's letter -> the suite. reference: the loader that was asked for, "" for any."""

    letters: Mapping[str, Mapping[str, Any]]
    reference: str

    def tables(self) -> list[MergedWorkload]:
        """The workloads that a suite has, in the order of the program's own and then of the files."""
        names = dict.fromkeys(one["name"] for suite in self.letters.values() for one in suite["workloads"])
        known = list(WORKLOADS)
        ordered = sorted(names, key=lambda name: known.index(name) if name in known else len(known))
        return [self._table(name) for name in ordered]

    def _table(self, name: str) -> MergedWorkload:
        told = {letter: found for letter, suite in self.letters.items() if (found := _workload(suite, name))}
        tables = {letter: table_of(one, titles_of(self.letters[letter])) for letter, one in told.items()}
        return MergedWorkload(name, told, tables, _reference(tables, self.reference))


@dataclass(frozen=True)
class MergedWorkload:
    """A workload on several machines. told, tables: by letter of the suite. reference: the loader that ratios are to,
    "" where no loader was measured everywhere."""

    name: str
    told: Mapping[str, Mapping[str, Any]]
    tables: Mapping[str, SuiteTable]
    reference: str

    @property
    def title(self) -> str:
        return str(next(iter(self.told.values()))["title"])

    @property
    def loaders(self) -> dict[str, str]:
        """Loader -> title, by title: rows are in no order of speed, which differs between machines."""
        found = {one.loader: one.title for table in self.tables.values() for one in table.figures}
        return dict(sorted(found.items(), key=lambda item: item[1].casefold()))

    def figures(self, letter: str, loader: str) -> LoaderFigures | None:
        return next((one for one in self.tables[letter].figures if one.loader == loader), None)

    def ratio(self, letter: str, loader: str) -> float | None:
        """How many times as fast as the reference on the same machine."""
        mine, other = self.figures(letter, loader), self.figures(letter, self.reference)
        if mine is None or other is None:
            return None
        return mine.speed / other.speed


class MergedRow(NamedTuple):
    """A loader: for each suite its cells."""

    title: str
    groups: Sequence[Sequence[ShownCell]]


def merged_suites(home: Home, sources: Sequence[str], reference: str = "") -> MergedSuites:
    """The suites in these files, or among the runs of these names. Raises InputError for what is none, or one twice."""
    if len(sources) > MOST:
        raise InputError(f"at most {MOST} suites go into one table")
    suites = [_suite(home, source) for source in sources]
    names = [(suite["name"], machine_identity(suite["machine"])) for suite in suites]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{twice[0]} is named twice: give each suite once")
    if reference and not any(reference in _loaders(suite) for suite in suites):
        raise InputError(f"no suite has a loader {reference!r} for ratios to be to")
    return MergedSuites(dict(zip(string.ascii_uppercase, suites, strict=False)), reference)


def merge_files(merged: MergedSuites, targets: Sequence[Path]) -> dict[str, Any]:
    """Write the table to files that end in .html or .json; what was written, and what was merged.

    Raises InputError for another ending, WorkError where the disk refuses.
    """
    makers: Mapping[str, Callable[[MergedSuites], str]] = {".html": merged_page, ".json": merged_json}
    for target in targets:
        if target.suffix.lower() not in makers:
            raise InputError(f"{target}: end the name in .html or .json")
        if not target.parent.is_dir():
            raise InputError(f"{target} cannot be written: its folder is not there")
    with disk_trouble_told("writing the table"):
        for target in targets:
            write_output(target, makers[target.suffix.lower()](merged).encode("utf-8", "backslashreplace"))
    return {
        "files": [str(target) for target in targets],
        "suites": [_about(letter, suite) for letter, suite in merged.letters.items()],
        "workloads": [{"workload": one.name, "reference": one.reference or None} for one in merged.tables()],
    }


def merged_data(merged: MergedSuites) -> dict[str, Any]:
    """The table as plain JSON, with the suites that it is made of."""
    return {
        MARK: VERSION,
        "machines": [_about(letter, suite) for letter, suite in merged.letters.items()],
        "workloads": [_told_workload(one) for one in merged.tables()],
        "suites": list(merged.letters.values()),
    }


def merged_json(merged: MergedSuites) -> str:
    """The same as text."""
    return dumps(merged_data(merged), indent=1)


def merged_page(merged: MergedSuites) -> str:
    """The table as one HTML file."""
    tables = merged.tables()
    return page(
        "merged.html",
        title=f"Image loaders on {counted(len(merged.letters), 'machine')}",
        machines=[(letter, suite, about_machine(suite["machine"])) for letter, suite in merged.letters.items()],
        images=[
            (f"{letter}, {name}", about)
            for letter, suite in merged.letters.items()
            for name, about in (about_images(kind, told) for kind, told in suite["images"].items())
        ],
        workloads=[(one, _rows(one), _caution(one, merged)) for one in tables],
        processors={
            letter: str(suite["machine"].get("processor", "unknown")) for letter, suite in merged.letters.items()
        },
        works={one.name: about_work(next(iter(one.told.values()))) for one in tables},
        download=data_address(merged_data(merged)),
    )


def _suite(home: Home, source: str) -> dict[str, Any]:
    path = Path(source).expanduser()
    if not path.is_file():
        return suite_of(find_run(home, source))
    try:
        return parse_suite(read_whole(path, LARGEST_SUITE + 1), path.name)
    except Unreadable as error:
        raise InputError(f"{path} cannot be read: {error}") from None


def _workload(suite: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    return next((one for one in suite["workloads"] if one["name"] == name), None)


def _loaders(suite: Mapping[str, Any]) -> set[str]:
    return {str(row["loader"]) for one in suite["workloads"] for row in one["repeats"]}


def _reference(tables: Mapping[str, SuiteTable], asked: str) -> str:
    everywhere = [{one.loader for one in table.figures} for table in tables.values()]
    common = set.intersection(*everywhere) if everywhere else set()
    wanted = (asked,) if asked else (*REFERENCES, *sorted(common))
    return next((name for name in wanted if name in common), "")


def _about(letter: str, suite: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "letter": letter,
        "suite": suite["name"],
        "started": suite["started"],
        "processor": suite["machine"].get("processor"),
        "cpus": suite["machine"].get("cpus_usable"),
    }


def _told_workload(one: MergedWorkload) -> dict[str, Any]:
    return {
        "workload": one.name,
        "title": one.title,
        "reference": one.reference or None,
        "loaders": [
            {
                "loader": loader,
                "title": title,
                "machines": {letter: _told_loader(one, letter, loader) for letter in one.tables},
            }
            for loader, title in one.loaders.items()
        ],
    }


def _told_loader(one: MergedWorkload, letter: str, loader: str) -> dict[str, Any] | None:
    found = one.figures(letter, loader)
    if found is None:
        return None
    told: dict[str, Any] = {column.field: found.median(column.field) for column in COLUMNS}
    return {**told, "workers": found.workers, "times_reference": one.ratio(letter, loader)}


def _rows(one: MergedWorkload) -> list[MergedRow]:
    return [
        MergedRow(title, [_cells(one, letter, loader) for letter in one.tables])
        for loader, title in one.loaders.items()
    ]


def _cells(one: MergedWorkload, letter: str, loader: str) -> list[ShownCell]:
    """Speed, processor time and the ratio; marks are those among the loaders of the same machine."""
    found = one.figures(letter, loader)
    if found is None:
        return [ShownCell("-", "", "")] * (len(SHOWN) + 1)
    cells = []
    for column in (column for column in COLUMNS if column.field in SHOWN):
        median = found.median(column.field)
        mark = one.tables[letter].marks[column.field].get(loader, "")
        cells.append(ShownCell("-" if median is None else column.text(median), "", mark))
    ratio = one.ratio(letter, loader)
    return [*cells, ShownCell("-" if ratio is None else f"{ratio:.2f}", "", "")]


def _caution(one: MergedWorkload, merged: MergedSuites) -> str:
    """What keeps the machines' figures apart beside the machines."""
    found = []
    prints = {
        letter: merged.letters[letter]["images"].get(told["images"], {}).get("fingerprint")
        for letter, told in one.told.items()
    }
    if len(set(prints.values())) > 1:
        found.append("the images differ")
    if len({(told["samples"], told["batch_size"], told["transform"]) for told in one.told.values()}) > 1:
        found.append("the numbers of images or the batches differ")
    if not one.reference:
        found.append("no loader was measured on all machines, so there are no ratios")
    return "; ".join(found)
