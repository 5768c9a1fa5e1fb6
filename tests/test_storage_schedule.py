"""How repeats are shared out, and what rankings claim."""

from __future__ import annotations

import pytest

from core.measure.storage.ranking import comparisons, rank_methods
from core.measure.storage.schedule import MOST, Cost, Costs, Repeats, allot, forecast, share_of
from ui.benchmark.storage.labels import cell_text, cell_title, time_text, verdict

CHEAP, MIDDLE, DEAR = "cheap", "middle", "dear"
COSTS = {CHEAP: Cost(0.01, 0.01), MIDDLE: Cost(5, 1), DEAR: Cost(60, 10)}


def test_with_time_enough_everything_is_repeated_and_the_cheap_more_often() -> None:
    allotted = allot(COSTS, 10_000, None)
    assert allotted[DEAR] == Repeats(3, 3)
    assert allotted[MIDDLE] == Repeats(3, 3)
    assert allotted[CHEAP] == Repeats(MOST, MOST)


def test_with_less_every_workload_has_its_first_before_any_has_its_second() -> None:
    allotted = allot(COSTS, 80, None)
    assert allotted[DEAR].writes == 1
    assert allotted[MIDDLE].writes >= 1
    assert allot(COSTS, 75, None)[DEAR] == Repeats(0, 0), "what does not fit at all is left out"


def test_where_another_write_does_not_fit_a_read_may() -> None:
    costs = {"slow to write": Cost(60, 1)}
    [given] = allot(costs, 64, 3).values()
    assert given == Repeats(1, 3)
    assert [given.reads_of(number) for number in range(given.writes)] == [3]


def test_reads_are_spread_over_the_writes() -> None:
    given = Repeats(2, 5)
    assert [given.reads_of(number) for number in range(2)] == [3, 2]


def test_exactly_as_often_as_asked() -> None:
    assert {given.writes for given in allot(COSTS, 10_000, 7).values()} == {7}


def test_the_time_is_never_exceeded() -> None:
    for seconds in (0, 0.02, 1, 20, 100, 500):
        allotted = allot(COSTS, seconds, None)
        spent = sum(given.writes * COSTS[t].write_s + given.reads * COSTS[t].read_s for t, given in allotted.items())
        assert spent <= seconds + 1e-9


def test_large_cutoffs_have_the_larger_share_and_the_last_one_all() -> None:
    cutoffs = [1, 10, 100, 1_000]
    shares = [share_of(cutoffs, number) for number in range(4)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_costs_grow_at_most_in_proportion() -> None:
    costs = Costs()
    costs.add(CHEAP, 10, Cost(1, 2), 4096)
    costs.add(CHEAP, 100, Cost(2, 3), 8192)
    assert costs.cost(CHEAP, 1_000) == Cost(20, 30)
    assert costs.bytes(CHEAP, 1_000) == 81_920
    assert costs.cost(CHEAP, 5) == Cost(1, 2)


def test_a_forecast_names_what_it_leaves_out() -> None:
    costs = Costs()
    costs.add(CHEAP, 10, Cost(0.001, 0.001), 1_000)
    costs.add(DEAR, 10, Cost(1, 1), 2_000)
    told = forecast(costs, [10, 1_000], 60, 1)
    assert told.left_out == [(DEAR, 1_000)]
    assert told.bytes == 100_000
    assert told.seconds == pytest.approx(0.002 + 2 + 0.2)


# ---------------------------------------------------------------- rankings


def row(variant: str, seconds: list[float], samples: int = 10, operation: str = "read-many") -> dict[str, object]:
    return {"format": "lmdb", "variant": variant, "operation": operation, "samples": samples, "seconds": seconds}


def test_the_fastest_median_is_first_and_clear_differences_are_called() -> None:
    rows = [row("b", [2.0, 2.1, 2.05, 2.0, 2.1]), row("a", [1.0, 1.1, 1.05, 1.0, 1.1])]
    [ranking] = rank_methods(rows, ["read-many"])
    assert [place.variant for place in ranking.places] == ["a", "b"]
    assert ranking.tied == []
    assert ranking.factor(ranking.places[1]) == pytest.approx(2.05 / 1.05)


def test_overlapping_spreads_are_no_difference() -> None:
    rows = [row("a", [1.0, 1.5, 2.0, 1.2, 1.8]), row("b", [1.1, 1.6, 2.1, 1.3, 1.9])]
    [ranking] = rank_methods(rows, ["read-many"])
    assert [place.variant for place in ranking.tied] == ["b"]
    assert (cell_title(ranking), cell_text(ranking)) == ("lmdb/a", "= lmdb/b")
    assert "no significant difference between lmdb/a and lmdb/b" in verdict([ranking])[0]


@pytest.mark.parametrize("other", [1.2, 300.0])
def test_what_was_measured_once_is_never_ranked(other: float) -> None:
    [ranking] = rank_methods([row("a", [1.0]), row("b", [other])], ["read-many"])
    assert (ranking.tied, ranking.runner_up, [method.variant for method in ranking.once]) == ([], None, ["b"])
    assert "measured only once, so no difference is significant: lmdb/a (1.00 s) and lmdb/b" in verdict([ranking])[0]
    assert cell_text(ranking) == "measured once"


def test_the_verdict_tells_numbers_and_where_another_was_ahead() -> None:
    small = [row("a", [0.2, 0.21, 0.2]), row("b", [0.1, 0.101, 0.1])]
    large = [row("a", [1.0, 1.01, 1.0], 1_000), row("b", [4.0, 4.01, 4.0], 1_000)]
    [sentence] = verdict(rank_methods([*small, *large], ["read-many"]))
    assert sentence == (
        "**Read many**, 1,000 images: **lmdb/a** took 1.00 s; lmdb/b 4.00 times as long. "
        "Ahead at fewer images: lmdb/b at 10."
    )


def test_the_verdict_holds_the_best_against_the_runner_up_and_plain_files() -> None:
    """Not against the slowest of all, however impressive."""
    seconds = {"lmdb": 1.0, "hdf5": 2.0, "disk": 8.0, "slow": 90.0}
    rows = [{**row("raw", [took, took * 1.001, took * 0.999]), "format": name} for name, took in seconds.items()]
    [sentence] = verdict(rank_methods(rows, ["read-many"]))
    assert "hdf5/raw 2.00 times as long and disk/raw 8.00 times as long." in sentence
    assert "90" not in sentence


def test_only_methods_that_differ_in_one_factor_are_compared() -> None:
    methods = ["disk/original", "disk/raw", "lmdb/raw", "disk/tutorial", "lmdb/tutorial"]
    rows = [{"format": method.split("/")[0], "variant": method.split("/")[1]} for method in methods]
    found = {(group.factor, tuple(map("/".join, group.members))) for group in comparisons(rows)}
    assert found == {
        ("format", ("disk/raw", "lmdb/raw")),
        ("encoding", ("disk/original", "disk/raw")),
        ("code", ("lmdb/raw", "lmdb/tutorial")),
    }, "PNG files of the tutorial against raw pixels would be two factors at once"


def test_the_verdict_names_who_was_left_out_at_the_end() -> None:
    small = [row(name, [seconds] * 3) for name, seconds in (("a", 0.2), ("b", 0.1), ("c", 0.3))]
    large = [row("a", [1.0] * 3, 1_000), row("b", [4.0] * 3, 1_000)]
    [sentence] = verdict(rank_methods([*small, *large], ["read-many"]))
    assert sentence.endswith("Left out there: lmdb/c.")


def test_rankings_follow_the_operations_and_the_numbers() -> None:
    rows = [row("a", [1.0], 100), row("a", [1.0], 10), row("a", [1.0], 10, "write-many"), row("a", [], 5)]
    found = rank_methods(rows, ["write-many", "read-many"])
    assert [(one.operation, one.samples) for one in found] == [
        ("write-many", 10),
        ("read-many", 10),
        ("read-many", 100),
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1.23e-5, "12.3 µs"),
        (0.00345, "3.45 ms"),
        (0.9999, "1.00 s"),
        (76.4, "76.4 s"),
        (1234.5, "1,234 s"),
        (0.1, "100 ms"),
    ],
)
def test_seconds_have_three_digits(seconds: float, text: str) -> None:
    assert time_text(seconds) == text
