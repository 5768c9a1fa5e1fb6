"""The sections of a report that answer: which store, what it costs at the real size, how to use it, what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..base.units import number_text, seconds_text, size_text
from ..encodings import ENCODINGS
from ..formats import keeps_files
from ..snippets.snippet import DATASET, HUGGINGFACE, LIGHTNING, WEBDATASET
from . import charts
from .code import program_commands, programs, rebuild_command, snippet
from .document import Block, Chart, Code, Points, Section, Table, Text
from .evidence import Evidence, LoadingConfiguration
from .figures import Figure
from .guide import Recommendation
from .predict import PredictedRange, Prediction, predict
from .questions import Answers
from .ranking import front, loads
from .reasons import Reason
from .record_filter import when

if TYPE_CHECKING:
    import altair as alt

SIZES = (1_200_000, 100_000_000)
"""ImageNet's size, and a web-scale one."""

MOST_PREDICTED = 6

SOURCE = re.compile(r" \[([^\]]+)\]$")
"""The records at the end of a sentence, as `sourced` writes them."""


def answered(recommendation: Recommendation, answers: Answers) -> Section:
    """The recommendation and its reasons."""
    given = Table("Your answers", ("Question", "Answer"), answers.texts(), folded=True)
    return Section("answer", "Which store to use", list(_answer(recommendation, given)), repeats=given)


def _answer(told: Recommendation, given: Table) -> Iterator[Block]:
    yield Text(told.headline, "strong")
    if told.busy:
        yield Text(told.busy, "warning")
    if told.reasons:
        yield Points([sourced(reason) for reason in told.reasons])
    if told.price:
        yield Text("Trade-offs:")
        yield Points([sourced(reason) for reason in told.price])
    yield given
    if told.ruled_out:
        yield Table("Ruled out by your answers", ("Store", "Why"), told.ruled_out, folded=True)


def sourced(reason: Reason) -> str:
    """The sentence, and the records that its numbers stand in."""
    return f"{reason.text} [{', '.join(reason.runs)}]" if reason.runs else reason.text


# ---------------------------------------------------------------- at the real size


class Rates(NamedTuple):
    """How fast a store loads from memory and from the disk, where that was measured."""

    warm: Figure | None
    cold: Figure | None


def rates_of(evidence: Evidence, store: str, configuration: LoadingConfiguration | None) -> Rates:
    """In this configuration."""
    if configuration is None:
        return Rates(None, None)
    found = {
        cache: next(
            (row.speed for row in loads(evidence, configuration._replace(cache=cache)) if row.store == store), None
        )
        for cache in ("warm", "cold")
    }
    return Rates(**found)


def predictions(
    evidence: Evidence, answers: Answers, configuration: LoadingConfiguration | None, names: Sequence[str], images: int
) -> list[Prediction]:
    """What each of these stores would cost at so many images."""
    memory = answers.memory_bytes or evidence.memory_bytes
    return [
        predict(evidence, evidence.store(name), images, memory, *rates_of(evidence, name, configuration))
        for name in names
    ]


def stores_to_predict(
    evidence: Evidence, answers: Answers, configuration: LoadingConfiguration | None, told: Recommendation
) -> list[str]:
    """The stores worth predicting: the recommended one, the plain files that others are held against, then those that
    no other one beats, then the smallest."""
    rows = loads(evidence, configuration) if configuration else []
    sizes = {store.name: store.allocated_bytes for store in evidence.stores}
    best = front({row.store: (sizes[row.store], row.speed.median) for row in rows})
    small = sorted(sizes, key=lambda name: sizes[name])
    out = {one.store for one in told.ruled_out}
    others = [name for name in (*told.equal[:1], *best, *small) if name not in out]
    chosen = [told.store] if told.store else []
    return list(dict.fromkeys([*chosen, *plain_files(evidence), *others]))[:MOST_PREDICTED]


def plain_files(evidence: Evidence) -> list[str]:
    """The store of image files as everybody has them: the imported ones where they were built, else others."""
    files = [store for store in evidence.stores if keeps_files(store.format) and store.compression == "none"]
    order = list(ENCODINGS)
    return [store.name for store in sorted(files, key=lambda store: order.index(store.encoding))[:1]]


def at_real_size(
    evidence: Evidence, answers: Answers, configuration: LoadingConfiguration | None, told: Recommendation
) -> Section:
    return Section("real-size", "At your real size", list(_at_real_size(evidence, answers, configuration, told)))


def _at_real_size(
    evidence: Evidence, answers: Answers, configuration: LoadingConfiguration | None, told: Recommendation
) -> Iterator[Block]:
    names = stores_to_predict(evidence, answers, configuration, told)
    if not names:
        yield Text("Not measured: no store was built, so there is nothing to predict from.")
        return
    counts = sorted({*SIZES, answers.images})
    found = [one for images in counts for one in predictions(evidence, answers, configuration, names, images)]
    yield Chart(
        "growth",
        _growth(evidence, answers, names, counts),
        _memory_sentence(evidence, answers, found[: len(names)]),
        "GB over the number of images by store, with this machine's memory and free disk",
    )
    columns = ("Images", "Store", "On disk", "Files", "Build time", "One epoch", "Fits in memory")
    yield Table("Predicted", columns, [_cells(evidence, one) for one in found])
    yield Text(PREDICTED.format(images=number_text(evidence.images.count)), "small")


PREDICTED = (
    "Scaled in proportion from {images} measured images. The ranges in brackets: for sizes, as if all images were like "
    "those of the class with the smallest files, or with the largest; for building, between the speeds of the splits, "
    "without validation (starting worker processes and training a dictionary do not grow); for an epoch, the spread of "
    "its repeats, for loading alone, without a model."
)


def _growth(evidence: Evidence, answers: Answers, names: Sequence[str], counts: Sequence[int]) -> alt.LayerChart:
    smallest = min(evidence.images.count, *counts)
    stores = [evidence.store(name) for name in names]
    rows = [
        {"store": store.name, "format": store.format, "images": images, "gb": store.each * images / 1e9}
        for store in stores
        for images in sorted({smallest, *counts})
    ]
    memory = answers.memory_bytes or evidence.memory_bytes
    marks = [{"what": f"memory: {size_text(memory)}", "gb": memory / 1e9}] if memory else []
    marks.append({"what": f"free on this disk: {size_text(evidence.disk_free)}", "gb": evidence.disk_free / 1e9})
    return charts.growth(rows, marks)


def _memory_sentence(evidence: Evidence, answers: Answers, found: Sequence[Prediction]) -> str:
    """Where the page cache ends, for each store."""
    memory = answers.memory_bytes or evidence.memory_bytes
    if memory is None:
        return "The memory size is unknown, and so is the number of images at which a store stops fitting in it."
    ends = [f"{_about(one.memory_until)} images in {one.store}" for one in found if one.memory_until]
    return f"At most so many images fit in {size_text(memory)} of memory: {', '.join(ends)}."


def _about(count: int | None) -> str:
    """ "6.1 million"."""
    number = float(count or 0)
    if number >= 1e9:
        return f"{number / 1e9:.3g} billion"
    return f"{number / 1e6:.3g} million" if number >= 1e6 else number_text(round(number, -3) or number)


def _cells(evidence: Evidence, one: Prediction) -> list[str]:
    disk = _range(one.bytes, size_text) + ("" if one.bytes.middle <= evidence.disk_free else ", more than is free here")
    fits = {True: "yes", False: "no", None: "unknown"}[one.fits]
    until = f" (until {_about(one.memory_until)})" if one.memory_until else ""
    if one.trouble:
        return [number_text(one.images), one.store, f"not possible: {one.trouble}", "-", "-", "-", "-"]
    epoch = "not measured" + (" from the disk" if one.fits is False else "")
    if one.epoch_s is not None:
        epoch = f"{_range(one.epoch_s, seconds_text)}" + (", from the disk" if one.epoch_from == "cold" else "")
    return [
        number_text(one.images),
        one.store,
        disk,
        number_text(one.files),
        _range(one.build_s, seconds_text),
        epoch,
        f"{fits}{until}",
    ]


def _range(value: PredictedRange, text: Callable[[float], str]) -> str:
    """ "1.13 GB (1.09 to 1.17)", the middle alone where both ends read the same."""
    middle, low, high = text(value.middle), text(value.low), text(value.high)
    return middle if low == high else f"{middle} ({low} to {high})"


# ---------------------------------------------------------------- using it, and where it comes from


def using(evidence: Evidence, configuration: LoadingConfiguration | None, told: Recommendation) -> Section:
    """The lines and the command."""
    if told.store is None:
        return Section("using", "Using it", [Text("No store is recommended yet.")])
    store = evidence.store(told.store)
    blocks: list[Block] = [
        Text(f"Load {store.name} in a training script, from the project's folder:"),
        Code(snippet(store, evidence, configuration), "python"),
        Text("Rebuild it, here or on another machine that has the dataset:"),
        Code(rebuild_command(store, evidence), "bash"),
    ]
    return Section("using", "Using it", blocks)


def anywhere(evidence: Evidence, told: Recommendation) -> Iterator[Section]:
    """The program that reads the recommended store without this package; no section where there is none to read."""
    snippets = {} if told.store is None else programs(evidence.store(told.store).path)
    if not snippets:
        return
    program = snippets[DATASET]
    blocks: list[Block] = [
        Text(f"A PyTorch Dataset of {told.store} that needs nothing of this package, written for this store:")
    ]
    if program.text:
        blocks += [Code(program.install, "bash"), Code(program.text, "python")]
    others = [name for name in (HUGGINGFACE, WEBDATASET, LIGHTNING) if snippets[name].text]
    if others and told.store is not None:
        titles = ", ".join(snippets[name].title for name in others)
        blocks += [Text(f"The same for {titles}:"), Code(program_commands(evidence, told.store, others), "bash")]
    yield Section("code", "Code that runs anywhere", blocks if program.text else [Text(program.note)])


def not_measured(told: Recommendation) -> Section:
    """What would matter to the answers and is not known."""
    if not told.missing:
        return Section("missing", "Not measured", [Text("Everything that these answers depend on was measured.")])
    blocks: list[Block] = []
    for one in told.missing:
        blocks.append(Text(f"{one.what[:1].upper()}{one.what[1:]}."))
        if one.command:
            blocks.append(Code(one.command, "bash"))
    return Section("missing", "Not measured", blocks)


def provenance(evidence: Evidence) -> Section:
    """The machine, the versions, the records, and what was left out."""
    return Section("provenance", "How these numbers were measured", list(_provenance(evidence)))


MACHINE = {
    "processor": "Processor",
    "cpus_usable": "CPUs",
    "memory_bytes": "Memory",
    "gpus": "GPUs",
    "disk": "Disk",
    "disk_kind": "Kind of disk",
    "file_system": "File system",
    "system": "System",
    "python": "Python",
    "identity": "Identity",
}


def _provenance(evidence: Evidence) -> Iterator[Block]:
    yield Text(
        "A figure is the median of its repeats; its spread is the middle half of five repeats or more, all of fewer. A "
        "difference is significant where the 95% interval of the ratio of two medians leaves 1 out and the ratio is at "
        "least 3% off 1. Of the runs in one configuration the one that compares the most "
        "stores counts, the newest of those."
    )
    told = [(title, _fact(name, evidence.machine.get(name))) for name, title in MACHINE.items()]
    yield Table("The machine", ("", ""), [row for row in told if row[1]])
    yield Table("Versions", ("Library", "Version"), list(evidence.versions.items()), folded=True)
    runs = sorted(_runs(evidence), key=lambda run: run[2])
    if runs:
        yield Table("Runs", ("Run", "Experiment", "Started"), runs)
    if evidence.left_out:
        yield Table("Left out", ("What", "Why"), evidence.left_out)
    images = evidence.images
    yield Text(
        f"Dataset {images.name}: {number_text(images.count)} images in {number_text(images.classes)} classes, "
        f"{size_text(images.bytes)}, fingerprint {images.fingerprint}. Report of {when(evidence.taken)}.",
        "small",
    )


def _runs(evidence: Evidence) -> set[tuple[str, str, str]]:
    figures = [row.speed for row in evidence.loading] + [row.seconds for row in evidence.access]
    runs = [one.run for one in figures] + [training.run for training in evidence.trainings]
    runs += [comparison.run for comparison in evidence.loaders]
    return {(run.name, run.experiment, when(run.started)) for run in runs}


def _fact(name: str, value: object) -> str:
    if name == "memory_bytes" and isinstance(value, int):
        return size_text(value)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "" if value is None else str(value)
