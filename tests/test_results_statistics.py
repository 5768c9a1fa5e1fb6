"""The statistics of results: what they are, and that their intervals keep what they promise."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from core.base.home import REPOSITORY
from core.measure.statistics import Ratio, Verdict, ratio, student, summarise


def test_of_few_values_the_spread_is_all_of_them() -> None:
    assert summarise([3.0, 1.0, 2.0]) == (3, 2.0, 1.0, 3.0, 1.0, 3.0)
    assert summarise([7.0]) == (1, 7.0, 7.0, 7.0, 7.0, 7.0)


def test_of_five_it_is_the_middle_half() -> None:
    assert summarise([10.0, 1.0, 2.0, 3.0, 4.0]) == (5, 3.0, 2.0, 4.0, 1.0, 10.0)


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [(1, 12.706), (4, 2.776), (11, 2.201), (25, 2.060), (40, 2.021), (1e9, 1.960), (2.5, 3.575)],
)
def test_students_quantiles(freedom: float, expected: float) -> None:
    assert student(freedom) == pytest.approx(expected, abs=0.002)


def test_infinitely_many_degrees_of_freedom_are_the_normal_distribution() -> None:
    assert student(math.inf) == pytest.approx(1.959964, abs=1e-6)


def test_scipy_is_loaded_only_where_an_interval_needs_it() -> None:
    code = (
        "import sys, core.cli.verbs, core.measure.compare, core.measure.bottleneck, core.report.compose;"
        "sys.exit('scipy.special' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0


def test_one_value_on_a_side_calls_nothing() -> None:
    found = ratio([10.0, 11.0, 12.0], [1.0])
    assert (found.value, found.low, found.verdict) == (11.0, None, Verdict.UNKNOWN)


def test_a_large_difference_of_few_steady_repeats_is_called() -> None:
    found = ratio([200.0, 205.0, 210.0], [100.0, 101.0, 103.0])
    assert found.value == pytest.approx(205 / 101)
    assert 1.9 < found.low < found.value < found.high < 2.15
    assert found.verdict is Verdict.DIFFERENT


def test_the_same_difference_of_unsteady_repeats_is_not() -> None:
    assert ratio([100.0, 205.0, 390.0], [50.0, 101.0, 210.0]).verdict is Verdict.UNDECIDED


def test_what_is_too_small_to_matter_is_not_called_however_steady() -> None:
    first = [101.00, 101.01, 101.02, 101.0, 101.01, 101.02]
    second = [100.00, 100.01, 100.02, 100.0, 100.01, 100.02]
    assert ratio(first, second).verdict is Verdict.ALIKE


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (Ratio(1.2, 1.1, 1.3), Verdict.DIFFERENT),
        (Ratio(0.8, 0.7, 0.9), Verdict.DIFFERENT),
        (Ratio(1.2, 0.9, 1.5), Verdict.UNDECIDED),
        (Ratio(1.02, 1.01, 1.06), Verdict.UNDECIDED),
        (Ratio(1.0, 0.98, 1.02), Verdict.ALIKE),
        (Ratio(5.0, None, None), Verdict.UNKNOWN),
    ],
)
def test_verdicts(found: Ratio, verdict: Verdict) -> None:
    assert found.verdict is verdict


def test_equal_values_have_an_interval_of_no_width() -> None:
    assert ratio([2.0, 2.0], [1.0, 1.0]) == (2.0, 2.0, 2.0)
    assert ratio([2.0] * 6, [1.0] * 6) == (2.0, 2.0, 2.0)


def test_the_same_values_give_the_same_interval() -> None:
    values = [1.0, 1.2, 0.9, 1.1, 1.3, 1.0], [2.0, 2.2, 1.9, 2.4, 2.1]
    assert ratio(*values) == ratio(*values)


def test_turned_round_the_ratio_is_turned_round() -> None:
    there, back = ratio([2.0, 2.2, 2.1], [1.0, 1.1, 1.2]), ratio([1.0, 1.1, 1.2], [2.0, 2.2, 2.1])
    assert math.isclose(there.low * back.high, 1)
    assert math.isclose(there.value * back.value, 1)


@pytest.mark.parametrize("repeats", [3, 4, 5, 8])
@pytest.mark.parametrize("noise", ["normal", "skewed"])
def test_an_interval_of_95_percent_holds_the_truth_as_often_as_it_says(repeats: int, noise: str) -> None:
    """With the seed fixed: 300 pairs of which the first is truly 1.5 times the second."""
    draw = np.random.default_rng(repeats)
    held = 0
    for _ in range(300):
        if noise == "normal":
            first, second = np.exp(draw.normal(0, 0.05, (2, repeats)))
        else:
            first, second = 1 + draw.gamma(1.2, 0.05, (2, repeats))
        found = ratio(list(1.5 * first), list(second))
        held += found.low <= 1.5 <= found.high
    assert held / 300 > 0.92
