"""The inspector page on files from elsewhere: opening, understanding, looking, checking, and what goes wrong."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import h5py
import lmdb
import numpy as np
import pytest
from app_under_test import marked, open_page, step, texts
from inspect_fixtures import IMAGES, LABELS, SAMPLES, png, write_dicts, write_many_hdf5
from streamlit.testing.v1 import AppTest

from benchmarks.read_only_files import write_mds
from core.base.events import finish
from core.base.home import Home
from core.images.pixel_choice import AS_IS
from core.inspect import uploads
from core.inspect.preferences import Remembered
from core.inspect.roots import VARIABLE
from core.inspect.schemas.names import join_choice, split_choice
from core.inspect.task import Scan
from core.jobs.tasks import make
from ui.inspector import inspected
from ui.inspector.check import as_csv
from ui.inspector.drawing import RANGE
from ui.inspector.filtering import KEY, LABEL
from ui.inspector.opening import FOLDER, PATH, SOURCE
from ui.inspector.view import RECOGNISED

VIEW = "inspector.view"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that may be looked into."""
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


@pytest.fixture
def photos(files: Path) -> Path:
    """PNG files in an LMDB, their classes in the keys' paths, one of them broken."""
    with lmdb.open(str(files / "photos.lmdb"), map_size=1 << 24) as env, env.begin(write=True) as transaction:
        for index, image in enumerate(IMAGES):
            data = png(image) if index != 7 else png(image)[:200]
            transaction.put(f"{'cat' if index < 5 else 'dog'}/{index:03}.png".encode(), data)
    return files / "photos.lmdb"


def opened(path: Path | str, view: str | None = None) -> AppTest:
    app = open_page("inspector")
    app.segmented_control(key=SOURCE).set_value("file").run()
    app.text_input(key=PATH).set_value(str(path)).run()
    if view is not None:
        app.segmented_control(key=VIEW).set_value(view).run()
    assert not app.exception
    return app


def errors(app: AppTest) -> str:
    return "\n".join(error.value for error in app.error)


# ---------------------------------------------------------------- drawing


def test_bands_and_range_are_told_beside_the_picture_and_can_be_chosen(empty: Home, files: Path) -> None:
    rows, columns = np.mgrid[:20, :20]
    slopes = np.arange(1, 37).reshape(6, 1, 1, 6)
    with h5py.File(files / "bands.h5", "w") as file:
        file["images"] = ((rows * columns + rows)[..., None] * slopes).astype("u2")
    app = opened(files / "bands.h5")

    def said() -> str:
        return texts(app).replace("\\", "")

    assert "Bands 1, 2, 3 of 6 are drawn as red, green and blue" in said()
    assert "99.8 % of the values of 6 images" in said()
    app.segmented_control(key=RANGE).set_value(AS_IS).run()
    assert "Values from 0 to 65535 are drawn as black to white: as they are" in said()
    for colour, band in (("Red", 5), ("Green", 0), ("Blue", 0)):
        app.selectbox(key=f"inspector.band.6.{colour}").set_value(band).run()
    assert not app.exception
    assert "Bands 6, 1, 1 of 6 are drawn as red, green and blue (as asked for)" in said()
    assert (app.query_params["range"], app.query_params["bands"]) == ("as-is", "6,1,1-of-6")
    app.button(key="inspector.usual_bands").click().run()
    assert "Bands 1, 2, 3 of 6" in said()


def test_photographs_offer_no_choice_of_range_or_bands(empty: Home, files: Path) -> None:
    app = opened(write_many_hdf5(files / "many.h5"))
    assert not [widget for widget in (*app.segmented_control, *app.selectbox) if "range" in str(widget.key)]
    assert not [widget for widget in app.selectbox if "inspector.band" in str(widget.key)]


# ---------------------------------------------------------------- opening


def test_a_file_says_how_it_was_understood(empty: Home, files: Path) -> None:
    app = opened(write_many_hdf5(files / "many.h5"))
    said = texts(app)
    assert f"HDF5 · {SAMPLES} entries" in said
    assert "Read as *" in said
    assert "because" in said
    assert f"1 to {SAMPLES} of {SAMPLES} entries" in said
    assert f"Label {LABELS[0]}" in said
    assert Remembered.load(empty).recent == (str(files / "many.h5"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"hello", "is text"), (b"PK\x03\x04" + bytes(30), "zip archive"), (b"\x89HDF\r\n\x1a\n" + bytes(99), "opened")],
)
def test_what_it_is_not_is_named(empty: Home, files: Path, content: bytes, message: str) -> None:
    (files / "x.h5").write_bytes(content)
    assert message in errors(opened(files / "x.h5"))


def test_a_path_outside_is_refused_with_the_remedy(empty: Home, files: Path) -> None:
    secret = write_many_hdf5(files.parent / "secret.h5")
    (files / "link.h5").symlink_to(secret)
    for path in (secret, files / "link.h5"):
        message = errors(opened(path))
        assert "outside the folders" in message
        assert VARIABLE in message


def test_a_path_that_is_not_there(empty: Home, files: Path) -> None:
    assert "does not exist" in errors(opened(files / "no.h5"))


def test_a_folder_is_browsed(empty: Home, files: Path) -> None:
    (files / "sub").mkdir()
    write_many_hdf5(files / "sub" / "many.h5")
    app = opened(files / "sub")
    assert "many.h5" in str(app.dataframe[0].value)
    assert str(files / "sub") in texts(app)
    app.button(key="inspector.up").click().run()
    assert app.session_state[FOLDER] == str(files)
    assert app.button(key="inspector.up").disabled


def test_an_address_opens_a_file(empty: Home, photos: Path) -> None:
    app = open_page("start")
    app.query_params["file"] = str(photos)
    app.switch_page("pages/inspector.py").run()
    assert "photos.lmdb" in texts(app)


def test_a_store_is_looked_into_from_the_build_page(furnished: Home, files: Path) -> None:
    app = open_page("inspector")
    app.segmented_control(key=SOURCE).set_value("file").run()
    app.switch_page("pages/build.py").run()
    app.button(key="build.inspect").click().run()
    assert not app.exception
    assert app.segmented_control(key=SOURCE).value == "store"
    assert "Sample 0 of" in texts(app)


def test_an_upload_is_shown_and_then_gone(empty: Home, tmp_path: Path) -> None:
    path = write_dicts(tmp_path / "up.lmdb", lambda image: image, None)
    kept = empty.root / "data" / "uploads" / uploads.FOLDER
    app = open_page("inspector")
    app.segmented_control(key=SOURCE).set_value("upload").run()
    app.file_uploader(key="inspector.upload").upload("../data.mdb", (path / "data.mdb").read_bytes()).run()
    assert not app.exception
    assert f"LMDB · {SAMPLES} entries" in texts(app)
    assert [file.name for file in kept.rglob("*") if file.is_file()] == ["data.mdb"]
    assert Remembered.load(empty).recent == ()
    app.file_uploader(key="inspector.upload").clear().run()
    assert not app.exception
    assert list(kept.iterdir()) == []


# ---------------------------------------------------------------- understanding


def test_another_way_of_reading_is_remembered(empty: Home, files: Path) -> None:
    path = write_many_hdf5(files / "many.h5")
    app = opened(path)
    choice = next(box for box in app.selectbox if box.label == "Read as")
    choice.set_value("hdf5-datasets").run()
    assert "2 entries" in texts(app)
    assert list(Remembered.load(empty).schemas.values()) == ["hdf5-datasets"]
    again = opened(path)
    assert "2 entries" in texts(again)
    next(box for box in again.selectbox if box.label == "Read as").set_value("").run()
    assert f"{SAMPLES} entries" in texts(again)
    assert Remembered.load(empty).schemas == {}


def test_a_way_that_does_not_fit_is_said_and_can_be_taken_back(empty: Home, files: Path) -> None:
    app = opened(write_many_hdf5(files / "many.h5"))
    next(box for box in app.selectbox if box.label == "Read as").set_value("own-hdf5").run()
    assert "cannot be read as" in errors(app)
    next(box for box in app.selectbox if box.label == "Read as").set_value("").run()
    assert f"{SAMPLES} entries" in texts(app)


def test_one_of_several_databases_is_chosen_and_remembered(empty: Home, files: Path) -> None:
    path = files / "several.lmdb"
    with lmdb.open(str(path), map_size=1 << 24, max_dbs=2) as env:
        for name, images in (("train", IMAGES[:8]), ("val", IMAGES[8:])):
            database = env.open_db(name.encode())
            with env.begin(write=True, db=database) as transaction:
                for index, image in enumerate(images):
                    transaction.put(f"{index:05}".encode(), png(image))
    app = opened(path)
    next(box for box in app.selectbox if box.label == "Database").set_value("val").run()
    assert "LMDB · 4 entries" in texts(app)
    assert list(Remembered.load(empty).schemas.values()) == ["sub:val"]
    app = opened(path)
    assert "LMDB · 4 entries" in texts(app)
    app.segmented_control(key=VIEW).set_value("structure").run()
    assert not app.exception
    assert "B+tree" in texts(app)


def test_the_main_database_can_be_chosen_beside_others(empty: Home, files: Path) -> None:
    path = files / "beside.lmdb"
    with lmdb.open(str(path), map_size=1 << 24, max_dbs=1) as env:
        with env.begin(write=True, db=env.open_db(b"thumbnails")) as transaction:
            for index, image in enumerate(IMAGES):
                transaction.put(f"{index:05}".encode(), png(image))
        with env.begin(write=True) as transaction:
            for index, image in enumerate(IMAGES[:3]):
                transaction.put(f"cat/{index:05}".encode(), png(image))
    app = opened(path)
    assert f"LMDB · {len(IMAGES)} entries" in texts(app)
    next(box for box in app.selectbox if box.label == "Database").set_value("").run()
    assert "LMDB · 3 entries" in texts(app)
    assert "the main database" in texts(app)
    next(box for box in app.selectbox if box.label == "Read as").set_value("encoded-values").run()
    assert list(Remembered.load(empty).schemas.values()) == ["encoded-values@"]
    assert "LMDB · 3 entries" in texts(app)
    next(box for box in app.selectbox if box.label == "Database").set_value(RECOGNISED).run()
    assert f"LMDB · {len(IMAGES)} entries" in texts(app)


@pytest.mark.parametrize(
    ("schema", "database", "joined"),
    [("", None, ""), ("a", None, "a"), ("", "b", "sub:b"), ("a", "b@c", "a@b@c"), ("", "", "sub:"), ("a", "", "a@")],
)
def test_a_schema_and_a_database_are_one_name(schema: str, database: str | None, joined: str) -> None:
    assert join_choice(schema, database) == joined
    assert split_choice(joined) == (schema, database)


# ---------------------------------------------------------------- looking


def test_a_label_and_a_key_filter(empty: Home, photos: Path) -> None:
    app = opened(photos)
    app.selectbox(key=LABEL).set_value("dog").run()
    assert "1 to 7 of 7 entries" in texts(app)
    app.text_input(key=KEY).set_value("dog/01").run()
    assert "1 to 2 of 2 entries" in texts(app)
    app.text_input(key=KEY).set_value("bird").run()
    assert any("No entry whose key begins with bird" in info.value for info in app.info)
    assert not app.exception


def test_steps_follow_the_filter(empty: Home, photos: Path) -> None:
    app = opened(photos)
    app.selectbox(key=LABEL).set_value("dog").run()
    assert "Entry 5 of 12" in texts(app)
    assert step(app, -1) is None
    assert step(app, 1)
    assert "Entry 6 of 12" in texts(app)
    app.text_input(key="inspector.goto").set_value("dog/011.png").run()
    assert "Entry 11 of 12" in texts(app)
    assert step(app, 1) is None


def test_a_broken_entry_is_told_and_the_page_lives(empty: Home, photos: Path) -> None:
    app = opened(photos)
    app.text_input(key="inspector.goto").set_value("7").run()
    assert not app.exception
    assert "Entry 7 of 12" in texts(app)
    assert errors(app)
    assert step(app, 1)
    assert not errors(app)


def test_entries_that_are_no_images_are_listed_and_read(empty: Home, files: Path) -> None:
    with lmdb.open(str(files / "texts.lmdb")) as env, env.begin(write=True) as transaction:
        for index in range(9):
            transaction.put(f"{index}".encode(), f'{{"caption": "number {index}"}}'.encode())
    app = opened(files / "texts.lmdb")
    assert "number 8" in str(app.dataframe[-1].value)
    assert "number 0" in str(app.json[0].value)


def test_a_vector_is_drawn(empty: Home, files: Path) -> None:
    with h5py.File(files / "v.h5", "w") as file:
        file["vectors"] = np.random.default_rng(0).normal(size=(20, 64)).astype("f4")
    assert "A vector of 64 numbers" in texts(opened(files / "v.h5"))


def test_text_of_a_file_is_never_markup(empty: Home, files: Path) -> None:
    with lmdb.open(str(files / "x.lmdb")) as env, env.begin(write=True) as transaction:
        transaction.put(b"![](http://example.com/x.png)", b"hello")
    app = opened(files / "x.lmdb")
    assert "![](" not in marked(app)
    assert "http://example.com/x.png" in texts(app)


# ---------------------------------------------------------------- labels, structure, check


def test_labels_are_counted(empty: Home, files: Path) -> None:
    app = opened(write_many_hdf5(files / "many.h5"), "labels")
    assert f"**{len(set(LABELS.tolist()))} labels** among {SAMPLES} entries" in texts(app)


def test_the_structure_of_an_lmdb(empty: Home, photos: Path) -> None:
    said = texts(opened(photos, "structure"))
    for sentence in ("B+tree", "The file and its map", "The file, page by page", "in other formats", "Estimates"):
        assert sentence in said


def test_the_structure_of_an_hdf5_file(empty: Home, files: Path) -> None:
    with h5py.File(files / "c.h5", "w") as file:
        file.create_dataset("images", data=IMAGES, chunks=(4, 32, 32, 3), compression="gzip")
        file["elsewhere"] = h5py.ExternalLink("other.h5", "/x")
    app = opened(files / "c.h5", "structure")
    said = texts(app)
    assert "4 rows, 12.3 kB of values" in said
    assert "lies in 3 chunks" in said
    assert "external link" in "".join(str(element.proto.body) for element in app.get("html"))


def test_the_structure_of_a_folder_of_shards(empty: Home, files: Path) -> None:
    columns: dict[str, tuple[str, int | None]] = {"image": ("png", None), "label": ("int", 8)}
    samples = [{"image": png(image), "label": bytes(8)} for image in IMAGES[:6]]
    app = opened(write_mds(files / "mds", columns, [samples[:2], samples[2:]]), "structure")
    assert "What one sample costs to read" in texts(app)
    tables = [table.value for table in app.dataframe]
    assert any(list(table.get("Shard", ())) == ["shard.00000.mds", "shard.00001.mds"] for table in tables)
    assert any(list(table.get("Encoding", ())) == ["png", "int"] for table in tables)


def test_a_check_lists_what_is_broken(empty: Home, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(photos, "check")
    app.button(key="inspector.scan").click().run()
    job = next(job for job in _jobs(empty) if job.task == "scan")
    assert (job.fields["path"], job.owner) == (str(photos), "inspector")
    _wait(empty, job.id)
    app.run()
    assert "1 of 12 entries cannot be decoded" in errors(app)
    assert "dog/007.png" in str(app.dataframe[-1].value)


def test_the_job_is_made_from_what_the_page_gives_it(photos: Path) -> None:
    task = make("scan", {"path": str(photos), "schema": None}, tasks=_tasks())
    assert isinstance(task, Scan)
    assert [line["key"] for line in finish(task.run())["bad"]] == ["dog/007.png"]


def test_the_list_of_bad_entries_as_a_table() -> None:
    """What breaks a line or cannot be sent is spelled out; nothing is left that a spreadsheet takes for a formula."""
    bad = [{"key": 'a,"b"', "reason": "line\nbreak"}, {"key": "\ud800", "reason": "=1+1"}]
    read = list(csv.DictReader(io.StringIO(as_csv(bad))))
    assert read == [{"key": 'a,"b"', "reason": "line\\nbreak"}, {"key": "\\ud800", "reason": "'=1+1"}]


# ---------------------------------------------------------------- readers that die


def test_a_reader_that_was_killed_is_replaced(files: Path) -> None:
    span = inspected.Span.of_file(str(write_many_hdf5(files / "many.h5")))
    kept = inspected._opened(span.path, span.stamp, span.schema)
    kept._file._reader._process.kill()
    kept._file._reader._process.wait()
    assert inspected.sample(span, 3).about["label"] == LABELS[3]


def test_an_entry_that_kills_its_reader_costs_one_cell(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    span = inspected.Span.of_file(str(write_many_hdf5(files / "many.h5")))
    asked = inspected._of

    def deadly(span: inspected.Span, question: object) -> object:
        answer = asked(span, question)
        if any(cell.about["index"] == 5 for cell in answer):
            raise inspected.ReaderDied("the library crashed reading it")
        return answer

    monkeypatch.setattr(inspected, "_of", deadly)
    found = inspected.cells(span, tuple(range(SAMPLES)), 64)
    assert [cell.about.get("problem") is not None for cell in found] == [index == 5 for index in range(SAMPLES)]


def test_a_page_of_deaths_is_given_up(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    span = inspected.Span.of_file(str(write_many_hdf5(files / "many.h5")))
    deaths = []

    def deadly(span: inspected.Span, question: object) -> object:
        deaths.append(1)
        raise inspected.ReaderDied("the library crashed reading it")

    monkeypatch.setattr(inspected, "_of", deadly)
    found = inspected.cells(span, tuple(range(SAMPLES)), 64)
    assert len(found) == SAMPLES
    assert len(deaths) == inspected.DEATHS


def test_an_idle_reader_is_closed(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspected, "IDLE_SECONDS", 0.01)
    span = inspected.Span.of_file(str(write_many_hdf5(files / "idle.h5")))
    process = inspected._opened(span.path, span.stamp, span.schema)._file._reader._process
    process.wait(10)
    assert inspected.find(span, "images[3]") == 3  # and opened again when it is needed


def _jobs(home: Home) -> list:
    from core.jobs import Jobs

    return Jobs(home).all()


def _tasks() -> dict:
    from core.jobs.tasks import TASKS

    return dict(TASKS)


def _wait(home: Home, job_id: str) -> None:
    import time

    deadline = time.monotonic() + 60
    while any(job.id == job_id and job.active for job in _jobs(home)):
        assert time.monotonic() < deadline, "the check did not end"
        time.sleep(0.1)
