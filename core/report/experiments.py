"""The sections of a report on the storage experiment and on training, and what all sections share."""

from __future__ import annotations

from collections.abc import Iterator

from ..base.units import number_text, rounded
from . import charts, code, sentences
from .document import Block, Chart, Code, Points, Table, Text
from .evidence import Access, Evidence
from .figures import Figure
from .ranking import accesses, main_training

OPERATIONS = {
    "write-one": "write one by one",
    "write-many": "write in batches",
    "read-one": "read one by one",
    "read-one-random": "read one by one, random",
    "read-many": "read in batches",
    "read-many-random": "read in batches, random",
}


def missing(what: str, command: str) -> list[Block]:
    """What to do about something that was not measured."""
    return [Text(f"Not measured: {what}. To measure it:"), Code(command, "bash")]


def brief(seconds: float) -> str:
    """ "12 ms", "1.25 s"."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def spread_text(value: Figure) -> str:
    """ "1,000 to 1,200"."""
    if value.times == 1:
        return "measured once"
    return f"{number_text(rounded(value.low))} to {number_text(rounded(value.high))}"


# ---------------------------------------------------------------- reading


def reading_and_writing(evidence: Evidence) -> Iterator[Block]:
    found = {operation: accesses(evidence, operation) for operation in OPERATIONS}
    rows = [(title, row) for operation, title in OPERATIONS.items() for row in found[operation]]
    if not rows:
        command = code.storage_command(evidence, evidence.stores)
        yield from missing("writing and reading one by one and in batches", command)
        return
    most = max(row.samples for _, row in rows)
    drawn = [
        {
            "store": row.method,
            "format": row.method.partition("/")[0],
            "operation": title,
            "rate": row.rate.median,
            "low": row.rate.low,
            "high": row.rate.high,
        }
        for title, row in rows
    ]
    yield Chart(
        "reads", charts.reads(drawn), _reads_sentence(found), f"Images per second by operation, {most:,} images"
    )
    if busy := sentences.busy_text(row.background_load for _, row in rows):
        yield Text(busy, "small")
    columns = ("Operation", "Method", "Images/s", "Spread", "Repeats", "Images")
    cells = [
        (
            title,
            row.method,
            number_text(rounded(row.rate.median)),
            spread_text(row.rate),
            str(row.rate.times),
            f"{row.samples:,}",
        )
        for title, row in rows
    ]
    yield Table("The same in numbers", columns, cells, folded=True)


def _reads_sentence(found: dict[str, list[Access]]) -> str:
    """The fastest of the two read operations that differ most."""
    told = [
        sentences.fastest_method(OPERATIONS[operation], found[operation])
        for operation in ("read-one-random", "read-many")
        if found[operation]
    ]
    return " ".join(told) or "Only some operations were measured."


# ---------------------------------------------------------------- training


def trained(evidence: Evidence) -> Iterator[Block]:
    training = main_training(evidence)
    if training is None:
        yield from missing("training", code.train_command(evidence, evidence.stores))
        return
    rows = [
        {
            "store": result.store,
            "format": result.store.partition("/")[0],
            "result": f"{result.store}, {result.order}",
            "order": result.order,
            "epoch": number,
            "accuracy": accuracy,
        }
        for result in training.results
        for number, accuracy in enumerate(result.accuracies, 1)
    ]
    shows = "Accuracy in validation after each epoch, by store and order"
    yield Chart("accuracy", charts.accuracies(rows), sentences.accuracy(training), shows)
    told = ((sentences.collapse(one), one.run.name) for one in (training, *evidence.trainings))
    collapse, run = next(((said, run) for said, run in told if said), ("", ""))
    if collapse:
        yield Points([f"{collapse} [{run}]"])
    columns = ("Store", "Order", "Accuracy", "Loss", "Images/s", "Waiting", "First batch", "Shuffle quality")
    cells = [
        (
            result.store,
            result.order,
            f"{result.accuracies[-1]:.2%}",
            f"{result.losses[-1]:.4f}",
            number_text(rounded(result.speed.median)),
            f"{result.wait_share.median:.1%}",
            brief(result.first_batch_s.median),
            f"{result.shuffle_quality:.2f}",
        )
        for result in training.results
    ]
    about = f"{training.model}, {training.device}, batches of {training.batch_size}, {training.epochs} epochs"
    yield Table(f"After the last epoch ({about}; {training.run.name})", columns, cells)
    if busy := sentences.busy_text(result.background_load for result in training.results):
        yield Text(busy, "small")
