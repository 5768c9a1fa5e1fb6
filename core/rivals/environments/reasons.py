"""Why an installation failed, in a line: the one of an installer's hundreds that says it."""

from __future__ import annotations

import re
from pathlib import Path

from ...base.errors import WorkError
from ...base.printable import printable

KEPT_BYTES = 64_000
"""Of the log of a failed installation, its end."""

LONGEST = 300

TELLING = (
    re.compile(r"No space left on device"),
    re.compile(r"fatal error: "),
    re.compile(r"(?<!subprocess-exited-with-)error: (?!subprocess-exited|metadata-generation|legacy-install)"),
    re.compile(r"^\s*(ModuleNotFoundError|ImportError|OSError|RuntimeError|FileNotFoundError): "),
    re.compile(r"No matching distribution found|no version of|No solution found|requires a different Python"),
    re.compile(r"^\s*(ERROR|error)\b"),
)
"""What tells most comes first. A compiler's own error says more than pip's, that building failed."""


class InstallFailed(WorkError):
    """An environment could not be made; the text is the reason in a sentence."""


def last_meaningful(log: Path) -> str:
    """The line of a log that says what went wrong; "" where nothing was written."""
    lines = [line.strip() for line in end_of(log).splitlines() if line.strip()]
    for pattern in TELLING:
        for line in reversed(lines):
            if pattern.search(line):
                return _short(line)
    return _short(lines[-1]) if lines else ""


def end_of(log: Path) -> str:
    """The last `KEPT_BYTES` of a log."""
    with log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - KEPT_BYTES, 0))
        return file.read().decode("utf-8", "replace")


def _short(line: str) -> str:
    text = printable(re.sub(r"\x1b\[[0-9;]*m", "", line)).removeprefix("ERROR: ")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
