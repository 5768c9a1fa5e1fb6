"""What a presentation shows, slide by slide: made of a report's own sentences and charts, nothing computed anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...base.units import counted
from ..answer import SOURCE
from ..document import Chart, Report
from ..guide import Recommendation

MOST_POINTS = 3
ANSWER_SECTION = "answer"

WORDS_A_SECOND = 2.5
"""How fast a sentence is read from a screen, slowly."""

LOOKED_AT_S = 6.0
"""What a picture or a chart takes beside the words."""


@dataclass(frozen=True)
class Slide:
    """One screen. `eyebrow` stands small above, `said` is its sentence in large type, `points` and `small` stand below
    it, `warning` speaks against the figures. `pictures` are `data:` addresses with what each shows."""

    eyebrow: str
    said: str
    points: tuple[str, ...] = ()
    small: str = ""
    warning: str = ""
    chart: Chart | None = None
    pictures: tuple[tuple[str, str], ...] = ()

    @property
    def seconds(self) -> float:
        """How long it stays while the presentation runs by itself."""
        words = len(" ".join((self.eyebrow, self.said, *self.points, self.small, self.warning)).split())
        return LOOKED_AT_S + words / WORDS_A_SECOND


def slides_of(report: Report, pictures: tuple[tuple[str, str], ...] = ()) -> list[Slide]:
    """Title, answer, a slide for each chart, and what was not measured. `pictures`: images of the dataset, for the
    first slide."""
    told = report.recommendation
    shown = [_title(report, pictures), _answer(told), *_charts(report)]
    return [*shown, _last(report)]


def _title(report: Report, pictures: tuple[tuple[str, str], ...]) -> Slide:
    images = report.evidence.images
    about = f"{counted(sum(images.splits.values()), 'image')}, {counted(images.classes, 'class', 'classes')}"
    processor = report.evidence.machine.get("processor", "this machine")
    return Slide(
        "Format Matters", report.title, small=f"{about}. Measured on {processor}, {report.evidence.taken[:10]}.",
        pictures=pictures,
    )  # fmt: skip


def _answer(told: Recommendation) -> Slide:
    reasons = tuple(reason.text for reason in (*told.reasons, *told.price))
    return Slide("Which store to use", told.headline, reasons[:MOST_POINTS], warning=told.busy)


def _charts(report: Report) -> Iterator[Slide]:
    """The first sentence of a chart is the slide's; the others stand below it."""
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Chart):
                said, rest = first_sentence(SOURCE.sub("", block.sentence))
                yield Slide(section.title, said, small=rest, chart=block)


def first_sentence(text: str) -> tuple[str, str]:
    """The first sentence, and what follows it. A full stop within a number or a name ends none."""
    said, stop, rest = text.partition(". ")
    return (f"{said}.", rest) if stop else (text, "")


def _last(report: Report) -> Slide:
    missing = report.recommendation.missing
    said = "What was not measured" if missing else "Everything that the answer needs was measured"
    points = tuple(one.what[:1].upper() + one.what[1:] for one in missing[:MOST_POINTS])
    more = len(missing) - len(points)
    where = "The report has every figure with its spread, and the run that it comes from."
    return Slide("Limits", said, points, small=f"{f'{more:,} more in the report. ' if more else ''}{where}")
