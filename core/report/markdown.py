"""A report as Markdown; its charts are pictures in a folder beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .document import Block, Chart, Code, Points, Report, Table, Text
from .svg import png

SPECIAL = re.compile(r"([\\`*_\[\]<>|])")


def markdown(report: Report, folder: str) -> str:
    """The file's text; charts are named `folder`/<name>.png (see `pictures`)."""
    evidence = report.evidence
    about = f"{evidence.images.name} on {evidence.machine.get('processor', 'this machine')}, {evidence.taken[:10]}"
    parts = [f"# {_safe(report.title)}", _safe(f"Measured with Format Matters: {about}.")]
    for section in report.sections:
        parts.append(f"## {_safe(section.title)}")
        parts += [_block(block, folder) for block in section.blocks]
    return "\n\n".join(parts) + "\n"


def pictures(report: Report) -> Mapping[str, bytes]:
    """File name -> PNG of every chart."""
    blocks = [block for section in report.sections for block in section.blocks]
    return {f"{block.name}.png": png(block.drawing) for block in blocks if isinstance(block, Chart)}


def _block(block: Block, folder: str) -> str:
    if isinstance(block, Text) and block.tone == "warning":
        return f"> **Warning.** {_safe(block.text)}"
    if isinstance(block, Text):
        return f"**{_safe(block.text)}**" if block.tone == "strong" else _safe(block.text)
    if isinstance(block, Points):
        return "\n".join(f"- {_safe(text)}" for text in block.texts)
    if isinstance(block, Chart):
        return f"{_safe(block.sentence)}\n\n![{_safe(block.shows)}]({folder}/{block.name}.png)"
    if isinstance(block, Table):
        return _table(block)
    assert isinstance(block, Code)
    return f"```{block.language}\n{block.text.rstrip()}\n```"


def _table(table: Table) -> str:
    lines = [table.columns, ["---"] * len(table.columns), *table.rows]
    head = f"{_safe(table.title)}:\n\n"
    return head + "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return str(text) if text == "---" else _safe(str(text))


def _safe(text: str) -> str:
    """What Markdown would take for its own is shown as it is."""
    return SPECIAL.sub(r"\\\1", text)
