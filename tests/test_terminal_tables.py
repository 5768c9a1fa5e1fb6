"""Results for a reader: on a terminal as tables of its width, piped as plain lines, never with what a file says of
colours or markup."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.__main__ import main
from core.base.home import REPOSITORY, Home
from core.cli.blocks import FactsBlock, TableBlock, blocks_of
from core.cli.console import show_result
from core.cli.rich_blocks import draw_blocks

HOSTILE = "[bold red]a[/] :smile: \x1b[2J\u202e"
LONG = "n" * 150
RESULT: Mapping[str, Any] = {
    "kind": HOSTILE,
    "entries": 12345,
    "empty": [],
    "structure": {
        "file_bytes": 2_500_000,
        "arrays": [{"name": LONG, "shape": [2, 8], "bytes": 1234, "ok": False}, {"name": "b", "note": HOSTILE}],
        "encoding": {"name": "png", "options": {"level": 6}},
    },
    "splits": {"train": {"samples": 3, "first_s": 0.0123}},
    "cpu_s_per_sample": 0.5,
    "samples_per_s": 12345.6,
}


def drawn(width: int, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, result: Any = RESULT) -> str:
    """As a terminal of that width gets it."""
    for name in ("NO_COLOR", "COLORTERM", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(name, value)
    file = io.StringIO()
    monkeypatch.setattr(file, "isatty", lambda: True)
    draw_blocks(blocks_of(result), file, width)
    return file.getvalue()


def test_what_is_nested_has_its_own_block() -> None:
    blocks = list(blocks_of(RESULT))
    assert [block.title for block in blocks if isinstance(block, FactsBlock)] == ["", "structure"]
    assert [block.title for block in blocks if isinstance(block, TableBlock)] == ["structure.arrays", "splits"]
    structure = next(block for block in blocks if isinstance(block, FactsBlock) and block.title)
    assert dict(structure.facts) == {"file_bytes": 2_500_000, "encoding.name": "png", "encoding.options.level": 6}


def test_a_pipe_gets_plain_lines_with_the_names_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"name": f"x{number}", "long": LONG} for number in range(100)]
    show_result({**RESULT, "rows": rows}, False)
    told = capsys.readouterr().out
    assert told.isascii()
    assert "\x1b" not in told
    lines = told.splitlines()
    assert "kind: [bold red]a[/] :smile: \\x1b[2J\\u202e" in lines
    assert "structure.file_bytes: 2,500,000" in lines
    assert "structure.encoding.options.level: 6" in lines
    assert f"  x99   {LONG}" in lines  # every row, in one line however wide
    assert re.search(r"(?m)^  train   3        0\.012$", told)


@pytest.mark.parametrize("width", [60, 100, 200])
def test_a_terminal_gets_tables_of_its_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    told = drawn(width, {}, monkeypatch)
    assert "\x1b[36m" in told  # colours, ours alone
    shown = re.sub(r"\x1b\[[0-9;]*m", "", told)
    assert "\x1b" not in shown
    assert "[bold red]a[/] :smile: \\x1b[2J\\u202e" in shown
    assert max(map(len, shown.splitlines())) <= width
    assert shown.replace("\n", "").replace(" ", "").count("n" * 40) >= 1
    for text in ("12,345", "2.50 MB", "1.23 kB", "0.0123 s", "cpu s per sample", "samples per second", "12,346", "png"):
        assert text in shown
    assert "empty" not in shown


def test_a_narrow_terminal_gets_a_row_in_several_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{f"a_long_column_{number}": f"value {number}" for number in range(9)}]
    shown = re.sub(r"\x1b\[[0-9;]*m", "", drawn(60, {}, monkeypatch, {"rows": rows}))
    assert [line.split("  ")[0].strip() for line in shown.splitlines()][1:4] == [
        "a long column 0", "a long column 1", "a long column 2",
    ]  # fmt: skip
    assert all(f"value {number}" in shown for number in range(9))


def test_no_color_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", drawn(80, {"NO_COLOR": "1"}, monkeypatch))


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """The output of a command whose standard output is a terminal of 60 columns."""
    controller, terminal = pty.openpty()
    variables = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "60", **environment}
    command = [sys.executable, "-m", "core", *arguments]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, cwd=REPOSITORY, env=variables) as process:
        os.close(terminal)
        told = b""
        while True:
            try:
                piece = os.read(controller, 65536)
            except OSError:  # Linux: the other end is closed
                break
            if not piece:
                break
            told += piece
    os.close(controller)
    assert process.returncode == 0
    return told.decode().replace("\r\n", "\n")


def test_the_command_looks_what_it_prints_to(tmp_path: Path) -> None:
    told = on_a_terminal("formats")
    assert "─" in told
    assert "\x1b[36m" in told
    dumb = on_a_terminal("formats", TERM="dumb")
    assert dumb.startswith("formats:\n  name        title          options")
    assert "\x1b" not in dumb


WITHOUT_RICH = """
import sys
from core.__main__ import main
status = main(["formats"])
print(sorted(name for name in ("rich", "platformdirs", "tomllib", "argcomplete", "torch") if name in sys.modules))
"""


def test_a_pipe_does_not_pay_for_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_RICH], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_where_rich_is_missing_it_is_plain(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "core.cli.rich_blocks", None)
    monkeypatch.setattr("core.cli.console._is_able_terminal", lambda: True)
    show_result({"kind": "x"}, False)
    assert capsys.readouterr().out == "kind: x\n"


def test_formats_tells_every_option_once(capsys: pytest.CaptureFixture[str], home: Home) -> None:
    assert main(["formats"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"(?m)^  level +zstd, zstd-dict +1 to 22 +3 +Effort", told)
    assert "minimum" not in told
    assert main(["datasets", "--home", str(home.root)]) == 0
    assert re.search(r"(?m)^  shapes +train 50, val 10 +10 ", capsys.readouterr().out)
