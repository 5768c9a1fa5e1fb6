"""Rivals against ours in words: how fast, how many times as fast as the best of ours at the same work, at what cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..base.units import speed_text, times_text
from ..measure.loader_lines import CPU_TIME, SPEED, LoaderLine, micro_text, work_text
from ..measure.rival_rows import subject_title
from ..measure.statistics import Ratio, advantage

WHOLE = "A rival is compared as a whole: its container and its loader together."

MOST_EACH = 3
"""So many rivals are told one by one; of more the fastest."""

Safe = Callable[[str], str]


def rival_headlines(lines: Sequence[LoaderLine], *, bold: str = "**", safe: Safe = str) -> list[str]:
    """For each kind of work that rivals did, a sentence for each of a few of them, or for the fastest of many.

    `bold` surrounds what stands out; `safe` is what is done with names, which may be a stranger's.
    """
    works = list(dict.fromkeys(line.work for line in lines if line.rival))
    return [
        text
        for work in works
        for text in _of_work([line for line in lines if line.work == work], len(works) > 1, bold, safe)
    ]


def _of_work(lines: Sequence[LoaderLine], several: bool, bold: str, safe: Safe) -> Iterator[str]:
    """The fastest first, as `lines` are."""
    rivals = [line for line in lines if line.rival]
    ours = next((line for line in lines if not line.rival), None)
    told = rivals if len(rivals) <= MOST_EACH else rivals[:1]
    for rival in told:
        lead = f"{bold}{safe(subject_title(rival.about))}{bold}"
        if several:
            lead += f" ({safe(work_text(rival.work))})"
        if len(rivals) > len(told):
            lead += f", the fastest of {len(rivals)} rivals,"
        reached = f"{bold}{speed_text(rival.median(SPEED) or 0.0)}{bold}"
        yield f"{lead} gives {reached}{_against(rival, ours, safe) if ours else '; nothing of ours was run beside it'}."


def _against(rival: LoaderLine, ours: LoaderLine, safe: Safe) -> str:
    """How it compares with the fastest of ours."""
    name, mine = safe(subject_title(ours.about)), speed_text(ours.median(SPEED) or 0.0)
    ratio = advantage(rival.values[SPEED], ours.values[SPEED], more=True)
    if ratio.low is None:
        return f", {name} {mine}; measured only once, so no difference is significant"
    if not ratio.significant:
        return f", {name} {mine}: no significant difference{_cpu(rival, ours)}"
    if ratio.ahead:
        return f", {times_text(ratio.value)} as many as {name} with {mine}{_interval(ratio)}{_cpu(rival, ours)}"
    turned = advantage(ours.values[SPEED], rival.values[SPEED], more=True)
    return f"; {name} {mine}, {times_text(turned.value)} as many{_interval(turned)}{_cpu(rival, ours)}"


def _interval(ratio: Ratio) -> str:
    low, high = (times_text(end or 0.0).removesuffix(" times") for end in (ratio.low, ratio.high))
    return f" (95%: {low} to {high})"


def _cpu(rival: LoaderLine, ours: LoaderLine) -> str:
    """What a batch costs the processors."""
    theirs, mine = rival.median(CPU_TIME), ours.median(CPU_TIME)
    if theirs is None or not mine:
        return ""
    return f". It takes {micro_text(theirs)} of processor time per image, ours {micro_text(mine)}"
