"""The commands of docs/scale.md: shells understand them, and our verbs have these arguments."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from core.__main__ import parse

DOC = Path(__file__).parent.parent / "docs" / "scale.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", DOC.read_text("utf-8"), re.MULTILINE | re.DOTALL)
COMMANDS = [
    shlex.split(line.partition("python -m core ")[2], comments=True)
    for block in BLOCKS
    for line in block.replace("\\\n", " ").splitlines()
    if "python -m core " in line
]


def test_a_shell_understands_every_block() -> None:
    assert len(BLOCKS) > 5
    for block in BLOCKS:
        told = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True)
        assert told.returncode == 0, (told.stderr, block)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_command_is_one_of_ours(arguments: list[str]) -> None:
    assert parse(arguments).verb == arguments[0]
