"""Races of stores, and the demo that ends with one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.building import Build
from core.errors import InputError
from core.events import Sample, finish
from core.home import Home
from core.jobs.demo import Demo
from core.measure.race import Race
from core.measure.races import list_races, read_race, standings
from core.stores import list_stores

QUICK = {"batch_size": 8, "workers": "0", "loader": "torch", "seconds": 0.05}


@pytest.fixture
def stores(home: Home) -> list[str]:
    for format in ("disk", "lmdb", "hdf5"):
        finish(Build("shapes", format, "raw").run())
    return [str(store.path) for store in list_stores(home)]


def test_rounds_are_interleaved_and_every_turn_is_kept(stores: list[str], home: Home) -> None:
    events = list(Race(stores, rounds=2, **QUICK).run())
    turns = [event.values for event in events if isinstance(event, Sample) and event.series == "turn"]
    assert [(turn["round"], turn["format"]) for turn in turns] == [
        (1, "disk"),
        (1, "hdf5"),
        (1, "lmdb"),
        (2, "hdf5"),
        (2, "lmdb"),
        (2, "disk"),
    ], "each round begins with another store"
    [record] = list_races(home, "shapes")
    assert record.complete
    assert [turn["samples_per_s"] for turn in record.turns] == [turn["samples_per_s"] for turn in turns]
    assert record.machine["cpus"] >= 1
    assert {row.store for row in standings(record.turns)} == {"disk/raw", "hdf5/raw", "lmdb/raw"}


def test_live_figures_name_their_store(stores: list[str]) -> None:
    live = [event.values for event in Race(stores[:1], rounds=1, **QUICK).run() if isinstance(event, Sample)]
    assert {values["store"] for values in live} == {"disk/raw"}
    assert all(values["samples_per_s"] >= 0 for values in live)


def test_an_interrupted_race_keeps_the_turns_it_had(stores: list[str], home: Home) -> None:
    race = Race(stores, rounds=1, **QUICK).run()
    for event in race:
        if isinstance(event, Sample) and event.series == "turn":
            break
    race.close()
    [record] = list_races(home)
    assert (len(record.turns), record.complete) == (1, False)


def test_half_a_line_at_the_end_is_left_out(stores: list[str], home: Home) -> None:
    file = Path(finish(Race(stores, rounds=1, **QUICK).run())["file"])
    file.write_text(file.read_text()[:-20])
    record = read_race(file)
    assert record is not None
    assert len(record.turns) == 2


def test_files_that_are_no_race_are_passed_over(home: Home) -> None:
    folder = home.runs / "session"
    folder.mkdir(parents=True)
    (folder / "race-1.jsonl").write_text("")
    (folder / "race-2.jsonl").write_text('{"kind": "turn"}\n')
    (folder / "race-3.jsonl").write_text("not json\n")
    assert list_races(home) == []


def test_standings_are_medians_with_their_spread() -> None:
    turns = [{"store": "a/raw", "format": "a", "samples_per_s": speed} for speed in (10, 30, 20)]
    turns += [{"store": "b/raw", "format": "b", "samples_per_s": 25}]
    first, second = standings(turns)
    assert (first.store, first.median, first.turns) == ("b/raw", 25, 1)
    assert (second.slowest, second.median, second.fastest) == (10, 20, 30)


@pytest.mark.parametrize(("stores_", "rounds"), [([], 1), (["x"], 0)])
def test_a_race_of_nothing_is_refused(stores_: list[str], rounds: int) -> None:
    with pytest.raises(InputError, match="one store or more"):
        list(Race(stores_, rounds=rounds).run())


def test_trouble_in_a_turn_names_the_store(stores: list[str]) -> None:
    with pytest.raises(InputError, match=r"disk/raw: .*cuda"):
        list(Race(stores, device="cuda:99", rounds=1, seconds=0.05).run())


def test_the_demo_uses_what_is_there_and_can_be_run_again(home: Home) -> None:
    first = finish(Demo(seconds=0.05, rounds=1).run())
    assert {store.name for store in list_stores(home)} == {"disk/original", "lmdb/raw", "hdf5/raw"}
    assert len(first["turns"]) == 3
    built = [store.manifest.built for store in list_stores(home)]
    steps = [
        (event.values["number"], event.values["state"])
        for event in Demo(seconds=0.05, rounds=1).run()
        if isinstance(event, Sample) and event.series == "step"
    ]
    there = "there already"
    assert steps == [(1, there), (2, there), (3, there), (4, there), (5, "running"), (5, "done")]
    assert [store.manifest.built for store in list_stores(home)] == built


def test_every_line_of_a_race_is_json(stores: list[str]) -> None:
    file = Path(finish(Race(stores[:1], rounds=2, **QUICK).run())["file"])
    kinds = [json.loads(line)["kind"] for line in file.read_text().splitlines()]
    assert kinds == ["setup", "turn", "turn"]
