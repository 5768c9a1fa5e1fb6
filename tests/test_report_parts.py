"""Figures, the Pareto front, predictions and what the answers rule out, each by hand-made numbers."""

from __future__ import annotations

import dataclasses

import pytest
from report_fixtures import COLD, RUN, STORES, WARM, accessed, built, evidence, loaded, result, speeds, trained

from core.report import sentences
from core.report.answer import stores_to_predict
from core.report.charts import bars
from core.report.constraints import sift, would_fit
from core.report.document import Points, Text
from core.report.evidence import Evidence
from core.report.figures import differ, figure
from core.report.guide import recommend
from core.report.predict import build_at, predict
from core.report.questions import Answers
from core.report.ranking import Ranked, front, loading_configurations
from core.report.sections import measured

# ---------------------------------------------------------------- figures


def test_a_figure_measured_once_differs_from_none() -> None:
    assert not differ(figure([1.0], RUN), speeds(100.0))


def test_figures_differ_beyond_their_spread_only() -> None:
    assert differ(speeds(100.0), speeds(150.0))
    assert not differ(speeds(100.0, spread=0.5), speeds(120.0, spread=0.5))


def test_turning_a_figure_repeats_its_ends() -> None:
    rate = figure([1.0, 2.0, 4.0], RUN).turned(lambda seconds: 100 / seconds)
    assert (rate.low, rate.median, rate.high) == (25.0, 50.0, 100.0)


# ---------------------------------------------------------------- the front


def test_the_front_holds_what_no_other_beats() -> None:
    points = {
        "small": (1.0, 10.0),
        "fast": (9.0, 90.0),
        "between": (5.0, 50.0),
        "beaten": (6.0, 40.0),
        "big": (9.5, 90.0),
    }
    assert front(points) == ["small", "between", "fast"]


def test_equal_points_are_both_on_the_front() -> None:
    assert sorted(front({"one": (1.0, 1.0), "other": (1.0, 1.0)})) == ["one", "other"]


def test_the_configuration_that_compares_most_stores_comes_first() -> None:
    single = loaded("lmdb/raw", 1.0, configuration=WARM._replace(batch_size=64))
    cold = tuple(loaded(store.name, 5.0, configuration=COLD) for store in STORES)
    found = loading_configurations(evidence(loading=(single, *cold, *evidence().loading)))
    assert (found[0], found[1], found[2].batch_size) == (WARM, COLD, 64)


# ---------------------------------------------------------------- predictions


def test_everything_grows_in_proportion() -> None:
    told = predict(evidence(), STORES[1], 10_000, 16_000_000_000, speeds(1_000.0), None)
    assert told.bytes == (40_000_000, 40_000_000, 40_000_000), "raw pixels are the same for any image"
    assert told.build_s == pytest.approx((15.0, 20.0, 25.0))
    assert told.epoch_s is not None
    assert told.epoch_s.middle == pytest.approx(10.0)
    assert told.epoch_s.low < 10.0 < told.epoch_s.high
    assert (told.files, told.fits, told.epoch_from) == (2, True, "warm")


def test_what_a_build_takes_once_does_not_grow() -> None:
    store = dataclasses.replace(STORES[1], fixed_s=3.0)
    assert build_at(store, 10_000) == pytest.approx((18.0, 23.0, 28.0))
    assert build_at(store, 1_000_000).middle == pytest.approx(2_003.0), "not 5 s for 1,000 images, times 1,000"


def test_the_plain_files_are_always_predicted() -> None:
    many = tuple(built(f"lmdb/raw-size{size}", 1_000 + size) for size in range(8))
    told = evidence(stores=(*many, STORES[0]), loading=())
    answers = Answers(scarce="disk")
    names = stores_to_predict(told, answers, WARM, recommend(told, answers, WARM))
    assert names[:2] == ["lmdb/raw-size0", "disk/original"]


def test_sizes_of_files_are_as_uncertain_as_the_classes_are_apart() -> None:
    told = predict(evidence(), STORES[3], 1_000_000, None, None, None)
    payload = STORES[3].payload_bytes / STORES[3].samples
    assert told.bytes.middle == pytest.approx(940e6)
    assert told.bytes.low == pytest.approx(940e6 - 0.1 * payload * 1e6)
    assert told.bytes.high == pytest.approx(940e6 + 0.2 * payload * 1e6)
    assert (told.fits, told.memory_until, told.epoch_s) == (None, None, None)


def test_beyond_memory_only_what_was_measured_cold_counts() -> None:
    memory, warm, cold = 4_000_000, speeds(1_000.0), speeds(10.0)
    assert predict(evidence(), STORES[1], 1_000, memory, warm, cold).epoch_from == "warm"
    beyond = predict(evidence(), STORES[1], 1_001, memory, warm, cold)
    assert (beyond.memory_until, beyond.fits, beyond.epoch_from) == (1_000, False, "cold")
    unknown = predict(evidence(), STORES[1], 1_001, memory, warm, None)
    assert (unknown.epoch_s, unknown.epoch_from) == (None, "")


def test_files_grow_with_the_images_where_each_has_its_own() -> None:
    assert predict(evidence(), STORES[0], 5_000_000, None, None, None).files == 5_000_000


def test_what_a_format_cannot_hold_is_told() -> None:
    assert predict(evidence(), STORES[1], 10**8, None, None, None).trouble == ""
    assert "eight digits" in predict(evidence(), STORES[1], 10**8 + 1, None, None, None).trouble
    assert predict(evidence(), STORES[2], 10**8 + 1, None, None, None).trouble == ""


# ---------------------------------------------------------------- what is ruled out


def fitting(answers: Answers, *stores: object) -> list[str]:
    return [store.name for store in sift(stores or STORES, answers)[0]]  # type: ignore[arg-type]


def test_readers_rule_out_what_they_cannot_open() -> None:
    packed = built("disk/original-zstd", 900, files=1_002, encoding="original", compression="zstd")
    filtered = built("hdf5/raw-zstd", 900, options={"filter": "zstd"})
    assert fitting(Answers(readers="people"), *STORES, packed) == ["disk/original"]
    assert fitting(Answers(readers="viewers"), *STORES, filtered) == ["hdf5/raw"]
    assert "disk/original-zstd" not in fitting(Answers(readers="programs"), *STORES, packed)


def test_a_file_an_image_is_kept_where_nothing_else_suits() -> None:
    assert fitting(Answers(machines="copies")) == ["lmdb/raw", "hdf5/raw", "hdf5/original"]
    assert fitting(Answers(machines="copies", readers="people")) == ["disk/original"]


def test_a_network_drive_is_no_place_for_lmdb() -> None:
    _, ruled_out = sift(STORES, Answers(machines="shared"))
    assert {one.store: "LMDB's documentation" in one.reason for one in ruled_out}["lmdb/raw"]


# ---------------------------------------------------------------- sentences


@pytest.mark.parametrize(
    ("readers", "built"),
    [
        ("people", ("disk", "original")),
        ("viewers", ("hdf5", "raw")),
        ("programs", ("hdf5", "original")),
        ("training", ("hdf5", "original")),
    ],
)
def test_what_to_build_follows_from_what_formats_say_of_themselves(readers: str, built: tuple[str, str]) -> None:
    assert would_fit(Answers(readers=readers)) == built


def test_a_tie_is_said_to_be_one() -> None:
    close = [Ranked(STORES[1], speeds(100.0, 0.3)), Ranked(STORES[2], speeds(90.0, 0.3))]
    assert "no significant difference" in sentences.speeds(close)
    clear = [Ranked(STORES[1], speeds(300.0)), Ranked(STORES[2], speeds(90.0))]
    assert "3.33 times as many as hdf5/raw" in sentences.speeds(clear)


def test_sentences_hold_what_is_told_against_its_neighbours() -> None:
    told = sentences.sizes(STORES)
    assert "hdf5/original takes the least space, 940 kB" in told
    assert "disk/original 4.36 times as much (format differs)" in told
    assert "hdf5/raw 3.30 times as much (encoding differs)" in told
    assert "lmdb/raw" not in told.partition(".")[0], "two factors differ"
    ranked = [Ranked(STORES[1], speeds(300.0)), Ranked(STORES[2], speeds(90.0)), Ranked(STORES[0], speeds(3.0))]
    assert "100" not in sentences.speeds(ranked)


def test_times_of_builds_say_what_is_not_in_them() -> None:
    apart = dataclasses.replace(STORES[1], fixed_s=2.5)
    assert "excludes starting worker processes and training dictionaries (2.5 s)" in sentences.builds(
        [STORES[0], apart]
    )
    old = dataclasses.replace(STORES[2], fixed_s=None)
    assert "hdf5/raw was built by an earlier version" in sentences.builds([apart, old])
    assert "earlier version" not in sentences.builds([STORES[0], apart])


@pytest.mark.parametrize("names", [["disk/original"], ["lmdb/original-zstd-dict", "a"]])
def test_names_beside_bars_have_room_in_any_font(names: list[str]) -> None:
    rows = [{"store": name, "format": "disk", "value": 1, "low": 1, "high": 1, "figure": "1"} for name in names]
    axis = bars(rows, "MB").to_dict()["layer"][0]["encoding"]["y"]["axis"]
    assert axis["minExtent"] >= 7 * max(map(len, names))


def test_the_front_is_spoken_of_where_one_is_drawn() -> None:
    def caption(told: Evidence) -> str:
        [section] = [one for one in measured(told, WARM) if one.name == "trade-off"]
        return next(block.text for block in section.blocks if isinstance(block, Text))

    assert "the dashes join the Pareto front" in caption(evidence())
    alone = tuple(row for row in evidence().loading if row.store == "lmdb/raw")
    assert "dashes" not in caption(evidence(loading=alone))


def test_a_busy_machine_and_an_unsure_cache_are_told() -> None:
    rows = list(evidence().loading)
    assert "Background load" not in sentences.conditions(WARM, rows)
    rows[0] = dataclasses.replace(rows[0], background_load=0.42, confirmed=False)
    told = sentences.conditions(WARM, rows)
    assert "up to 42% of the processors" in told
    assert "confirmed to be warm for disk/original" in told


def test_the_fastest_method_is_one_only_where_it_differs() -> None:
    rows = [accessed("lmdb/raw", "read-many", 900), accessed("hdf5/raw", "read-many", 890)]
    assert "between lmdb/raw and hdf5/raw there is no significant difference" in sentences.fastest_method("read", rows)
    assert (
        sentences.fastest_method("read", [rows[0], accessed("hdf5/raw", "read-many", 90)])
        == "Read: lmdb/raw gives 900 images/s."
    )


def test_accuracy_is_said_to_be_the_same_only_where_losses_are() -> None:
    results = [result("lmdb/raw", 700), result("hdf5/raw", 700)]
    assert "does not change the result" in sentences.accuracy(trained(results))
    other = dataclasses.replace(results[1], accuracies=(0.1, 0.2, 0.3))
    told = sentences.accuracy(trained([results[0], other], identical=False))
    assert "does not change" not in told
    assert "between 30.00% and 50.00%" in told


def test_the_collapse_is_told_where_it_was_tried() -> None:
    assert sentences.collapse(trained([result("lmdb/raw", 700)])) == ""
    worse = dataclasses.replace(result("lmdb/raw", 700, order="class-sorted"), accuracies=(0.1, 0.1, 0.1))
    assert "sorted by class, the same images end at 10.00%" in sentences.collapse(
        trained([result("lmdb/raw", 7), worse])
    )


def test_the_collapse_is_told_from_whichever_run_tried_it() -> None:
    wide = trained([result("lmdb/raw", 700), result("hdf5/raw", 700), result("disk/original", 700)])
    worse = dataclasses.replace(result("lmdb/raw", 700, order="class-sorted"), accuracies=(0.1, 0.1, 0.1))
    orders = dataclasses.replace(
        trained([result("lmdb/raw", 700), worse]), run=dataclasses.replace(RUN, name="train-9")
    )
    [section] = [one for one in measured(evidence(trainings=(wide, orders)), WARM) if one.name == "training"]
    [told] = [block for block in section.blocks if isinstance(block, Points)]
    assert "sorted by class" in told.texts[0]
    assert "[train-9]" in told.texts[0]
