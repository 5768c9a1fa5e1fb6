"""The storage experiment in words: names of ways and operations, seconds, verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.measure.storage.methods import (
    READ_MANY,
    READ_MANY_RANDOM,
    READ_ONE,
    READ_ONE_RANDOM,
    SYNCED,
    WRITE_MANY,
    WRITE_ONE,
)
from core.measure.storage.ranking import MethodTimes, OperationRanking
from ui.shared.labels import counted, listed, times_text, verbatim
from ui.shared.stores import store_name

OPERATIONS = {
    WRITE_ONE: "Write one by one",
    WRITE_MANY: "Write many",
    READ_ONE: "Read one by one",
    READ_MANY: "Read many",
}
"""The four that are compared; each may be meant in its other flavour (synced, in random order)."""

RANDOM = {READ_ONE: READ_ONE_RANDOM, READ_MANY: READ_MANY_RANDOM}


def flavoured(operation: str, synced: bool, random: bool) -> str:
    """The operation whose rows are meant: writes until the disk has it all, reads in random order."""
    if operation in (WRITE_ONE, WRITE_MANY):
        return operation + SYNCED if synced else operation
    return RANDOM[operation] if random else operation


def operation_title(operation: str) -> str:
    """ "Read many, random order"."""
    plain = operation.removesuffix(SYNCED).removesuffix("-random")
    kind = ", synced" if operation.endswith(SYNCED) else ", random order" if operation.endswith("-random") else ""
    return OPERATIONS.get(plain, plain) + kind


def time_text(seconds: float) -> str:
    """ "12 µs", "3.4 ms", "1.25 s", "76 s": three digits at most."""
    for factor, unit in ((1e6, "µs"), (1e3, "ms"), (1.0, "s")):
        value = seconds * factor
        if value < 999.5 or unit == "s":
            digits = 0 if value >= 99.5 else 1 if value >= 9.95 else 2
            return f"{value:,.{digits}f} {unit}"
    raise AssertionError("seconds are the last unit")


def verdict(found: Sequence[OperationRanking]) -> list[str]:
    """A sentence for each operation about the largest number of images, and where another way was ahead."""
    by_operation: dict[str, list[OperationRanking]] = {}
    for standing in found:
        if len(standing.places) > 1:
            by_operation.setdefault(standing.operation, []).append(standing)
    return [_sentence(operation, standings) for operation, standings in by_operation.items()]


def _sentence(operation: str, standings: Sequence[OperationRanking]) -> str:
    last = standings[-1]
    best, tied = last.best, last.tied
    images = counted(last.samples, "image")
    told = time_text(best.summary.median)
    head = f"**{operation_title(operation)}**, {images}: "
    if len(tied) == len(last.places) - 1:
        names = listed(_shown(place) for place in last.places)
        return f"{head}no significant difference between {names} ({told}).{_missing(standings)}"
    names = listed(f"**{_shown(place)}**" for place in (best, *tied))
    lead = f"{names} {'took' if not tied else 'lead with no significant difference,'} {told}"
    beaten = [place for place in (last.runner_up, last.plain_files) if place is not None]
    far = listed(f"{_shown(place)} {times_text(last.factor(place))} as long" for place in beaten)
    once = ", measured once" if any(place.summary.repeats == 1 for place in (best, *beaten)) else ""
    ahead = {place.name for place in (best, *tied)}
    return f"{head}{lead}; {far}{once}.{_elsewhere(standings, ahead)}{_missing(standings)}"


def _shown(place: MethodTimes) -> str:
    return verbatim(place.name)


def _elsewhere(standings: Sequence[OperationRanking], ahead: set[str]) -> str:
    """Where none of those who are ahead at the end was."""
    others: dict[str, list[int]] = {}
    for standing in standings[:-1]:
        if standing.best.name not in ahead and not ahead & {place.name for place in standing.tied}:
            others.setdefault(standing.best.name, []).append(standing.samples)
    parts = [f"{verbatim(name)} at {listed(f'{count:,}' for count in counts)}" for name, counts in others.items()]
    return f" Ahead at fewer images: {listed(parts)}." if parts else ""


def _missing(standings: Sequence[OperationRanking]) -> str:
    """The ways that were measured before and are missing at the end."""
    there = {place.name for place in standings[-1].places}
    before = dict.fromkeys(place.name for standing in standings for place in standing.places)
    names = [verbatim(name) for name in before if name not in there]
    return f" Left out there: {listed(names)}." if names else ""


def left_out_text(told: Mapping[str, Any]) -> str:
    """A line of what was not measured, and why."""
    way = store_name(told["format"], told["variant"])
    if told["operation"] == "all":
        return f"{way}: {told['reason']}"
    reads = " and its reads" if told.get("with") else ""
    return f"{way}, {operation_title(told['operation']).lower()}{reads}, {told['samples']:,} images: {told['reason']}"


def cell_title(standing: OperationRanking) -> str:
    """Who is ahead, in a small space."""
    return f"{1 + len(standing.tied)} level" if len(standing.tied) > 1 else standing.best.name


def cell_text(standing: OperationRanking) -> str:
    """By how much the winner is ahead of the next, in a small space, or that there is no one winner."""
    if len(standing.tied) > 1:
        return "no difference"
    if standing.tied:
        return f"= {standing.tied[0].name}"
    return f"{times_text(standing.factor(standing.places[1]))} ahead" if len(standing.places) > 1 else "alone measured"
