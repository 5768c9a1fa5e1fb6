"""A result as a reader gets it: facts and tables, in the order of its fields, whatever draws them then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .verb import Drawing


@dataclass(frozen=True, slots=True)
class FactsBlock:
    """Fields that stand for themselves. title: of what they are, "" for the result itself ("sample")."""

    title: str
    facts: Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Rows of the same fields; `columns` in the order of their first appearance."""

    title: str
    rows: Sequence[Mapping[str, Any]]

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(column for row in self.rows for column in row))


@dataclass(frozen=True, slots=True)
class DrawingBlock:
    """What is printed as it is."""

    text: str


Block = FactsBlock | TableBlock | DrawingBlock


def blocks_of(data: Mapping[str, Any], title: str = "") -> Iterator[Block]:
    """The blocks of a result: its fields first, then what has a block of its own. What is nested has a name with dots
    ("structure.file_bytes", the table "structure.arrays")."""
    facts: list[tuple[str, Any]] = []
    inner: list[Block] = []
    for name, value in data.items():
        whole = f"{title}.{name}" if title else name
        if isinstance(value, Drawing):
            inner.append(DrawingBlock(value))
        elif isinstance(value, Mapping) and value and all(isinstance(part, Mapping) for part in value.values()):
            inner.append(TableBlock(whole, [{name: key, **part} for key, part in value.items()]))
        elif isinstance(value, Mapping) and value:
            blocks = list(blocks_of(value, whole))
            if title:  # a level further down belongs to what is told already
                facts += [(f"{name}.{key}", part) for block in blocks for key, part in _facts_of(block)]
                blocks = [block for block in blocks if not isinstance(block, FactsBlock)]
            inner += blocks
        elif isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
            inner.append(TableBlock(whole, value))
        else:
            facts.append((name, value))
    if facts:
        yield FactsBlock(title, facts)
    yield from inner


def _facts_of(block: Block) -> Sequence[tuple[str, Any]]:
    return block.facts if isinstance(block, FactsBlock) else ()
