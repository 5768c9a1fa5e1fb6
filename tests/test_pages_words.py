"""Numbers as the app writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ui.shared.labels import (
    counted,
    listed,
    number_text,
    remaining_text,
    seconds_text,
    size_text,
    speed_text,
    times_text,
)
from ui.shared.size_columns import with_sizes


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (14_126_679, "14.1 MB"), (999_600, "1.00 MB"), (2.5e12, "2.50 TB")],
)
def test_sizes(count: float, text: str) -> None:
    assert size_text(count) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0"), (60_000, "60,000"), (12.345, "12.3"), (1234.5, "1,234")])
def test_numbers(count: float, text: str) -> None:
    assert number_text(count) == text


@pytest.mark.parametrize(
    ("rate", "text"), [(123_456, "123,000 images/s"), (999, "999 images/s"), (12.34, "12.3 images/s")]
)
def test_speeds_have_three_digits(rate: float, text: str) -> None:
    assert speed_text(rate) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.84, "0.8 s"), (9.96, "10 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (7200, "2 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.5, "almost done"), (7.2, "about 7 s left"), (23, "about 25 s left"), (58, "about 1 min left")],
)
def test_time_left_comes_in_steps(seconds: float | None, text: str) -> None:
    assert remaining_text(seconds) == text


def test_lists_and_counts() -> None:
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"])) == ("", "a", "a, b and c")
    assert (counted(1, "class", "classes"), counted(2_000, "class", "classes")) == ("1 class", "2,000 classes")
    assert times_text(11.23) == "11.2 times"


def test_a_column_of_sizes_says_what_the_rest_of_the_app_says_and_stays_a_number() -> None:
    table = with_sizes({"Store": ["a", "b", "c"], "Payload": [2_000_000, 900, None]}, ["Payload"])
    assert list(table.data["Payload"][:2]) == [2_000_000, 900]
    shown = [
        [cell["display_value"] for cell in row if cell["type"] == "td"]
        for row in table._translate(False, False)["body"]
    ]
    assert shown == [["a", "2.00 MB"], ["b", "900 B"], ["c", ""]]
    pages = Path(__file__).parent.parent.joinpath("ui").rglob("*.py")
    assert [page.name for page in pages if 'format="bytes"' in page.read_text(encoding="utf-8")] == []
