"""What an import would bring, on the pages: shown, corrected, started; from the Inspector as well, and conversions."""

from __future__ import annotations

import time
from pathlib import Path

import lmdb
import pytest
from app_under_test import open_page, texts
from streamlit.testing.v1 import AppTest

from core.base.home import Home
from core.datasets.dataset import Dataset
from core.inspect.roots import VARIABLE
from core.jobs import Job, Jobs, State
from core.stores.store import list_stores
from tests.image_fixtures import encoded, picture, put, put_classes
from ui.shared import import_form, import_preview


def looking_at(path: Path | str) -> AppTest:
    """The Dataset page with the preview of a path or address."""
    app = open_page("dataset")
    app.segmented_control(key="dataset.way").set_value("A path on this machine").run()
    return app.text_input(key="dataset.path").set_value(str(path)).run()


def done(home: Home, app: AppTest) -> Job:
    """The only job, when it has ended well."""
    deadline = time.monotonic() + 60
    while Jobs(home).active() and time.monotonic() < deadline:
        time.sleep(0.05)
    [job] = Jobs(home).all()
    assert job.state is State.DONE, job.error
    assert not app.run().exception
    return job


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Images beside a table with two columns that may be labels."""
    rows = ["id,colour,breed"]
    for number in range(12):
        put(tmp_path / "pets" / "train" / f"{number}.png", number)
        rows.append(f"{number},{('red', 'blue')[number % 2]},{('a', 'b', 'c')[number % 3]}")
    (tmp_path / "pets" / "labels.csv").write_text("\n".join(rows))
    return tmp_path / "pets"


def test_a_wrong_guess_is_corrected_where_it_is_shown(empty: Home, pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(Jobs, "start", lambda self, task, fields, **more: asked.append(fields["options"]))
    app = looking_at(pets)
    assert "3 classes, labels from a label file" in texts(app)
    assert "--option" not in texts(app)
    key = f"dataset.image_folder.{pets}"
    label = app.selectbox(key=f"{key}.label")
    assert label.options == ["As recognised: breed", "none", "id", "colour", "breed"]
    label.set_value("colour").run()
    assert "2 classes, labels from a label file" in texts(app)
    app.number_input(key=f"{key}.val_fraction").set_value(0.5).run()
    assert "12 images: 6 train and 6 val" in texts(app)
    app.button(key="dataset.import").click().run()
    assert asked == [{"label": "colour", "val_fraction": 0.5}]


def test_an_option_that_fits_nothing_is_said_and_can_be_taken_back(empty: Home, tmp_path: Path) -> None:
    put_classes(tmp_path / "pets", {"cat": 2, "dog": 2})
    app = looking_at(tmp_path / "pets")
    labels = f"dataset.image_folder.{tmp_path}/pets.labels"
    assert f"dataset.image_folder.{tmp_path}/pets.label" not in {box.key for box in app.text_input}, "no table is there"
    app.selectbox(key=labels).set_value("file").run()
    assert "no label file" in app.warning[0].value
    assert "dataset.import" not in {button.key for button in app.button}
    app.selectbox(key=labels).set_value("auto").run()
    assert "2 classes, labels from folder names" in texts(app)


def test_much_is_proposed_by_reference(empty: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_classes(tmp_path / "pets", {"cat": 20, "dog": 20})
    key = f"dataset.reference.{tmp_path}/pets"
    assert not looking_at(tmp_path / "pets").toggle(key=key).value
    monkeypatch.setattr(import_form, "REFERRED_BYTES", 1000)
    app = looking_at(tmp_path / "pets")
    assert app.toggle(key=key).value


def test_a_preview_that_takes_long_is_waited_for(empty: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_classes(tmp_path / "pets", {"cat": 2})
    monkeypatch.setattr(import_preview, "AT_ONCE", 0.0)
    app = looking_at(tmp_path / "pets")
    assert "Looking at it for" in texts(app)
    deadline = time.monotonic() + 30
    while "Recognised as" not in texts(app) and time.monotonic() < deadline:
        time.sleep(0.2)
        app.run()
    assert "Recognised as" in texts(app)
    assert "Looking at it for" not in texts(app)


# ---------------------------------------------------------------- from the Inspector


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """PNG files in an LMDB that may be looked into, their classes in the keys' paths, one of them broken."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with lmdb.open(str(tmp_path / "photos.lmdb"), map_size=1 << 24) as env, env.begin(write=True) as transaction:
        for index in range(12):
            data = encoded(picture(index, 12))
            key = f"{'cat' if index < 5 else 'dog'}/{index:03}.png"
            transaction.put(key.encode(), data if index != 7 else data[:100])
    return tmp_path / "photos.lmdb"


def inspecting(path: Path) -> AppTest:
    app = open_page("inspector")
    app.segmented_control(key="inspector.source").set_value("file").run()
    return app.text_input(key="inspector.path").set_value(str(path)).run()


def test_a_file_is_imported_from_the_inspector(empty: Home, photos: Path) -> None:
    app = inspecting(photos)
    assert "Recognised as" not in texts(app), "nothing is read before somebody asks"
    app.button(key="inspector.import_open").click().run()
    assert "2 classes" in texts(app)
    app.toggle(key=f"inspector.reference.{photos}").set_value(True).run()
    app.button(key="inspector.import").click().run()
    done(empty, app)
    dataset = Dataset.open(empty, "photos")
    assert dataset.reference_root == photos.parent
    assert (dataset.classes, sum(dataset.splits.values())) == (["cat", "dog"], 11)
    assert app.sidebar.selectbox(key="app.dataset").value == "photos"


def test_a_file_is_converted_from_the_inspector(empty: Home, photos: Path) -> None:
    app = inspecting(photos)
    app.segmented_control(key="inspector.view").set_value("structure").run()
    app.button(key="inspector.convert.parquet").click().run()
    assert app.selectbox(key="inspector.convert_payload").value.encoding == "original", "what changes nothing is first"
    app.button(key="inspector.convert_start").click().run()
    job = done(empty, app)
    [store] = list_stores(empty)
    assert (store.manifest.dataset, store.manifest.format) == ("photos", "parquet")
    assert str(store.path) == job.result["store"]
    assert "done in" in app.success[0].value
    app.button(key="inspector.convert.lmdb").click().run()
    assert app.text_input(key="inspector.convert_name").value == "photos", "the same dataset serves"
    app.button(key="inspector.converted").click().run()
    assert app.text_input(key="inspector.path").value == str(store.path)


@pytest.mark.usefixtures("empty")
def test_an_address_is_looked_at_only_where_a_person_allowed_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(import_form, "preview_of", lambda source, options: asked.append(source))
    app = looking_at("s3://bucket/pets")
    assert "opens no addresses there" in app.error[0].value
    assert not asked
    monkeypatch.setenv(VARIABLE, "s3://bucket")
    assert not looking_at("s3://bucket/pets").exception
    assert asked == ["s3://bucket/pets"]
