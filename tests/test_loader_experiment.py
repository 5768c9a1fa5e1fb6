"""Loader experiments, their records and ranking, and the demo that ends with one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.__main__ import main
from core.base.errors import InputError, WorkError
from core.base.events import Message, Result, Sample, finish
from core.base.home import Home
from core.building import Build
from core.datasets.dataset import Dataset
from core.jobs.demo import Demo
from core.jobs.demo_plan import variants
from core.loading.cache import prepare_cache
from core.loading.loader import Loader, make_loader
from core.loading.transfer import Batch
from core.loading.workers import Workers
from core.measure.controlled import groups, store_factors
from core.measure.loader_runs import list_loader_runs, rank_configurations, read_loader_run
from core.measure.loaders import LoaderExperiment
from core.stores.store import Manifest, list_stores

QUICK = {"batch_sizes": [8], "workers": ["0"], "loaders": ["torch"], "seconds": 0.05}


@pytest.fixture
def stores(home: Home) -> list[str]:
    for format in ("disk", "lmdb", "hdf5"):
        finish(Build("shapes", format, "raw").run())
    return [str(store.path) for store in list_stores(home)]


def test_rounds_are_interleaved_and_every_repeat_is_kept(stores: list[str], home: Home) -> None:
    events = list(LoaderExperiment(stores, rounds=2, **QUICK).run())
    repeats = [event.values for event in events if isinstance(event, Sample) and event.series == "repeat"]
    assert [(repeat["round"], repeat["format"]) for repeat in repeats] == [
        (1, "disk"),
        (1, "hdf5"),
        (1, "lmdb"),
        (2, "hdf5"),
        (2, "lmdb"),
        (2, "disk"),
    ], "each round begins with another store"
    [record] = list_loader_runs(home, "shapes")
    assert record.complete
    assert [repeat["samples_per_s"] for repeat in record.repeats] == [repeat["samples_per_s"] for repeat in repeats]
    assert record.machine["cpus"] >= 1
    assert {row.store for row in rank_configurations(record.repeats)} == {"disk/raw", "hdf5/raw", "lmdb/raw"}


def test_live_figures_name_their_store(stores: list[str]) -> None:
    events = LoaderExperiment(stores[:1], rounds=1, **QUICK).run()
    live = [event.values for event in events if isinstance(event, Sample) and event.series == "throughput"]
    assert {values["store"] for values in live} == {"disk/raw"}
    assert all(values["samples_per_s"] >= 0 for values in live)


def test_an_interrupted_run_keeps_the_repeats_it_had(stores: list[str], home: Home) -> None:
    run = LoaderExperiment(stores, rounds=1, **QUICK).run()
    for event in run:
        if isinstance(event, Sample) and event.series == "repeat":
            break
    run.close()
    [record] = list_loader_runs(home)
    assert (len(record.repeats), record.complete) == (1, False)


def test_half_a_line_at_the_end_is_left_out(stores: list[str], home: Home) -> None:
    file = Path(finish(LoaderExperiment(stores, rounds=1, **QUICK).run())["file"])
    file.write_text(file.read_text()[:-20])
    record = read_loader_run(file)
    assert record is not None
    assert len(record.repeats) == 2


def test_files_that_are_no_race_are_passed_over(home: Home) -> None:
    folder = home.runs / "session"
    folder.mkdir(parents=True)
    (folder / "race-1.jsonl").write_text("")
    (folder / "race-2.jsonl").write_text('{"kind": "turn"}\n')
    (folder / "race-3.jsonl").write_text("not json\n")
    assert list_loader_runs(home) == []


def test_a_ranking_has_medians_with_their_spread() -> None:
    repeats = [{"store": "a/raw", "format": "a", "samples_per_s": speed} for speed in (10, 30, 20)]
    repeats += [{"store": "b/raw", "format": "b", "samples_per_s": 25}]
    first, second = rank_configurations(repeats)
    assert (first.store, first.median, first.repeats) == ("b/raw", 25, 1)
    assert (second.slowest, second.median, second.fastest) == (10, 20, 30)


@pytest.mark.parametrize(("stores_", "rounds"), [([], 1), (["x"], 0)])
def test_a_race_of_nothing_is_refused(stores_: list[str], rounds: int) -> None:
    with pytest.raises(InputError, match="one store or more"):
        list(LoaderExperiment(stores_, rounds=rounds).run())


def test_trouble_in_a_repeat_names_the_store(stores: list[str]) -> None:
    with pytest.raises(InputError, match=r"disk/raw: .*cuda"):
        list(LoaderExperiment(stores, devices=["cuda:99"], rounds=1, seconds=0.05).run())


def test_the_demo_uses_what_is_there_and_can_be_run_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr("core.jobs.demo.complete", lambda: False)
    monkeypatch.setattr("core.jobs.demo.has_compiler", lambda: True)
    monkeypatch.setattr("core.loading.task.ready_kernels", lambda wanted: asked.append(wanted) or ())
    first = finish(Demo(seconds=0.05, rounds=1).run())
    assert asked == [()] * 5, "without kernels no load waits for any"
    assert first["loader"] == "torch"
    assert {store.name for store in list_stores(home)} == {f"{form}/{encoding}" for form, encoding in variants()}
    built = [store.manifest.built for store in list_stores(home)]
    runs = [read_loader_run(Path(first[name])) for name in ("file", "encodings")]
    assert [sorted({repeat["store"] for repeat in run.repeats}) for run in runs] == [
        ["disk/original", "hdf5/original", "lmdb/original"],
        ["lmdb/original", "lmdb/raw"],
    ]
    for run in runs:
        assert {(repeat["workers"], repeat["loader"]) for repeat in run.repeats} == {("inline", "torch")}
        assert len(run.varied) == 1, "one factor differs, and it is the store"
    steps = [
        (event.values["number"], event.values["state"])
        for event in Demo(seconds=0.05, rounds=1).run()
        if isinstance(event, Sample) and event.series == "step"
    ]
    again = [(number, now) for number in (3, 4) for now in ("running", "done")]
    assert steps == [(1, "there already"), (2, "there already"), *again]
    assert [store.manifest.built for store in list_stores(home)] == built


def test_the_demo_compares_formats_at_one_encoding_then_encodings_in_one_format() -> None:
    found = groups(variants(), lambda variant: store_factors(*variant))
    assert [(group.factor, list(group.members)) for group in found] == [
        ("format", [("disk", "original"), ("lmdb", "original"), ("hdf5", "original")]),
        ("encoding", [("lmdb", "original"), ("lmdb", "raw")]),
    ]


def test_the_demo_with_compiled_kernels_measures_that_loader_alone_and_no_limits(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    class Noted:
        """Loads nothing."""

        def __init__(self, stores: list[str], split: str, **fields: Any) -> None:
            asked.append(fields)

        def run(self) -> list[Result]:
            return [Result({"file": "a record"})]

    monkeypatch.setattr("core.jobs.demo.complete", lambda: True)
    monkeypatch.setattr("core.jobs.demo.LoaderExperiment", Noted)
    assert finish(Demo(seconds=0.05, rounds=1).run())["loader"] == "fast"
    assert [(fields["loaders"], fields["stage_limits"]) for fields in asked] == [(["fast"], False)] * 2


def test_the_demo_takes_images_of_several_shapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(tmp_path / "home"))
    (tmp_path / "photos").mkdir()
    for number in range(12):
        Image.new("RGB", (50 if number % 4 else 40, 30), (20 * number, 0, 0)).save(
            tmp_path / "photos" / f"{number}.jpg"
        )
    before = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "photos").iterdir())
    demo = Demo(seconds=0.05, rounds=1, dataset="mine", source=str(tmp_path / "photos"), limit=10)
    told = finish(demo.run())
    assert sum(Dataset.open(Home.find(), "mine").splits.values()) == 10
    encodings = read_loader_run(Path(told["encodings"]))
    assert {repeat["store"] for repeat in encodings.repeats} == {"lmdb/original", "lmdb/raw-size50"}
    assert {repeat["transform"] for repeat in encodings.repeats} == {"train224"}
    assert before == sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "photos").iterdir())


def test_workers_are_chosen_once_for_all_repeats_of_a_configuration(
    stores: list[str], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = iter([Workers("threads", 2, "the first look"), *[Workers("inline", 0, "another look")] * 20])
    monkeypatch.setattr("core.loading.loaders.fast.engine.choose_workers", lambda *_, **__: next(choices))
    told = finish(LoaderExperiment(stores[:1], batch_sizes=[8], loaders=["fast"], seconds=0.05, rounds=3).run())
    assert [repeat["workers"] for repeat in told["turns"]] == ["2 threads"] * 3
    assert {repeat["workers_asked"] for repeat in told["turns"]} == {"auto"}
    assert {repeat["workers_reason"] for repeat in told["turns"]} == {"the first look"}
    [result] = told["results"]
    assert (result["workers"], result["turns"]) == ("2 threads", 3)
    assert rank_configurations(list_loader_runs(home)[0].repeats)[0].workers == "2 threads"


def test_every_line_of_a_race_is_json(stores: list[str]) -> None:
    file = Path(finish(LoaderExperiment(stores[:1], rounds=2, **QUICK).run())["file"])
    kinds = [json.loads(line)["kind"] for line in file.read_text().splitlines()]
    assert kinds == ["setup", "repeat", "repeat"]


# ---------------------------------------------------------------- many configurations


def test_every_combination_has_its_repeats_and_a_name(stores: list[str], home: Home) -> None:
    told = finish(
        LoaderExperiment(
            stores[:2], batch_sizes=[8, 16], workers=["0"], loaders=["torch", "naive"], seconds=0.02, rounds=1
        ).run()
    )
    names = {repeat["setting"] for repeat in told["turns"]}
    assert len(names) == len(told["turns"]) == 8
    assert "disk/raw, naive, batch 16, workers 0, none, cpu, float32" in names
    [record] = list_loader_runs(home)
    assert record.varied == ["store", "loader", "batch_size"]
    assert record.complete
    for repeat in record.repeats:
        assert repeat["workers"] == "inline"
        assert repeat["workers_asked"] == "0"
        assert repeat["ceilings"]["collate"] > 0
        assert repeat["checked"] > 0
        assert repeat["wait_share"] is None


def test_the_setup_tells_what_the_figures_depend_on(stores: list[str], home: Home) -> None:
    finish(LoaderExperiment(stores[:1], rounds=1, **QUICK).run())
    [record] = list_loader_runs(home)
    assert record.setup["fingerprints"] == {"shapes": Manifest.load(Path(stores[0])).fingerprint}
    assert record.setup["store_bytes"][stores[0]] > 0
    assert "numpy" in record.setup["versions"]
    assert record.setup["batch_sizes"] == [8]


def test_the_monitor_lies_beside_the_record(stores: list[str], home: Home) -> None:
    events = list(LoaderExperiment(stores[:1], rounds=1, **{**QUICK, "seconds": 1.2}).run())
    seen = [event.values for event in events if isinstance(event, Sample) and event.series == "monitor"]
    [record] = list_loader_runs(home)
    assert seen
    assert record.monitor
    assert {"ts", "cpu_pct", "rss_mb", "read_mb", "write_mb"} <= set(record.monitor[0])


def test_the_trainer_waits_and_says_so(stores: list[str]) -> None:
    [repeat] = finish(LoaderExperiment(stores[:1], rounds=1, step="sleep", step_ms=1, **QUICK).run())["turns"]
    assert 0 < repeat["wait_share"] < 1
    assert repeat["step_ms"] == 1


def test_what_cannot_be_is_left_out_and_said(stores: list[str], home: Home) -> None:
    quick = {**QUICK, "loaders": ["torch", "fast"], "workers": ["threads:1"]}
    events = list(LoaderExperiment(stores[:1], rounds=1, **quick).run())
    [warning] = [event.text for event in events if isinstance(event, Message) and event.level == "warning"]
    assert "torch loader has no threads" in warning
    assert {repeat["loader"] for repeat in list_loader_runs(home)[0].repeats} == {"fast"}
    with pytest.raises(InputError, match="no threads"):
        list(LoaderExperiment(stores[:1], loaders=["naive"], workers=["threads:2"]).run())


@pytest.mark.parametrize("name", ["batch_sizes", "workers", "loaders", "transforms", "devices", "outputs"])
def test_a_list_of_nothing_is_refused(name: str, stores: list[str]) -> None:
    with pytest.raises(InputError, match="name one or more"):
        list(LoaderExperiment(stores[:1], **{name: []}).run())


def test_a_store_is_found_by_its_part_below_the_home(stores: list[str], home: Home) -> None:
    told = finish(LoaderExperiment(["shapes/lmdb/raw"], rounds=1, **QUICK).run())
    assert told["turns"][0]["path"] == str(home.built / "shapes" / "lmdb" / "raw")


# ---------------------------------------------------------------- loaders that are caught


def broken_in(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on whatever loads this store drops the last sample of every batch."""

    def made(opened: Any, **options: Any) -> Loader:
        loader = make_loader(opened, **options)
        if opened.path != Path(store):
            return loader
        honest = loader._transfer
        loader._transfer = lambda batches: (Batch(x[:-1], y[:-1]) for x, y in honest(batches))
        return loader

    monkeypatch.setattr("core.loading.loader.make_loader", made)


def test_a_broken_configuration_is_refused_and_the_others_go_on(
    stores: list[str], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_in(stores[1], monkeypatch)
    events = list(LoaderExperiment(stores, rounds=2, **QUICK).run())
    refused = [event.values for event in events if isinstance(event, Sample) and event.series == "refused"]
    assert [values["store"] for values in refused] == ["hdf5/raw"]
    assert "7 samples where 8 belong" in str(refused[0]["reason"])
    [record] = list_loader_runs(home)
    assert {row.store for row in rank_configurations(record.repeats)} == {"disk/raw", "lmdb/raw"}
    assert [row["store"] for row in record.refused] == ["hdf5/raw"]
    assert record.complete, "all that could be run was"


ASKED = {"rounds": 1, "seconds": 3.0, "split": "train"}
"""Of a setup: what every version has written, beside the stores' folders."""


def test_repeats_of_a_configuration_that_is_refused_later_do_not_count(home: Home) -> None:
    folder = home.runs / "session"
    folder.mkdir(parents=True)
    repeat = {"kind": "repeat", "configuration": "a", "store": "disk/raw", "format": "disk", "samples_per_s": 1e9}
    lines = [
        {"kind": "setup", "experiment": "loader", "datasets": ["x"], "stores": ["/a", "/b"], **ASKED},
        repeat,
        {**repeat, "configuration": "b", "samples_per_s": 5},
        {"kind": "refused", "configuration": "a", "store": "disk/raw", "reason": "why"},
    ]
    (folder / "loader-1.jsonl").write_text("\n".join(map(json.dumps, lines)))
    [record] = list_loader_runs(home)
    assert [row.configuration for row in rank_configurations(record.repeats)] == ["b"]


def test_where_all_are_refused_the_reason_is_raised(stores: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    broken_in(stores[0], monkeypatch)
    with pytest.raises(WorkError, match="disk/raw: batch 0 of epoch 0 has 7 samples"):
        list(LoaderExperiment(stores[:1], rounds=1, **QUICK).run())


def test_races_of_before_are_still_shown(home: Home) -> None:
    folder = home.runs / "session"
    folder.mkdir(parents=True)
    lines = [
        {"kind": "setup", "stores": ["/a", "/b"], **ASKED, "datasets": ["shapes"], "started": "2026"},
        {"kind": "turn", "store": "disk/raw", "format": "disk", "samples_per_s": 10},
        {"kind": "turn", "store": "lmdb/raw", "format": "lmdb", "samples_per_s": 20},
    ]
    (folder / "race-1.jsonl").write_text("\n".join(map(json.dumps, lines)))
    [record] = list_loader_runs(home, "shapes")
    assert [row.store for row in rank_configurations(record.repeats)] == ["lmdb/raw", "disk/raw"]
    assert (record.complete, record.varied) == (True, ["store"])


# ---------------------------------------------------------------- on the command line


def test_the_command_line_leaves_the_same_files(
    stores: list[str], home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    lists = ["--batch-sizes", "8,16", "--workers", "0", "--loaders", "torch,naive", "--step-ms", "0.5"]
    arguments = ["experiment", "loader", "--stores", *stores[:2], *lists, "--seconds", "0.02", "--rounds", "1"]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    [record] = list_loader_runs(home)
    assert told["file"] == str(record.path)
    assert [repeat["setting"] for repeat in told["turns"]] == [repeat["configuration"] for repeat in record.repeats]
    assert len(told["verdicts"]) == len(told["turns"]) == 8
    assert {repeat["step_ms"] for repeat in record.repeats} == {0.5}
    assert record.monitor


@pytest.mark.parametrize(
    "wrong",
    [["--batch-sizes", "many"], ["--batch-sizes", ""], ["--loaders", "magic"], ["--step", "nap"], ["--cache", "tepid"]],
)
def test_wrong_configurations_are_one_line_on_standard_error(
    wrong: list[str], stores: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["experiment", "loader", "--stores", stores[0], "--rounds", "1", "--seconds", "0.02", *wrong]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


# ---------------------------------------------------------------- cold


@pytest.mark.parametrize("format", ["disk", "lmdb", "hdf5"])
def test_no_handle_of_ours_keeps_a_store_warm(format: str, stores: list[str]) -> None:
    """Comparing and measuring stage limits open and map the store; before a cold repeat all of that has to be gone."""
    store = next(store for store in stores if f"/{format}/" in store)
    if prepare_cache(Path(store), "cold") != "cold":
        pytest.skip("this system cannot make its page cache cold")
    quick = {**QUICK, "loaders": ["fast"]}
    [repeat] = finish(LoaderExperiment([store], rounds=1, cache="cold", **quick).run())["turns"]
    assert repeat["cache"] == "cold"
    assert repeat["ceilings"]["cold read"] > 0
    assert len(repeat["epochs"]) == 1
