"""A format that is registered from one file works everywhere, and nothing else knows of it."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import toy_format
from app_under_test import ROOT, open_page, texts
from format_contract import FormatContract
from report_fixtures import LOADS, STORES, built, evidence, loaded
from toy_format import NAME

from core import open_store
from core.base import plugins
from core.base.errors import InputError
from core.base.events import finish
from core.base.home import Home
from core.building import Build, Verify
from core.building.estimate import estimate
from core.datasets.dataset import Dataset
from core.encodings import ENCODINGS
from core.formats import FORMATS
from core.images.pixels import decode
from core.inspect import inspect_file, size_estimate
from core.jobs import Jobs, State
from core.jobs.demo_plan import variants
from core.loading.task import Load
from core.measure.storage import StorageExperiment
from core.measure.storage.choice import choices, usual
from core.report.compose import compose
from core.report.constraints import sift
from core.report.guide import recommend
from core.report.palette import FORMAT_COLOURS, format_colour, format_title
from core.report.questions import Answers
from core.sources.recognise import ContainerError, recognise
from ui.shared.theme import format_scale

TITLE = "Toy, one flat file"


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The toy format, here and in every process that a test starts."""
    path = [str(Path(toy_format.__file__).parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
    monkeypatch.setenv(plugins.VARIABLE, "toy_format")
    monkeypatch.setattr(plugins, "_loaded", set())
    assert NAME in FORMATS
    yield NAME
    FORMATS.unregister(NAME)


def build(home: Home, encoding: str = "original", **fields: object) -> str:
    result = finish(Build("shapes", NAME, encoding, home=str(home.root), **fields).run())  # type: ignore[arg-type]
    assert result["verified"] is True
    return str(result["store"])


# ---------------------------------------------------------------- the registry


def test_it_is_here_only_while_it_is_registered() -> None:
    assert NAME not in FORMATS


def test_a_name_is_given_once(toy: str) -> None:
    with pytest.raises(InputError, match="there is a format 'toy' already"):
        toy_format.register()
    with pytest.raises(InputError, match="there is a format 'lmdb' already"):
        FORMATS.register("lmdb", FORMATS[NAME])


@pytest.mark.parametrize("module", ["no_such_plugin", "json"])
def test_a_plugin_that_is_none_is_told(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(plugins.VARIABLE, module)
    monkeypatch.setattr(plugins, "_loaded", set())
    with pytest.raises(InputError, match=rf"the plugin '{module}' of FORMAT_MATTERS_PLUGINS cannot be used"):
        list(FORMATS)


# ---------------------------------------------------------------- the way of a sample


@pytest.mark.usefixtures("toy")
class TestToyFormat(FormatContract):
    varying = ((NAME, {}), (NAME, {"align": 64}))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("compression", ["none", "zstd-dict"])
def test_what_was_imported_comes_back(toy: str, home: Home, dataset: Dataset, encoding: str, compression: str) -> None:
    path = build(home, encoding, compression=compression, options={"align": "16"})
    assert (
        path.endswith(f"toy/{encoding}{'' if compression == 'none' else '-zstd-dict-level3'}-align16")
        or "align16" in path
    )
    store = open_store(path)
    for index, row in enumerate(dataset.rows("train")):
        pixels, label = store[index]
        assert label == row.label
        if encoding != "jpeg":
            np.testing.assert_array_equal(pixels, decode(dataset.read(row)))


def test_a_damaged_store_is_told(toy: str, home: Home) -> None:
    path = build(home)
    assert finish(Verify(path, str(home.root)).run())["ok"] is True
    container = Path(path) / "train.toy"
    container.write_bytes(container.read_bytes()[:-100])
    with pytest.raises(InputError, match="damaged"):
        open_store(path)[0]
    assert finish(Verify(path, str(home.root)).run())["ok"] is False


@pytest.mark.parametrize(
    ("loader", "workers"), [("fast", "threads:2"), ("fast", "processes:2"), ("torch", "2"), ("naive", "0")]
)
def test_it_is_loaded(toy: str, home: Home, loader: str, workers: str) -> None:
    path = build(home, "raw")
    told = finish(Load(path, loader=loader, workers=workers, batch_size=8, seconds=0.05, stage_limits=False).run())
    assert told["samples_per_s"] > 0
    assert told["checked"] > 0


# ---------------------------------------------------------------- other processes


def core(home: Home, *arguments: str) -> str:
    command = [sys.executable, "-m", "core", *arguments, "--home", str(home.root)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_the_command_line_knows_it(toy: str, home: Home) -> None:
    listed = {row["name"]: row for row in json.loads(core(home, "formats", "--json"))["formats"]}
    assert list(listed) == list(FORMATS)
    assert listed[NAME]["title"] == TITLE
    assert listed[NAME]["available"] is True
    assert listed[NAME]["options"]["align"]["maximum"] == 4096
    assert ", ".join(FORMATS) in " ".join(core(home, "build", "--help").split())


def test_a_job_builds_it(toy: str, home: Home) -> None:
    job = Jobs(home).start("build", {"dataset": "shapes", "format": NAME, "encoding": "png"}, title="Build a toy")
    deadline = time.monotonic() + 60
    while (job := Jobs(home).get(job.id)).active and time.monotonic() < deadline:
        time.sleep(0.05)
    assert job.state is State.DONE, job.error
    assert open_store(str(job.result["store"])).manifest.format == NAME  # type: ignore[union-attr]


def test_the_inspectors_reader_opens_it(toy: str, home: Home, own_readers: None) -> None:
    told = inspect_file(build(home, "png"))
    assert told["kind"] == "store"
    assert told["entries"] == 60


# ---------------------------------------------------------------- what others ask of it


def test_a_build_is_estimated(toy: str, home: Home) -> None:
    task = Build("shapes", NAME, "raw", home=str(home.root))
    told = estimate(task)
    real = finish(task.run())["splits"]["train"]["allocated_bytes"]
    assert told["allocated_bytes"]["train"] == pytest.approx(real, rel=0.1)
    assert told["seconds"] > 0


def test_sizes_are_estimated_for_it(toy: str) -> None:
    found = {(one.format, one.encoding): one for one in size_estimate.estimates([{"raw": 100, "png": 50}] * 3, 3)}
    assert found[NAME, "raw"].bytes == 3 * (100 + toy_format.PER_SAMPLE)


MINE = built(f"{NAME}/raw", 3_000)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (Answers(machines="shared"), "toys stay at home"),
        (Answers(readers="viewers"), "it is not HDF5, NumPy arrays or Zarr"),
        (Answers(readers="people"), "an image viewer does not open it"),
        (Answers(readers="programs"), "programs in other languages have no library for it"),
        (Answers(), None),
    ],
)
def test_constraints_go_by_what_it_says_of_itself(toy: str, answers: Answers, reason: str | None) -> None:
    fitting, ruled_out = sift([*STORES, MINE], answers)
    assert [one.reason for one in ruled_out if one.store == MINE.name] == ([reason] if reason else [])
    assert (MINE in fitting) is (reason is None)


def test_what_it_says_may_change(toy: str) -> None:
    told = dataclasses.replace(FORMATS[NAME], random_access=False, colour="#123456")
    FORMATS.unregister(NAME)
    FORMATS.register(NAME, told)
    assert format_colour(NAME) == "#123456"
    _, ruled_out = sift([*STORES, MINE], Answers(access="single"))
    assert [one.reason for one in ruled_out if one.store == MINE.name] == ["to read one image, all before it are read"]
    assert MINE in sift([*STORES, MINE], Answers(access="shuffled"))[0]


def test_a_format_that_is_no_more_is_ruled_out() -> None:
    _, ruled_out = sift([*STORES, MINE], Answers())
    assert [one.reason for one in ruled_out if one.store == MINE.name] == ["there is no format 'toy' here"]


def test_the_guide_recommends_it_and_the_report_draws_it(toy: str) -> None:
    told = evidence(stores=(*STORES, MINE), loading=(*LOADS, loaded(MINE.name, 2_000_000)))
    assert recommend(told, Answers(scarce="time")).store == MINE.name
    assert MINE.name in str(compose(told, Answers(scarce="time")))


def test_charts_have_a_colour_for_it(toy: str) -> None:
    assert format_title(NAME) == TITLE
    colours = [format_colour(name) for name in FORMATS]
    assert len(set(colours)) == len(FORMATS)
    assert format_colour(NAME) in FORMAT_COLOURS
    assert TITLE in format_scale().to_dict()["domain"]


def test_the_storage_experiment_measures_it(toy: str, home: Home, dataset: Dataset) -> None:
    assert f"{NAME}/raw" in usual(one_shape=True, resized=False)
    assert f"{NAME}/tutorial" not in usual(one_shape=True, resized=False)
    task = StorageExperiment("shapes", (1, 7), formats=[NAME, "lmdb"], variants=["raw"], repeats=1, home=str(home.root))
    rows = finish(task.run())["rows"]
    assert {row["format"] for row in rows if row["seconds"]} == {NAME, "lmdb"}


def test_a_tutorial_that_there_is_not_is_left_out(toy: str, dataset: Dataset) -> None:
    found = choices(dataset, "train", None, formats=[NAME, "lmdb"], variants=["tutorial"])
    assert {one.format: "has no code for 'toy'" in one.why_not for one in found} == {NAME: True, "lmdb": False}


def test_the_demo_has_it(toy: str) -> None:
    assert (NAME, "original") in variants()


def test_its_files_are_not_imported(toy: str, tmp_path: Path) -> None:
    path = tmp_path / "some.toy"
    path.write_bytes(b"anything")
    with pytest.raises(ContainerError, match="is a toy file, which is not imported"):
        recognise(str(path))


# ---------------------------------------------------------------- the app


def test_the_build_page_offers_it(toy: str, home: Home) -> None:
    app = open_page("build")
    assert not app.exception
    assert "Toy" in app.button_group(key="build.format").options
    assert app.number_input(key="build.format.toy.align").value == 1
    app.button_group(key="build.format").set_value([NAME]).run()
    assert not app.exception
    assert not app.error
    assert any("toy/original" in name for name in app.dataframe[0].value["Store"])


def test_the_inspector_shows_how_it_is_built(toy: str, home: Home, own_readers: None) -> None:
    build(home, "png")
    app = open_page("inspector")
    assert not app.exception
    assert "Sample 0 of 50 in train" in texts(app)
    app.segmented_control(key="inspector.view").set_value("structure").run()
    assert not app.exception
    assert "file of its own" not in texts(app)
    assert f"{TITLE}: each split is **one container**" in texts(app).replace("\\", "")
