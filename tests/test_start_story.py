"""The demo as a story on the start page: what each step shows, while it runs and afterwards."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from app_under_test import open_page, texts

from core.base.events import Event, Progress, Sample, finish
from core.base.home import Home
from core.datasets.dataset import Dataset
from core.formats import FORMATS
from core.importing.task import Import
from core.jobs import Job, Jobs, State, Watch
from core.jobs.demo import Demo
from core.jobs.demo_plan import IMAGES, LOADING, RAW, STORES
from core.jobs.eventlog import EventWriter
from core.sources.shapes import Shapes
from tests.image_fixtures import put_classes
from ui.start import demo
from ui.start import page as start_page
from ui.start.drawings import DRAWINGS, drawing
from ui.start.live import picture
from ui.start.pictures import built_in_cards, dataset_cards
from ui.start.steps import step_html
from ui.start.story import END, FactorComparison, Story, story_of, story_told

NAME = "20260101-000000-000000-demo-abcd"


@pytest.fixture(scope="module")
def done_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the demo was run as a job, with its events; other programs were busy beside the encodings."""
    root = tmp_path_factory.mktemp("told")
    finish(Import("shapes", "shapes", limit=60, home=str(root)).run())
    folder = Home(root).jobs / NAME
    folder.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.jobs.demo.complete", lambda: False)
        patch.setattr("core.jobs.demo.has_compiler", lambda: True)
        writer = EventWriter(folder / "events.jsonl")
        for event in Demo(seconds=0.02, rounds=2, home=str(root)).run():
            writer.write(event)
        writer.close()
    result = dict(event.data)
    rows = [json.loads(line) for line in Path(result["encodings"]).read_text().splitlines()]
    told = [{**row, "background_load": 0.4} if "samples_per_s" in row else row for row in rows]
    Path(result["encodings"]).write_text("".join(json.dumps(row) + "\n" for row in told))
    spec = {"task": "demo", "title": "Demo", "owner": "start", "heavy": True, "created": 1.0, "fields": {}}
    (folder / "spec.json").write_text(json.dumps(spec))
    (folder / "started.json").write_text(json.dumps({"started": 2.0}))
    (folder / "end.json").write_text(json.dumps({"state": "done", "ended": 3.0, "result": result}))
    return root


@pytest.fixture
def done(done_once: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(done_once))
    return Jobs(Home(done_once)).get(NAME)


def bars(html: str) -> list[str]:
    """What is compared in the one chart of a step."""
    [told] = re.findall(r'aria-label="images per second: ([^"]*)"', html)
    return [re.sub(r" [\d,.]+$", "", one) for one in told.split("; ")]


def seen_until(job: Job, number: int, state: str) -> Watch:
    """The events up to the moment in which a step was so."""
    whole = Watch(job)
    until: list[Event] = []
    for at, event in whole._reader.new():
        until.append((at, event))
        told = event.values if isinstance(event, Sample) and event.series == "step" else {}
        if (told.get("number"), told.get("state")) == (number, state):
            break
    cut = Watch(job)
    for stamped in until:
        cut._take(stamped)
    return cut


def test_a_chart_compares_formats_at_one_encoding_or_encodings_in_one_format(done: Job) -> None:
    story = story_of(done)
    assert story is not None
    assert bars(step_html(LOADING, story)) == ["Files on disk", "LMDB", "HDF5"]
    assert {row["variant"] for row in story.formats.repeats} == {"original"}
    assert bars(step_html(RAW, story)) == ["Image files", "Raw pixels"]
    assert {row["format"] for row in story.encodings.repeats} == {"lmdb"}
    for comparison in (story.formats, story.encodings):
        assert {(row["loader"], row["workers"], row["batch_size"]) for row in comparison.repeats} == {
            ("torch", "inline", 25)
        }


def test_a_sentence_claims_no_difference_that_is_not_significant(done: Job) -> None:
    story = story_of(done)
    assert story is not None
    once = {row["format"]: row for row in story.formats.repeats}.values()
    rows = [{**row, "samples_per_s": 100.0 + turn} for turn in range(5) for row in once]
    story.formats.repeats = rows
    assert story.formats.sentence().startswith("No significant difference between ")
    times = {"lmdb": 3.0}
    story.formats.repeats = [
        {**row, "samples_per_s": row["samples_per_s"] * times.get(row["format"], 1)} for row in rows
    ]
    assert story.formats.sentence().startswith("LMDB gives 306 images/s, 3.00 times as many as ")
    assert story.formats.sentence() in step_html(LOADING, story)
    story.formats.complete = False
    assert story.formats.sentence() == "", "nothing is claimed while it runs"
    rows = [{**row, "samples_per_s": 10.0 + turn} for turn in range(5) for row in story.encodings.repeats]
    story.encodings.repeats = [
        {**row, "samples_per_s": row["samples_per_s"] * (30 if "raw" in row["store"] else 1)} for row in rows
    ]
    assert story.encodings.sentence().startswith(
        "Storing raw pixels gives 360 images/s, 30.0 times as many as storing image files"
    )
    sized = [{**row, "store": str(row["store"]).replace("/raw", "/raw-size90")} for row in story.encodings.repeats]
    sized = [{**row, "variant": str(row["store"]).partition("/")[2]} for row in sized]
    assert FactorComparison(sized, complete=True).sentence() == story.encodings.sentence()


def test_busy_programs_are_told_where_the_figures_are(done: Job) -> None:
    story = story_of(done)
    assert story is not None
    for number in (RAW, END):
        assert "Background load: other programs took 40%" in step_html(number, story)
    story.encodings.repeats = [{**row, "background_load": 0.01} for row in story.encodings.repeats]
    story.formats.repeats = [{**row, "background_load": None} for row in story.formats.repeats]
    assert "Background load" not in step_html(END, story) + step_html(LOADING, story)


def test_every_step_is_whole_html_without_scripts_at_every_moment(done: Job) -> None:
    running = replace(done, state=State.RUNNING)
    for at in (IMAGES, STORES, LOADING, RAW):
        for state in ("running", "there already", "done"):
            seen = seen_until(done, at, state)
            for chosen in ("", *map(str, range(1, END + 1)), "99", "<b>"):
                drawn = picture(running, seen, chosen)
                ElementTree.fromstring(f"<div>{drawn}</div>")
                assert "<script" not in drawn
    story = story_told(running, seen_until(done, RAW, "running"))
    assert story.step == RAW
    assert bars(step_html(LOADING, story)) == ["Files on disk", "LMDB", "HDF5"], "a step stays readable"
    assert "Not measured yet" in step_html(RAW, story)


def test_classes_appear_as_they_are_drawn() -> None:
    story = Story("shapes", IMAGES, imported=1_200)
    drawn = step_html(IMAGES, story, Progress("reading", 1_200, 6_000))
    assert drawn.count("opacity:0.12") == 7, "of ten classes with 500 images each, the third one is being drawn"
    assert list(built_in_cards())[:2] == ["arrow", "circle"]


def test_the_images_before_the_import_are_those_of_the_dataset(tmp_path: Path) -> None:
    source = Shapes(train=20, val=0)
    found = {(image.class_name, int(image.name[:5])): image.data for image in source.images()}
    assert [Shapes().png("train", number) for number in (0, 11)] == [found["arrow", 0], found["circle", 11]]


def test_names_of_strangers_are_no_markup(empty: Home, tmp_path: Path) -> None:
    put_classes(tmp_path / "mine", {"<img src=x onerror=y>": 2, "b&b": 2})
    finish(Import(str(tmp_path / "mine"), "mine", home=str(empty.root)).run())
    assert set(dataset_cards(Dataset.open(empty, "mine"))) == {"<img src=x onerror=y>", "b&b"}
    drawn = step_html(IMAGES, story_told_of(empty, "mine"))
    ElementTree.fromstring(f"<div>{drawn}</div>")
    assert "<img src=x" not in drawn
    assert "&lt;img src=x onerror=y&gt;" in drawn


def story_told_of(home: Home, name: str) -> Story:
    job = Job(home.jobs / NAME, "demo", "Demo", "start", True, 1.0, {"dataset": name}, State.RUNNING, started=2.0)
    return story_told(job, Watch(job))


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_whole_and_has_a_text_in_its_place(name: str) -> None:
    root = ElementTree.fromstring(drawing(name, "#2F7DD1"))
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert drawing(name, "#2F7DD1").count("#2F7DD1") >= 1, "one sample is marked"


def test_every_usual_format_has_a_drawing_and_a_sentence() -> None:
    for entry in FORMATS.values():
        if entry.usual and entry.where.startswith(".formats."):
            assert (entry.drawing in DRAWINGS, bool(entry.layout)) == (True, True), entry.title


def test_the_start_page_shows_the_last_demo_and_leads_into_its_stores(
    done_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "home"
    shutil.copytree(done_once, root)
    file = root / "runs" / "jobs" / NAME / "end.json"
    file.write_text(file.read_text().replace(str(done_once), str(root)))
    for record in root.rglob("*.jsonl"):
        record.write_text(record.read_text().replace(str(done_once), str(root)))
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(root))
    app = open_page("start").run()
    assert not app.exception
    assert "Demo results on this machine" in texts(app)
    app.segmented_control(key="start.told_step").set_value(str(STORES)).run()
    links = {link.label: link.page for link in app.get("page_link")}
    assert "Look inside: LMDB" in links


def test_a_demo_that_runs_is_in_view_and_a_step_chosen_meanwhile_stays(
    done: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, shown = replace(done, state=State.RUNNING), list[str]()
    monkeypatch.setattr(demo, "bring_into_view", lambda job: shown.append(job.id))
    with monkeypatch.context() as patch:
        patch.setattr(start_page, "running_demo", lambda: running)
        app = open_page("start")
        assert shown == [NAME]
        assert app.segmented_control(key="start.step").value is None, "it follows the demo"
        app.segmented_control(key="start.step").set_value(str(STORES)).run()
    assert app.run().segmented_control(key="start.told_step").value == str(STORES)
    assert open_page("start").segmented_control(key="start.told_step").value == str(END)


def test_own_images_are_looked_at_before_they_are_taken(empty: Home, tmp_path: Path) -> None:
    put_classes(tmp_path / "pets", {"cat": 3, "dog": 3})
    (tmp_path / "pets" / "notes.doc").write_text("not an image")
    app = open_page("start").run()
    app.toggle(key="start.own").set_value(True).run()
    app.text_input(key="start.path").set_value(str(tmp_path / "pets")).run()
    assert not app.exception
    assert "6 images" in texts(app)
    assert "Not used (1)" in [expander.label for expander in app.expander]
    assert app.button(key="start.demo_own").label == "Run the demo on pets"
