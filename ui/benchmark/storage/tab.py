"""Benchmark, Storage: what writing and reading cost with each storage method, at growing numbers of images."""

from __future__ import annotations

from core.datasets.dataset import Dataset
from core.measure.record_fields import STORAGE_SETUP, has
from core.measure.records import RunRecord, list_records
from core.measure.storage.rows import shown_rows
from ui.benchmark.storage.form import OWNER, draw_form
from ui.benchmark.storage.view import draw_result
from ui.shared import state
from ui.shared.job_panel import draw_ending, own_jobs
from ui.shared.labels import counted, listed
from ui.shared.live.view import draw_live
from ui.shared.run_picker import pick_run


def draw(dataset: Dataset) -> None:
    """The form or the experiment that runs, and below it what was measured before. It needs no built stores."""
    running = own_jobs(OWNER)
    for job in running:
        draw_live(job)
    if not running:  # charts take the processors that are being measured
        draw_ending(OWNER)
        draw_form(dataset)
        _draw_results(dataset)


def _draw_results(dataset: Dataset) -> None:
    found = list_records(state.home(), "storage", dataset.name)
    records = [record for record in found if has(record.setup, STORAGE_SETUP) and shown_rows(record)]
    record = pick_run(records, record_title, "storage.record")
    if record is not None:
        draw_result(record)


def record_title(record: RunRecord) -> str:
    """An experiment in the list of those that were run."""
    setup = record.setup
    methods = counted(len(setup.get("methods") or []), "method")
    counts = listed(f"{count:,}" for count in setup["cutoffs"][-1:])
    return f"{str(setup['started']).replace('T', ' ')[:16]} · {methods}, up to {counts} images"
