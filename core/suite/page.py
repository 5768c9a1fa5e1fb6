"""A suite, or several of them side by side, as one HTML file: nothing in it is loaded from anywhere.

The documents are `templates/`. Jinja escapes whatever they show; only the style, which is ours, goes in as it is.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment

from ..base.strict_json import dumps
from ..base.units import counted, listed, number_text, rounded, size_text, speed_text, times_text
from ..measure.background_load import BUSY, background_load
from ..measure.loader_lines import COLUMNS, SPEED
from ..measure.statistics import RESOLUTION
from ..report.html import POLICY, STYLE, page_style, template_environment
from .plot import PlotLayout, plots
from .tables import LoaderFigures, RefusedLoader, SuiteTable, standing_rows, table_of, titles_of

TEMPLATES = Path(__file__).with_name("templates")
OWN_STYLE = Path(__file__).with_name("style.css")


class ShownCell(NamedTuple):
    """One figure: its text, its spread in words where it has one, and "best", "tie" or nothing."""

    text: str
    spread: str
    mark: str


class ShownRow(NamedTuple):
    """A loader's line."""

    title: str
    store: str
    workers: str
    cells: Sequence[ShownCell]


class ColdRow(NamedTuple):
    """A loader from a warm and from a cold page cache."""

    title: str
    warm: str
    cold: str
    share: str


class ShownWorkload(NamedTuple):
    """A workload as the page shows it."""

    name: str
    title: str
    work: str
    answer: str
    rows: Sequence[ShownRow]
    refused: Sequence[RefusedLoader]
    plots: Sequence[PlotLayout]
    cold: Sequence[ColdRow]
    notes: Sequence[str]


def suite_page(suite: Mapping[str, Any]) -> str:
    """The file's text, of a suite as `core.measure.suite_file` reads it."""
    processor = str(suite["machine"].get("processor", "an unknown machine"))
    return page(
        "suite.html",
        title=f"Image loaders on {processor}",
        suite=suite,
        columns=COLUMNS,
        workloads=shown_workloads(suite),
        images=[about_images(name, told) for name, told in suite["images"].items()],
        machine=about_machine(suite["machine"]),
        resolution=f"{RESOLUTION:.0%}",
        download=data_address(suite),
    )


def page(template: str, **shown: Any) -> str:
    """A page of one of the templates, with the style of reports."""
    return _environment().get_template(template).render(policy=POLICY, style=page_style(STYLE, OWN_STYLE), **shown)


@cache
def _environment() -> Environment:
    return template_environment(TEMPLATES)


def data_address(data: Mapping[str, Any]) -> str:
    """JSON inside of the page, as the address of a link."""
    return "data:application/json;charset=utf-8;base64," + base64.b64encode(dumps(data).encode()).decode()


def shown_workloads(suite: Mapping[str, Any]) -> list[ShownWorkload]:
    """The warm workloads, each with the cold one of the same work; a cold one alone stands by itself."""
    titles = titles_of(suite)
    warm = {one["name"]: one for one in suite["workloads"] if one["cache"] == "warm"}
    found = []
    for one in suite["workloads"]:
        if one["cache"] == "cold" and one["name"].removesuffix("-cold") in warm:
            continue
        found.append(_shown(one, _cold_of(suite, one), titles))
    return found


def _cold_of(suite: Mapping[str, Any], warm: Mapping[str, Any]) -> Mapping[str, Any] | None:
    name = f"{warm['name']}-cold"
    return next((one for one in suite["workloads"] if one["cache"] == "cold" and one["name"] == name), None)


def _shown(workload: Mapping[str, Any], cold: Mapping[str, Any] | None, titles: Mapping[str, str]) -> ShownWorkload:
    table = table_of(workload, titles)
    beside = table_of(cold, titles) if cold is not None else None
    return ShownWorkload(
        str(workload["name"]),
        str(workload["title"]),
        about_work(workload),
        answer(table),
        [shown_row(one, table) for one in table.figures],
        table.refused,
        plots(table.figures),
        _cold_rows(table, beside) if beside is not None else [],
        [*_notes(workload), *(f"From a cold page cache: {text}" for text in (_notes(cold) if cold else []))],
    )


def shown_row(one: LoaderFigures, table: SuiteTable) -> ShownRow:
    """A loader's figures as text."""
    cells = []
    for column in COLUMNS:
        found = one.summary(column.field)
        text = "-" if found is None else column.text(found.median)
        spread = ""
        if found is not None and column.field == SPEED and found.repeats > 1:
            spread = f"{column.text(found.low)} to {column.text(found.high)}"
        cells.append(ShownCell(text, spread, table.marks[column.field].get(one.loader, "")))
    return ShownRow(one.title, one.store, one.workers, cells)


def answer(table: SuiteTable) -> str:
    """Who is the fastest, and by how much, in a sentence."""
    if not table.figures:
        return "No loader has figures here."
    best, fastest = table.figures[0], table.fastest
    speed = speed_text(best.speed)
    if len(table.figures) == 1:
        return f"{best.title} was measured alone: {speed}."
    if not fastest:
        return "There is no significant difference in speed between the loaders."
    if len(fastest) > 1:
        others = listed(one.title for one in fastest if one is not best)
        return f"{best.title} reads {speed}; no significant difference from {others}."
    second = table.figures[1]
    times = best.speed / second.speed
    return f"{best.title} is the fastest: {speed}, {times_text(times)} as many as {second.title}."


def about_work(workload: Mapping[str, Any]) -> str:
    """What a loader has to do."""
    encoding = {"jpeg": "JPEG", "png": "PNG", "raw": "bare pixels"}.get(workload["encoding"], workload["encoding"])
    transform = "" if workload["transform"] == "none" else f", {workload['transform']}"
    return (
        f"{counted(workload['samples'], 'image')} as {encoding}{transform}, batches of {workload['batch_size']}, "
        f"float32 normalised, whole shuffled epochs; {counted(workload['rounds'], 'round')} of "
        f"{workload['seconds']:g} s or more, {workload['cache']} page cache"
    )


def _notes(workload: Mapping[str, Any]) -> list[str]:
    found = []
    if not workload["complete"]:
        found.append(workload["reason"] or "it was not measured completely")
    elif workload["reason"]:
        found.append(workload["reason"])
    if workload["rounds"] < 5:
        found.append(f"only {counted(workload['rounds'], 'round')}: differences are less sure than with five")
    disturbed = sum(row.get("disturbed") is True for row in standing_rows(workload))
    if disturbed:
        found.append(f"{counted(disturbed, 'repeat')} stayed beside other programs' work, also when measured again")
    load = background_load(workload["repeats"])
    if load is not None:
        busy = ": figures may be too low" if load >= BUSY else ""
        found.append(f"other programs took {load:.0%} of the processors meanwhile{busy}")
    return [text[:1].upper() + text[1:] for text in found]


def _cold_rows(warm: SuiteTable, cold: SuiteTable) -> list[ColdRow]:
    rates = {one.loader: one.speed for one in cold.figures}
    rows = []
    for one in warm.figures:
        first, second = one.speed, rates.get(one.loader)
        if second:
            texts = number_text(rounded(first)), number_text(rounded(second))
            rows.append(ColdRow(one.title, texts[0], texts[1], f"{second / first:.0%}"))
    return rows


def about_images(name: str, told: Mapping[str, Any]) -> tuple[str, str]:
    """What the images of a kind are, and where they come from."""
    made = "generated by this program" if told["generated"] else f"given: {told['from']}"
    facts = [counted(told["samples"], "image"), f"{counted(told['classes'], 'class', 'classes')}"]
    if "bytes" in told:
        facts.append(size_text(told["bytes"]))
    if told.get("shape"):
        facts.append(told["shape"])
    about = f" {told['about']}" if told.get("about") else ""
    return name, f"{', '.join(facts)}; {made}. Fingerprint {told['fingerprint']}.{about}"


_FACTS = {
    "processor": "Processor", "cpus_usable": "Usable CPUs", "memory_bytes": "Memory", "disk": "Disk",
    "disk_kind": "Kind of disk", "file_system": "File system", "gpus": "GPUs", "system": "System", "python": "Python",
}  # fmt: skip


def about_machine(machine: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The facts that figures depend on."""
    rows = []
    for name, title in _FACTS.items():
        value = machine.get(name)
        if value not in (None, "", []):
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            rows.append((title, size_text(value) if name == "memory_bytes" else shown))
    return rows
