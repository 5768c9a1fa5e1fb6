"""The guide on constructed results with a known best: it follows the answers and the numbers, and never guesses."""

from __future__ import annotations

import dataclasses

import pytest
from report_fixtures import COLD, LOADS, STORES, accessed, built, evidence, loaded, result, trained

from core.base.errors import InputError
from core.report.evidence import PossibleGain
from core.report.guide import recommend
from core.report.questions import QUESTIONS, Answers


def chosen(answers: Answers, **more: object) -> str | None:
    return recommend(evidence(**more), answers).store


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("answers", "best"),
    [
        (Answers(scarce="time"), "lmdb/raw"),
        (Answers(scarce="disk"), "hdf5/original"),
        (Answers(scarce="memory", images=3_000_000), "lmdb/raw"),  # 12 GB in memory of 16 GB
        (Answers(scarce="memory", images=4_500_000), "hdf5/raw"),  # lmdb/raw would take 18 GB
        (Answers(scarce="memory", images=10_000_000), "hdf5/original"),
        (Answers(scarce="memory", images=100_000_000), "hdf5/original"),  # none fits: the smallest
        (Answers(scarce="nothing"), "hdf5/original"),  # nothing else is at most twice as large
        (Answers(scarce="time", readers="people"), "disk/original"),
        (Answers(scarce="time", readers="viewers"), "hdf5/raw"),
        (Answers(scarce="time", machines="shared"), "hdf5/raw"),
        (Answers(scarce="time", machines="copies"), "lmdb/raw"),
    ],
)
def test_the_recommendation_follows_the_answers(answers: Answers, best: str) -> None:
    assert chosen(answers) == best


def test_memory_is_this_machines_unless_another_is_named() -> None:
    answers = Answers(scarce="memory", images=4_500_000)
    assert chosen(dataclasses.replace(answers, memory_bytes=64_000_000_000)) == "lmdb/raw"
    assert chosen(answers, machine={}) is None


def test_each_way_of_reading_goes_by_its_own_measurements() -> None:
    rows = (
        accessed("hdf5/raw", "read-one-random", 900),
        accessed("lmdb/raw", "read-one-random", 300),
        accessed("lmdb/raw", "read-many", 9_000),
        accessed("hdf5/raw", "read-many", 4_000),
        accessed("hdf5/raw", "read-many", 90_000, samples=10),  # not at the largest number of images
    )
    assert chosen(Answers(scarce="time", access="single"), access=rows) == "hdf5/raw"
    assert chosen(Answers(scarce="time", access="in-order"), access=rows) == "lmdb/raw"


# ---------------------------------------------------------------- numbers


def test_the_recommendation_follows_the_numbers() -> None:
    loading = (*LOADS[1:], loaded("disk/original", 2_000_000))
    assert chosen(Answers(scarce="time"), loading=loading) == "disk/original"


def test_where_there_is_no_difference_in_speed_the_smaller_is_chosen() -> None:
    loading = (loaded("lmdb/raw", 840_000, spread=0.2), loaded("hdf5/raw", 780_000, spread=0.2))
    told = recommend(evidence(loading=loading), Answers(scarce="time"))
    assert told.store == "hdf5/raw"
    assert told.equal == ("lmdb/raw",)
    assert any("no significant difference" in reason.text and "3.10 kB" in reason.text for reason in told.reasons)
    clear = tuple(dataclasses.replace(row, speed=loaded("", row.speed.median, 0.001).speed) for row in loading)
    assert chosen(Answers(scarce="time"), loading=clear) == "lmdb/raw"


def test_the_fastest_is_held_against_stores_that_differ_in_one_factor() -> None:
    told = recommend(evidence(), Answers(scarce="time")).reasons[0].text
    assert "as many as hdf5/raw with 780,000 images/s" in told
    assert "(format differs)" in told
    assert "disk/original" not in told, "28 times as many, but two factors differ"


def test_what_a_dictionary_would_bring_is_considered_where_disk_is_scarce() -> None:
    gains = (PossibleGain("original", "zstd", 0.99), PossibleGain("original", "zstd-dict", 0.6))
    told = recommend(evidence(gains=gains), Answers(scarce="disk"))
    assert told.store == "hdf5/original"
    assert any(
        "zstd-dict would make it smaller: on a sample it reduced the payload by 40%" in one.text for one in told.reasons
    )
    assert any("--compression zstd-dict" in one.command for one in told.missing)
    built_now = built("hdf5/original-zstd-dict", 700, encoding="original", compression="zstd-dict")
    told = recommend(evidence(gains=gains, stores=(*STORES, built_now)), Answers(scarce="disk"))
    assert not any("would make it smaller" in one.text for one in told.reasons)
    told = recommend(evidence(gains=gains[:1]), Answers(scarce="disk"))
    assert not any("would make it smaller" in one.text for one in told.reasons), "1% is no gain"


def test_a_busy_machine_is_part_of_the_recommendation() -> None:
    busy = tuple(dataclasses.replace(row, background_load=0.5) for row in LOADS)
    assert "up to 50% of the processors" in recommend(evidence(loading=busy), Answers(scarce="time")).busy
    assert recommend(evidence(), Answers(scarce="time")).busy == ""
    rows = (accessed("hdf5/raw", "read-many", 9), accessed("lmdb/raw", "read-many", 90))
    quiet = recommend(evidence(loading=busy, access=rows), Answers(scarce="time", access="in-order"))
    assert quiet.busy == "", "loads of figures that this answer does not rest on"


def test_where_stores_are_as_small_the_faster_is_chosen() -> None:
    stores = (built("lmdb/raw", 1_000), built("hdf5/raw", 1_050), built("disk/raw", 2_500, files=1_002))
    assert chosen(Answers(scarce="disk"), stores=stores) == "lmdb/raw"
    loading = (loaded("lmdb/raw", 1_000), loaded("hdf5/raw", 2_000))
    assert chosen(Answers(scarce="disk"), stores=stores, loading=loading) == "hdf5/raw"


def test_training_that_hardly_waits_for_data_leaves_it_to_size() -> None:
    stores = (built("lmdb/raw", 1_800), built("hdf5/raw", 1_000))
    loading = (loaded("lmdb/raw", 9_000), loaded("hdf5/raw", 3_000))
    assert chosen(Answers(), stores=stores, loading=loading) == "lmdb/raw"
    bound = trained([result("lmdb/raw", 700, wait=0.01), result("hdf5/raw", 690, wait=0.03)])
    told = recommend(evidence(stores=stores, loading=loading, trainings=(bound,)), Answers())
    assert told.store == "hdf5/raw"
    assert "at most 3.0% of the time" in told.reasons[0].text
    waiting = trained([result("lmdb/raw", 900, wait=0.01), result("hdf5/raw", 500, wait=0.4)])
    assert chosen(Answers(), stores=stores, loading=loading, trainings=(waiting,)) == "lmdb/raw"


# ---------------------------------------------------------------- what cannot be said


def test_nothing_measured_is_nothing_recommended() -> None:
    told = recommend(evidence(loading=()), Answers(scarce="time"))
    assert told.store is None
    assert told.headline.startswith("Not measured")
    assert "experiment loader" in told.missing[0].command


def test_one_store_measured_is_no_comparison() -> None:
    told = recommend(evidence(loading=LOADS[:1]), Answers(scarce="time"))
    assert told.store is None
    assert "lmdb/raw" in told.headline


def test_what_was_not_measured_is_named_with_its_command() -> None:
    told = recommend(evidence(loading=LOADS[1:]), Answers(scarce="time"))
    told_of = {missing.what: missing.command for missing in told.missing}
    assert told.store == "lmdb/raw"
    assert any(what.startswith("loading from disk/original") for what in told_of)
    assert not any("not in memory" in what for what in told_of)
    assert any("train " in command for command in told_of.values())


def test_speed_in_memory_says_nothing_of_what_does_not_fit_in_it() -> None:
    told = recommend(evidence(), Answers(scarce="time", images=100_000_000))
    assert told.store is None
    assert "cold cache, as it will be at 100,000,000 images" in told.headline
    assert told.missing[0].command.endswith("--cache cold")
    cold = (loaded("hdf5/original", 40_000, configuration=COLD), loaded("lmdb/raw", 9_000, configuration=COLD))
    told = recommend(evidence(loading=(*LOADS, *cold)), Answers(scarce="time", images=100_000_000))
    assert told.store == "hdf5/original"
    assert "40,000 images/s" in told.reasons[0].text
    told = recommend(evidence(loading=(*LOADS, *cold)), Answers(scarce="memory", images=100_000_000))
    assert told.store == "hdf5/original"
    assert "no store fits" in told.reasons[0].text
    mixed = (*LOADS, loaded("hdf5/raw", 150_000, configuration=COLD))
    told = recommend(evidence(loading=mixed), Answers(scarce="time", images=6_000_000))
    assert told.store == "hdf5/original", "200,000 images/s from memory, against 150,000 from the disk"


def test_what_was_measured_cold_is_not_missing() -> None:
    cold = tuple(loaded(store.name, 5_000, configuration=COLD) for store in STORES)
    told = recommend(evidence(loading=(*LOADS, *cold)), Answers(images=100_000_000))
    assert not any("not in memory" in missing.what for missing in told.missing)


def test_without_stores_the_first_thing_is_to_build_one() -> None:
    told = recommend(evidence(stores=(), loading=()), Answers(readers="people"))
    assert told.store is None
    assert "build shapes --format disk --encoding original" in told.missing[0].command


def test_what_loses_detail_is_never_recommended() -> None:
    lossy = dataclasses.replace(STORES[3], lossless=False)
    told = recommend(evidence(stores=(*STORES[:3], lossy)), Answers(scarce="disk"))
    assert told.store == "hdf5/raw"
    assert [one.store for one in told.ruled_out] == ["hdf5/original"]
    told = recommend(evidence(stores=(*STORES[:3], lossy)), Answers(scarce="disk", loss="yes"))
    assert (told.store, told.ruled_out) == ("hdf5/original", ())


def test_every_reason_has_a_number_in_it_and_speeds_name_their_run() -> None:
    for scarce in QUESTIONS[0].choices:
        for machines in QUESTIONS[2].choices:
            told = recommend(evidence(), Answers(scarce=scarce, machines=machines))
            assert told.store, scarce
            for reason in (*told.reasons, *told.price):
                assert any(letter.isdigit() for letter in reason.text), reason.text
                assert "images/s" not in reason.text or reason.runs == ("loader-1",), reason.text


def test_what_a_choice_costs_is_told_beside_it() -> None:
    texts = [reason.text for reason in recommend(evidence(), Answers(scarce="time")).price]
    assert any("4.26 times the disk space of the smallest, hdf5/original" in text for text in texts)
    texts = [reason.text for reason in recommend(evidence(), Answers(scarce="disk")).price]
    assert any("24% of the speed of the fastest, lmdb/raw" in text for text in texts)


# ---------------------------------------------------------------- questions


@pytest.mark.parametrize("given", [{"scarce": "money"}, {"colour": "red"}])
def test_answers_that_there_are_not(given: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"the questions are|choose one of"):
        Answers.of(given)


@pytest.mark.parametrize("images", [0, -5, 10**13])
def test_a_number_of_images_that_cannot_be(images: int) -> None:
    with pytest.raises(InputError, match="images"):
        Answers.of({}, images=images)
