"""The loader experiment with rivals: everybody by the same protocol, and what fails keeps its row with the reason."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import psutil
import pytest

from core.base.errors import InputError
from core.base.events import Event, Message, Progress, Sample, finish
from core.base.home import Home
from core.base.steps import outcome
from core.building import Build
from core.cli.runs import RUNS
from core.importing.task import Import
from core.measure import ceilings
from core.measure.configurations import combine
from core.measure.exchange import bundle
from core.measure.loader_columns import column_winners
from core.measure.loader_runs import rank_configurations, read_loader_run
from core.measure.loaders import LoaderExperiment
from core.measure.records import read_record
from core.measure.rival_entry import RivalEntry
from core.measure.runs import find_run, take_in
from core.measure.series import measures, series
from core.rivals import RIVALS
from core.rivals.containers import Prepared, prepared_container
from core.rivals.inside.work import RivalWork
from core.rivals.search import search_workers, worker_counts
from core.stores.store import Manifest
from tests import toy_rival
from tests.process_commands import command_of

MODULE = "tests.toy_rival"
FAILING = {
    "toy-fails-prepare": ("prepare", "no space for toys"),
    "toy-dies": ("validate", "SIGSEGV"),
    "toy-fails-epoch": ("validate", "out of toys"),
    "toy-hangs": ("validate", "did not answer"),
    "toy-eats-memory": ("validate", "GB of memory"),
}
CEILINGS = {"read": 4e6, "decode": 2e6, "collate": 1e6}
LOADS = [0.5, 0.5, 0.02, 0.6, 0.7]
"""What other programs take of the processors during each repeat: the first two are measured again."""


def no_ceilings(*_: Any, **__: Any) -> Generator[Event, None, dict[str, float]]:
    yield Progress("compiling", 1, 1)
    return CEILINGS


def one_container(name: str, *arguments: Any) -> Prepared:
    """Toys read the samples themselves; who is to fail while preparing does so."""
    return prepared_container(name if name == "toy-fails-prepare" else "toy-honest", *arguments)


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("rivals"))
    finish(Import("shapes", "shapes", limit=60, home=str(home.root)).run())
    for format, encoding, compression in (
        ("lmdb", "raw", "zstd"),
        ("npy", "raw", "none"),
        ("lmdb", "original", "none"),
    ):
        finish(Build("shapes", format, encoding, compression, home=str(home.root)).run())
    return home


@pytest.fixture(scope="module")
def patched() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        loads = iter(LOADS)
        patch.setenv("FORMAT_MATTERS_PLUGINS", MODULE)
        patch.setattr("core.measure.rival_course.ceilings_of", no_ceilings)
        patch.setattr("core.measure.rival_entry.prepared_container", one_container)
        patch.setattr("core.measure.monitor.Monitor.background_load", lambda *_: next(loads, 0.0))
        assert "toy-honest" in RIVALS
        yield


def experiment(home: Home, *loaders: str, **options: Any) -> LoaderExperiment:
    stores = [str(home.built / "shapes" / "npy" / "raw"), str(home.built / "shapes" / "lmdb" / "raw-zstd")]
    quick = {"seconds": 0.01, "rounds": 2, "batch_sizes": [16], "workers": ["0"], "patience": 4.0, "memory_gb": 0.3}
    return LoaderExperiment(stores, loaders=list(loaders), home=str(home.root), **{**quick, **options})


def ours() -> set[int]:
    return {one.pid for one in psutil.Process().children(recursive=True) if "rivals.inside" in command_of(one)}


@pytest.fixture(scope="module")
def told(shapes: Home, patched: None) -> SimpleNamespace:
    """An experiment of an honest rival whose workers are searched for, and of some that fail."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.rivals.search.TRIED_S", 0.01)
        patch.setattr("core.measure.rival_entry.usable_cpus", lambda: 2)
        events = list(experiment(shapes, "toy-honest", *FAILING, workers=["auto"]).run())
    return SimpleNamespace(events=events, result=events[-1].data, path=Path(events[-1].data["file"]))


def test_a_rival_is_compared_once_for_all_stores_of_the_same_payloads(told: SimpleNamespace) -> None:
    [row] = told.result["results"]
    assert (row["store"], row["loader"], row["rival"]) == ("toys/raw", "toy-honest", True)
    assert row["samples_per_s"] > 0
    assert 0 < row["cpu_s_per_sample"] < 1
    assert row["peak_memory_bytes"] > 1e6
    assert row["unique"] == 50
    assert row["bytes_on_disk"] > 50 * 64
    assert row["prepare_s"] > 0
    assert row["of_ceiling"] == pytest.approx(row["samples_per_s"] / 1e6, rel=0.5)


def test_workers_are_searched_once_and_pinned(told: SimpleNamespace) -> None:
    rows = told.result["turns"]
    assert {tuple(one["workers"] for one in row["workers_tried"]) for row in rows} == {(0, 1, 2)}
    tried = {one["workers"]: one["samples_per_s"] for one in rows[0]["workers_tried"]}
    best = max(tried, key=lambda count: tried[count])
    assert {row["workers"] for row in rows} == {["inline", "1 process", "2 processes"][best]}


def test_whoever_fails_keeps_its_row_with_the_reason(told: SimpleNamespace) -> None:
    refused = {row["loader"]: (row["step_failed"], row["reason"]) for row in told.result["refused"]}
    assert refused.keys() == FAILING.keys()
    for name, (step, words) in FAILING.items():
        assert refused[name][0] in (step, "search"), name
        assert words in refused[name][1]
    assert not ours(), "nothing is left running"


def test_repeats_beside_other_work_are_measured_again(told: SimpleNamespace) -> None:
    rows = [json.loads(line) for line in told.path.read_text().splitlines()][1:]
    repeats = [row for row in rows if row["kind"] == "repeat"]
    assert [(row["round"], row.get("again", False)) for row in repeats] == [
        (1, False), (2, False), (1, True), (2, True), (2, True),
    ]  # fmt: skip
    run = read_loader_run(told.path)
    assert run is not None
    assert {row["round"]: (row["background_load"], row.get("disturbed", False)) for row in run.repeats} == {
        1: (0.02, False), 2: (0.5, True),
    }  # fmt: skip
    assert any(isinstance(event, Message) and "are marked" in event.text for event in told.events)
    record = read_record(told.path)
    assert record is not None
    assert record.lost == 0
    assert {"samples_per_s", "cpu_s_per_sample", "peak_memory_bytes"} <= {one.name for one in measures(record)}
    assert [len(one.values) for one in series(record, measures(record)[0])] == [2]


def test_progress_ends_at_all_of_it(told: SimpleNamespace) -> None:
    progress = [event for event in told.events if isinstance(event, Progress) and event.unit == "steps"]
    done = [event.done for event in progress]
    assert done == sorted(done)
    assert progress[-1].done == progress[-1].total == 6 * 6
    assert {event.stage for event in progress} >= {"preparing", "searching for workers", "validating", "measuring"}
    live = [event.values for event in told.events if isinstance(event, Sample) and event.series == "repeat"]
    assert {values["store"] for values in live} == {"toys/raw"}


def test_a_run_with_rivals_travels(told: SimpleNamespace, shapes: Home, tmp_path: Path) -> None:
    other = Home(tmp_path)
    kept = take_in(other, bundle(find_run(shapes, told.path.stem)), "run.zip")
    run = read_loader_run(kept.path)
    assert run is not None
    [row] = rank_configurations(run.repeats)
    assert row.factors["rival"] == "toy-honest"
    given = SimpleNamespace(home=str(other.root), action="compare", run=[kept.name], measure="cpu_s_per_sample",
                            anyway=False)  # fmt: skip
    assert [line["store"] for line in finish(RUNS.answer(given))["rows"]] == ["toys/raw"]


@pytest.mark.usefixtures("patched")
def test_a_cold_repeat_is_one_epoch_of_a_fresh_process(shapes: Home) -> None:
    result = finish(experiment(shapes, "toy-honest", cache="cold", rounds=1).run())
    [row] = result["turns"]
    assert row["samples"] == 50
    assert row["cache"] in ("cold", "uncontrolled")
    assert row["first_batch_s"] > 0


@pytest.mark.usefixtures("patched")
def test_closing_it_leaves_nothing_running(shapes: Home) -> None:
    run = experiment(shapes, "toy-honest", seconds=30.0).run()
    for event in run:
        if isinstance(event, Sample) and event.series == "throughput":
            break
    assert ours()
    run.close()
    assert not ours()


@pytest.mark.usefixtures("patched")
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"order": "blocks"}, "full shuffles"),
        ({"step_ms": 5.0}, "full shuffles"),
        ({"loaders": ["fast", "nobody"]}, "unknown loader 'nobody'; there are: fast, torch"),
        ({"workers": ["threads:2"]}, "workers of toy-honest are processes"),
        ({"transforms": ["eval224"]}, "toy-honest has no transform eval224"),
        ({"outputs": ["uint8"]}, "toy-honest has no output uint8"),
    ],
)
def test_what_rivals_cannot_do_is_said_before(options: dict[str, Any], text: str, shapes: Home) -> None:
    loaders = options.pop("loaders", ["toy-honest"])
    with pytest.raises(InputError, match=text):
        next(experiment(shapes, *loaders, **options).run())


@pytest.mark.usefixtures("patched")
def test_what_a_rival_does_not_load_is_left_out(shapes: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RIVALS._registered, "toy-files", toy_rival.registration("honest", encodings=("jpeg", "png")))
    paths = [str(shapes.built / "shapes" / name) for name in ("npy/raw", "lmdb/raw-zstd", "lmdb/original")]
    options = {"loader": ["naive", "toy-files"], "batch_size": [8], "workers": ["0"], "transform": ["none"],
               "device": ["cpu"], "output": ["float32"]}  # fmt: skip
    found, left_out = combine({path: Manifest.load(Path(path)) for path in paths}, options)
    assert [(one.store, one.loader, one.rival) for one in found] == [
        ("npy/raw", "naive", False), ("lmdb/raw-zstd", "naive", False), ("lmdb/original", "naive", False),
        ("toys/original", "toy-files", True),
    ]  # fmt: skip
    assert left_out == ["toy-files does not load raw pixels, so it was left out with raw."]


def test_processor_time_is_judged_where_there_is_enough_of_it() -> None:
    judged: list[float] = []
    entry = RivalEntry.__new__(RivalEntry)
    entry.known = SimpleNamespace(least_cpu_s=1e-5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RivalEntry, "_checks", SimpleNamespace(processor_time=judged.append))
        entry.check_processor_time({"samples": 20_000, "cpu_s_per_sample": 1e-6})
        entry.check_processor_time({"samples": 40_000, "cpu_s_per_sample": 2e-6})
    assert judged == [2e-6]


def test_every_number_of_workers_is_tried_up_to_four_then_fewer() -> None:
    one, threads = toy_rival.registration("honest"), toy_rival.registration("honest", inline=False, threads=True)
    assert worker_counts(one, 1) == [0, 1]
    assert worker_counts(threads, 2) == [1, 2]
    assert worker_counts(one, 16) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16]


def test_what_is_compiled_before_the_first_batch_says_nothing_of_workers() -> None:
    def epochs(seconds: float, images: int) -> Iterator[Any]:
        count, first = process.open.call_args.args[1].workers, seconds == 0.0
        took = (9.0 if count == 2 else 1.0) if first else 1.0 / count
        return _ended(SimpleNamespace(epochs=[(100, took)], seconds=took, first_batch_s=took - 0.5 if first else 0.0))

    process = Mock(epochs=epochs)
    steps = search_workers(process, Path(), RivalWork(), [1, 2])
    assert outcome(steps).workers == 2


def _ended(value: Any) -> Iterator[Any]:
    yield from ()
    return value


def test_each_column_has_its_winner_by_the_rule_of_significance() -> None:
    def rows(name: str, rates: list[float], **more: Any) -> list[dict[str, Any]]:
        about = {"configuration": name, "store": f"{name}/raw", "format": name, "variant": "raw", "batch_size": 8}
        return [{**about, "samples_per_s": rate, **more} for rate in rates]

    repeats = [
        *rows("a", [100.0, 101, 102], bytes_on_disk=10, prepare_s=2.0),
        *rows("b", [100.5, 101.5, 99], bytes_on_disk=10, prepare_s=1.0),
        *rows("c", [10.0, 11, 12], bytes_on_disk=9),
    ]
    found = {row["column"]: (row["winner"], row["tied"]) for row in column_winners(repeats)}
    assert found == {"samples_per_s": ("a", ["b"]), "bytes_on_disk": ("c", []), "prepare_s": ("b", [])}


def test_stage_limits_are_measured_by_ours(shapes: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.loading.stage_limits.MOMENT", 0.002)
    told = list(ceilings._measured(str(shapes.built / "shapes/npy/raw"), {"batch_size": 16, "home": str(shapes.root)}))
    assert {"read", "collate", "memory"} <= told[-1].keys()
    assert ceilings.share_of_ceiling(50.0, {"read": 400.0, "collate": 200.0, "copy": 100.0}) == 0.5
    assert ceilings.share_of_ceiling(50.0, {}) is None
