"""What people read of a training run: runs by name, and sentences that claim no more than was seen."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from core.training.results import RunKey, TrainingRecord
from core.training.settings import MODELS, ORDERS
from core.training.verdict import compare_runs
from ui.shared.labels import counted, listed, size_text, speed_text, verbatim
from ui.shared.loader_labels import workers_text
from ui.shared.theme import PALETTE, format_colour

COLLAPSED = 1.6
"""Times the accuracy of guessing, up to which a run counts as having learned nothing that lasts."""


def run_label(store: str, order: str, runs: Sequence[RunKey]) -> str:
    """By what it differs in from the others: the store, the order, or both."""
    stores, orders = {run[0] for run in runs}, {run[1] for run in runs}
    if len(orders) == 1:
        return store
    return ORDERS.get(order, order) if len(stores) == 1 else f"{store}, {ORDERS.get(order, order).lower()}"


def run_colours(runs: Sequence[RunKey]) -> list[str]:
    """A format's own colour where each has one run, else one after the other."""
    formats = [store.split("/")[0] for store, _ in runs]
    if len(set(formats)) == len(formats):
        return [format_colour(name) for name in formats]
    return [PALETTE[number % len(PALETTE)] for number in range(len(runs))]


def run_title(record: TrainingRecord) -> str:
    """A run in the list of those that were kept."""
    setup = record.setup
    when, model = setup["started"].replace("T", " ")[:16], MODELS.get(setup["model"], setup["model"])
    stopped = "" if record.complete else ", stopped"
    if record.scaling:
        return f"{when} · scaling, {model}, {counted(len(record.turns), 'repeat')}{stopped}"
    what = counted(len(setup["stores"]), "store")
    if len(setup["orders"]) > 1:
        what += f", {len(setup['orders'])} orders"
    return f"{when} · {what}, {model}, {counted(int(setup['epochs']), 'epoch')}{stopped}"


def partial_text(record: TrainingRecord) -> str:
    """How much of a run that was stopped there is."""
    done = len(record.turns if record.scaling else record.epochs)
    what = "repeat" if record.scaling else "epoch"
    return (
        f"Partial result: {done:,} of {counted(record.wanted, what)} were measured before the run was stopped. "
        "What is missing may change the ranking."
    )


def format_sentence(record: TrainingRecord) -> tuple[bool | None, str]:
    """Whether the stores gave the same result, and that in words."""
    told = compare_runs(record.epochs)
    if told["identical"]:
        stores = counted(len({row["store"] for row in record.epochs}), "store")
        return True, (
            f"**The format did not change the result.** {stores}, {counted(told['compared'], 'loss', 'losses')} "
            "compared: identical to the last bit."
        )
    if told["identical"] is None:
        return None, ""
    parts = [f"**{verbatim(one['store'])}** from {_where(one)} on ({one['why']})" for one in told["differs"][:3]]
    more = len(told["differs"]) - len(parts)
    parts += [f"{more} more"] if more > 0 else []
    first = verbatim(told["differs"][0]["reference"])
    return False, f"**Not all stores gave the same result.** Different from {first}: {listed(parts)}."


def _where(difference: Mapping[str, Any]) -> str:
    step = f", step {difference['step']}" if difference["step"] else "'s validation"
    return f"epoch {difference['epoch']}{step}"


def order_sentence(record: TrainingRecord) -> str:
    """What the order did, where several were tried."""
    last = {order: record.of((store, order))[-1] for store, order in record.runs}
    if len(last) < 2 or "shuffled" not in last:
        return ""
    parts = [f"**shuffled** {last['shuffled']['val_accuracy']:.0%}"]
    for order, row in last.items():
        if order != "shuffled":
            mixed = f"{row['classes_per_batch']:.1f} classes per batch, shuffle quality {row['shuffle_quality']:.2f}"
            if order == "blocks" and row.get("order_text"):
                mixed += f"; {verbatim(row['order_text'])}"
            parts.append(f"**{verbatim(ORDERS.get(order, order).lower())}** {row['val_accuracy']:.0%} ({mixed})")
    said = f"Same images, same model. Validation accuracy: {listed(parts)}."
    return f"{said} {_collapse(last)}".strip()


def _collapse(last: Mapping[str, Mapping[str, Any]]) -> str:
    row = last.get("class-sorted")
    classes = row and row.get("classes")
    if row is None or not classes or row["val_accuracy"] > COLLAPSED / classes:
        return ""
    return (
        f"Guessing gives {1 / classes:.0%}. Batches of one class teach the network to predict the class it saw last. "
        "It looks like overfitting, but has nothing to do with the storage format."
    )


def wait_sentence(record: TrainingRecord) -> str:
    """Whether data were waited for, and how near the run came to what the model alone can do."""
    shares = {run: statistics.median(row["wait_share"] for row in record.of(run)) for run in record.runs}
    least, most = min(shares.values()), max(shares.values())
    spread = f"{least:.1%}" if f"{least:.1%}" == f"{most:.1%}" else f"{least:.1%} to {most:.1%}"
    judged = "the model is the bottleneck, not the store" if most < 0.1 else "the rest is computing"
    said = f"{spread} of the time after the first batch was spent waiting for data; {judged}."
    ceiling = (record.setup.get("ceilings") or {}).get("compute")
    if not ceiling or ceiling < max(row["samples_per_s"] for row in record.epochs):
        return said  # the machine was busier when it was measured: it is no ceiling
    return f"{said} With one batch kept in memory, the model alone reaches {speed_text(ceiling)}."


def workers_sentence(record: TrainingRecord) -> str:
    """Where runs were loaded by different workers: then the store is not all that differs."""
    used = {run: str(record.of(run)[0].get("workers", "")) for run in record.runs}
    if len(set(used.values())) < 2:
        return ""
    told = listed(f"{workers_text(text)} for {run_label(*run, record.runs)}" for run, text in used.items())
    return verbatim(f"Workers differ as well, each chosen once for its store: {told}.")


def conditions(record: TrainingRecord) -> str:
    """How it was measured."""
    setup = record.setup
    parts = [f"{MODELS.get(setup['model'], setup['model'])}, SGD with learning rate {setup['lr']:g}, momentum "
             f"{setup['momentum']:g}, weight decay {setup['weight_decay']:g}, seed {setup['seed']}."]  # fmt: skip
    if record.scaling:
        parts.append(f"{setup['seconds']:g} s per repeat after the first steps, "
                     f"{counted(int(setup['rounds']), 'round')}, "
                     f"{setup['loader']} loader, transform {setup['transform']}.")  # fmt: skip
    else:
        kept = ", a tenth of the training images, held out" if setup.get("held_out") else ""
        validated = counted(setup.get("val_samples", 0), "image")
        parts.append(f"Batches of {setup['batch_size']}, {counted(setup.get('samples', 0), 'image')} per epoch, "
                     f"validated on {validated}{kept}; {setup['loader']} loader, workers {setup['workers']}, "
                     f"{setup['device']}{_threads(setup)}, transform {setup['transform']}.")  # fmt: skip
    return " ".join([*parts, machine_sentence(record.record.machine)]).strip()


def _threads(setup: Mapping[str, Any]) -> str:
    """How many threads compute, where they do so on the CPU."""
    threads = setup.get("threads")
    return f" ({counted(threads, 'thread')})" if threads and setup["device"] == "cpu" else ""


def machine_sentence(told: Mapping[str, Any]) -> str:
    """The machine, as far as its session describes it."""
    if not told.get("processor"):
        return ""
    memory = f", {size_text(told['memory_bytes'])} of memory" if told.get("memory_bytes") else ""
    cpus = f", {counted(told['cpus_usable'], 'CPU')}" if told.get("cpus_usable") else ""
    return f"On {told['processor']}{cpus}{memory}."
