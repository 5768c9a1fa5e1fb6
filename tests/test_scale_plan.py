"""`plan`: rates that are kept, the verb's JSON and words, the trial itself in small, the card on the Report page."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_under_test import open_page, texts

from core.__main__ import main
from core.base.events import finish
from core.base.home import Home
from core.datasets.dataset import Dataset
from core.scale import build_trial, disk_trial, load_trial, trial_home
from core.scale.disk_trial import DiskRates, measure_disk
from core.scale.grown_store import can_grow, grown
from core.scale.kept_rates import KeptRates, find_rates, keep_rates
from core.scale.load_trial import EpochsTold, rates_of
from core.scale.measuring import MeasureScale, busy_notes
from core.scale.rates import BuildRates, ImageFacts, LoadRates
from core.scale.run_rates import with_runs
from core.scale.stand_in import draw_stand_ins
from core.stores.store import WORKPLACE, list_stores, open_store

RATES = KeptRates(
    ImageFacts(source=1000.0, payload=1000.0, stored=2000.0, read=2000.0),
    BuildRates({"read": 1e-4, "other": 1e-4}, 1.0, 0.1, 0.01, 1e-6, alone=1.2),
    LoadRates(1e-5, 2e-5, 1e-6, 2.0, 32e6, 0.01, 1e-7),
    DiskRates(200.0, 1500.0, 0.1),
    50,
    "2026-01-02T03:04:05+00:00",
    "batches of 256",
    ("a note",),
)


@pytest.fixture
def measured(home: Home) -> Home:
    """A home in which the rates of one recipe of `shapes` were measured."""
    keep_rates(home, MeasureScale("shapes").subject(home), RATES)
    return home


def planned(capsys: pytest.CaptureFixture[str], home: Home, *arguments: str) -> dict[str, Any]:
    assert main(["plan", *arguments, "--json", "--home", str(home.root)]) == 0

    def refuse(text: str) -> None:
        raise AssertionError(f"{text} is no JSON")

    told: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1], parse_constant=refuse)
    return told


def test_rates_are_found_again_for_the_same_and_nothing_else(measured: Home) -> None:
    assert find_rates(measured, MeasureScale("shapes").subject(measured)) == RATES
    for other in (
        MeasureScale("shapes", "lmdb"),
        MeasureScale("shapes", options={"compress": "zst"}),
        MeasureScale("shapes", batch_size=64),
        MeasureScale(image_bytes=1000, height=32, width=32),
    ):
        assert find_rates(measured, other.subject(measured)) is None
    cut = MeasureScale("shapes", options={"shards": 4})
    assert find_rates(measured, cut.subject(measured)) == RATES, "into how many parts changes no rate"


def test_the_newest_rates_of_this_machine_count(measured: Home) -> None:
    subject = MeasureScale("shapes").subject(measured)
    path = keep_rates(measured, subject, dataclasses.replace(RATES, samples=77))
    assert find_rates(measured, subject).samples == 77  # type: ignore[union-attr]
    told = json.loads(path.read_text())
    for spoiled in ({**told, "machine": "other"}, {**told, "build": {}}, {**told, "samples": -1}, []):
        path.write_text(json.dumps(spoiled))
        assert find_rates(measured, subject) == RATES


def test_the_verb_answers_for_several_sizes(measured: Home, capsys: pytest.CaptureFixture[str]) -> None:
    told = planned(capsys, measured, "shapes", "--images", "1e6,100000000", "--images", "1e9", "--nodes", "4",
                   "--cpus-per-node", "8", "--storage", "s3", "--epochs", "3", "--assume", "node_hour=2")  # fmt: skip
    assert [scale["images"] for scale in told["scales"]] == [10**6, 10**8, 10**9]
    for name in ("build", "epoch", "bytes", "cost", "binds"):
        assert told[name] == told["scales"][0][name]
    assert told["bytes"] == {"source": 10**9, "payload": 10**9, "stored": 2 * 10**9, "files": 8 + 3}
    assert told["build"]["slots"] == told["build"]["parts"] == 8, "fewer parts than CPUs: the others wait"
    assert told["build"]["resources"]["CPU"] == pytest.approx(125_000 * 2e-4 * (1.2 - 0.2 / 7) / 1.2 / 1, rel=0.2)
    rows = {row["name"]: row for row in told["assumptions"]}
    assert rows["node_hour"] == {**rows["node_hour"], "value": 2.0, "from": "given"}
    assert rows["build_cpu_s"]["from"] == "measured here on 50 images, 2026-01-02 03:04 UTC"
    assert told["notes"] == ["a note"]
    binds = told["scales"][2]["epoch"]["binds"]
    assert (binds["first"], binds["second"]) == ("CPU", "disk")


def test_a_reader_is_told_in_words(measured: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "shapes", "--images", "1e6", "--home", str(measured.root)]) == 0
    said = capsys.readouterr().out
    assert "1 million" in said
    assert "Building 1 million: bound by CPU" in said
    assert "Loading 1 million: bound by CPU" in said
    assert "assumed" in said
    assert "measured here on 50 images" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["shapes"], "how many images"),
        (["shapes", "--images", "many"], "write whole numbers"),
        (["shapes", "--images", "inf"], "write whole numbers"),
        (["shapes", "--images", "0"], "from 1 to"),
        (["shapes", "--images", "1e6", "--nodes", "0"], "--nodes 0"),
        (["shapes", "--images", "1e6", "--storage", "tape"], "unknown storage 'tape'"),
        (["shapes", "--images", "1e6", "--assume", "price"], "NAME=VALUE"),
        (["shapes", "--images", "1e6", "--assume", "price=1"], "unknown option 'price'"),
        (["shapes", "--images", "1e6", "--gpu-images-s", "nan"], "--gpu-images-s"),
        (["shapes", "--images", "1e6", "--shards", "3", "--shard-mb", "5"], "not both"),
        (["other", "--images", "1e6"], "other"),
        (["--images", "1e6"], "--image-bytes"),
        (["shapes", "--images", "1e6", "--format", "tape"], "tape"),
        (["--image-bytes", "9", "--height", "8", "--width", "8", "--images", "1e6", "--encoding", "tape"], "tape"),
        (["shapes", "--images", "1e6", "--option", "tape=1"], "unknown option 'tape'"),
        (["shapes", "--images", "1e6", "--transform", "none2"], "none2"),
        (["shapes", "--images", "1e6", "--batch-size", "0"], "batch_size=0"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(
    measured: Home, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["plan", *arguments, "--home", str(measured.root)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_loader_experiment_says_better_what_loading_takes(furnished: Home) -> None:
    subject = MeasureScale("shapes", "lmdb", "raw", batch_size=8).subject(furnished)
    assert with_runs(furnished, subject, RATES) == RATES, "that one went through another loader"
    [record] = furnished.runs.glob("*/loader-*.jsonl")
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    told = [{**line, "loader": "fast", "samples_per_s": 1000.0, "cpus": 2, "cache": "warm"} for line in lines]
    record.write_text("".join(json.dumps(line) + "\n" for line in told))
    scaled = with_runs(furnished, subject, RATES)
    [store] = [info for info in list_stores(furnished, "shapes") if info.name == "lmdb/raw"]
    assert scaled.load.image_s(store.manifest.splits["train"]["used_bytes"]) == pytest.approx(2 / 1000)
    assert scaled.load.far_s / scaled.load.near_s == pytest.approx(RATES.load.far_s / RATES.load.near_s)
    assert "200.00 times what it did in the trial" in scaled.notes[-1]
    assert with_runs(furnished, MeasureScale("shapes", "lmdb", "raw").subject(furnished), RATES) == RATES, (
        "batches of 256"
    )


# ---------------------------------------------------------------- the trial


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One CPU, one repeat, in this process, with little memory."""

    def stream(function: Any, *arguments: Any) -> Iterator[Any]:
        return iter(list(function(*arguments)))

    for module in (build_trial, load_trial):
        monkeypatch.setattr(module, "usable_cpus", lambda: 1)
    monkeypatch.setattr(build_trial, "REPEATS", 1)
    monkeypatch.setattr(load_trial, "stream", stream)
    monkeypatch.setattr(load_trial, "LATER", 1)
    monkeypatch.setattr(load_trial, "MOST_LATER", 1)
    monkeypatch.setattr(load_trial, "ORDERED", 10_000)
    monkeypatch.setattr("core.scale.grown_store.GROWN_BYTES", 400_000)
    monkeypatch.setattr(disk_trial, "FILE_BYTES", 1 << 22)
    monkeypatch.setattr(disk_trial, "MOMENT", 0.01)
    monkeypatch.setattr(trial_home, "MOST_IMAGES", 80)
    monkeypatch.setattr(trial_home, "MOST_DRAWN", 40)


def test_the_trial_measures_and_leaves_nothing(
    home: Home, quick: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(home.raw.rglob("*"))
    arguments = ("shapes", "--images", "1e6", "--format", "npy", "--encoding", "raw", "--batch-size", "8")
    told = planned(capsys, home, *arguments)
    assert told["bytes"]["payload"] == 10**6 * 32 * 32 * 3
    assert told["measured"].startswith("measured here on 40 images")
    rows = {row["name"]: row["value"] for row in told["assumptions"]}
    assert rows["image_source_bytes"] == pytest.approx(Dataset.open(home, "shapes").bytes / 60, rel=0.01)
    for name in ("build_cpu_s", "load_cpu_s", "load_far_cpu_s", "read_mb_s", "write_mb_s"):
        assert rows[name] > 0, name
    assert list((home.built / WORKPLACE).iterdir()) == []
    assert sorted(home.raw.rglob("*")) == before
    monkeypatch.setattr(build_trial, "_tried", None)  # what is kept is not measured again
    assert planned(capsys, home, *arguments)["scales"] == told["scales"]


def test_a_larger_store_holds_the_same_images(home: Home, tmp_path: Path, quick: None) -> None:
    from core.building import Build

    for form, encoding, compression in (("lmdb", "original", "zstd"), ("hdf5", "raw", "none")):
        made = finish(Build("shapes", form, encoding, compression, home=str(home.root)).run())
        store = open_store(made["store"], "train")
        assert can_grow(store)
        larger = grown(store, tmp_path / form)
        opened = open_store(larger.path, "train")
        assert len(opened) > 2 * len(store)
        for index in (0, 1, len(store) - 1):
            pixels, label = opened[index + len(store)]
            assert (pixels == store[index][0]).all()
            assert label == store[index][1]
        with opened.loader(batch_size=16, workers=0, verify="always") as loader:
            assert sum(len(labels) for _, labels in loader) == len(opened)
        opened.close()
        store.close()


def test_loads_are_told_apart_by_what_a_cache_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_trial, "order_rate", lambda: 5e-8)
    near = EpochsTold(1000, 3e-5, 1e-5, 2.0, 0.01, 0.1)
    far = EpochsTold(101_000, 5e-5, 4e-5, 2.5, 0.02, 0.2)
    assert rates_of(near, far, 2, 32e6) == LoadRates(
        near_s=2e-5, far_s=8e-5, first_s=pytest.approx(2e-5), start_s=pytest.approx(2.5 - 0.101), cache_bytes=32e6,
        epoch_s=0.01, open_s=pytest.approx(1e-6), order_s=5e-8,
    )  # fmt: skip
    assert rates_of(near, far._replace(open_s=0.12), 2, 32e6).open_s == 0.0, "as good as the same"
    assert rates_of(near, far._replace(samples=3000), 2, 32e6).open_s == 0.0, "too few more to tell"


def test_a_busy_machine_is_told() -> None:
    assert busy_notes(None) == busy_notes(0.05) == []
    assert busy_notes(0.4) == [
        "other programs took 40% of the processors while this was measured, so times are too long"
    ]


def test_drawn_images_have_about_the_bytes_that_were_asked_for(tmp_path: Path) -> None:
    for number, wanted in enumerate((3_000, 9_000)):
        mean = draw_stand_ins(tmp_path / str(number), 96, 128, wanted, 6)
        assert mean == pytest.approx(wanted, rel=0.25)
        files = list((tmp_path / str(number)).rglob("*.jpg"))
        assert len(files) == 6
        assert sum(file.stat().st_size for file in files) / 6 == mean


def test_a_disk_is_measured_and_its_file_removed(tmp_path: Path, quick: None) -> None:
    told = measure_disk(tmp_path)
    assert min(told) > 0
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- the card


def test_the_card_says_what_to_measure_first(home: Home) -> None:
    app = open_page("report")
    assert not app.exception
    assert "No rates of webdataset, original were measured for shapes" in texts(app)
    assert app.button(key="report.scale.measure").label == "Measure"


def test_the_card_plans_and_follows_what_is_assumed(measured: Home) -> None:
    app = open_page("report")
    assert not app.exception
    [plan] = [frame.value for frame in app.dataframe if "First epoch" in frame.value]
    assert list(plan["Images"]) == ["1 million", "100 million", "1 billion"]
    assert "Building 1 million: bound by CPU" in texts(app)
    app.selectbox(key="report.scale.storage").set_value("s3").run()
    assert not app.exception
    assert "Building 1 billion: bound by requests" in texts(app)
    app.number_input(key="report.scale.s3.requests_s").set_value(1e9).run()
    assert "Building 1 billion: bound by requests" in texts(app), "the latency still holds them up"
    app.number_input(key="report.scale.s3.latency_ms").set_value(0.0).run()
    assert "Building 1 billion: bound by requests" not in texts(app)
