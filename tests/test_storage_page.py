"""Benchmark, Storage: the form, what runs, and what was found."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from app_under_test import charts, open_page, texts
from streamlit.testing.v1 import AppTest

from core.base.events import finish
from core.base.home import Home
from core.jobs import Jobs
from core.jobs.watch import Measured
from core.measure.monitor import Monitor
from core.measure.storage import StorageExperiment, experiment
from core.measure.storage import run as storage_run
from ui.benchmark.storage.live import picture


@pytest.fixture(autouse=True)
def _short_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_run, "TRIAL", 3)
    monkeypatch.setattr(experiment, "TRIAL", 3)


def open_storage() -> AppTest:
    return open_page("benchmark").segmented_control(key="benchmark.view").set_value("Storage").run()


def test_the_form_foretells_time_and_space(home: Home) -> None:
    app = open_storage()
    assert not app.exception
    assert "Compare 7 storage methods" in [button.label for button in app.button]
    assert "freed at the end" in texts(app)
    assert "factors differ" in texts(app)
    assert "train has 50 images: larger numbers repeat them." in texts(app)


def test_nothing_chosen_is_nothing_to_start(home: Home) -> None:
    app = open_storage()
    app.multiselect[0].set_value([]).run()
    assert app.button(key="storage.start").disabled
    assert "Select at least one storage method" in texts(app)


def test_the_button_starts_the_job(home: Home) -> None:
    app = open_storage()
    app.multiselect[0].set_value(["lmdb/raw"]).run()
    app.button_group(key="storage.cutoffs").set_value([1, 10]).run()
    app.button(key="storage.start").click().run()
    assert not app.exception
    [job] = [job for job in Jobs(home).all() if job.task == "storage"]
    assert (job.owner, job.fields["methods"], job.fields["cutoffs"]) == ("benchmark.storage", ["lmdb/raw"], [1, 10])
    Jobs(home).cancel(job.id)


def test_what_was_found_is_shown(home: Home) -> None:
    finish(StorageExperiment("shapes", (1, 20, 120), repeats=2, home=str(home.root)).run())
    app = open_storage()
    assert not app.exception
    told = texts(app)
    for words in (
        "Write one by one",
        "Read many",
        "Fastest method by operation",
        "Space on disk",
        "images they repeat",
    ):
        assert words in told
    assert len(charts(app)) == 4
    for key in ("storage.synced", "storage.random"):
        app.toggle(key=key).set_value(True).run()
    assert not app.exception
    assert "Write many, synced" in texts(app)
    assert "Read many, random order" in texts(app)
    for scale in ("Linear", "Per image"):
        app.segmented_control(key="storage.scale").set_value(scale).run()
        assert not app.exception


def test_what_is_compared_differs_in_one_factor_and_is_named(home: Home) -> None:
    ways = ["disk/original", "disk/raw", "lmdb/raw", "hdf5/raw"]
    finish(StorageExperiment("shapes", (20,), methods=ways, repeats=2, home=str(home.root)).run())
    app = open_storage()
    [choice] = [box for box in app.selectbox if box.label == "Comparison"]
    assert choice.options == ["Formats at raw", "Encodings in Files on disk", "All methods"]
    told = texts(app)
    assert "Read many" in told
    assert "disk/original" not in next(text for text in told.splitlines() if "**Read many**" in text)
    choice.set_value("All methods").run()
    assert "cannot be traced to one of them" in texts(app)
    assert not app.exception


def test_a_busy_machine_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Monitor, "background_load", lambda self, since=0.0: 0.42)
    told = finish(StorageExperiment("shapes", (3,), methods=["lmdb/raw"], repeats=1, home=str(home.root)).run())
    assert {row["background_load"] for row in told["rows"]} == {0.42}
    assert "other programs took 42% of the processors" in open_storage().warning[0].value


def test_one_way_at_one_number_of_images_is_shown_too(home: Home) -> None:
    finish(StorageExperiment("shapes", (3,), methods=["hdf5/tutorial"], repeats=1, home=str(home.root)).run())
    app = open_storage()
    assert not app.exception
    assert "Fastest method by operation" in texts(app)


def test_what_was_left_out_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    some = SimpleNamespace(available=60_000)  # for a batch of two images, not for all fifty at once
    monkeypatch.setattr(storage_run.psutil, "virtual_memory", lambda: some)
    ways = ["lmdb/raw", "hdf5/tutorial"]
    finish(StorageExperiment("shapes", (50,), methods=ways, batch_size=2, repeats=1, home=str(home.root)).run())
    app = open_storage()
    assert "2 measurements left out" in [expander.label for expander in app.expander]
    assert "hdf5/tutorial, write many and its reads, 50 images: it holds" in texts(app)


def sample(series: str, at: float, **values: Any) -> Measured:
    return Measured(at, {"format": "lmdb", "variant": "raw", **values})


def test_the_live_picture_is_drawn_from_whatever_is_there() -> None:
    time = sample("time", 1.0, operation="write-many", samples=10, seconds=0.002, bytes=5)
    now = sample("now", 2.0, operation="read-one", samples=100, done=3, seconds=0.5)
    for samples in ({"time": [time]}, {"now": [now]}, {"time": [time, time], "now": [now]}):
        drawn = picture(SimpleNamespace(samples=samples))
        ElementTree.fromstring(f"<div>{drawn}</div>")
        assert "lmdb/raw" in drawn
    assert (drawn.count("rotate"), drawn.count("border-radius")) == (0, 2), "a dot, and a ring where it is now"
    times = [sample("time", at, operation="write-many", samples=10**at, seconds=10.0**-at, bytes=5) for at in (1, 2, 3)]
    assert picture(SimpleNamespace(samples={"time": times})).count("rotate") == 2
