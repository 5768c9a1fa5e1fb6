"""Runs side by side: what is compared with what, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.base.errors import InputError
from core.base.home import Home
from core.measure.compare import check_comparable, common_measures, compare, differences
from core.measure.records import RunRecord
from core.measure.series import FIRST_BATCH, SPEED, measures, series
from core.measure.statistics import Verdict
from tests.results_fixtures import ME, loader_record, repeats, times, write_record


def subjects(*runs: RunRecord, refusing: bool = True) -> list[str]:
    return [difference.subject for difference in differences(runs) if difference.refuses is refusing]


def test_a_runs_series_hold_its_raw_values(empty: Home) -> None:
    record = loader_record(empty)
    assert measures(record) == [SPEED, FIRST_BATCH]
    found = {dict(one.parts)["store"]: one.values for one in series(record, SPEED)}
    assert found["lmdb/raw"] == (200.0, 202.0, 205.0)
    assert list(found) == ["lmdb/raw", "hdf5/raw", "disk/png", "disk/jpeg"]


def test_two_runs_are_matched_by_store_and_their_ratio_is_called(empty: Home) -> None:
    runs = [loader_record(empty, 1), loader_record(empty, 2, factor=1.5)]
    assert differences(runs) == []
    found = compare(runs, SPEED)
    lines = {dict(line.parts)["store"]: line for line in found.lines}
    faster = found.times(lines["lmdb/raw"], 1)
    assert faster.value == pytest.approx(1.5)
    assert faster.verdict is Verdict.DIFFERENT
    assert found.times(lines["disk/png"], 1).verdict is Verdict.UNDECIDED
    assert dict(found.shared) == {
        "loader": "fast", "batch_size": "256", "workers_asked": "auto", "transform": "none", "device": "cpu",
        "output": "float32",
    }  # fmt: skip


def test_of_times_the_shorter_is_the_better(empty: Home) -> None:
    runs = [
        write_record(empty, "storage", [times("lmdb/raw", "write-many", 100, seconds)], number)
        for number, seconds in enumerate(([2.0, 2.1, 2.0], [1.0, 1.01, 1.0]), 1)
    ]
    [measure] = common_measures(runs)
    assert measure.title == "Write many: 100 images"
    found = compare(runs, measure)
    assert found.times(found.lines[0], 1).value == pytest.approx(2.0)


def test_what_varies_within_a_run_tells_its_lines_apart(empty: Home) -> None:
    both = repeats("lmdb/raw", [10.0], batch_size=64) + repeats("lmdb/raw", [20.0], batch_size=256)
    runs = [write_record(empty, "loader", both, 1), write_record(empty, "loader", both[1:], 2)]
    assert differences(runs) == []
    lines = compare(runs, SPEED).lines
    assert [(dict(line.parts)["batch_size"], line.values) for line in lines] == [
        ("64", ((10.0,), ())),
        ("256", ((20.0,), (20.0,))),
    ]


def test_a_configuration_that_was_refused_has_no_values(empty: Home) -> None:
    rows = repeats("lmdb/raw", [10.0]) + repeats("hdf5/raw", [20.0])
    refused = {"kind": "refused", "configuration": rows[0]["configuration"], "reason": "it cheats"}
    [left] = series(write_record(empty, "loader", [*rows, refused]), SPEED)
    assert dict(left.parts)["store"] == "hdf5/raw"


def test_older_runs_tell_their_configurations_once(empty: Home) -> None:
    bare = [{"kind": "turn", "store": "lmdb/raw", "format": "lmdb", "samples_per_s": 5.0}]
    run = write_record(empty, "race", bare, 1, loader="fast", batch_size=64, workers="auto")
    loader = write_record(empty, "loader", repeats("lmdb/raw", [6.0], batch_size=64), 2, workers=["auto"])
    found = compare([run, loader], SPEED)
    assert [line.values for line in found.lines] == [((5.0,), (6.0,))]
    assert check_comparable([run, loader]) == []


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ({"machine": {**ME, "processor": "Chip B"}}, "processor"),
        ({"machine": None}, "machine"),
        ({"fingerprints": {"shapes": "e" * 32}}, "content of the dataset"),
        ({"datasets": ["photos"]}, "dataset"),
        ({"cache": "cold"}, "cache"),
        ({"split": "val"}, "split"),
        ({"step_ms": 20.0}, "step ms"),
    ],
)
def test_what_makes_figures_incomparable_is_refused_unless_asked(
    empty: Home, change: dict[str, object], subject: str
) -> None:
    runs = [loader_record(empty, 1, step_ms=0.0), loader_record(empty, 2, **{"step_ms": 0.0, **change})]
    assert subject in subjects(*runs)
    with pytest.raises(InputError, match=subject):
        check_comparable(runs)
    assert subject in [difference.subject for difference in check_comparable(runs, anyway=True)]


def test_configurations_that_differ_between_runs_are_refused(empty: Home) -> None:
    runs = [write_record(empty, "loader", repeats("lmdb/raw", [10.0], batch_size=size), size) for size in (1, 2)]
    assert subjects(*runs) == ["batch size"]
    assert len(compare(runs, SPEED).lines) == 1, "asked for, they stand side by side"


@pytest.mark.parametrize(
    ("change", "subject"),
    [({"rounds": 5}, "rounds"), ({"seconds": 9.0}, "seconds"), ({"versions": {"numpy": "3.0"}}, "numpy")],
)
def test_what_is_only_worth_knowing_is_said(empty: Home, change: dict[str, object], subject: str) -> None:
    runs = [loader_record(empty, 1), loader_record(empty, 2, **change)]
    assert subjects(*runs) == []
    assert subjects(*runs, refusing=False) == [subject]
    check_comparable(runs)


def test_a_fingerprint_that_was_not_recorded_is_said(empty: Home) -> None:
    runs = [loader_record(empty, 1), loader_record(empty, 2, fingerprints=None)]
    assert (subjects(*runs), subjects(*runs, refusing=False)) == ([], ["content of the dataset"])


def test_the_third_run_is_held_against_the_first_as_well(empty: Home) -> None:
    runs = [loader_record(empty, 1), loader_record(empty, 2), loader_record(empty, 3, machine={**ME, "cpus_usable": 2})]
    [found] = differences(runs)
    assert (found.subject, found.values) == ("usable CPUs", ("8", "8", "2"))


def test_runs_of_different_kinds_have_nothing_in_common(empty: Home) -> None:
    storage = write_record(empty, "storage", [times("lmdb/raw", "read-one", 10, [1.0])], 2)
    with pytest.raises(InputError, match="no figure in common"):
        check_comparable([loader_record(empty, 1), storage], anyway=True)


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "repeat"},
        {"kind": "repeat", "store": 5, "samples_per_s": "fast"},
        {"kind": "repeat", "store": ["x"], "samples_per_s": float("nan")},
        {"kind": "repeat", "store": None, "samples_per_s": -1},
        {"kind": "repeat", "store": {}, "samples_per_s": True},
        {"kind": "repeat", "configuration": [], "samples_per_s": [1.0, None, "x"]},
        {"kind": "row", "format": 3, "seconds": [1]},
        {"kind": "time", "format": "a", "variant": "b", "operation": "c", "samples": [], "seconds": {}},
        {"kind": "refused", "configuration": {}},
    ],
)
@pytest.mark.parametrize("experiment", ["loader", "run", "storage", "train", "notebook", "unheard-of"])
def test_rows_of_any_shape_do_no_harm(empty: Home, row: dict[str, object], experiment: str) -> None:
    setup = {"experiment": experiment, "datasets": [], "started": "", "session": ""}
    record = loader_record(empty)
    record = replace(record, setup=setup, rows=[row, *record.rows])
    for measure in measures(record):
        found = compare([record, record], measure)
        assert all(value > 0 for line in found.lines for values in line.values for value in values)
    assert differences([record, record]) == []
