"""Numbers in words: every figure gets its unit here, on the pages, in reports and on the command line."""

from __future__ import annotations

from collections.abc import Iterable


def size_text(count: float) -> str:
    """Bytes in powers of 1000: "14.1 MB"."""
    if abs(count) < 1000:
        return f"{count:.0f} B"
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if abs(count) < 999.5:
            return f"{_three_digits(count)} {unit}"
    return f"{_three_digits(count / 1000)} TB"


def number_text(count: float) -> str:
    """A count with thousands separated; what is not whole is given three digits."""
    return f"{count:,.0f}" if float(count).is_integer() or abs(count) >= 1000 else _three_digits(count)


def speed_text(per_second: float, unit: str = "images") -> str:
    """ "12,300 images/s": three digits, since more would claim more than was measured."""
    return f"{number_text(rounded(per_second))} {unit}/s"


def seconds_text(seconds: float) -> str:
    """ "0.8 s", "12 s", "3 min 20 s", "2 h 5 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _two_units(whole, 60, "min", 1, "s")
    return _two_units(whole, 3600, "h", 60, "min")


def _two_units(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    rest = seconds % large // small
    return f"{seconds // large} {large_name}" + (f" {rest} {small_name}" if rest else "")


def times_text(ratio: float) -> str:
    """ "3.2 times"."""
    return f"{_three_digits(ratio)} times"


def listed(words: Iterable[str], last: str = "and") -> str:
    """ "a, b and c"."""
    *first, end = list(words) or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """ "1 store", "3 stores"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def _three_digits(number: float) -> str:
    digits = 0 if abs(number) >= 99.95 else 1 if abs(number) >= 9.995 else 2
    return f"{number:,.{digits}f}"


def rounded(number: float) -> float:
    """To three digits."""
    if number < 100:
        return number
    step = 10.0 ** max(len(str(int(number))) - 3, 0)
    return round(number / step) * step
