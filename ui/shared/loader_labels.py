"""What people read of a loader run: its configurations by name, and what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.loading.loaders import LOADERS
from core.measure.background_load import background_warning
from core.measure.controlled import differing, differing_text, groups
from core.measure.headlines import headlines
from core.measure.loader_lines import loader_lines
from core.measure.loader_runs import ConfigurationResult, LoaderRun, configuration_of, rank_configurations
from core.measure.rival_rows import is_rival, subject_title
from core.report.rival_headlines import rival_headlines
from ui.shared.labels import counted, listed, size_text, speed_text, verbatim

TRANSFORMS = {
    "none": "None",
    "train224": "Training: random crop to 224, flip",
    "eval224": "Evaluation: centre crop to 224",
}
STEPS = {
    "none": "None",
    "sleep": "Sleep: an accelerator's, the CPU is free",
    "busy": "Busy: one CPU computes",
    "model": "A small real network",
}


def usable_loaders() -> list[str]:
    """The names of the loaders whose libraries are installed."""
    return [name for name, loader in LOADERS.items() if loader.available()]


def loaders_help() -> str:
    """How each loader makes a batch."""
    return " ".join(f"{LOADERS[name].title}: {LOADERS[name].description}." for name in usable_loaders())


def configuration_label(row: Mapping[str, Any], varied: Sequence[str]) -> str:
    """A repeat's configuration by what it differs in from the others of its run: "lmdb/raw, naive, 2 workers"; a rival
    by its title and its container: "WebDataset (tar/original), 2 workers"."""
    rival = is_rival(row)
    words = {
        "store": subject_title(row) if rival else str(row["store"]),
        "loader": "" if rival and "store" in varied else subject_title(row) if rival else str(row.get("loader", "")),
        "batch_size": f"batch {row.get('batch_size')}",
        "workers": _workers_text(str(row.get("workers_asked", "auto"))),
        "transform": "no transform" if row.get("transform") == "none" else str(row.get("transform")),
        "device": str(row.get("device")),
        "output": str(row.get("output")),
    }
    return ", ".join(words[name] for name in varied if words[name])


def _workers_text(asked: str) -> str:
    return counted(int(asked), "worker") if asked.isdecimal() and len(asked) < 10 else f"workers {asked}"


def labels_of(record: LoaderRun) -> dict[str, str]:
    """The label of each configuration that was measured or refused, by its name."""
    varied = record.varied
    return {configuration_of(row): configuration_label(row, varied) for row in (*record.repeats, *record.refused)}


def outcome_text(rows: Sequence[ConfigurationResult], labels: Mapping[str, str]) -> str:
    """The outcome: the fastest, and a sentence for each comparison in which one factor differs. As Markdown."""
    best = rows[0]
    reached = f"**{verbatim(labels[best.configuration])}**: **{speed_text(best.median)}**"
    if len(rows) == 1:
        return f"{reached}."
    told = headlines(rows, _factors, _values, speed_text, safe=verbatim)
    if not told:
        return _uncontrolled(rows, labels)
    lead = [f"Fastest configuration: {reached}."] if len(told) > 1 else []
    return "\n".join(f"- {line}" for line in (*told, *lead, *_workers_notes(rows, labels)))


def rivals_outcome_text(record: LoaderRun, labels: Mapping[str, str]) -> str:
    """The outcome of a run with rivals: the fastest, what each of them gives against ours, and of ours a sentence for
    each comparison in which one factor differs. As Markdown."""
    lines, rows = loader_lines(record.repeats), rank_configurations(record.repeats)
    ours = [row for row in rows if not is_rival(row.about)]
    told = [*rival_headlines(lines, safe=verbatim), *headlines(ours, _factors, _values, speed_text, safe=verbatim)]
    best = rows[0]
    lead = f"Fastest: **{verbatim(labels[best.configuration])}** with **{speed_text(best.median)}**."
    return "\n".join(f"- {line}" for line in ((lead, *told) if len(rows) > 2 else told))


def _factors(row: ConfigurationResult) -> Mapping[str, str]:
    return row.factors


def _values(row: ConfigurationResult) -> Sequence[float]:
    return row.values


def _uncontrolled(rows: Sequence[ConfigurationResult], labels: Mapping[str, str]) -> str:
    """The best and the runner-up, where no two configurations differ in one factor only."""
    best, second = rows[0], rows[1]
    first, next_ = (verbatim(labels[row.configuration]) for row in (best, second))
    return (
        f"**{first}** gives **{speed_text(best.median)}**, {next_} "
        f"{speed_text(second.median)}. These differ in {differing_text(differing(best.factors, second.factors))}, so "
        "the difference cannot be traced to one of them."
    )


def workers_text(used: str) -> str:
    """Who made the batches: "2 threads", "main thread" where the trainer did it itself."""
    return used.replace("inline", "main thread")


def _workers_notes(rows: Sequence[ConfigurationResult], labels: Mapping[str, str]) -> list[str]:
    """Where configurations that were to have the same workers were given different ones."""
    for group in groups(rows, _factors):
        used = {row.workers for row in group.members}
        if group.factor != "workers" and len(used) > 1:
            told = listed(
                f"{verbatim(workers_text(row.workers))} for {verbatim(labels[row.configuration])}"
                for row in group.members
            )
            return [f"Workers differ as well, each chosen once for its configuration: {told}."]
    return []


def busy_text(record: LoaderRun) -> str:
    """A warning where the machine had other work to do; empty where it had not."""
    return background_warning(record.repeats)


def conditions(record: LoaderRun) -> str:
    """How it was measured."""
    setup = record.setup
    cut = "" if record.complete else " It was stopped before the last repeat."
    rounds = counted(setup["rounds"], "interleaved round")
    parts = [
        f"Median of {rounds} of {setup['seconds']:g} s; the line spans the slowest and the fastest repeat.",
        f"Split {setup['split']}, {_shared(record)}, {_cache(record)}.{_step(setup)}{cut}",
    ]
    return " ".join(parts)


def _shared(record: LoaderRun) -> str:
    """The fields in which all configurations agree."""
    row = record.repeats[0] if record.repeats else {}
    names = ("loader", "batch_size", "workers", "transform", "device", "output")
    agreed = [name for name in names if name not in record.varied and (name in row or name == "workers")]
    told = configuration_label(row, agreed).replace("batch ", "batches of ") if row else ""
    used = {str(repeat.get("workers") or "") for repeat in record.repeats}
    return f"{told} ({workers_text(used.pop())})" if len(used) == 1 and "workers" in agreed and any(used) else told


def _cache(record: LoaderRun) -> str:
    """The page cache as it was found to be, not as it was asked for."""
    return f"{listed(sorted({str(repeat['cache']) for repeat in record.repeats if 'cache' in repeat}))} cache"


def _step(setup: Mapping[str, Any]) -> str:
    if setup.get("step") == "model":
        return " After each batch a small network was trained on it."
    if setup.get("step_ms"):
        return f" After each batch a training step of {setup['step_ms']:g} ms ({setup['step']})."
    return ""


def machine_text(record: LoaderRun) -> str:
    """The machine that it was run on, as its session describes it, and how the stores compare with its memory."""
    told = record.machine
    if not told:
        return ""
    memory = size_text(told["memory_bytes"]) if told.get("memory_bytes") else "unknown"
    cpus = counted(told["cpus_usable"], "CPU") if "cpus_usable" in told else ""
    parts = [told.get("processor"), cpus, f"{memory} of memory", told.get("file_system")]
    where = f"On {', '.join(part for part in parts if part)}."
    return f"{where} {memory_text(record.setup.get('store_bytes', {}).values(), told.get('memory_bytes'))}".strip()


def memory_text(stores: Any, memory: float | None) -> str:
    """Whether stores of these sizes in bytes fit in so much memory."""
    sizes = sorted(size for size in stores if size)
    if not sizes or not memory:
        return ""
    held = size_text(sizes[0]) if len(sizes) == 1 else f"{size_text(sizes[0])} to {size_text(sizes[-1])}"
    if sizes[-1] < 0.5 * memory:
        return f"The data ({held}) fits in memory: once there, it is not read from the disk again."
    return (
        f"The data ({held}) does not stay in memory beside everything else: some of it comes from the disk every time."
    )
