"""Facts and tables as plain text: what a pipe, a file and a terminal without abilities get.

A field is one line `name: value` under the name that it has in JSON ("structure.file_bytes"), a row of a table one line
with two blanks or more between its cells, however wide that is. No escape sequences, no lines, nothing left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..base.printable import printable
from .blocks import Block, DrawingBlock, FactsBlock, TableBlock
from .verb import Lines

MOST_PARTS = 12
"""Parts of a list in a line."""


def print_blocks(blocks: Iterable[Block]) -> None:
    """Print them on standard output."""
    for block in blocks:
        if isinstance(block, DrawingBlock):
            print(block.text)
        elif isinstance(block, FactsBlock):
            before = f"{printable(block.title)}." if block.title else ""
            for name, value in block.facts:
                print(f"{before}{printable(name)}: {cell_text(value)}")
        else:
            _print_table(block)


def _print_table(block: TableBlock) -> None:
    columns = block.columns
    cells = [
        [printable(column) for column in columns],
        *([cell_text(row.get(column, "")) for column in columns] for row in block.rows),
    ]
    widths = [max(len(line[at]) for line in cells) for at in range(len(columns))]
    print(f"{printable(block.title)}:")
    for line in cells:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def cell_text(value: Any) -> str:
    """A value in one line; only of `Lines`, which we wrote, several."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.3f}"
    if isinstance(value, list):
        shown = ", ".join(cell_text(part) for part in value[:MOST_PARTS])
        return shown + (f", ... ({len(value):,} in all)" if len(value) > MOST_PARTS else "")
    if isinstance(value, Mapping):
        return ", ".join(f"{printable(str(key))} {cell_text(part)}" for key, part in value.items()) or "-"
    return "\n".join(map(printable, value.split("\n"))) if isinstance(value, Lines) else printable(str(value))
