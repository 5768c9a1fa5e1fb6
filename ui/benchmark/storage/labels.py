"""The storage experiment in words: names of methods and operations, seconds, verdicts."""

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
    """A sentence for each operation about the largest number of images, and where another method was ahead."""
    by_operation: dict[str, list[OperationRanking]] = {}
    for ranking in found:
        if len(ranking.places) > 1:
            by_operation.setdefault(ranking.operation, []).append(ranking)
    return [_sentence(operation, rankings) for operation, rankings in by_operation.items()]


def _sentence(operation: str, rankings: Sequence[OperationRanking]) -> str:
    last = rankings[-1]
    best, tied = last.best, last.tied
    head = f"**{operation_title(operation)}**, {counted(last.samples, 'image')}: "
    also = f" Measured only once, so not ranked: {_with_times(last.once)}." if last.once else ""
    after = f"{also}{_missing(rankings)}"
    beaten = [place for place in (last.runner_up, last.plain_files) if place is not None]
    if not beaten and not tied:
        times = _with_times(last.places)
        return f"{head}measured only once, so no difference is significant: {times}.{_missing(rankings)}"
    if not beaten:
        names, told = listed(_shown(place) for place in (best, *tied)), time_text(best.summary.median)
        return f"{head}no significant difference between {names} ({told}).{after}"
    names = listed(f"**{_shown(place)}**" for place in (best, *tied))
    lead = f"{names} {'took' if not tied else 'lead with no significant difference,'} {time_text(best.summary.median)}"
    far = listed(f"{_shown(place)} {times_text(last.factor(place))} as long" for place in beaten)
    ahead = {place.name for place in (best, *tied)}
    return f"{head}{lead}; {far}.{_elsewhere(rankings, ahead)}{after}"


def _with_times(places: Sequence[MethodTimes]) -> str:
    return listed(f"{_shown(place)} ({time_text(place.summary.median)})" for place in places)


def _shown(place: MethodTimes) -> str:
    return verbatim(place.name)


def _elsewhere(rankings: Sequence[OperationRanking], ahead: set[str]) -> str:
    """Where none of those who are ahead at the end was."""
    others: dict[str, list[int]] = {}
    for ranking in rankings[:-1]:
        if ranking.best.name not in ahead and not ahead & {place.name for place in ranking.tied}:
            others.setdefault(ranking.best.name, []).append(ranking.samples)
    parts = [f"{verbatim(name)} at {listed(f'{count:,}' for count in counts)}" for name, counts in others.items()]
    return f" Ahead at fewer images: {listed(parts)}." if parts else ""


def _missing(rankings: Sequence[OperationRanking]) -> str:
    """The methods that were measured before and are missing at the end."""
    there = {place.name for place in rankings[-1].places}
    before = dict.fromkeys(place.name for ranking in rankings for place in ranking.places)
    names = [verbatim(name) for name in before if name not in there]
    return f" Left out there: {listed(names)}." if names else ""


def left_out_text(told: Mapping[str, Any]) -> str:
    """A line of what was not measured, and why."""
    method = store_name(told["format"], told["variant"])
    if told["operation"] == "all":
        return f"{method}: {told['reason']}"
    reads = " and its reads" if told.get("with") else ""
    return (
        f"{method}, {operation_title(told['operation']).lower()}{reads}, {told['samples']:,} images: {told['reason']}"
    )


def cell_title(ranking: OperationRanking) -> str:
    """Who is ahead, in a small space."""
    return f"{1 + len(ranking.tied)} tied" if len(ranking.tied) > 1 else ranking.best.name


def cell_text(ranking: OperationRanking) -> str:
    """By how much the winner is ahead of the next, in a small space, or that there is no one winner."""
    if len(ranking.tied) > 1:
        return "no difference"
    if ranking.tied:
        return f"= {ranking.tied[0].name}"
    if ranking.runner_up is not None:
        return f"{times_text(ranking.factor(ranking.runner_up))} ahead"
    return "measured once" if ranking.once else "only method"
