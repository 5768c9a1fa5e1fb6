"""An imported dataset and its index: streamed, counted, sampled, listed, deleted."""

from __future__ import annotations

import pickle
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from core.base.contracts import Row, Skipped
from core.base.errors import InputError
from core.base.home import Home
from core.base.staging import claim
from core.datasets.dataset import Dataset, delete_dataset, list_datasets
from core.datasets.index import INDEX, IndexWriter
from core.images.value_range import ValueRange

CLASSES = ["ant", "bee", "cow"]


def row(position: int, label: int, width: int = 4) -> Row:
    path = f"train/{CLASSES[label]}/{position}.png"
    return Row(position, path, label, 10 + position, 3, width, 2**64 - 1 - position, 2**63 + position)


TRAIN = [row(0, 0), row(1, 0), row(2, 0, width=5), row(3, 1), row(4, 1)]
VAL = [row(0, 2)]
SKIPPED = [Skipped("/somewhere/caf\u00e9.png", "empty file")]


def write(home: Home, name: str, train: list[Row] = TRAIN) -> Path:
    root = home.raw / name
    root.mkdir(parents=True)
    index = IndexWriter(root, CLASSES)
    index.add("val", VAL)
    index.add("train", train[:2])
    index.add("train", train[2:])
    for skipped in SKIPPED:
        index.skip(skipped)
    index.finish(name=name, source="a folder", imported="2024-05-06T07:08:09+00:00")
    return root


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    write(home, "farm")
    return home


@pytest.fixture
def farm(home: Home) -> Dataset:
    return Dataset.open(home, "farm")


def test_rows_that_are_left_half_read_may_be_let_go_of_by_another_thread(farm: Dataset) -> None:
    rows = farm.rows("train")
    next(rows)
    failed: list[BaseException] = []

    def let_go() -> None:
        try:
            rows.close()
        except BaseException as error:  # noqa: BLE001 - whatever it is
            failed.append(error)

    thread = threading.Thread(target=let_go)
    thread.start()
    thread.join()
    assert not failed


def test_what_is_known_of_a_dataset(home: Home, farm: Dataset) -> None:
    assert (farm.name, farm.root) == ("farm", home.raw / "farm")
    assert farm.splits == {"train": 5, "val": 1}
    assert list(farm.splits) == ["train", "val"]
    assert farm.classes == CLASSES
    assert farm.bytes == 70
    assert (farm.source, farm.imported) == ("a folder", "2024-05-06T07:08:09+00:00")


def test_rows_come_back_as_they_were_written(farm: Dataset) -> None:
    assert list(farm.rows("train")) == TRAIN
    assert list(farm.rows("train", 1, 3)) == TRAIN[1:3]
    assert list(farm.rows("train", 3)) == TRAIN[3:]
    assert list(farm.rows("train", 5)) == []
    assert farm.row("train", 4) == TRAIN[4]


@pytest.mark.parametrize("position", [-1, 5, 10**20])
def test_a_position_outside_is_an_index_error(farm: Dataset, position: int) -> None:
    with pytest.raises(IndexError, match="train of farm has no position"):
        farm.row("train", position)


def test_a_split_that_is_not_there_is_named_with_those_that_are(farm: Dataset) -> None:
    with pytest.raises(InputError, match=r"no split 'test'; it has: train, val"):
        list(farm.rows("test"))


def test_counts_shapes_and_bytes(farm: Dataset) -> None:
    assert farm.class_counts() == [
        ("train", "ant", 3),
        ("train", "bee", 2),
        ("train", "cow", 0),
        ("val", "ant", 0),
        ("val", "bee", 0),
        ("val", "cow", 1),
    ]
    assert list(farm.shapes().items()) == [((3, 4, 3), 5), ((3, 5, 3), 1)]
    assert farm.shapes("val") == {(3, 4, 3): 1}
    assert farm.split_bytes() == {"train": 60, "val": 10}
    assert farm.skipped() == SKIPPED


def test_positions_are_sampled_by_split_and_class(farm: Dataset) -> None:
    assert farm.sample_positions("train", k=10) == [0, 1, 2, 3, 4]
    assert farm.sample_positions("train", label=1) == [3, 4]
    assert farm.sample_positions("train", label=2) == []
    assert farm.sample_positions("train", k=3, seed=1) == farm.sample_positions("train", k=3, seed=1)
    draws = {tuple(farm.sample_positions("train", k=2, seed=seed)) for seed in range(20)}
    assert len(draws) > 3


def test_the_fingerprint_tells_what_differs(home: Home, farm: Dataset) -> None:
    write(home, "same")
    write(home, "other", [*TRAIN[:4], TRAIN[4]._replace(checksum=1)])

    assert Dataset.open(home, "same").fingerprint == farm.fingerprint
    assert Dataset.open(home, "other").fingerprint != farm.fingerprint
    assert len(farm.fingerprint) == 32


def test_a_dataset_travels_and_is_used_by_threads(farm: Dataset) -> None:
    copy = pickle.loads(pickle.dumps(farm))
    read: list[list[Row]] = []
    threads = [threading.Thread(target=lambda: read.append(list(copy.rows("train")))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert read == [TRAIN] * 4


def test_any_tool_can_read_the_index(farm: Dataset) -> None:
    index = sqlite3.connect(farm.root / INDEX)
    try:
        found = index.execute("SELECT path, checksum FROM images WHERE split = 'train' AND position = 1").fetchone()
    finally:
        index.close()

    assert found == (TRAIN[1].path, -2)


def test_a_home_of_any_name(tmp_path: Path) -> None:
    home = Home(tmp_path / "100% #1? caf\u00e9")
    write(home, "farm")

    assert Dataset.open(home, "farm").splits == {"train": 5, "val": 1}


def test_datasets_are_listed_by_name(home: Home) -> None:
    write(home, "barn")
    (home.raw / "not a dataset").mkdir()
    (home.raw / ".importing").mkdir()
    (write(home, "damaged") / INDEX).write_bytes(b"SQLite format 3\0 and then rubbish")

    assert [dataset.name for dataset in list_datasets(home)] == ["barn", "farm"]


def test_no_home_no_datasets(tmp_path: Path) -> None:
    assert list_datasets(Home(tmp_path / "nowhere")) == []


def test_an_unknown_dataset_is_told_with_those_there_are(home: Home, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no dataset 'zoo'; there are: farm"):
        Dataset.open(home, "zoo")
    with pytest.raises(InputError, match="none yet"):
        Dataset.open(Home(tmp_path / "nowhere"), "zoo")
    with pytest.raises(InputError, match="no dataset"):
        Dataset.open(home, "../raw/farm")


@pytest.mark.parametrize("content", [b"", b"rubbish", b"SQLite format 3\0" + b"\0" * 200])
def test_a_damaged_index_is_told(home: Home, content: bytes) -> None:
    (home.raw / "farm" / INDEX).write_bytes(content)

    with pytest.raises(InputError, match="index of dataset 'farm' is damaged"):
        Dataset.open(home, "farm")


def test_an_index_of_another_version_is_told(home: Home) -> None:
    index = sqlite3.connect(home.raw / "farm" / INDEX)
    index.execute("UPDATE dataset SET value = '99' WHERE key = 'schema'")
    index.commit()
    index.close()

    with pytest.raises(InputError, match="schema 99"):
        Dataset.open(home, "farm")


def test_a_deleted_dataset_is_gone_and_others_stay(home: Home) -> None:
    write(home, "barn")

    delete_dataset(home, "farm")

    assert [dataset.name for dataset in list_datasets(home)] == ["barn"]
    assert not (home.raw / "farm").exists()


@pytest.mark.parametrize("name", ["zoo", "", "..", ".importing", "farm/train", "/etc"])
def test_only_a_dataset_can_be_deleted(home: Home, name: str) -> None:
    with pytest.raises(InputError):
        delete_dataset(home, name)

    assert (home.raw / "farm" / INDEX).exists()


def test_a_damaged_dataset_can_be_deleted(home: Home) -> None:
    (home.raw / "farm" / INDEX).write_bytes(b"rubbish")

    delete_dataset(home, "farm")

    assert not (home.raw / "farm").exists()


def test_a_name_in_use_is_not_deleted(home: Home) -> None:
    with claim(home.raw / ".importing", "farm", "import"), pytest.raises(InputError, match="process"):
        delete_dataset(home, "farm")

    assert (home.raw / "farm" / INDEX).exists()


def test_what_the_import_told_is_kept(home: Home) -> None:
    root = home.raw / "wide"
    root.mkdir()
    index = IndexWriter(root, CLASSES)
    index.add("train", TRAIN)
    index.leave([Skipped("/somewhere/notes.txt", "text")])
    index.set_pixel_checksums("train", [(1, 2**64 - 5)])
    index.finish(
        name="wide",
        source="a folder",
        imported="2024-05-06T07:08:09+00:00",
        recognised="a folder of images",
        why="split folders",
        labels="folders",
        notes='["a guess"]',
        range='{"integers": [0, 4095]}',
    )

    found = Dataset.open(home, "wide")

    assert (found.recognised, found.why, found.labels) == ("a folder of images", "split folders", "folders")
    assert (found.notes, found.values) == (("a guess",), ValueRange(integers=(0, 4095)))
    assert found.unused() == [("/somewhere/notes.txt", "text")]
    assert found.row("train", 1).pixel_checksum == 2**64 - 5


def test_an_index_of_schema_1_is_read(home: Home, farm: Dataset) -> None:
    with closing(sqlite3.connect(farm.root / INDEX)) as index:
        index.executescript("DROP TABLE unused; UPDATE dataset SET value = '1' WHERE key = 'schema'")

    found = Dataset.open(home, "farm")

    assert (found.unused(), found.notes, found.values) == ([], (), ValueRange())
    assert list(found.rows("train")) == TRAIN


def test_a_range_that_is_none_is_damage(home: Home, farm: Dataset) -> None:
    with closing(sqlite3.connect(farm.root / INDEX)) as index:
        index.execute("INSERT INTO dataset VALUES ('range', '{\"integers\": [5]}')")
        index.commit()

    with pytest.raises(InputError, match="not a range of values"):
        Dataset.open(home, "farm")
