"""The suite's two files, and its result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..base.errors import disk_trouble_told
from ..base.files import read_object, write_whole
from ..base.home import Home
from ..base.strict_json import dumps
from ..measure.loader_lines import COLUMNS
from ..measure.suite_file import checked_suite
from ..measure.suite_runs import keep_suite
from .page import suite_page
from .state import SuiteState
from .tables import SuiteTable, table_of, titles_of


def write_suite(home: Home, folder: Path, suite: Mapping[str, Any], state: SuiteState) -> None:
    """Write page and file into `folder`, keep the suite among the runs, and note in `state` that it is finished.

    Raises WorkError where the disk refuses.
    """
    whole = checked_suite(suite, str(suite["name"]))
    with disk_trouble_told("writing the suite"):
        folder.mkdir(parents=True, exist_ok=True)
        html, file = folder / f"{whole['name']}.html", folder / f"{whole['name']}.json"
        write_whole(html, suite_page(whole).encode("utf-8", "backslashreplace"))
        write_whole(file, dumps(whole, indent=1).encode())
    keep_suite(home, whole)
    state.html, state.json, state.finished = str(html), str(file), True
    state.keep()


def result_of(state: SuiteState) -> dict[str, Any]:
    """The JSON of the command: where the files are, and each workload's figures."""
    suite = read_object(Path(state.json))
    titles = titles_of(suite)
    return {
        "html": state.html,
        "json": state.json,
        "workloads": [workload_result(one, table_of(one, titles)) for one in suite["workloads"]],
        "minutes": suite["minutes"],
    }


def workload_result(workload: Mapping[str, Any], table: SuiteTable) -> dict[str, Any]:
    """A workload's loaders, the fastest first, with the median of each column, and those without figures."""
    return {
        "workload": workload["name"],
        "complete": workload["complete"],
        "results": [
            {
                "loader": one.loader,
                "store": one.store,
                "workers": one.workers,
                "repeats": one.line.repeats,
                **{column.field: one.median(column.field) for column in COLUMNS},
            }
            for one in table.figures
        ],
        "best": {field: list(found) for field, found in table.marks.items() if found},
        "refused": [{"loader": one.loader, "reason": one.reason} for one in table.refused],
    }
