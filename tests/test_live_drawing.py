"""Pictures made of boxes: their figures, their scale, and that nothing of a label becomes markup."""

from __future__ import annotations

import re

from ui.shared.live.drawing import Bar, Strip, bars, figure, strip


def widths(html: str) -> list[float]:
    return [float(width) for width in re.findall(r"[;\"]left:0;top:2px;bottom:2px;width:([\d.]+)%", html)]


def test_bars_reach_to_the_median_on_one_scale() -> None:
    html = bars([Bar("a", "#111111", [100, 300, 200]), Bar("b", "#222222", [50])], "images per second")
    first, second = widths(html)
    assert round(first / second, 2) == 4
    assert html.count("border-radius:50%") == 4, "one dot per repeat"
    assert "images per second: a 200; b 50" in html


def test_the_figure_is_of_this_moment_while_it_runs() -> None:
    assert figure(Bar("a", "#111111", [100], 123.4)) == "123"
    assert figure(Bar("a", "#111111", [100])) == "100"
    assert figure(Bar("a", "#111111", [])) == ""


def test_what_was_refused_has_its_reason_and_no_bar() -> None:
    html = bars([Bar("a", "#111111", [], None, "refused: 7 samples where 8 belong")], "images")
    assert "7 samples where 8 belong" in html
    assert widths(html) == []


def test_labels_are_text() -> None:
    html = bars([Bar('<b onclick="x">', "#111111", [1])], "images")
    assert "<b" not in html
    assert 'onclick="' not in html


def test_a_strip_shows_the_last_seconds_only() -> None:
    html = strip(Strip("CPU", [(0.0, 900.0), (100.0, 50.0), (110.0, 100.0)], "100%", "#111111"), 60)
    corners = re.search(r"polygon\((.*?)\)", html)
    assert corners is not None
    assert corners[1].split(",")[1:-1] == ["0.00% 52.38%", "100.00% 4.76%"]


def test_nothing_measured_yet_is_no_trouble() -> None:
    assert "polygon(0% 100%,100% 100%)" in strip(Strip("CPU", [], "", "#111111"), 60)
    assert bars([Bar("a", "#111111", [], 0.0)], "images")
