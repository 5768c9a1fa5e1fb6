"""Facts and tables on a terminal, with `rich`: as wide as it is, in colours where it has any.

Text from outside is shown by `printable` and given to rich as text, never as markup. A table that does not fit although
its widest columns are folded becomes a list of its rows, each field in a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..base.printable import printable
from ..base.units import number_text, size_text
from .blocks import Block, DrawingBlock, FactsBlock, TableBlock
from .plain_text import cell_text

MOST_ROWS = 40
"""Rows of a table that are shown; piped, all are there."""

NARROWEST, FIRST = 14, 28
"""Characters that a column of text may be folded to; the first one, which names the rows."""

GAP = 2
NAME, HEAD = "cyan", "bold"
SIGNS = {"ok", "verified", "available", "installed", "against_source"}
"""Fields whose "no" is worth a colour."""


def draw_blocks(blocks: Iterable[Block], file: IO[str] | None = None, width: int | None = None) -> None:
    """Print them. file: standard output unless given; width: of the terminal unless given."""
    console = Console(file=file, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)
    for number, block in enumerate(blocks):
        if isinstance(block, DrawingBlock):
            console.file.write(f"{block.text}\n")
            continue
        if number:
            console.print()
        if isinstance(block, FactsBlock):
            _facts(console, block.title, [fact for fact in block.facts if not _is_empty(fact[1])])
        else:
            _table(console, block)


def _facts(console: Console, title: str, facts: Sequence[tuple[str, Any]]) -> None:
    if title and facts:
        console.print(Text(_label(title), HEAD))
    grid = Table.grid(padding=(0, GAP))
    grid.add_column(no_wrap=console.width >= 60, overflow="fold")
    grid.add_column(overflow="fold")
    for name, value in facts:
        grid.add_row(Text(_label(name), NAME), _shown(name, value))
    console.print(grid)


def _table(console: Console, block: TableBlock) -> None:
    columns = [name for name in block.columns if any(not _is_empty(row.get(name)) for row in block.rows)]
    rows = block.rows[:MOST_ROWS]
    cells = [[_shown(name, row.get(name)) for name in columns] for row in rows]
    heads = [_label(name) for name in columns]
    console.print(Text(_label(block.title), HEAD))
    least = _least(heads, cells)
    if sum(least) + GAP * (len(least) - 1) <= console.width:
        table = Table(box=box.SIMPLE_HEAD, header_style=HEAD, pad_edge=False, show_edge=False, padding=(0, GAP, 0, 0))
        for name, head, width in zip(columns, heads, least, strict=True):
            numbers = all(isinstance(row.get(name), int | float | None) for row in rows)
            table.add_column(
                Text(head), justify="right" if numbers else "left", overflow="fold", no_wrap=numbers,
                style=NAME if name == columns[0] else "", min_width=width,
            )  # fmt: skip
        for line in cells:
            table.add_row(*line)
        console.print(table)
    else:
        for line in cells:
            _facts(console, "", [(head, cell) for head, cell in zip(heads, line, strict=True) if cell.plain])
            console.print()
    if len(block.rows) > MOST_ROWS:
        console.print(Text(f"... and {len(block.rows) - MOST_ROWS:,} more; --json has them all"))


def _least(heads: Sequence[str], cells: Sequence[Sequence[Text]]) -> list[int]:
    """How many characters each column needs at the least."""
    widest = [max(cell.cell_len for cell in column) for column in zip(*cells, strict=True)]
    return [
        max(len(head), min(NARROWEST if number else FIRST, width))
        for number, (head, width) in enumerate(zip(heads, widest, strict=True))
    ]


def _shown(name: str, value: Any) -> Text:
    if isinstance(value, Text):
        return value
    if _is_empty(value):
        return Text("")
    if isinstance(value, bool):
        style = ("green" if value else "bold red") if name in SIGNS else ""
        return Text(cell_text(value), style)
    if isinstance(value, int | float):
        return Text(_number(name, value))
    if name in ("shape", "stored_shape") and isinstance(value, list) and all(isinstance(part, int) for part in value):
        return Text(" × ".join(map(str, value)))
    return Text(cell_text(value))


def _number(name: str, value: int | float) -> str:
    if name.endswith("bytes"):
        return size_text(value)
    if isinstance(value, float):
        seconds = name == "seconds" or (name.endswith("_s") and not name.endswith("per_s"))
        return f"{value:.3g} s" if seconds else number_text(value) if abs(value) >= 1 else f"{value:.3g}"
    return f"{value:,}"


def _label(name: str) -> str:
    """ "payload_bytes" as "payload": the unit stands at the figure."""
    words = re.sub(r"_per_s$", " per second", printable(name)).replace("_", " ").replace(".", " · ")
    return words.removesuffix(" bytes").removesuffix(" s") or words


def _is_empty(value: Any) -> bool:
    if isinstance(value, Text):
        return not value.plain
    return value is None or (isinstance(value, str | list | Mapping) and not value)
