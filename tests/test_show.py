"""`show FILE`: pictures in a terminal are the images of the file, whatever the terminal draws them with."""

from __future__ import annotations

import base64
import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.base.home import REPOSITORY
from core.cli.terminal.capability import cell_width, chosen_method, cut, text_cells
from core.cli.terminal.graphics import kitty, sixel
from core.cli.terminal.half_blocks import half_blocks

COLOURS = np.array(
    [[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]], [[1, 2, 3], [4, 5, 6]]], np.uint8
)  # three rows of two pixels


def drawn_pixels(lines: list[str]) -> np.ndarray:
    """What half blocks show, uint8 (H, W, 3)."""
    rows: list[list[list[int]]] = []
    for line in lines:
        blocks = re.findall(r"\x1b\[38;2;(\d+);(\d+);(\d+);48;2;(\d+);(\d+);(\d+)m▀", line)
        numbers = [list(map(int, block)) for block in blocks]
        rows += [[block[:3] for block in numbers], [block[3:] for block in numbers]]
    return np.array(rows, np.uint8)


def sixel_pixels(text: str) -> np.ndarray:
    """What a sixel picture shows: colours in percent, uint8 (H, W, 3)."""
    body = re.fullmatch(r'\x1bP0;1q"1;1;(\d+);(\d+)((?:#\d+;2;\d+;\d+;\d+)+)(.*)\x1b\\', text, re.DOTALL)
    assert body is not None
    width, height = int(body[1]), int(body[2])
    colours = {int(one[0]): list(map(int, one[1:])) for one in re.findall(r"#(\d+);2;(\d+);(\d+);(\d+)", body[3])}
    shown = np.zeros((height + 5, width, 3), np.uint8)
    for band, planes in enumerate(body[4].split("-")):
        for plane in planes.split("$"):
            number, _, codes = re.fullmatch(r"#(\d+)(?=(.))(.*)", plane).groups()  # type: ignore[union-attr]
            for column, code in enumerate(unpacked(codes)):
                for bit in range(6):
                    if (ord(code) - 63) >> bit & 1:
                        shown[6 * band + bit, column] = colours[int(number)]
    return shown[:height]


def unpacked(codes: str) -> Iterator[str]:
    for count, character in re.findall(r"(?:!(\d+))?([?-~])", codes):
        yield from character * int(count or 1)


def test_half_blocks_are_the_pixels() -> None:
    assert np.array_equal(drawn_pixels(half_blocks(COLOURS, 10)), np.concatenate([COLOURS, COLOURS[-1:]]))
    wide = np.repeat(np.repeat(COLOURS[:2], 8, 0), 8, 1)  # 16 x 16
    assert np.abs(drawn_pixels(half_blocks(wide, 2)).astype(int) - COLOURS[:2]).max() < 80  # antialiased at the edges


def test_sixels_are_the_pixels_in_percent() -> None:
    tall = np.repeat(COLOURS, 3, 0)  # nine rows: a band and a half
    assert np.abs(sixel_pixels(sixel(tall)) * 2.55 - tall).max() < 3
    row = np.repeat(COLOURS[:1, :1], 40, 1)
    assert "!40" in sixel(row)
    assert np.abs(sixel_pixels(sixel(row)) * 2.55 - row).max() < 3


def test_kitty_is_sent_a_png_in_pieces() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
    pieces = re.findall(r"\x1b_G(.*?)m=(\d);(.*?)\x1b\\", kitty(noise))
    assert [piece[0] for piece in pieces] == ["a=T,f=100,", *[""] * (len(pieces) - 1)]
    assert [piece[1] for piece in pieces] == ["1"] * (len(pieces) - 1) + ["0"]
    assert max(len(piece[2]) for piece in pieces) == 4096
    data = base64.b64decode("".join(piece[2] for piece in pieces))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), noise)


def test_what_lies_between_pictures_is_left_to_the_terminal() -> None:
    drawn = np.array([[True, False]] * 3)
    pieces = re.findall(r"\x1b_G(.*?)m=\d;(.*?)\x1b", kitty(COLOURS, drawn, 12))
    assert pieces[0][0] == "a=T,f=100,c=12,"  # as wide as its captions, whatever a character's pixels
    seen = np.asarray(Image.open(io.BytesIO(base64.b64decode(pieces[0][1]))))
    assert seen[:, :, 3].tolist() == [[255, 0]] * 3
    assert np.array_equal(seen[:, 0, :3], COLOURS[:, 0])
    text = sixel(COLOURS, drawn)
    assert text.startswith("\x1bP0;1q")  # what has no bit set keeps the ground
    assert np.abs(sixel_pixels(text)[:, 0] * 2.55 - COLOURS[:, 0]).max() < 3
    assert sixel_pixels(text)[:, 1].max() == 0


def test_captions_are_as_wide_as_their_pictures() -> None:
    assert [cut(text, 6) for text in ("abc", "abcdefgh", "犬と猫と鳥", "é", "👨‍👩‍👧x")] == [
        "abc   ", "abcde…", "犬と… ", "é     ", "👨‍👩\u200d… ",
    ]  # fmt: skip
    for text in ("犬" * 9, "a犬" * 9, "e\u0301" * 9, ""):
        assert text_cells(cut(text, 7)) == 7
    assert cell_width() == 8  # the tests' output is no terminal


def test_a_terminal_gets_what_it_says_it_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen_method("auto", {}) == "none"  # the tests' output is none
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert chosen_method("auto", {"TERM": "xterm-kitty"}) == "kitty"
    assert chosen_method("auto", {"TERM": "xterm"}) == "blocks"
    assert chosen_method("auto", {"TERM": "dumb"}) == "none"
    assert chosen_method("auto", {"NO_COLOR": "1"}) == "none"
    assert chosen_method("sixel", {"TERM": "dumb"}) == "sixel"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, colour in (("red", (255, 0, 0)), ("blue\x1b[2J", (0, 0, 255))):
        (tmp_path / "images" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8), colour).save(tmp_path / "images" / name / "0.png")
    (tmp_path / "two.tar").touch()
    import tarfile

    with tarfile.open(tmp_path / "two.tar", "w") as tar:
        for number, name in enumerate(sorted(path.name for path in (tmp_path / "images").iterdir())):
            tar.add(tmp_path / "images" / name / "0.png", f"{name}/{number}.png")
    return tmp_path


def test_a_file_is_drawn_with_captions_and_no_escape_of_its_own(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(folder / "two.tar"), "--images", "blocks", "--columns", "12"]) == 0
    told = capsys.readouterr().out
    assert "[38;2;255;0;0;48;2;255;0;0m▀" in told
    assert "[38;2;0;0;255;48;2;0;0;255m▀" in told
    assert "\x1b[2J" not in told
    assert "0 · " in told
    assert "1 · " in told


def test_piped_it_is_a_table_and_in_json_it_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(folder / "two.tar")]) == 0
    assert "8, 8, 3" in capsys.readouterr().out
    assert main(["show", str(folder / "two.tar"), "--json", "--start", "-1", "--count", "5"]) == 0
    assert '"index":1' in capsys.readouterr().out.replace(" ", "")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--start", "9"], "there is no entry 9"),
        (["--columns", "2"], "4 to 200 characters"),
        (["--images", "ascii"], "choose auto"),
    ],
)
def test_what_cannot_be_shown_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    assert main(["show", str(folder / "two.tar"), *arguments]) == 2
    assert reason in capsys.readouterr().err


ANSWERING = """
from core.cli.terminal.capability import terminal_attributes
print(terminal_attributes(), flush=True)
"""


def test_a_terminal_is_asked_for_its_attributes() -> None:
    controller, terminal = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", ANSWERING], stdin=terminal, stdout=terminal, cwd=REPOSITORY):
        asked = b""
        while not asked.endswith(b"\x1b[c"):
            asked += os.read(controller, 64)
        os.write(controller, b"\x1b[?62;4;22c")
        told = b""
        while not told.endswith(b"]\r\n"):
            told += os.read(controller, 64)
    os.close(terminal)
    os.close(controller)
    assert b"['62', '4', '22']" in told
