"""Controlled comparisons in words: who leads, by how much, over whom, and which factor differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from ..base.units import counted, listed, times_text
from ..encodings import ENCODINGS
from ..formats import FORMATS
from .controlled import FACTORS, MOST_TOLD, RIVAL, TUTORIAL, Factors, Group, GroupRanking, groups, rank

T = TypeVar("T")

FEW = 4
"""More names than this are a number instead."""

STORED = ("format", "encoding", "compression", "layout", "code")
"""The factors that say how an image is stored; the others say how it is loaded."""


def headlines(
    things: Sequence[T],
    factors_of: Callable[[T], Factors],
    values_of: Callable[[T], Sequence[float]],
    value_text: Callable[[float], str],
    *,
    more: bool = True,
    bold: str = "**",
    safe: Callable[[str], str] = str,
) -> list[str]:
    """A sentence for each controlled comparison, `MOST_TOLD` at most and one of each factor before a second of any.

    `more`: whether more of the value is better; then it is a rate, else a time. `bold` surrounds what stands out;
    `safe` is what is done with names, which may be a stranger's.
    """
    every = [factors_of(thing) for thing in things]
    chosen = _one_of_each(groups(things, factors_of))[:MOST_TOLD]
    ranked = [rank(group, values_of, more=more) for group in chosen]
    return [
        f"{bold}{safe(group_title(one.group, every))}:{bold} {sentence(one, factors_of, value_text, bold, safe)}"
        for one in ranked
    ]


def _one_of_each(found: Sequence[Group[T]]) -> list[Group[T]]:
    """The first comparison of each factor, then the rest."""
    first: dict[str, Group[T]] = {}
    for group in found:
        first.setdefault(group.factor, group)
    firsts = list(first.values())
    return [*firsts, *(group for group in found if all(group is not one for one in firsts))]


def sentence(
    ranking: GroupRanking[T],
    factors_of: Callable[[T], Factors],
    value_text: Callable[[float], str],
    bold: str = "**",
    safe: Callable[[str], str] = str,
) -> str:
    """Who leads a comparison, over the runner-up and over the plain files."""

    def name(place: Any) -> str:
        return safe(value_title(ranking.group.factor, factors_of(place.member)))

    def with_value(place: Any) -> str:
        return f"{name(place)} ({value_text(ranking.median(place))})"

    best, tied, verb = ranking.best, ranking.tied, "gives" if ranking.more else "takes"
    once = some([with_value(place) for place in ranking.once])
    beaten = [place for place in (ranking.runner_up, ranking.baseline(factors_of)) if place is not None]
    if not beaten and not tied:
        every = some([with_value(place) for place in ranking.places])
        return f"measured only once, so no difference is significant: {every}."
    also = f" Measured only once, so not ranked: {once}." if once else ""
    if not beaten:
        return f"no significant difference between {some([with_value(place) for place in (best, *tied)])}.{also}"
    figure = value_text(ranking.median(best))
    lead = f"{bold}{name(best)}{bold} {verb} {bold}{figure}{bold}"
    if tied:
        lead = f"{some([name(place) for place in (best, *tied)])} lead with no significant difference ({figure})"
    if ranking.more:
        over = listed(f"{times_text(ranking.lead(place).value)} as many as {name(place)}" for place in beaten)
    else:
        over = listed(f"{name(place)} {times_text(ranking.lead(place).value)} as long" for place in beaten)
    return f"{lead}, {over}.{also}"


def group_title(group: Group[Any], every: Iterable[Factors] = ()) -> str:
    """ "Formats at raw", "Encodings in LMDB", with how it was loaded where that varies over `every` thing."""
    shared = group.shared
    title = _stored_title(group)
    varied = [name for name in FACTORS if name not in (*STORED, group.factor)
              and len({factors.get(name) for factors in every}) > 1]  # fmt: skip
    return ", ".join([title, *(factor_text(name, shared.get(name, "")) for name in varied)])


def _stored_title(group: Group[Any]) -> str:
    shared, factor = group.shared, group.factor
    format = value_title("format", shared)
    payload = shared.get("encoding", "")
    if shared.get("compression", "none") != "none":
        payload += f"-{shared['compression']}"
    if shared.get("code") == TUTORIAL:
        payload += " (the tutorial's code)"
    if factor == "format":
        return f"Formats at {payload}"
    if factor == "encoding":
        return f"Encodings in {format}"
    if factor == "compression":
        return f"Compressions of {shared.get('encoding')} in {format}"
    if factor == "code":
        return f"Ours and the tutorial's code, {format} at {payload}"
    if RIVAL in shared:
        ours = f", ours from {format}" if "format" in shared else ""
        return f"Loaders at {payload}{ours}, each rival as a whole, container and loader together"
    what = FACTORS[factor]
    name = f"{shared.get('format', '')}/{payload}"
    return f"{what[:1].upper()}{what[1:]}{'' if what.endswith('s') else 's'}, {name}"


def value_title(factor: str, factors: Factors) -> str:
    """What people call the value that a thing has of a factor: "LMDB", "raw", "batch 64"."""
    value = factors.get(factor, "")
    if factor == "format":
        return FORMATS[value].title.split(":")[0].strip() if value in FORMATS else value
    if factor == "code":
        return "the tutorial's code" if value == TUTORIAL else "ours"
    if factor == "layout":
        return value or "default options"
    if factor == "compression":
        return "no compression" if value == "none" else value
    return value if factor == "encoding" and value.split("-")[0] in ENCODINGS else factor_text(factor, value)


def factor_text(factor: str, value: str) -> str:
    """How a value of a factor of loading is told."""
    if factor == "workers":
        return counted(int(value), "worker") if value.isdecimal() and len(value) < 10 else f"workers {value}"
    if factor == "transform":
        return "no transform" if value == "none" else value
    return {"batch_size": "batch {}", "loader": "{} loader"}.get(factor, "{}").format(value)


def some(names: Sequence[str]) -> str:
    """All of few names, or their number."""
    return listed(names) if len(names) <= FEW else f"{', '.join(names[: FEW - 1])} and {len(names) - FEW + 1} more"
