"""The Benchmark page: its four views, the form, an experiment that runs, and what it found."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from app_under_test import charts, open_page, texts
from streamlit.testing.v1 import AppTest

from core.base.home import Home
from core.jobs import Job, Jobs, State
from core.measure.loader_runs import list_loader_runs
from ui.shared.monitor_chart import USED


def ended(home: Home) -> Job:
    """The newest experiment, when it has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        job = next((job for job in Jobs(home).all() if job.task == "loader"), None)
        if job is not None and not job.active:
            return job
        time.sleep(0.05)
    raise AssertionError("no experiment ended in time")


def started(home: Home, series: str = "throughput") -> Job:
    """The experiment that runs, when it has something to show."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for job in Jobs(home).active():
            events = job.folder / "events.jsonl"
            if events.exists() and f'"series": "{series}"' in events.read_text():
                return job
        time.sleep(0.05)
    raise AssertionError("no experiment measured anything in time")


def click(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def begin(app: AppTest, **fields: Any) -> None:
    """Start an experiment that lasts, unless told otherwise."""
    app.number_input(key="benchmark.rounds").set_value(fields.get("rounds", 50))
    app.number_input(key="benchmark.seconds").set_value(fields.get("seconds", 0.5))
    app.button_group(key="benchmark.loaders").set_value(["torch"])
    app.multiselect(key="benchmark.workers").set_value(["0"]).run()
    click(app, "benchmark.start")


def test_each_view_is_drawn_without_complaint(furnished: Home) -> None:
    for view in ("Loaders", "Suite", "Storage", "Results"):
        app = open_page("benchmark")
        app.segmented_control(key="benchmark.view").set_value(view).run()
        assert not app.exception
        assert not app.error


def test_a_kept_run_is_shown_again(furnished: Home) -> None:
    app = open_page("benchmark")
    assert "2 interleaved rounds" in texts(app)
    app.segmented_control(key="benchmark.result.view").set_value("Repeats").run()
    assert list(app.dataframe[0].value["Round"]) == [1, 1, 1, 2, 2, 2]


def test_the_bottlenecks_are_sentences_beside_the_limits(furnished: Home) -> None:
    app = open_page("benchmark")
    app.segmented_control(key="benchmark.result.view").set_value("Bottlenecks").run()
    assert not app.exception
    assert texts(app).count("Bound by ") == 3
    assert len(app.get("vega_lite_chart")) == 2


def test_what_the_machine_did_is_shown_where_it_was_recorded(furnished: Home) -> None:
    app = open_page("benchmark")
    app.segmented_control(key="benchmark.result.view").set_value("Machine").run()
    assert not app.exception
    assert charts(app) == {USED}
    [record] = list_loader_runs(furnished)
    record.path.with_suffix(".monitor.csv").unlink()
    assert "No machine data was recorded" in texts(app.run())


def test_an_experiment_of_every_combination_is_counted_before_it_starts(furnished: Home) -> None:
    app = open_page("benchmark")
    assert app.button(key="benchmark.start").label == "Benchmark 2 stores"
    app.button_group(key="benchmark.loaders").set_value(["fast", "naive"])
    app.multiselect(key="benchmark.batch_sizes").set_value([16, 64]).run()
    assert app.button(key="benchmark.start").label == "Benchmark 8 configurations"
    assert "24 repeats" in texts(app)
    app.multiselect(key="benchmark.batch_sizes").set_value([]).run()
    assert app.button(key="benchmark.start").disabled
    assert app.button(key="benchmark.start").label == "Choose one or more batch sizes"


def test_the_size_of_the_data_is_told_against_the_memory(furnished: Home) -> None:
    assert "fits in memory" in texts(open_page("benchmark"))


def test_an_experiment_starts_with_what_was_chosen_and_can_be_cancelled(furnished: Home) -> None:
    app = open_page("benchmark")
    app.multiselect(key="benchmark.batch_sizes").set_value([16])
    app.selectbox(key="benchmark.step").set_value("busy")
    app.segmented_control(key="benchmark.cache").set_value("cold").run()
    app.selectbox(key="benchmark.order").set_value("shards").run()
    begin(app)
    [job] = Jobs(furnished).active()
    assert (job.fields["batch_sizes"], job.fields["loaders"], len(job.fields["stores"])) == ([16], ["torch"], 2)
    assert (job.fields["step"], job.fields["step_ms"], job.fields["cache"]) == ("busy", 10.0, "cold")
    assert job.fields["order"] == "shards"
    click(app, f"benchmark.cancel.{job.id}")
    assert ended(furnished).state is State.CANCELLED
    assert "It was cancelled" in app.run().info[0].value


def test_while_it_runs_the_page_can_be_left_and_come_back_to(furnished: Home) -> None:
    app = open_page("benchmark")
    begin(app)
    job = started(furnished, "repeat")
    try:
        app.switch_page("pages/build.py").run()
        assert not app.exception
        for page in (app.switch_page("pages/benchmark.py").run(), open_page("benchmark")):
            assert not page.exception
            assert [button.key for button in page.button if "cancel" in (button.key or "")] == [
                f"benchmark.cancel.{job.id}"
            ]
            pictures = [element.proto.json for element in page.get("bidi_component")]
            assert any("images per second: " in picture for picture in pictures)
    finally:
        Jobs(furnished).cancel(job.id)
        ended(furnished)


def test_a_killed_measurement_leaves_its_repeats_and_the_app_alive(furnished: Home) -> None:
    app = open_page("benchmark")
    begin(app)
    job = started(furnished, "repeat")
    os.kill(json.loads((job.folder / "started.json").read_text())["worker"], signal.SIGKILL)
    assert ended(furnished).state is State.FAILED
    app.run()
    assert not app.exception
    assert "SIGKILL" in app.error[0].value
    newest = list_loader_runs(furnished)[0]
    assert newest.repeats
    assert not newest.complete
    assert "It was stopped before the last repeat" in texts(app)


def test_a_refused_configuration_is_named_and_has_no_bar(furnished: Home) -> None:
    [record] = list_loader_runs(furnished)
    name = record.repeats[0]["configuration"]
    row = {**record.repeats[0], "kind": "refused", "reason": "batch 3 of epoch 0 has 7 samples where 8 belong"}
    with Path(record.path).open("a") as lines:
        lines.write(json.dumps(row) + "\n")
    app = open_page("benchmark")
    assert "7 samples where 8 belong" in app.error[0].value
    app.segmented_control(key="benchmark.result.view").set_value("Repeats").run()
    assert len(app.dataframe[0].value) == 4, name


def test_where_there_is_no_accelerator_it_is_said(furnished: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from ui.shared import devices

    monkeypatch.setattr(devices, "_looks_accelerated", lambda: False)
    devices.find_devices.clear()
    assert "no CUDA or Apple GPU" in texts(open_page("benchmark"))


def test_choices_outlast_a_switch_of_pages(furnished: Home) -> None:
    app = open_page("benchmark")
    app.multiselect(key="benchmark.batch_sizes").set_value([64]).run()
    app.switch_page("pages/build.py").run()
    app.switch_page("pages/benchmark.py").run()
    assert app.multiselect(key="benchmark.batch_sizes").value == [64]


def test_without_a_store_it_leads_to_the_builder(home: Home) -> None:
    app = open_page("benchmark")
    assert not app.exception
    assert "Build stores" in [link.label for link in app.get("page_link")]
