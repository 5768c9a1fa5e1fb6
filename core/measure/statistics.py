"""Medians, spreads, and the one rule for when a difference is significant.

**Spread.** Of five values or more the middle half (the quartiles, type 7 of Hyndman & Fan, "Sample Quantiles in
Statistical Packages", 1996), of fewer all of them.

**Ratio.** Two measurements are compared by the ratio r = median(first) / median(second), with a 95% interval:

- Five values or more on each side: the percentile bootstrap. Both sides are resampled with replacement 2,000 times,
  and the interval runs from the 2.5th to the 97.5th percentile of the ratios of their medians (Efron & Tibshirani, "An
  Introduction to the Bootstrap", 1993, chapter 13; for ratios of times: Kalibera & Jones, "Rigorous Benchmarking in
  Reasonable Time", 2013).
- Fewer, but two: there the bootstrap promises too much (of three values its 95% interval holds the true ratio in 88 to
  91 of 100 cases). Instead Welch's t interval on the logarithms (Welch, 1947): with x, y the logarithms, s² their
  variances, n and m their numbers, it is exp(mean(x) - mean(y) ± t · sqrt(s²x/n + s²y/m)), t being Student's 97.5%
  quantile at Welch and Satterthwaite's degrees of freedom.
- One value on a side: no interval, so no difference is significant.

**The rule.** A difference is *significant* when the interval leaves 1 out *and* the ratio is at least 3% off 1, since
that is what the instrument itself is held to: a test of the ratio at the 5% level together with a smallest effect that
matters (Georges, Buytaert & Eeckhout, "Statistically Rigorous Java Performance Evaluation", 2007, compare by such
intervals). Two are *alike* when the whole interval lies within those 3% (Schuirmann's test of equivalence, 1987). All
else is *undecided*, and a value measured once is *unknown*: neither is a significant difference. Of twenty comparisons
of equals, about one falls outside of its 95% interval by chance.

Every page, every report and every command asks this rule and no other, by `Ratio.significant`, `Ratio.ahead` or
`ranking`, so that one record never gets two verdicts.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

QUARTILES_FROM = 5
BOOTSTRAP_FROM = 5
RESAMPLES = 2_000
RESOLUTION = 0.03
"""The smallest relative difference that counts as one."""


class Summary(NamedTuple):
    """Some values: how many, their median, the ends of their spread, the smallest and the largest."""

    repeats: int
    median: float
    low: float
    high: float
    smallest: float
    largest: float


class Verdict(StrEnum):
    """What the data say of two measurements; see the rule above."""

    DIFFERENT = "different"
    ALIKE = "alike"
    UNDECIDED = "undecided"
    UNKNOWN = "unknown"


class Ratio(NamedTuple):
    """`value` is the ratio of the medians, `low` to `high` its 95% interval, None where a side has one value only."""

    value: float
    low: float | None
    high: float | None

    @property
    def verdict(self) -> Verdict:
        if self.low is None or self.high is None:
            return Verdict.UNKNOWN
        if self.low >= 1 / (1 + RESOLUTION) and self.high <= 1 + RESOLUTION:
            return Verdict.ALIKE
        clear = not self.low <= 1 <= self.high
        large = not 1 / (1 + RESOLUTION) < self.value < 1 + RESOLUTION
        return Verdict.DIFFERENT if clear and large else Verdict.UNDECIDED

    @property
    def significant(self) -> bool:
        """Whether there is a significant difference: the rule of this module."""
        return self.verdict is Verdict.DIFFERENT

    @property
    def ahead(self) -> bool:
        """Whether the first is larger, significantly."""
        return self.significant and self.value > 1


def summarise(values: Sequence[float]) -> Summary:
    """One value or more."""
    smallest, largest = min(values), max(values)
    low, high = smallest, largest
    if len(values) >= QUARTILES_FROM:
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return Summary(len(values), statistics.median(values), low, high, smallest, largest)


def ratio(first: Sequence[float], second: Sequence[float], seed: int = 0) -> Ratio:
    """median(first) / median(second), of positive values, one or more a side. The same seed, the same interval."""
    value = statistics.median(first) / statistics.median(second)
    if min(len(first), len(second)) < 2:
        return Ratio(value, None, None)
    enough = min(len(first), len(second)) >= BOOTSTRAP_FROM
    low, high = _bootstrap(first, second, seed) if enough else _welch(first, second)
    return Ratio(value, min(low, value), max(high, value))


def advantage(first: Sequence[float], second: Sequence[float], *, more: bool) -> Ratio:
    """How many times as good the first values are: as much where `more` is better, as short where less is."""
    return ratio(first, second) if more else ratio(second, first)


def _bootstrap(first: Sequence[float], second: Sequence[float], seed: int) -> tuple[float, float]:
    draw = np.random.default_rng(seed)
    low, high = np.quantile(_medians(first, draw) / _medians(second, draw), [0.025, 0.975])
    return float(low), float(high)


def _medians(values: Sequence[float], draw: np.random.Generator) -> np.ndarray:
    """Medians of RESAMPLES draws with replacement, (RESAMPLES,) float64."""
    drawn = draw.integers(0, len(values), (RESAMPLES, len(values)))
    medians: np.ndarray = np.median(np.asarray(values, dtype=np.float64)[drawn], axis=1)
    return medians


def _welch(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    x, y = [math.log(value) for value in first], [math.log(value) for value in second]
    a, b = statistics.variance(x) / len(x), statistics.variance(y) / len(y)
    apart = statistics.fmean(x) - statistics.fmean(y)
    freedom = (a + b) ** 2 / (a**2 / (len(x) - 1) + b**2 / (len(y) - 1)) if a + b > 0 else math.inf
    reach = student(freedom) * math.sqrt(a + b)
    return math.exp(apart - reach), math.exp(apart + reach)


def student(freedom: float) -> float:
    """The 97.5% quantile of Student's t distribution at these degrees of freedom, 1 or more; infinitely many: 1.960."""
    from scipy.special import stdtrit  # only here: neither the app's start nor `inspect` waits for SciPy

    return float(stdtrit(freedom, 0.975)) if math.isfinite(freedom) else statistics.NormalDist().inv_cdf(0.975)
