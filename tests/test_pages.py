"""Every page through the router: in an empty home, in a furnished one, and what its buttons do."""

from __future__ import annotations

import importlib.util
import io
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from app_under_test import PAGES, ROOT, TIMEOUT, open_page, texts
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.building.estimate_process import EstimateProcess
from core.building.part import PartBuilder, PartResult
from core.building.plan import PlannedPart
from core.datasets.dataset import Dataset, list_datasets
from core.formats import FORMATS
from core.importing.task import Import
from core.jobs import Job, Jobs, State
from core.stores.store import list_stores
from tests.field_fixtures import labelled
from tests.image_fixtures import encoded, picture, put_classes
from ui.shared import estimates
from ui.shell import sidebar


def ended(home: Home, task: str) -> Job:
    """The newest job of a task, when it has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        job = next((job for job in Jobs(home).all() if job.task == task), None)
        if job is not None and not job.active:
            return job
        time.sleep(0.05)
    raise AssertionError(f"no {task} ended in time")


def buttons(app: AppTest) -> set[str | None]:
    return {button.key for button in app.button}


def click(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_home_leads_to_the_next_step(page: str, empty: Home) -> None:
    app = open_page(page)
    assert not app.exception
    assert not app.error
    links = [link.label for link in app.get("page_link")]
    assert "Import one" in links
    assert page in ("start", "dataset") or any("Import" in label for label in links if label != "Import one")


@pytest.mark.parametrize("page", PAGES)
def test_a_furnished_home_is_shown_without_complaint(page: str, furnished: Home) -> None:
    app = open_page(page)
    assert not app.exception
    assert not app.error
    assert app.sidebar.selectbox(key="app.dataset").value == "shapes"
    assert "80 images · 10 classes" in texts(app)


def test_no_page_loads_torch(furnished: Home) -> None:
    script = (
        "import sys; sys.path[:0] = ['tests', '.']\n"
        "from app_under_test import PAGES, open_page\n"
        "for page in PAGES:\n"
        "    assert not open_page(page).exception, page\n"
        "print(*sorted({'torch', 'numba', 'core.loading.loader'} & set(sys.modules)))\n"
    )
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == ""


def test_the_sidebar_says_how_far_the_kernels_are(empty: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    for name, value in (("in_background", True), ("complete", False), ("runs", True)):
        monkeypatch.setattr(sidebar, name, lambda value=value: value)
    monkeypatch.setattr(sidebar, "compile_ahead", lambda: begun.append("begun"))
    monkeypatch.setattr(sidebar, "FIRST_LOOK", 0.0)
    monkeypatch.setattr(sidebar, "rest_text", lambda: "5 of 46 kernels, about 20 s")
    app = open_page("start")
    assert begun
    assert "Preparing the fast loader: 5 of 46 kernels, about 20 s." in [text.value for text in app.sidebar.caption]
    monkeypatch.setattr(sidebar, "complete", lambda: True)
    assert "Preparing" not in texts(app.run())


def test_nothing_is_compiled_beside_a_demo(empty: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    for name, value in (("in_background", True), ("complete", False), ("runs", True), ("rest_text", "")):
        monkeypatch.setattr(sidebar, name, lambda value=value: value)
    monkeypatch.setattr(sidebar, "FIRST_LOOK", 0.0)
    monkeypatch.setattr(sidebar, "compile_ahead", lambda: said.append("begun"))
    monkeypatch.setattr(sidebar, "stop", lambda: said.append("stopped"))
    folder = empty.jobs / "20260101-000000-000000-demo-abcd"
    demo = Job(folder, "demo", "Demo", "start", True, 1.0, {}, State.RUNNING, started=time.time())
    with monkeypatch.context() as patch:
        patch.setattr(Jobs, "active", lambda jobs: [demo])
        open_page("dataset")
        patch.setattr(sidebar.state, "jobs", lambda: Jobs(empty))
        sidebar._draw_compiled()  # the fragment of another tab, drawn before the demo began
    assert set(said) == {"stopped"}
    open_page("dataset")
    assert said[-1] == "begun", "as soon as it has ended"
    monkeypatch.setattr(sidebar, "FIRST_LOOK", 3600.0)
    said.clear()
    open_page("dataset")
    assert said == [], "the first page has the machine to itself"


def test_pages_are_thin() -> None:
    for page in (ROOT / "pages").glob("*.py"):
        assert len(page.read_text().splitlines()) < 300, page.name


# ---------------------------------------------------------------- dataset


def test_an_import_is_a_job_and_its_dataset_becomes_the_current_one(furnished: Home) -> None:
    app = open_page("dataset")
    for option, value in (("size", 8), ("train", 30), ("val", 10)):
        app.number_input(key=f"dataset.shapes.{option}").set_value(value)
    app.text_input(key="dataset.name.shapes.shapes").set_value("tiny")
    click(app, "dataset.import")
    assert ended(furnished, "import").state is State.DONE
    app.run()
    assert app.sidebar.selectbox(key="app.dataset").value == "tiny"
    assert Dataset.open(furnished, "tiny").splits == {"train": 30, "val": 10}
    assert "40 images" in texts(app)


def test_a_taken_name_is_offered_with_a_number(furnished: Home) -> None:
    assert open_page("dataset").text_input(key="dataset.name.shapes.shapes").value == "shapes-2"


def test_a_bad_name_is_refused_in_a_sentence(furnished: Home) -> None:
    app = open_page("dataset")
    app.text_input(key="dataset.name.shapes.shapes").set_value("../up")
    click(app, "dataset.import")
    assert "cannot be a dataset's name" in app.error[0].value
    assert Jobs(furnished).all() == []


def test_a_path_is_recognised_before_it_is_imported(empty: Home, tmp_path: Path) -> None:
    app = open_page("dataset")
    app.segmented_control(key="dataset.way").set_value("A path on this machine").run()
    app.text_input(key="dataset.path").set_value("/nowhere/at/all").run()
    assert "there is no" in app.warning[0].value
    (tmp_path / "photos").mkdir()
    app.text_input(key="dataset.path").set_value(f" '{tmp_path}/photos' ").run()
    assert "no image found" in app.warning[0].value
    assert "dataset.import" not in buttons(app)
    put_classes(tmp_path / "photos", {"cat": 5, "dog": 5})
    (tmp_path / "photos" / "labels.csv").write_text("id,breed\n")
    app.run()
    said = texts(app)
    assert "Recognised as: **A folder of images** (folders are classes)." in said
    assert "10 images: 8 train and 2 val  \n2 classes, labels from folder names" in said
    assert "2 of 10 images were drawn for val" in said
    assert "labels may lie there: labels.csv (a table with the columns id, breed" in said.replace("\\", "")
    assert "dataset.import" in buttons(app)
    assert app.text_input(key=f"dataset.name.path.{tmp_path}/photos").value == "photos"

    (tmp_path / "pets.csv").write_text("id,breed\n" + "".join(f"photos/cat/{n:03d},pet{n % 2}\n" for n in range(5)))
    app.text_input(key="dataset.path").set_value(f"{tmp_path}/pets.csv").run()
    assert "2 classes, labels from a label file" in texts(app)
    (joined,) = (one.value for one in app.dataframe if "Label" in one.value and "Row" in one.value)
    assert list(joined.loc[0]) == ["pets.csv, row 2", "photos/cat/000.png", "pet0", "train"]
    assert app.selectbox(key=f"dataset.label_file.{tmp_path}/pets.csv.label").options[0] == "As recognised: breed"


def test_an_lmdb_is_sent_to_the_inspector(empty: Home, tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "data.mdb").write_bytes(b"x")
    app = open_page("dataset")
    app.segmented_control(key="dataset.way").set_value("A path on this machine").run()
    app.text_input(key="dataset.path").set_value(str(tmp_path / "db")).run()
    assert "is an LMDB" in app.warning[0].value
    assert "dataset.inspect" in buttons(app)
    assert "dataset.import" not in buttons(app)


def test_a_failed_import_says_why_until_it_is_dismissed(empty: Home, tmp_path: Path) -> None:
    put_classes(tmp_path / "photos", {"cat": 1})
    app = open_page("dataset")
    app.segmented_control(key="dataset.way").set_value("A path on this machine").run()
    app.text_input(key="dataset.path").set_value(str(tmp_path / "photos")).run()
    (tmp_path / "photos" / "cat" / "000.png").write_bytes(b"broken since it was looked at")
    click(app, "dataset.import")
    job = ended(empty, "import")
    assert job.state is State.FAILED
    app.run()
    assert job.error
    assert job.error in app.error[0].value
    click(app, "dataset.dismiss")
    assert not app.error


def test_an_upload_is_imported_and_cleared_away(empty: Home) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"):
            picture = io.BytesIO()
            Image.new("RGB", (8, 8), "red" if "cat" in name else "blue").save(picture, "png")
            file.writestr(name, picture.getvalue())
    app = open_page("dataset")
    app.segmented_control(key="dataset.way").set_value("Upload an archive").run()
    app.file_uploader(key="dataset.upload").upload("Cats & Dogs.zip", archive.getvalue(), "application/zip").run()
    click(app, "dataset.import")
    assert ended(empty, "import-upload").error is None
    dataset = Dataset.open(empty, "cats-dogs")
    assert dataset.classes == ["cat", "dog"]
    assert dataset.source == "Cats & Dogs.zip"
    assert list((empty.root / "data" / "uploads").iterdir()) == []


def test_where_jobs_cannot_be_kept_it_is_said(empty: Home) -> None:
    empty.runs.write_text("in the way")
    app = open_page("dataset")
    click(app, "dataset.import")
    assert "the job could not be started" in app.error[0].value


def test_the_quality_of_a_dataset_is_checked_by_a_job_and_shown(empty: Home, tmp_path: Path) -> None:
    put_classes(tmp_path / "images" / "train", {"cat": 12, "dog": 12})
    put_classes(tmp_path / "images" / "val", {"cat": 1, "dog": 0})
    finish(Import(str(tmp_path / "images"), "pets", home=str(empty.root)).run())
    app = open_page("dataset")
    app.segmented_control(key="dataset.view.pets").set_value("Quality").run()
    click(app, "dataset.check")
    assert ended(empty, "dataset-check").error is None
    app.run()
    said = texts(app)
    assert "**Leak** :gray[1 ×]" in said
    assert "- dog: none in val, 12 in train" in said
    assert any("train · cat" in html.value and "val · cat" in html.value for html in app.get("html"))


@pytest.mark.parametrize("view", [1, 2, 3, 4, 5])
def test_every_view_of_a_dataset_is_drawn(view: int, furnished: Home) -> None:
    app = open_page("dataset")
    control = app.segmented_control(key="dataset.view.shapes")
    control.set_value(control.options[view]).run()
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == (1, 1, 0, 0, 0)[view - 1]
    assert ("Nothing was skipped" in texts(app), "No file was ignored" in texts(app)) == (view == 4, view == 5)


def test_deleting_a_dataset_asks_first_and_names_its_stores(furnished: Home) -> None:
    app = open_page("dataset")
    click(app, "dataset.delete")
    assert list_datasets(furnished), "asking does not delete"
    assert "lmdb/raw" in app.warning[0].value
    click(app, "dataset.delete_confirmed")
    assert list_datasets(furnished) == []
    assert len(list_stores(furnished)) == 3


def test_a_dataset_can_be_deleted_with_its_stores(furnished: Home) -> None:
    app = open_page("dataset")
    click(app, "dataset.delete")
    app.toggle(key="dataset.delete_stores").set_value(True)
    click(app, "dataset.delete_confirmed")
    assert (list_datasets(furnished), list_stores(furnished)) == ([], [])


# ---------------------------------------------------------------- build


def test_the_form_offers_every_component_of_the_tables(furnished: Home) -> None:
    app = open_page("build")
    app.segmented_control(key="build.view").set_value("Build new").run()
    assert not app.exception
    assert len(app.button_group(key="build.format").options) == len(FORMATS)
    assert app.number_input(key="build.format.lmdb.group").value == 1
    assert "already built" in list(app.dataframe[0].value["Status"])


def test_the_form_is_there_before_its_estimates(furnished: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimates, "AT_ONCE", 0)
    with monkeypatch.context() as patch:
        patch.setattr(EstimateProcess, "answer", lambda self, question: None)
        app = open_page("build")
        app.segmented_control(key="build.view").set_value("Build new").run()
        app.button_group(key="build.format").set_value(["npy", "zarr"]).run()
        assert not app.exception
        plan = app.dataframe[0].value
        assert list(plan["Status"]) == ["to be built"] * 4
        assert plan["Allocated"].isna().all()
        assert not app.button(key="build.start").disabled
        assert "Measuring on a sample, 0 of 4" in texts(app)
        assert "What this takes is being estimated" in texts(app)
        assert not app.get("vega_lite_chart")
    monkeypatch.setattr(estimates, "AT_ONCE", TIMEOUT)
    app.run()
    assert "Measuring on a sample" not in texts(app)
    assert (app.dataframe[0].value["Allocated"] > 0).all()
    assert re.search(r"About .* on disk in", texts(app))
    assert len(app.get("vega_lite_chart")) == 2, "a panel for each encoding"


def test_several_stores_are_built_in_one_go(furnished: Home) -> None:
    app = open_page("build")
    app.segmented_control(key="build.view").set_value("Build new").run()
    app.button_group(key="build.format").set_value(["lmdb", "hdf5"])
    app.button_group(key="build.encoding").set_value(["original"])
    app.run()
    app.number_input(key="build.format.lmdb.group").set_value(4).run()
    click(app, "build.start")
    while Jobs(furnished).active():
        time.sleep(0.05)
    assert {"lmdb/original-group4", "hdf5/original"} <= {store.name for store in list_stores(furnished)}
    assert app.run().segmented_control(key="build.view").value == "Build new"
    assert app.button(key="build.start").label == "Already built"
    click(app, "build.show")
    assert app.segmented_control(key="build.view").value == "Stores"
    assert not app.exception


def test_a_store_is_built_in_shards_which_are_listed(furnished: Home) -> None:
    app = open_page("build")
    app.segmented_control(key="build.view").set_value("Build new").run()
    app.button_group(key="build.format").set_value(["lmdb", "zarr"])
    app.button_group(key="build.encoding").set_value(["raw"])
    app.segmented_control(key="build.cut").set_value("shards").run()
    app.number_input(key="build.shards").set_value(3).run()
    assert list(app.dataframe[0].value["Store"]) == ["lmdb/raw-shards3", "zarr/raw-shards3"]
    app.button_group(key="build.format").set_value(["lmdb"]).run()
    click(app, "build.start")
    assert ended(furnished, "build").state is State.DONE
    app.run()
    click(app, "build.show")
    [store] = [store for store in list_stores(furnished) if store.name == "lmdb/raw-shards3"]
    app.selectbox(key="build.store").set_value(str(store.path)).run()
    assert "6 shards" in [expander.label for expander in app.expander]
    [shards] = [one.value for one in app.dataframe if "checksum" in one.value]
    assert list(shards["samples"]) == [20, 20, 20, 6, 7, 7]
    assert shards["path"][1] == "train-00001-of-00003.lmdb"


def test_a_store_is_built_to_an_address_and_listed_there(furnished: Home) -> None:
    app = open_page("build")
    app.segmented_control(key="build.view").set_value("Build new").run()
    app.button_group(key="build.format").set_value(["npy"])
    app.button_group(key="build.encoding").set_value(["raw"]).run()
    app.text_input(key="build.out").set_value("s3://me:secret@bucket").run()
    assert app.button(key="build.start").disabled
    assert "password, key or signature" in app.warning[0].value
    assert "secret" not in texts(app)
    app.text_input(key="build.out").set_value(" memory://bucket/built/ ").run()
    assert app.button(key="build.start").label == "Build 1 store"
    click(app, "build.start")
    job = ended(furnished, "build")
    assert job.error is None
    app.run()
    [listed] = [one.value for one in app.dataframe if "Place" in one.value]
    assert list(listed.loc[0]) == ["npy/raw", 80, 80 * 16 * 16 * 3, 2, "memory://bucket/built/shapes/npy/raw"]


def test_without_the_extra_engine_and_address_are_a_sentence_each(monkeypatch: pytest.MonkeyPatch) -> None:
    def placing() -> None:
        from ui.build.placing import draw_placing

        draw_placing(["lmdb", "zarr"])

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in ("ray", "fsspec") else found(name))
    app = AppTest.from_function(placing).run()
    assert not app.exception
    assert not app.text_input
    assert "To spread them over several: Ray (`pip install" in texts(app)
    assert "To build to object storage: `pip install" in texts(app)


def test_a_killed_build_is_gone_on_with_or_discarded(furnished: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    real = PartBuilder.__call__

    def killed(self: PartBuilder, planned: PlannedPart) -> PartResult:
        if planned.name == "train.00001":
            shutil.copytree(self.place.folder.parent, furnished.root / "left")
            raise KeyboardInterrupt
        return real(self, planned)

    with monkeypatch.context() as patch:
        patch.setattr(PartBuilder, "__call__", killed)
        with pytest.raises(KeyboardInterrupt):
            finish(Build("shapes", "npy", "raw", options={"shards": 2}, workers=0).run())
    name = "shapes.npy.raw-shards2"
    for number, button in enumerate((f"build.discard.{name}", f"build.go_on.{name}")):
        shutil.copytree(furnished.root / "left", furnished.built / ".building" / f"{name}.99999{number}")
        app = open_page("build")
        assert "**npy/raw-shards2** was interrupted. 1 of 4 shards are built" in texts(app)
        click(app, button)
        if "discard" in button:
            assert "was interrupted" not in texts(app)
    job = ended(furnished, "build")
    assert (job.state, job.result["resumed"]) == (State.DONE, 30)
    assert "was interrupted" not in texts(app.run())


def test_images_of_several_shapes_are_offered_a_size(empty: Home, tmp_path: Path) -> None:
    for number, shape in enumerate([(20, 30), (40, 25), (20, 30)]):
        folder = tmp_path / "photos" / "a"
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", shape).save(folder / f"{number}.png")
    finish(Import(str(tmp_path / "photos"), "photos").run())
    app = open_page("build")
    assert app.number_input(key="build.encoding.raw.size").value == 30
    assert app.button(key="build.start").label.startswith("Build")
    assert not app.warning
    assert not app.exception


def test_what_cannot_be_built_says_why_in_the_plan(furnished: Home) -> None:
    app = open_page("build")
    app.segmented_control(key="build.view").set_value("Build new").run()
    app.button_group(key="build.encoding").set_value(["original"])
    app.button_group(key="build.format").set_value(["hdf5"]).run()
    app.selectbox(key="build.format.hdf5.filter").set_value("gzip").run()
    assert not app.exception
    assert app.button(key="build.start").disabled
    assert "filter" in app.warning[0].value


def test_a_store_is_verified_and_deleted(furnished: Home) -> None:
    app = open_page("build")
    chosen = app.selectbox(key="build.store").value
    click(app, "build.verify")
    assert ended(furnished, "verify").result["ok"]
    assert "All 80 samples match" in texts(app.run())
    click(app, "build.delete")
    click(app, "build.delete_confirmed")
    assert chosen not in {str(store.path) for store in list_stores(furnished)}


def test_a_damaged_store_is_found_by_verify(furnished: Home) -> None:
    store = next(store for store in list_stores(furnished) if store.manifest.format == "disk")
    image = next(store.path.glob("train/*/*.png"))
    image.write_bytes(image.read_bytes()[:-1] + b"?")
    app = open_page("build")
    app.selectbox(key="build.store").set_value(str(store.path)).run()
    click(app, "build.verify")
    assert not ended(furnished, "verify").result["ok"]
    assert "1 sample of 80 differ" in texts(app.run())


def test_a_store_that_cannot_be_read_is_told(furnished: Home) -> None:
    manifest = furnished.built / "shapes" / "lmdb" / "raw" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("circle", "square"))
    app = open_page("build")
    assert not app.exception
    assert "1 store cannot be read" in [expander.label for expander in app.expander]
    assert "was changed after it was written" in texts(app)
    click(app, f"unreadable.store.{manifest.parent}")
    assert not manifest.parent.exists()
    assert "1 store cannot be read" not in [expander.label for expander in app.expander]


# ---------------------------------------------------------------- jobs beside every page


def test_a_running_job_is_seen_from_every_page_and_session(furnished: Home) -> None:
    app = open_page("benchmark")
    app.number_input(key="benchmark.rounds").set_value(50).run()
    click(app, "benchmark.start")
    [job] = Jobs(furnished).active()
    try:
        other = open_page("dataset")
        [beside] = other.sidebar.get("bidi_component")
        assert job.title in beside.proto.json
        assert "Benchmark" in [link.label for link in other.sidebar.get("page_link")]
    finally:
        Jobs(furnished).cancel(job.id)
        ended(furnished, "loader")


def test_further_values_are_shown_beside_their_picture(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [{"caption": f"a <b>cat</b> {index}", "mask": encoded(picture(index)), "age": index} for index in range(3)]
    labelled(home, monkeypatch, values)
    app = open_page("dataset")
    app.sidebar.selectbox(key="app.dataset").set_value("labelled").run()
    app.segmented_control(key="dataset.view.labelled").set_value("Fields").run()
    assert not app.exception
    assert "caption: text · mask: image · age: whole number" in texts(app)
    (shown,) = [element.value for element in app.get("html") if "cat" in str(element.value)]
    assert all(f"a &lt;b&gt;cat&lt;/b&gt; {index}" in shown for index in range(3))
    assert shown.count("<img") == 6
