"""Did several stores give the same training? Losses are compared as they are, to the last bit; nothing is rounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def compare_runs(rows: Sequence[Row]) -> dict[str, Any]:
    """What these epochs say: each store against the first one that was trained in the same order.

    `identical`: every loss that two stores can be compared by is the same to the last bit (None: nothing to compare);
    `compared`: how many losses of steps that were; `differs`: where each store that differs first does;
    `verdict`: it in a sentence.
    """
    differs: list[dict[str, Any]] = []
    compared = 0
    runs = _runs(rows)
    for (order, store), epochs in runs.items():
        reference = next(name for kind, name in runs if kind == order)
        if store == reference:
            continue
        first = _first_difference(runs[order, reference], epochs)
        compared += sum(len(epochs[one]["losses"]) for one in epochs.keys() & runs[order, reference].keys())
        if first is not None:
            differs.append({"store": store, "reference": reference, "order": order, **first})
    identical = not differs if compared else None
    stores = len({row["store"] for row in rows})
    return {
        "identical": identical,
        "compared": compared,
        "differs": differs,
        "verdict": _sentence(identical, compared, stores, differs),
    }


def _runs(rows: Sequence[Row]) -> dict[tuple[str, str], dict[int, Row]]:
    """(order, store) -> epoch -> its row, in the order in which they were first trained."""
    runs: dict[tuple[str, str], dict[int, Row]] = {}
    for row in rows:
        runs.setdefault((row["order"], row["store"]), {})[row["epoch"]] = row
    return runs


def _first_difference(one: Mapping[int, Row], other: Mapping[int, Row]) -> dict[str, Any] | None:
    """Epoch, step (both from 1) and losses where two trainings part; None where they never do."""
    for epoch in sorted(one.keys() & other.keys()):
        mine, theirs = other[epoch], one[epoch]
        pairs = zip(mine["losses"], theirs["losses"], strict=False)
        at = next((number for number, (left, right) in enumerate(pairs, 1) if left != right), None)
        if at is None and len(mine["losses"]) != len(theirs["losses"]):
            at = min(len(mine["losses"]), len(theirs["losses"])) + 1
        if at is not None:
            return {"epoch": epoch, "step": at, **_losses_at(mine, theirs, at), "why": _why(mine, theirs)}
        if mine["val_loss"] != theirs["val_loss"]:
            losses = {"loss": mine["val_loss"], "reference_loss": theirs["val_loss"]}
            return {"epoch": epoch, "step": None, **losses, "why": "the losses in validation differ"}
    return None


def _losses_at(mine: Row, theirs: Row, step: int) -> dict[str, float | None]:
    told = [row["losses"][step - 1] if step <= len(row["losses"]) else None for row in (mine, theirs)]
    return {"loss": told[0], "reference_loss": told[1]}


def _why(mine: Row, theirs: Row) -> str:
    if mine["samples"] != theirs["samples"]:
        return "the stores hold different numbers of samples"
    if mine.get("pixels") is None or theirs.get("pixels") is None:
        return "whether the batches or the arithmetic differ was not looked at on this device"
    if mine["pixels"] != theirs["pixels"]:
        return "the batches hold different pixels: an encoding that loses some, or another way of resizing"
    return "the batches are the same, the arithmetic was not"


def _sentence(identical: bool | None, compared: int, stores: int, differs: Sequence[Row]) -> str:
    if identical is None:
        return "There is nothing to compare yet: train from two stores or more."
    if identical:
        return f"Same result to the last bit: {stores} stores, {compared:,} losses compared, not one differs."
    first = differs[0]
    where = f"epoch {first['epoch']}" + (f", step {first['step']}" if first["step"] else "'s validation")
    others = f"; so do {len(differs) - 1} more" if len(differs) > 1 else ""
    return f"{first['store']} differs from {first['reference']} from {where} on: {first['why']}{others}."
