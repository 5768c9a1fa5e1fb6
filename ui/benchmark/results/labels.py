"""What people read of runs: titles, figures with their units, and what may be said of a difference."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from string import ascii_uppercase
from typing import Any

from core.measure.compare import Comparison, ComparisonLine
from core.measure.controlled import differing_note, row_factors
from core.measure.headlines import headlines
from core.measure.records import RunRecord
from core.measure.rival_rows import is_rival_name, loader_title
from core.measure.series import NOTEBOOK, Part
from core.measure.statistics import RESOLUTION, Ratio, Verdict
from ui.shared.labels import counted, listed, number_text, size_text, speed_text, times_text, verbatim

EXPERIMENTS = {
    "loader": "Loaders",
    "race": "Loaders",
    "storage": "Storage",
    "train": "Training",
    "suite": "Loader suite",
    NOTEBOOK: "Notebook",
}
PARTS = {
    "order": "{}",
    "model": "{}",
    "loader": "{} loader",
    "batch_size": "batch {}",
    "workers_asked": "workers {}",
    "workers": "workers {}",
    "transform": "transform {}",
    "device": "{}",
    "output": "{}",
    "split": "{}",
}
FINER = ((1.0, 1, "s"), (1e-3, 1e3, "ms"), (0.0, 1e6, "µs"))


FEW = 4


def letter(number: int) -> str:
    """The name of a run beside others: A, B, ..."""
    return ascii_uppercase[number % len(ascii_uppercase)]


def experiment_title(record: RunRecord) -> str:
    return EXPERIMENTS.get(record.experiment, record.experiment)


def when_text(record: RunRecord) -> str:
    """ "2026-01-01 12:30"."""
    return str(record.setup["started"]).replace("T", " ")[:16] or "unknown time"


def run_title(record: RunRecord) -> str:
    """ "Loaders · shapes · 2026-01-01 12:30"."""
    datasets = ", ".join(record.setup["datasets"]) or "unknown dataset"
    return f"{experiment_title(record)} · {datasets} · {when_text(record)}"


def part_text(part: Part) -> str:
    name, value = part
    if name == "loader" and is_rival_name(value):
        return loader_title(value)
    return value if name == "store" else PARTS.get(name, name + " {}").format(value)


def thing_text(parts: Sequence[Part]) -> str:
    """ "lmdb/raw, batch 64"."""
    return ", ".join(map(part_text, parts))


def shared_text(comparison: Comparison) -> str:
    """What all things of a comparison share: "fast loader, batch 256"."""
    return ", ".join(part_text(part) for part in comparison.shared if part[0] != "store")


def value_text(value: float, unit: str) -> str:
    """A figure with its unit: "12,300 images/s", "1.25 ms", "14.1 MB"."""
    if unit == "images/s":
        return speed_text(value)
    if unit == "bytes":
        return size_text(value)
    times, name = next((times, name) for least, times, name in FINER if value >= least)
    return f"{number_text(float(f'{value * times:.3g}'))} {name}"


def spread_text(low: float, high: float, unit: str) -> str:
    """ "133,000 to 243,000 images/s": the unit once where both have the same."""
    (first, first_unit), (last, last_unit) = (value_text(value, unit).rsplit(" ", 1) for value in (low, high))
    return (
        f"{first} to {last} {last_unit}" if first_unit == last_unit else f"{first} {first_unit} to {last} {last_unit}"
    )


def ratio_text(ratio: Ratio) -> str:
    """ "1.50 times"."""
    return times_text(ratio.value)


def interval_text(ratio: Ratio) -> str:
    """ "1.45 to 1.62"; nothing where there is none."""
    return "" if ratio.low is None or ratio.high is None else f"{_ratio(ratio.low)} to {_ratio(ratio.high)}"


def _ratio(value: float) -> str:
    return times_text(value).removesuffix(" times")


VERDICTS = {
    Verdict.DIFFERENT: "different",
    Verdict.ALIKE: f"alike to within {RESOLUTION:.0%}",
    Verdict.UNDECIDED: "undecided",
    Verdict.UNKNOWN: "measured once",
}


# ---------------------------------------------------------------- sentences


def ranked(comparison: Comparison, run: int = 0) -> list[ComparisonLine]:
    """The things that a run measured, the best first."""
    there = [line for line in comparison.lines if line.values[run]]
    medians = {line.parts: summary.median for line in there if (summary := line.summaries[run])}
    return sorted(there, key=lambda line: medians[line.parts], reverse=comparison.measure.more)


def one_run_sentence(comparison: Comparison) -> str:
    """Who leads in a run, and whether that may be said."""
    lines = ranked(comparison)
    best = lines[0]
    summary = best.summaries[0]
    assert summary is not None
    lead = f"**{verbatim(thing_text(best.parts))}**"
    reached = f"**{verbatim(value_text(summary.median, comparison.measure.unit))}**"
    if len(lines) == 1:
        return f"{lead}: {reached}."
    near = [line for line in lines[1:] if not _is_behind(comparison, best, line)]
    if not near:
        ratio = comparison.better(best.values[0], lines[1].values[0])
        differs = _differing(best, lines[1])
        return (
            f"{lead} is ahead with {reached}, {_times(ratio)} as {_word(comparison)} as the next, {_name(lines[1])}"
            f"{differs}."
        )
    names = _some([_name(line) for line in near])
    why = ": measured only once" if summary.repeats < 2 else ""
    return f"{lead} has the best median, {reached}. Its lead over {names} is not significant{why}."


def controlled_sentences(comparison: Comparison) -> list[str]:
    """Of one run, a sentence for each comparison in which one factor differs; none where all was measured once."""
    lines = [line for line in comparison.lines if line.values[0]]
    if all(len(line.values[0]) < 2 for line in lines):
        return []
    unit, more = comparison.measure.unit, comparison.measure.more
    return headlines(lines, _factors, _first_values, lambda value: value_text(value, unit), more=more, safe=verbatim)


def _first_values(line: ComparisonLine) -> Sequence[float]:
    return line.values[0]


def _factors(line: ComparisonLine) -> Mapping[str, str]:
    """What a thing may differ in from the others of its run, see `core.measure.controlled`."""
    return row_factors(dict(line.parts))


def _differing(one: ComparisonLine, other: ComparisonLine) -> str:
    """In what two things differ; nothing where their names say it all."""
    return differing_note(_factors(one), _factors(other))


def _is_behind(comparison: Comparison, best: ComparisonLine, other: ComparisonLine) -> bool:
    return comparison.better(best.values[0], other.values[0]).ahead


def _name(line: ComparisonLine) -> str:
    return verbatim(thing_text(line.parts))


def _times(ratio: Ratio) -> str:
    return f"{times_text(ratio.value)} ({interval_text(ratio)})"


def side_by_side_sentences(comparison: Comparison) -> list[str]:
    """What may be said of each later run against the first, a sentence for each kind of outcome."""
    return [sentence for number in range(1, len(comparison.runs)) for sentence in _against_first(comparison, number)]


def _against_first(comparison: Comparison, number: int) -> Iterable[str]:
    name = letter(number)
    ratios = [(line, ratio) for line in comparison.lines if (ratio := comparison.times(line, number))]
    if not ratios:
        yield f"**{name}** measured nothing that A measured."
        return
    for line, ratio in sorted(ratios, key=lambda pair: abs(math.log(pair[1].value)), reverse=True):
        if ratio.significant:
            yield f"{_name(line)}: {_lead(comparison, ratio, name)}"
    for verdict, text in SAID.items():
        names = [_name(line) for line, ratio in ratios if ratio.verdict is verdict]
        if names:
            yield f"{_some(names)}: {text.format(name=name)}"


def _some(names: Sequence[str]) -> str:
    """The first of many names."""
    return listed(names) if len(names) <= FEW else f"{', '.join(names[: FEW - 1])} and {len(names) - FEW + 1} more"


def _lead(comparison: Comparison, ratio: Ratio, name: str) -> str:
    """Who is how many times better, told from the better one's side."""
    if ratio.value >= 1 or ratio.low is None or ratio.high is None:
        return f"**{name} is {_times(ratio)} as {_word(comparison)}** as A."
    turned = Ratio(1 / ratio.value, 1 / ratio.high, 1 / ratio.low)
    return f"**A is {_times(turned)} as {_word(comparison)}** as {name}."


def _word(comparison: Comparison) -> str:
    return "small" if comparison.measure.unit == "bytes" else "fast"


SAID = {
    Verdict.ALIKE: f"A and {{name}} are alike to within {RESOLUTION:.0%}.",
    Verdict.UNDECIDED: "no significant difference between A and {name}.",
    Verdict.UNKNOWN: "measured only once in A or {name}, so no difference is significant.",
}


# ---------------------------------------------------------------- machines and options


def machine_rows(told: Mapping[str, Any]) -> dict[str, str]:
    """A machine's facts by their names for people."""
    disk = [_text(told.get(name)) for name in ("disk_kind", "disk") if told.get(name)]
    cpus = told.get("cpus_usable")
    quota = f", a quota of {_text(told['cpu_quota'])}" if told.get("cpu_quota") else ""
    facts = {
        "Processor": _text(told.get("processor")),
        "CPUs": f"{counted(cpus, 'CPU')}{quota}" if isinstance(cpus, int) else "",
        "Memory": _size(told.get("memory_bytes")),
        "Memory limit": _size(told.get("memory_limit_bytes")),
        "Disk": ", ".join(disk),
        "File system": _text(told.get("file_system")),
        "GPU": _text(told.get("gpus")),
        "System": _text(told.get("system")),
        "Python": _text(told.get("python")),
    }
    return {name: text for name, text in facts.items() if text}


def machine_line(told: Mapping[str, Any]) -> str:
    """A machine in a line: "AMD EPYC, 2 CPUs, 25.3 GB"."""
    rows = machine_rows(told)
    return ", ".join(rows[name] for name in ("Processor", "CPUs", "Memory", "GPU") if name in rows) or "unknown"


def _size(value: Any) -> str:
    return size_text(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _text(value: Any) -> str:
    if value is None or value == []:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)[:200]
