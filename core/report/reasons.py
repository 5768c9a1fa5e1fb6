"""The guide's sentences: each with the numbers that it rests on and the records that these stand in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..base.units import listed, number_text, rounded, size_text, speed_text, times_text
from ..measure.controlled import differing_note, store_factors
from .constraints import RuledOut
from .evidence import PossibleGain, StoreFacts, Training, TrainingResult
from .figures import Figure, differ
from .ranking import Ranked, best_of, neighbours, runs_of

AS_LARGE = 1.01
"""Sizes within a hundredth of each other are told as equal."""


@dataclass(frozen=True)
class Reason:
    """A sentence with its numbers, and the records that these stand in."""

    text: str
    runs: tuple[str, ...] = ()


def fastest(ranked: Sequence[Ranked], best: Ranked, how: str, before: str) -> Reason:
    """That one is the fastest, and how much faster than those that differ from it in one factor."""
    text = f"{before}{best.store.name} is the fastest, {how}: {rate_text(best.rate)}"
    behind = {
        one.store.name: one
        for one in sorted(ranked, key=lambda one: one.rate.median, reverse=True)
        if differ(one.rate, best.rate)
    }
    near = [(one.factor, behind[one.store]) for one in neighbours(best.store.name, behind)]
    for factor, one in near:
        ratio = times_text(best.rate.median / one.rate.median)
        text += f", {ratio} as many as {one.store.name} with {rate_text(one.rate)} ({factor} differs)"
    apart = " They were not all measured in the same run." if len(runs_of(one.rate for one in ranked)) > 1 else ""
    return Reason(f"{text}.{apart}", tuple(runs_of([best.rate, *(one.rate for _, one in near)])))


def tie(level: Sequence[Ranked], chosen: Ranked) -> Reason:
    """That several are as fast as each other, and that size decides, where it does."""
    others = [one for one in level if one is not chosen]
    sizes = [one.store.each for one in others]
    names = listed([chosen.store.name, *(one.store.name for one in others)])
    text = f"There is no significant difference in speed between {names}"
    if min(sizes) > AS_LARGE * chosen.store.each:
        text += f". Size decides: {each(chosen.store)} per image against {size_text(min(sizes))}"
        text += f" to {size_text(max(sizes))}" if max(sizes) > AS_LARGE * min(sizes) else ""
    else:
        text += ", and the smallest of them are equally large"
    return Reason(text + ".", tuple(runs_of(one.rate for one in level)))


def smallest(stores: Sequence[StoreFacts], least: StoreFacts) -> Reason:
    """That one is the smallest, beside those that differ from it in one factor."""
    by_name = {store.name: store for store in sorted(stores, key=size) if store is not least}
    text = f"{least.name} is the smallest: {each(least)} per image on the disk"
    for one in neighbours(least.name, by_name):
        text += f"; {one.store} takes {each(by_name[one.store])} ({one.factor} differs)"
    return Reason(f"{text}.")


def smaller_still(least: StoreFacts, gain: PossibleGain) -> Reason:
    """That a store which was not built would be smaller, as a sample of payloads says."""
    bytes_ = least.each - (1 - gain.ratio) * least.payload_bytes / max(least.samples, 1)
    return Reason(
        f"{gain.compression} would make it smaller: on a sample it reduced the payload by {1 - gain.ratio:.0%}, to "
        f"about {size_text(bytes_)} per image instead of {each(least)}. No such store was built, so its speed is "
        "unknown."
    )


def only_one(store: StoreFacts, ruled_out: Sequence[RuledOut]) -> Reason:
    if not ruled_out:
        return Reason(
            f"It is the only store that was built: {each(store)} per image. There is nothing to compare it with."
        )
    return Reason(f"It is the only store of {len(ruled_out) + 1} that meets your answers: {each(store)} per image.")


def fitting(stores: Sequence[StoreFacts], fit: Sequence[StoreFacts], images: int, memory: int) -> Reason:
    """How many stores fit into memory at so many images; one at least."""
    largest = max(fit, key=size)
    room = f"{size_text(memory)} of memory holds"
    if len(fit) == len(stores):
        kept = f"every store; the largest, {largest.name}, takes {at(largest, images)}"
    elif len(fit) == 1:
        kept = f"only {largest.name}, which takes {at(largest, images)}"
    else:
        kept = (
            f"{len(fit)} of the {len(stores)} stores; the largest of them, {largest.name}, takes {at(largest, images)}"
        )
    return Reason(f"With {number_text(images)} images like these, {room} {kept}.")


def none_fits(least: StoreFacts, images: int, memory: int) -> Reason:
    part = memory / (least.each * images)
    return Reason(
        f"With {number_text(images)} images like these, no store fits into {size_text(memory)} of memory. {least.name} "
        f"comes closest: {each(least)} per image, {at(least, images)} in total, of which at most {part:.1%} can be in "
        "memory at a time."
    )


def hardly_waits(training: Training, results: Sequence[TrainingResult], longest: float, chosen: StoreFacts) -> Reason:
    """That training waits too little for its data to care where they come from, so that size decides."""
    text = (
        f"Training ({training.model}, {training.device}) waited for data at most {longest:.1%} of the time, whichever "
        f"of the {len(results)} stores it read, so faster loading could save no more than that. Size decides: "
        f"{chosen.name} takes {each(chosen)} per image, the least of them."
    )
    return Reason(text, (training.run.name,))


def price(stores: Sequence[StoreFacts], ranked: Sequence[Ranked], chosen: StoreFacts) -> Iterable[Reason]:
    """What a choice costs, against the smallest and the fastest of the stores that meet the answers."""
    least = min(stores, key=size)
    if chosen.each > AS_LARGE * least.each:
        ratio = times_text(chosen.each / least.each)
        text = f"It takes {ratio} the disk space of the smallest, {least.name}: {each(chosen)} per image against "
        text += each(least)
        yield Reason(f"{text}{_what_differs(chosen, least)}.")
    mine = next((one for one in ranked if one.store is chosen), None)
    if mine is None or len(ranked) < 2:
        return
    best, _ = best_of(ranked)
    if best is not mine and differ(best.rate, mine.rate):
        share = mine.rate.median / best.rate.median
        text = f"It gives {share:.0%} of the speed of the fastest, {best.store.name}: {rate_text(mine.rate)} against "
        text += rate_text(best.rate) + _what_differs(chosen, best.store)
        yield Reason(f"{text}.", tuple(runs_of([mine.rate, best.rate])))


def _what_differs(one: StoreFacts, other: StoreFacts) -> str:
    """The factors in which two stores differ, in brackets."""
    return differing_note(*(store_factors(*store.name.split("/", 1)) for store in (one, other)))


def size(store: StoreFacts) -> tuple[float, int]:
    """What makes a store small: its bytes per image, then its files."""
    return store.each, store.files


def each(store: StoreFacts) -> str:
    return size_text(store.each)


def at(store: StoreFacts, images: int) -> str:
    return size_text(store.each * images)


def rate_text(rate: Figure) -> str:
    """ "837,000 images/s (654,000 to 1,090,000 in 5 repeats)"."""
    if rate.times == 1:
        return f"{speed_text(rate.median)} (measured once)"
    low, high = (number_text(rounded(end)) for end in (rate.low, rate.high))
    return f"{speed_text(rate.median)} ({low} to {high}, {rate.times} times)"
