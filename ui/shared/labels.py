"""Numbers in words, with what only pages say."""

from __future__ import annotations

import re

from core.base.printable import printable
from core.base.units import counted, listed, number_text, rounded, seconds_text, size_text, speed_text, times_text

__all__ = [
    "code",
    "counted",
    "listed",
    "number_text",
    "plain",
    "plain_lines",
    "remaining_text",
    "rounded",
    "seconds_text",
    "size_text",
    "speed_text",
    "times_text",
    "verbatim",
]


def remaining_text(seconds: float | None) -> str:
    """ "about 20 s left", in steps that do not flicker; nothing where nothing is known."""
    if seconds is None:
        return ""
    if seconds < 1.5:
        return "almost done"
    step = 1 if seconds < 10 else 5 if seconds < 60 else 10 if seconds < 600 else 60
    rounded = round(seconds / step) * step
    return f"about {rounded} s left" if rounded < 60 else f"about {seconds_text(rounded)} left"


MOST_LETTERS = 2_000
"""Of a text from outside; what is longer is cut."""

_JOINER = "\u2060"
"""A word joiner: it is not seen, and no pattern of the browser's goes on behind it."""

_MARKUP = re.compile(r"[\\`*{}\[\]<>()#+!|~$&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_FIRST = re.compile(r"^([-=]|[0-9]{1,9}(?=[.)]))")
_PATTERNS = re.compile(r":(?=[^\s\d]|\d+:)|@(?=\S)|www(?=\.)|(?<!\S)(?:<->|->|<-|--|>=|<=|~=)(?!\S)", re.IGNORECASE)


def verbatim(text: object) -> str:
    """Text from outside as Markdown that shows it letter by letter, in one line: no links, pictures, colours, icons or
    formulas of a stranger's. Everything that comes from a file, a path, an address or an error goes through here.

    Backslashes are not enough. After Markdown has been read, Streamlit looks through the text once more for addresses
    (`https://`, `www.`, `a@b`), emoji and icons (`:name:`, `:material/name:`) and arrows (`->`); an invisible letter
    keeps them apart.
    """
    line = printable(" ".join(str(text)[: 4 * MOST_LETTERS].split()))
    if len(line) > MOST_LETTERS:
        line = f"{line[:MOST_LETTERS]}…"
    apart = _PATTERNS.sub(lambda found: f"{found[0][0]}{_JOINER}{found[0][1:]}", line)
    return _FIRST.sub(_escaped_first, _MARKUP.sub(r"\\\g<0>", apart))


def _escaped_first(found: re.Match[str]) -> str:
    """What begins a list, a rule or a heading's line where it stands first."""
    return f"{found[0]}{_JOINER}" if found[0][0].isdigit() else f"\\{found[0]}"


def plain(text: object) -> str:
    """Text from outside for a place that knows no Markdown, a table's cell say: what cannot be sent to a browser, or
    does something else than being seen, is spelled out."""
    return printable(str(text))


def plain_lines(text: str) -> str:
    """The same of several lines."""
    return "\n".join(map(printable, text.split("\n")))


def code(text: object) -> str:
    """Text from outside as inline code: as `verbatim` says, in letters of one width, for paths and keys."""
    line = printable(" ".join(str(text)[: 4 * MOST_LETTERS].split()))[:MOST_LETTERS]
    line = line.replace(":material/", f":{_JOINER}material/")  # which Streamlit looks for before all else
    fence = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    return f"{fence} {line} {fence}" if line[:1] in ("`", "") or line[-1:] == "`" else f"{fence}{line}{fence}"
