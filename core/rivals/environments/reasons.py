"""Why an installation failed, in a line: the one of an installer's hundreds that says it."""

from __future__ import annotations

import re
from pathlib import Path

from ...base.errors import WorkError
from ...base.printable import printable

KEPT_BYTES = 64_000
"""Of the log of a failed installation, its end."""

LONGEST = 300

UNREACHED = re.compile(
    r"establish a new connection|name resolution|Network is unreachable|ProxyError|SSLError|timed out"
)
"""An index that is not reached has no distribution to offer either, and that is all an installer's last line says."""

TELLING = (
    re.compile(r"No space left on device"),
    re.compile(r"fatal error: "),
    re.compile(r"No matching distribution found|there is no version of|requires a different Python"),
    re.compile(r"error: (?!subprocess-exited|metadata-generation|legacy-install)"),
    re.compile(r"^\s*(ModuleNotFoundError|ImportError|OSError|RuntimeError|FileNotFoundError): "),
    re.compile(r"^\s*(ERROR|error)\b"),
)
"""What tells most comes first. A compiler's own error says more than pip's, that building failed."""


class InstallFailed(WorkError):
    """An environment could not be made; the text is the reason in a sentence."""


def last_meaningful(log: Path) -> str:
    """The line of a log that says what went wrong; "" where nothing was written."""
    lines = [line.strip() for line in end_of(log).splitlines() if line.strip()]
    found = (line for pattern in TELLING for line in reversed(lines) if pattern.search(line))
    reason = _short(next(found, lines[-1] if lines else ""))
    unreached = reason.startswith("No matching distribution") and any(map(UNREACHED.search, lines))
    return f"{reason} (the index could not be reached)" if unreached else reason


def end_of(log: Path) -> str:
    """The last `KEPT_BYTES` of a log."""
    with log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - KEPT_BYTES, 0))
        return file.read().decode("utf-8", "replace")


def _short(line: str) -> str:
    text = printable(re.sub(r"\x1b\[[0-9;]*m", "", line)).removeprefix("ERROR: ").removeprefix("cause: ")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
