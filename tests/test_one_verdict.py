"""One rule for a significant difference: the same rows get the same verdict wherever they are shown."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from report_fixtures import RUN, WARM, built
from results_fixtures import repeats, times, write_record

from core.base.home import Home
from core.measure.bottleneck import bottlenecks
from core.measure.compare import compare
from core.measure.loader_runs import rank_configurations
from core.measure.series import measures
from core.measure.statistics import ratio
from core.measure.storage.ranking import rank_methods
from core.report import sentences
from core.report.evidence import Loading
from core.report.figures import figure
from core.report.ranking import Ranked
from core.report.reasons import fastest
from ui.benchmark.results.labels import controlled_sentences, one_run_sentence
from ui.benchmark.storage.labels import verdict
from ui.shared.loader_labels import outcome_text

EQUAL = ("no significant difference", "not significant", "no difference is significant")

ROWS = {
    "clearly apart": ([200.0, 201.0, 202.0], [100.0, 101.0, 102.0], True),
    "extremes overlap, yet significant": (
        [110.0, 111.0, 112.0, 112.5, 111.5, 104.0],
        [100.0, 101.0, 102.0, 101.5, 100.5, 105.0],
        True,
    ),
    "extremes apart, yet not significant": ([130.0, 103.0], [101.0, 99.0], False),
    "spreads apart, yet too close to matter": ([101.0, 101.1, 101.2], [100.0, 100.1, 100.2], False),
    "noise": ([90.0, 110.0, 100.0], [92.0, 108.0, 101.0], False),
    "measured once": ([900.0], [100.0], False),
    "one of them measured once": ([900.0, 901.0, 902.0], [100.0], False),
}  # fmt: skip


def claims_a_difference(text: str) -> bool:
    return not any(words in text for words in EQUAL)


@pytest.mark.parametrize(("first", "second", "significant"), ROWS.values(), ids=ROWS.keys())
def test_the_same_rows_get_the_same_verdict_everywhere(
    first: Sequence[float], second: Sequence[float], significant: bool, empty: Home
) -> None:
    assert ratio(first, second).significant is significant
    rows = [*repeats("lmdb/raw", first), *repeats("hdf5/raw", second)]
    results = rank_configurations(rows)
    said = {"loader page": outcome_text(results, {result.configuration: result.configuration for result in results})}

    loader = write_record(empty, "loader", rows, 1)
    comparison = compare([loader], measures(loader)[0])
    said["results page"] = one_run_sentence(comparison)
    for number, sentence in enumerate(controlled_sentences(comparison)):
        said[f"results page, comparison {number}"] = sentence

    storage = [times("lmdb/raw", "read-many", 10, [1 / one for one in first]),
               times("hdf5/raw", "read-many", 10, [1 / one for one in second])]  # fmt: skip
    [said["storage page"]] = verdict(rank_methods(storage, ["read-many"]))
    record = write_record(empty, "storage", storage, 2)
    said["results page, storage"] = one_run_sentence(compare([record], measures(record)[0]))

    ranked = [Ranked(built(store, 4_000), figure(values, RUN)) for store, values in (("lmdb/raw", first),
                                                                                  ("hdf5/raw", second))]  # fmt: skip
    said["report"] = sentences.speeds(ranked)
    loads = [
        Loading(one.store.name, WARM, one.rate, figure([1 / value for value in one.rate.values], RUN)) for one in ranked
    ]
    said["report, first batches"] = sentences.first_batches(loads)
    said["report, waiting"] = sentences.waits(
        [(one.store.name, one.rate.turned(lambda v: v / 1e3)) for one in ranked], "It"
    )
    assert {place: claims_a_difference(text) for place, text in said.items()} == dict.fromkeys(said, significant), said
    assert ("times as many" in fastest(ranked, ranked[0], "loaded", "").text) is significant


def test_a_gain_that_is_not_significant_is_no_advice_from_measurements() -> None:
    ceilings = {"read": 4e6, "decode": 1e5, "collate": 9e4}
    about = {"path": "/s", "cpus": 2, "workers": "2 threads", "ceilings": ceilings, "cache": "warm"}
    slow = repeats("lmdb/raw", [9e3, 9e4, 2e4], **about)
    fast = repeats("hdf5/raw", [5e4, 1e4, 8e4], **about)
    assert not any(found.measured for found in bottlenecks([*slow, *fast]))
