"""All runs of a home: found by name, listed, taken in."""

from __future__ import annotations

from pathlib import Path

from ..base.errors import InputError, disk_trouble_told
from ..base.files import Unreadable, read_whole
from ..base.home import Home
from ..base.names import readable
from ..base.package import COMMAND
from .exchange import LONGEST_FILE, open_bundle
from .imported_runs import remove_record
from .legacy_summary import open_summary
from .records import RunRecord, newest_first, record_paths, salvage_record, salvaged
from .suite_runs import open_suite

ZIP, JSON = b"PK", b"{"


def all_runs(home: Home, dataset: str | None = None) -> list[RunRecord]:
    """Every run that has rows, also damaged ones and those from elsewhere, the newest first. A damaged one that no
    longer tells its dataset is among those of every dataset."""
    found = [salvage_record(path) for path in record_paths(home)]
    runs = [record for record in found if record is not None and record.rows]
    wanted = [run for run in runs if dataset is None or not run.setup["datasets"] or dataset in run.setup["datasets"]]
    return newest_first(wanted)


def unreadable_runs(home: Home) -> list[tuple[Path, str]]:
    """The files among the records of which nothing can be shown, and why."""
    found = [(path, salvaged(path)) for path in sorted(record_paths(home))]
    return [(path, reason) for path, (_, reason) in found if reason]


def delete_unreadable(home: Home, path: Path) -> None:
    """Remove a file of `unreadable_runs` and what belongs to it; of a link only the link.

    Raises InputError for anything that is no record of this home, WorkError where the disk refuses.
    """
    if path not in record_paths(home):
        raise InputError(f"{path.name} is no record in {readable(home.runs)}")
    with disk_trouble_told("deleting the run"):
        remove_record(path)


def find_run(home: Home, name: str) -> RunRecord:
    """The one run whose name has `name` in it. Raises InputError where there is none, or several."""
    runs = all_runs(home)
    found = [run for run in runs if run.name == name] or [run for run in runs if name in run.name]
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(f"there is no run {name!r}; `{COMMAND} runs` lists them")
    raise InputError(f"{name!r} may be {' or '.join(run.name for run in found[:4])}; give more of the name")


def take_in(home: Home, data: bytes, origin: str) -> RunRecord:
    """Keep a run that came as one file, a suite's JSON, or a notebook's `summary.csv`. Raises InputError that says what
    is wrong."""
    if data.startswith(ZIP):
        return open_bundle(home, data, origin)
    return (open_suite if data.lstrip().startswith(JSON) else open_summary)(home, data, origin)


def take_in_file(home: Home, path: Path) -> RunRecord:
    """See `take_in`."""
    try:
        data = read_whole(path, LONGEST_FILE + 1)
    except Unreadable as error:
        raise InputError(f"{path} cannot be read: {error}") from None
    return take_in(home, data, path.name)
