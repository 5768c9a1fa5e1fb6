"""Text from outside on a page and in a table: shown letter by letter, and no formula for a spreadsheet."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.measure.tabular import FORMULA, csv_text
from ui.inspector.check import as_csv
from ui.shared.labels import MOST_LETTERS, code, plain, verbatim

ROOT = Path(__file__).resolve().parent.parent
JOINER = "\u2060"

ADDRESS = re.compile(r"(https?://|www(?=\.))[-.\w]+|[-.\w+]+@[-\w]+(?:\.[-\w]+)+", re.IGNORECASE)
SHORTCODE = re.compile(r":[\w+-]+:|:material[/_]\w+:|:streamlit:")
ARROW = re.compile(r"(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)")
"""What Streamlit looks for in text after Markdown has been read."""


def read(markdown: str) -> str:
    """The text that Markdown's backslashes leave."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown)


HOSTILE = [
    "![c](https://evil.example/c.png)", "[l](//evil.example)", "<img src=x>", "https://evil.example/a_b",
    "HTTP://EVIL.example", "www.evil.example", "a@evil.example", "mailto:a@evil.example", ":smile: :+1: :100:",
    ":material/delete:", ":streamlit:", ":red[x] :red-background[x] ::badge", "$x$ $$y$$", "a -> b -- c <= d ~= e",
    "&lt;b&gt; https&#58;//evil.example", "1. one", "2) two", "- dash", "+ plus", "# head", "> quote", "---", "===",
    "`code`", "**bold** _it_ ~~s~~", "|a|b|", "\\", "a\\", "\\[x](y)", "    indented", "x\n\n# y",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_stranger_is_no_markup(text: str) -> None:
    shown = verbatim(text)
    assert read(shown).replace(JOINER, "") == " ".join(text.split())
    left = read(shown)
    assert not ADDRESS.search(left)
    assert not SHORTCODE.search(left)
    assert not ARROW.search(left)
    bare = re.sub(r"\\.", "", shown)
    assert not set(bare) & set("`*[]<>()#!|~$&\\{}")
    assert not re.match(r"[-+=#>]|\d+[.)]", shown)
    assert "\n" not in shown


@pytest.mark.parametrize("text", [*HOSTILE, "``", "`a", "a`", "```"])
def test_code_ends_where_the_text_ends(text: str) -> None:
    shown = code(text)
    fence = re.match("`+", shown)[0]
    inside = shown[len(fence) : -len(fence)]
    assert shown.endswith(fence)
    assert not re.search(rf"(?<!`){fence}(?!`)", inside)
    assert ":material/" not in inside


def test_what_cannot_be_sent_or_turns_the_text_is_spelled_out() -> None:
    for show in (verbatim, code, plain):
        shown = show("a\udcff\u202eb\x1b[31m\x00")
        shown.encode()
        assert shown.isprintable() or JOINER in shown
        assert "202e" in shown
    assert verbatim("snake_case a.b-c 12:30 x/y") == "snake_case a.b-c 12:30 x/y"
    assert len(verbatim("x" * 10**6)) == MOST_LETTERS + 1


# ---------------------------------------------------------------- tables


@pytest.mark.parametrize("begin", FORMULA)
def test_no_table_has_a_formula(begin: str) -> None:
    formula = f"{begin}HYPERLINK(1)"
    for table in (as_csv([{"key": formula, "reason": formula}]), csv_text([{formula: formula}])):
        cells = [cell.strip('"') for line in table.splitlines() for cell in line.split(",")]
        assert not [cell for cell in cells if cell.startswith(FORMULA)], table


def trees() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(path for folder in ("ui", "pages", "core") for path in (ROOT / folder).rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


TABLES = {
    "core/measure/tabular.py",  # `csv_text` itself
    "core/machine/session.py", "core/measure/monitor.py", "core/formats/files/writer.py",  # files that we read again
    "core/formats/csv_manifest/writer.py",  # a format, whose bytes are the dataset's
    "core/measure/storage/tutorials/png_and_csv.py",  # as the tutorial writes it
}  # fmt: skip
"""The only places that write CSV."""


def test_every_table_that_is_offered_goes_through_one_function() -> None:
    for name, tree in trees():
        for node in ast.walk(tree):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called.endswith(".to_csv") or called in ("csv.writer", "csv.DictWriter"):
                assert name in TABLES, f"{name}:{node.lineno} writes CSV past csv_text"


# ---------------------------------------------------------------- pages

MARKDOWN = {"markdown", "caption", "error", "warning", "info", "success", "toast", "title", "header", "subheader",
            "badge", "expander", "popover", "button", "toggle", "spinner", "page_link", "write"}  # fmt: skip
"""Streamlit's elements whose first argument is Markdown."""

OUTSIDE = {"error", "reason", "path", "folder", "source", "text", "problem", "key", "trouble", "short", "dataset.name",
           "job.title", "job.error", "last.title", "last.error", "store.path", "record.path", "run.path"}  # fmt: skip
"""What those names and fields hold is somebody's."""

SAFE = {"verbatim", "code", "_sourced"}
"""Functions that give Markdown in which what is somebody's is shown letter by letter."""


def handed(node: ast.AST) -> Iterator[ast.AST]:
    """The names and fields in an expression, without those that go through a safe function or are only asked about."""
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func).split(".")[-1]
        if called in SAFE or (called == "map" and ast.unparse(node.args[0]) in SAFE):
            return
        for part in [*node.args, *(word.value for word in node.keywords)]:
            yield from handed(part)
    elif isinstance(node, ast.IfExp):
        yield from handed(node.body)
        yield from handed(node.orelse)
    elif isinstance(node, ast.ListComp | ast.GeneratorExp):
        yield from handed(node.elt)
    elif isinstance(node, ast.Name | ast.Attribute):
        yield node
    elif not isinstance(node, ast.Compare | ast.Subscript):
        for part in ast.iter_child_nodes(node):
            yield from handed(part)


def test_what_comes_from_outside_goes_through_one_function() -> None:
    looked = 0
    for name, tree in trees():
        if name.startswith("core/"):
            continue
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            if node.func.attr in MARKDOWN:
                looked += 1
                found = [ast.unparse(part) for part in handed(node.args[0]) if ast.unparse(part) in OUTSIDE]
                assert not found, f"{name}:{node.lineno}: {found} as Markdown; use ui.shared.labels.verbatim or code"
    assert looked > 100


@pytest.mark.parametrize("written", ["st.error(str(error))", 'st.caption(f"at {path}")', "st.markdown(job.title)"])
def test_the_rule_finds_what_it_forbids(written: str) -> None:
    [call] = [node for node in ast.walk(ast.parse(written)) if isinstance(node, ast.Call) and node.args][:1]
    assert [part for part in handed(call.args[0]) if ast.unparse(part) in OUTSIDE]
    assert not list(handed(ast.parse("verbatim(error)", mode="eval").body))
