"""What a report is made of, whatever shows it: sections of sentences, charts, tables and code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .evidence import Evidence, LoadingConfiguration
from .guide import Recommendation
from .questions import Answers

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True)
class Text:
    """A paragraph. `tone`: "" plain, "small" for what stands beside, "strong" for the answer, "warning" for what
    speaks against the figures."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Points:
    """Sentences one below the other."""

    texts: Sequence[str]


@dataclass(frozen=True)
class Chart:
    """A drawing, what it says in a sentence, and what it shows for those who cannot see it."""

    name: str
    drawing: alt.TopLevelMixin
    sentence: str
    shows: str


@dataclass(frozen=True)
class Table:
    """Cells are text already. `title` is what it holds."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    folded: bool = False


@dataclass(frozen=True)
class Code:
    """Lines to be typed. `language`: "python" or "bash"."""

    text: str
    language: str


Block = Text | Points | Chart | Table | Code


@dataclass(frozen=True)
class Section:
    """`name` for links. `repeats`: the block of it that says again what whoever is asked has just said."""

    name: str
    title: str
    blocks: Sequence[Block]
    repeats: Block | None = None


@dataclass(frozen=True)
class Report:
    """`data`: what a file with everything in it holds; `tables`: name -> rows as they were measured."""

    title: str
    evidence: Evidence
    answers: Answers
    configuration: LoadingConfiguration | None
    recommendation: Recommendation
    sections: Sequence[Section]
    data: Mapping[str, Any]
    tables: Mapping[str, Sequence[Mapping[str, Any]]]
