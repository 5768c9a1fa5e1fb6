"""The Train page: its forms, what it starts, what it shows of runs that were kept, live pictures."""

from __future__ import annotations

import time
from base64 import b64decode
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from app_under_test import charts, open_page, texts
from streamlit.testing.v1 import AppTest

from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.jobs import Job, Jobs, State
from core.jobs.watch import Measured
from core.measure.records import RunRecorder
from core.stores.store import list_stores
from ui.train.live import LearningCurve, lines, time_bars

ORDERS = ("shuffled", "class-sorted")


def epoch(store: str, number: int, order: str = "shuffled", **more: Any) -> dict[str, Any]:
    """A row as `Train` writes it."""
    told = {
        "store": store, "format": store.split("/")[0], "variant": store.split("/")[1], "dataset": "shapes",
        "path": store, "model": "small", "order": order, "epoch": number, "samples": 60, "steps": 4, "loss": 2.0,
        "accuracy": 0.5,
        "samples_per_s": 1000.0, "wait_share": 0.25, "wait_s": 0.02, "compute_s": 0.06, "first_batch_s": 0.01,
        "losses": [2.5, 2.0, 1.8, 1.7], "val_samples": 20, "val_loss": 1.9, "val_accuracy": 0.6, "shuffle_quality": 1.0,
        "classes_per_batch": 8.0, "classes": 10, "held_out": False, "workers": "inline", "pixels": "a", "weights": "b",
        "began": 100.0, "ended": 101.0,
    }  # fmt: skip
    return {**told, **more}


def keep(home: Home, rows: list[dict[str, Any]], **setup: Any) -> RunRecorder:
    """A record of these rows."""
    stores = list(dict.fromkeys(row["store"] for row in rows))
    told = {
        "stores": stores, "orders": list(dict.fromkeys(row["order"] for row in rows)), "epochs": rows[-1]["epoch"],
        "model": "small", "batch_size": 16, "lr": 0.001, "momentum": 0.9, "weight_decay": 1e-4, "seed": 42,
        "device": "cpu", "workers": "0", "loader": "fast", "transform": "none", "samples": 60, "val_samples": 20,
        "ceilings": {"compute": 2000.0},
    }  # fmt: skip
    recorder = RunRecorder.begin(home, "train", ["shapes"], {**told, **setup})
    for row in rows:
        recorder.add("repeat" if setup.get("scaling") else "epoch", row)
    return recorder


def ended(home: Home, task: str) -> Job:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        job = next((job for job in Jobs(home).all() if job.task == task), None)
        if job is not None and not job.active:
            return job
        time.sleep(0.05)
    raise AssertionError(f"no {task} ended in time")


def open_orders() -> AppTest:
    return open_page("train").segmented_control(key="train.view").set_value("Orders").run()


def start(app: AppTest) -> None:
    app.button(key="train.start").click().run()
    assert not app.exception


def test_without_stores_it_leads_to_the_next_step(empty: Home) -> None:
    app = open_page("train")
    assert not app.exception
    assert "Training reads from built stores" in texts(app)


def test_a_training_is_started_with_what_was_chosen_and_shown_when_it_is_done(furnished: Home) -> None:
    app = open_page("train")
    assert len(app.multiselect(key="train.stores.Stores.shapes").value) == 2, "the formats that share an encoding"
    app.number_input(key="train.epochs").set_value(1)
    app.number_input(key="train.threads").set_value(1)
    app.selectbox(key="train.loader").set_value("torch")
    app.selectbox(key="train.workers").set_value("0").run()
    start(app)
    job = ended(furnished, "train")
    assert (job.error, job.result["identical"]) == (None, True)
    assert (job.fields["limit"], job.fields["val_limit"], job.fields["orders"]) == (60, 20, ["shuffled"])
    app = open_page("train")
    assert "The format did not change the result" in app.success[0].value
    assert "2 stores, 1 loss compared" in app.success[0].value
    assert len(app.get("vega_lite_chart")) == 2
    assert not app.exception


def test_a_training_can_be_cancelled(furnished: Home) -> None:
    app = open_page("train")
    app.number_input(key="train.epochs").set_value(1000).run()
    start(app)
    [job] = Jobs(furnished).active()
    app.button(key=f"train.cancel.{job.id}").click().run()
    assert ended(furnished, "train").state is State.CANCELLED
    assert "What had been measured completely by then is kept" in open_page("train").info[0].value


@pytest.mark.parametrize("view", ["Learning", "Waiting", "Machine", "Epochs"])
def test_every_view_of_a_run_is_drawn(view: str, furnished: Home) -> None:
    keep(furnished, [epoch("lmdb/raw", 1), epoch("hdf5/raw", 1), epoch("lmdb/raw", 2), epoch("hdf5/raw", 2)])
    app = open_page("train")
    app.segmented_control(key="train.result.view").set_value(view).run()
    assert not app.exception
    assert "25.0% of the time after the first batch was spent waiting for data" in texts(app)
    if view == "Epochs":
        assert list(app.dataframe[0].value["Waiting"]) == [25.0] * 4


def test_stores_that_differ_are_named_with_the_reason(furnished: Home) -> None:
    keep(furnished, [epoch("lmdb/raw", 1), epoch("hdf5/raw", 1, losses=[2.5, 2.0, 1.8, 1.6], pixels="other")])
    said = open_page("train").warning[0].value
    assert "hdf5/raw" in said
    assert "epoch 1, step 4" in said
    assert "different pixels" in said


def test_the_collapse_is_told_for_what_it_is(furnished: Home) -> None:
    collapsed = epoch("lmdb/raw", 1, "class-sorted", val_accuracy=0.1, shuffle_quality=0.0, classes_per_batch=1.0)
    keep(furnished, [epoch("lmdb/raw", 1), collapsed])
    told = texts(open_orders())
    assert "**sorted by class** 10% (1.0 classes per batch, shuffle quality 0.00)" in told
    assert "has nothing to do with the storage format" in told


def test_a_block_shuffle_says_its_window(furnished: Home) -> None:
    window = "shuffled within windows of 16 samples (4 blocks of 4)"
    keep(furnished, [epoch("lmdb/raw", 1), epoch("lmdb/raw", 1, "blocks", order_text=window)])
    assert "shuffle quality 1.00; shuffled within windows of 16 samples" in texts(open_orders())


def test_sorted_by_class_without_a_collapse_none_is_claimed(furnished: Home) -> None:
    keep(furnished, [epoch("lmdb/raw", 1), epoch("lmdb/raw", 1, "class-sorted", val_accuracy=0.5)])
    assert "nothing to do with the storage format" not in texts(open_orders())


def test_orders_are_compared_from_one_store(furnished: Home) -> None:
    app = open_page("train")
    app.segmented_control(key="train.view").set_value("Orders").run()
    start(app)
    [job] = Jobs(furnished).active()
    Jobs(furnished).cancel(job.id)
    assert len(job.fields["stores"]) == 1
    assert job.fields["orders"] == ["shuffled", "blocks", "class-sorted"]
    ended(furnished, "train")


def test_scaling_is_started_and_shown(furnished: Home) -> None:
    app = open_page("train")
    app.segmented_control(key="train.view").set_value("Scaling").run()
    app.multiselect(key="train.sizes").set_value([16, 32])
    app.multiselect(key="train.counts").set_value(["0"])
    app.number_input(key="train.threads").set_value(1)
    app.selectbox(key="train.loader").set_value("torch")
    app.number_input(key="train.seconds").set_value(0.5).run()
    start(app)
    job = ended(furnished, "train-scaling")
    assert job.error is None
    assert [turn["batch_size"] for turn in job.result["turns"]] == [16, 32]
    app = open_page("train")
    assert "images/s** at best" not in texts(app), "Stores shows runs of stores"
    assert "No run of this kind yet" in texts(app)
    app.segmented_control(key="train.view").set_value("Scaling").run()
    assert "images/s** at best" in texts(app)
    assert len(charts(app)) == 1
    app.segmented_control(key="train.scaling.view").set_value("Waiting").run()
    assert not app.exception


def test_a_busy_machine_is_told(furnished: Home) -> None:
    keep(furnished, [epoch("lmdb/raw", 1, background_load=0.5), epoch("hdf5/raw", 1, background_load=0.3)])
    assert "other programs took 40% of the processors" in open_page("train").warning[0].value


def test_different_workers_are_named(furnished: Home) -> None:
    keep(furnished, [epoch("lmdb/raw", 1), epoch("hdf5/raw", 1, workers="2 threads")])
    assert "Workers differ as well" in texts(open_page("train"))
    assert "main thread for lmdb" in texts(open_page("train"))


def test_each_view_shows_runs_of_its_kind(furnished: Home) -> None:
    keep(furnished, [epoch("lmdb/raw", 1), epoch("lmdb/raw", 1, "class-sorted")])
    app = open_page("train")
    assert "No run of this kind yet (Stores)" in texts(app)
    assert "No run of this kind yet" not in texts(open_orders())


def test_stores_that_cannot_give_the_same_result_are_told_before(furnished: Home) -> None:
    finish(Build("shapes", "lmdb", "jpeg", home=str(furnished.root)).run())
    app = open_page("train")
    chosen = app.multiselect(key="train.stores.Stores.shapes")
    assert all(path.endswith("raw") for path in chosen.value), "a proposal that may be the same to the last bit"
    assert "One factor differs: the format." in texts(app)
    jpeg = next(str(store.path) for store in list_stores(furnished) if store.name == "lmdb/jpeg")
    chosen.set_value([*chosen.value, jpeg]).run()
    assert "Lossy or resized: lmdb/jpeg. Losses will differ" in texts(app)


def test_a_run_that_was_stopped_says_so(furnished: Home) -> None:
    keep(furnished, [epoch("lmdb/raw", 1)], epochs=3)
    assert "Partial result: 1 of 3 epochs were measured" in open_page("train").info[0].value


def drawing(image: str) -> str:
    """The SVG in an image, which has to be well-formed."""
    svg = b64decode(image.partition("base64,")[2].partition('"')[0]).decode()
    ElementTree.fromstring(svg)
    return svg


def test_live_pictures_escape_names_and_stay_on_their_paper() -> None:
    many = [LearningCurve("#123456", [(0.0, 2.0), (1.0, 1.0)]), LearningCurve("#123456", [(0.5, 0.1)], True)]
    drawn = drawing(lines("Loss <step>", many))
    assert "Loss &lt;step&gt;" in drawn
    assert drawn.count("<polyline") == 2
    told = (1.0, 3.0)
    assert "25.0% waiting" in drawing(time_bars([("<b>", told)]))
    assert "<b>" not in drawing(time_bars([("<b>", told)]))


def test_nothing_measured_yet_draws_no_lines() -> None:
    assert "<polyline" not in drawing(lines("Loss", []))
    assert "<rect" not in drawing(time_bars([]))


def test_the_live_page_draws_what_was_told(furnished: Home) -> None:
    from ui.train import live as training_live

    at = {"store": "lmdb/raw", "format": "lmdb", "order": "shuffled", "seen": 0.5, "loss": 2.0, "accuracy": 0.3}
    steps = [Measured(1.0, {**at, "samples_per_s": 10.0, "wait_share": 0.1, "wait_ms": 1.0, "compute_ms": 9.0})]
    colours = {("lmdb/raw", "shuffled"): "#000000"}
    assert training_live._losses(steps, colours) == [LearningCurve("#000000", [(0.5, 2.0)])]
    epochs = [Measured(2.0, {**at, "epoch": 1, "val_accuracy": 0.4})]
    dashed, solid = training_live._accuracies(epochs, steps, colours)
    assert (dashed.dashed, solid.dashed, solid.points) == (True, False, [(1.0, 0.4)])
    assert {Path(store.path).name for store in list_stores(furnished)} >= {"raw"}
