"""A sentence for each chart, that claims no more than was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..base.units import counted, listed, number_text, seconds_text, size_text, speed_text, times_text
from ..measure.background_load import BUSY
from .evidence import Access, Loading, LoadingConfiguration, StoreFacts, Training
from .figures import Figure, differ
from .ranking import Ranked, best_of, neighbours

TOLD = 4
"""More names than this are a number of stores instead."""


def trade_off(ranked: Sequence[Ranked], on_front: Sequence[str]) -> str:
    """What the front says: which stores no other is both smaller and faster than."""
    best, ties = best_of(ranked)
    if len(ranked) == 1:
        return f"Only {best.store.name} was measured: {speed_text(best.rate.median)}, {_mb(best.store)}."
    first = f"No store is both smaller and faster than {listed(on_front, 'or')}"
    if len(on_front) == len(ranked):
        first = "Each of these stores is smaller or faster than any other"
    tied = [one.store.name for one in ties]
    level = f" Between {_names([best.store.name, *tied])} there is no significant difference in speed." if tied else ""
    return f"{first}.{level}"


def speeds(ranked: Sequence[Ranked]) -> str:
    """Who is fastest, with whom it ties, and by how much it leads those that differ from it in one factor."""
    best, ties = best_of(ranked)
    if len(ties) == len(ranked) - 1:
        return f"There is no significant difference between the {counted(len(ranked), 'store')}."
    told = leads(best, ranked)
    said = ", ".join([f"{best.store.name} gives {speed_text(best.rate.median)}", *([told] if told else [])])
    return f"{said}." + (
        f" Between {_names([one.store.name for one in (best, *ties)])} there is no significant difference."
        if ties
        else ""
    )


def leads(best: Ranked, ranked: Sequence[Ranked]) -> str:
    """How many times as many images the best gives as those that differ from it in one factor; the factor is named."""
    behind = {one.store.name: one for one in _fastest_first(ranked) if differ(one.rate, best.rate)}
    return listed(
        f"{times_text(best.rate.median / behind[one.store].rate.median)} as many as {one.store} ({one.factor} differs)"
        for one in neighbours(best.store.name, behind)
    )


def _fastest_first(ranked: Sequence[Ranked]) -> list[Ranked]:
    return sorted(ranked, key=lambda one: one.rate.median, reverse=True)


def conditions(configuration: LoadingConfiguration, rows: Sequence[Loading]) -> str:
    """How these were loaded, and what speaks against the figures."""
    said = [f"{configuration.text[:1].upper()}{configuration.text[1:]}."]
    unsure = [row.store for row in rows if not row.confirmed]
    if unsure:
        said.append(f"The page cache could not be confirmed to be {configuration.cache} for {listed(unsure)}.")
    said += filter(None, [busy_text(row.background_load for row in rows)])
    return " ".join(said)


def busy_text(shares: Iterable[float | None]) -> str:
    """A warning where other programs were busy during one of these measurements; else nothing."""
    busy = max((share for share in shares if share is not None), default=0.0)
    if busy < BUSY:
        return ""
    return (
        f"Background load: other programs took up to {busy:.0%} of the processors meanwhile, so these figures are too "
        "low. Measure again on an idle machine."
    )


def first_batches(rows: Sequence[Loading]) -> str:
    """How long until the first batch: from opening the store, in a process that has imported everything."""
    return _least_most([(row.store, row.first_batch_s) for row in rows], "the first batch arrives after")


def _least_most(rows: Sequence[tuple[str, Figure]], what: str) -> str:
    """The store with the least, against those that differ from it in one factor."""
    ordered = sorted(rows, key=_median)
    (quick, least), figures = ordered[0], dict(ordered)
    behind = [store for store, took in ordered[1:] if differ(least, took)]
    if len(rows) > 1 and not behind:
        low, high = _seconds(least.median), _seconds(ordered[-1][1].median)
        return f"There is no significant difference between stores: {what} {low} to {high}."
    others = _against(quick, behind, lambda store: f"from {store} after {_seconds(figures[store].median)}")
    return f"From {quick} {what} {_seconds(least.median)}{others}."


def _against(store: str, others: Iterable[str], text: Callable[[str], str]) -> str:
    """What is said of those that differ from `store` in one factor: ", hdf5/raw 1.2 times as much (format differs)"."""
    return "".join(f", {text(one.store)} ({one.factor} differs)" for one in neighbours(store, others))


def _median(row: tuple[str, Figure]) -> float:
    return row[1].median


SMALLEST_SHARE = 0.0005
"""Shares below it are written as 0.0%, so they count as equal."""


def _told_share(share: Figure) -> Figure:
    """A share of the time with values that a ratio can be made of."""
    return share.turned(lambda value: max(value, SMALLEST_SHARE))


def waits(rows: Sequence[tuple[str, Figure]], of_what: str) -> str:
    """How much of the time is spent waiting for data."""
    (least_store, least), (most_store, most) = min(rows, key=_median), max(rows, key=_median)
    if not differ(_told_share(least), _told_share(most)):
        shares = f"{least.median:.1%} to {most.median:.1%}"
        return f"{of_what} waits for data {shares} of the time; no significant difference between stores."
    said = f"{of_what} waits for data {least.median:.1%} of the time with {least_store}"
    return f"{said}, {most.median:.1%} with {most_store}."


def fastest_method(operation: str, rows: Sequence[Access]) -> str:
    """Who is fastest at one operation; `rows` with the fastest first."""
    best = rows[0]
    said = f"{operation[:1].upper()}{operation[1:]}: {best.method} gives {speed_text(best.rate.median)}"
    ties = [row.method for row in rows[1:] if not differ(row.rate, best.rate)]
    return f"{said}; between {_names([best.method, *ties])} there is no significant difference." if ties else f"{said}."


def stages(rows: Sequence[Loading]) -> str:
    """Which stage takes most of each store's time."""
    costly: dict[str, list[str]] = {}
    for row in rows:
        if row.stages:
            costly.setdefault(max(row.stages, key=lambda name: row.stages[name]), []).append(row.store)
    told = [f"{stage} for {_names(stores)}" for stage, stores in costly.items()]
    return f"Most of a worker's time goes into {listed(told)}."


def sizes(stores: Sequence[StoreFacts]) -> str:
    """The smallest on the disk against those that differ from it in one factor, and which has the largest overhead."""
    ordered = sorted(stores, key=lambda store: store.each)
    least, by_name = ordered[0], {store.name: store for store in stores}
    if len(ordered) == 1:
        return f"{least.name} takes {_mb(least)} on the disk for {size_text(least.payload_bytes)} of payload."
    larger = [store.name for store in ordered[1:]]
    others = _against(least.name, larger, lambda name: f"{name} {times_text(by_name[name].each / least.each)} as much")
    wasteful = max(stores, key=_overhead)
    said = f"{least.name} takes the least space, {_mb(least)}{others}."
    return f"{said} {wasteful.name} has the largest overhead: {times_text(_overhead(wasteful))} its payload."


def _overhead(store: StoreFacts) -> float:
    return store.allocated_bytes / max(store.payload_bytes, 1)


def builds(stores: Sequence[StoreFacts]) -> str:
    """How long writing took; measured once for each split, so no difference is significant."""
    ordered = sorted(stores, key=lambda store: store.build_s)
    quick, by_name = ordered[0], {store.name: store for store in stores}
    if len(ordered) == 1:
        return f"Writing {quick.name} took {seconds_text(quick.build_s)}, once.{_starts(stores)}"
    slower = [store.name for store in ordered[1:]]
    others = _against(quick.name, slower, lambda name: f"{name} {seconds_text(by_name[name].build_s)}")
    return (
        f"Writing {quick.name} took {seconds_text(quick.build_s)}{others}. Each was built once, so small differences "
        f"are not meaningful; the lines span the speeds of the splits.{_starts(stores)}"
    )


def _starts(stores: Sequence[StoreFacts]) -> str:
    """What these times leave out, and which of them do not."""
    apart = [store.fixed_s for store in stores if store.fixed_s]
    old = [store.name for store in stores if store.fixed_s is None]
    told = f" This excludes starting worker processes and training dictionaries ({_span(apart)})." if apart else ""
    if old:
        verb = "was" if len(old) == 1 else "were"
        told += f" {_names(old)} {verb} built by an earlier version, whose time includes the start of worker processes."
    return told


def _span(seconds: Sequence[float]) -> str:
    low, high = seconds_text(min(seconds)), seconds_text(max(seconds))
    return low if low == high else f"{low} to {high}"


def accuracy(training: Training) -> str:
    """What the format did to the result."""
    finals = {result.store: result.accuracies[-1] for result in training.in_order("shuffled") if result.accuracies}
    if len(finals) < 2:
        return training.verdict
    least, most = min(finals.values()), max(finals.values())
    if training.identical:
        return (
            f"The format does not change the result: {training.verdict} All {len(finals)} end at "
            f"{most:.2%} in validation."
        )
    return f"{training.verdict} In validation they end between {least:.2%} and {most:.2%}."


def collapse(training: Training) -> str:
    """What sorting by class did, where it was tried; empty where it was not."""
    ends = {result.order: result.accuracies[-1] for result in training.results if result.accuracies}
    if "class-sorted" not in ends or "shuffled" not in ends:
        return ""
    return (
        f"The order does: sorted by class, the same images end at {ends['class-sorted']:.2%}, shuffled at "
        f"{ends['shuffled']:.2%}."
    )


def _names(names: Sequence[str]) -> str:
    return listed(names) if len(names) <= TOLD else f"{number_text(len(names))} stores"


def _mb(store: StoreFacts) -> str:
    return size_text(store.allocated_bytes)


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else seconds_text(seconds)
