"""Datasets that refer to images where they lie, and samples with further values."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from core.base.contracts import FieldValue, Place, ReferencedSource, Row
from core.base.errors import InputError, WorkError
from core.base.home import Home
from core.building import Build
from core.datasets.dataset import Dataset
from core.datasets.image_reader import ImageReader
from core.importing.task import Import
from core.stores.store import open_store
from tests.field_fixtures import ended, labelled
from tests.image_fixtures import encoded, picture, put_classes


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    put_classes(tmp_path / "photos", {"cat": 5, "dog": 5})
    return tmp_path / "photos"


def test_a_folder_by_reference_copies_nothing_and_is_built_as_a_copy_is(photos: Path, home: Home) -> None:
    told = ended(Import(str(photos), "linked", home=str(home.root), reference=True))
    ended(Import(str(photos), "copied", home=str(home.root)))
    linked, copied = Dataset.open(home, "linked"), Dataset.open(home, "copied")
    assert told["reference"] == str(photos)
    assert linked.files_root == photos
    assert sorted(path.name for path in linked.root.iterdir()) == ["index.sqlite", "reference.json"]
    assert {row.path for row in linked.rows("train")} <= {
        path.relative_to(photos).as_posix() for path in photos.rglob("*.*")
    }
    for one, other in zip(linked.rows("val"), copied.rows("val"), strict=True):
        assert one.place == Place(0)
        assert other.place is None
        assert one[2:8] == other[2:8]
        assert linked.read(one) == copied.read(other)
    stores = [ended(Build(name, "lmdb", home=str(home.root))) for name in ("linked", "copied")]
    assert stores[0]["checksum"] == stores[1]["checksum"]
    assert np.array_equal(open_store(Path(stores[0]["store"]))[1][0], open_store(Path(stores[1]["store"]))[1][0])


def test_a_referenced_file_that_changed_or_moved_is_named(photos: Path, home: Home) -> None:
    ended(Import(str(photos), "linked", home=str(home.root), reference=True))
    dataset = Dataset.open(home, "linked")
    row = dataset.row("train", 2)
    (photos / row.path).write_bytes(encoded(picture(9), "PNG"))
    with pytest.raises(WorkError, match=f"{row.path} has changed"):
        ended(Build("linked", "lmdb", home=str(home.root)))
    photos.rename(photos.with_name("moved"))
    with pytest.raises(WorkError, match=f"{photos}/.* cannot be read"):
        ended(Build("linked", "lmdb", home=str(home.root)))


def test_what_is_packed_or_made_cannot_be_referred_to(home: Home) -> None:
    with pytest.raises(InputError, match="nothing is there to refer to"):
        ended(Import("shapes", "linked", home=str(home.root), reference=True))


def test_parts_of_a_file_are_read_by_offset_also_in_another_process(tmp_path: Path) -> None:
    (tmp_path / "pack.bin").write_bytes(b"headfirstsecond")
    reader = ImageReader(tmp_path, (ReferencedSource("pack.bin"),))
    rows = [Row(0, "a", 0, 6, 1, 1, 0, 0, Place(0, 9)), Row(1, "b", 0, 5, 1, 1, 0, 0, Place(0, 4))]
    assert reader.read_many(rows) == [b"second", b"first"]
    assert pickle.loads(pickle.dumps(reader)).read(rows[1]) == b"first"
    with pytest.raises(WorkError, match="source 3, of 1"):
        reader.read(rows[0]._replace(place=Place(3, 0)))


def test_further_values_of_every_kind_are_kept(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = np.array([[0, 1, 2, 3], [4, 5, 6, 7]], np.float32)
    mask = encoded(picture(5), "PNG")
    values: list[Mapping[str, FieldValue]] = [
        {"caption": "a 'cat'", "age": 3, "score": 0.5, "boxes": boxes, "mask": mask, "tags": ["a", "b"]},
        {},
        {"caption": "two", "age": 4.5, "tags": "one", "boxes": None, "score": float("nan")},
    ]
    dataset = labelled(home, monkeypatch, values)
    assert [tuple(field) for field in dataset.fields] == [
        ("caption", "text"), ("age", "number"), ("score", "number"), ("boxes", "array"), ("mask", "image"),
        ("tags", "json"),
    ]  # fmt: skip
    first, second, third = dataset.field_values("train")
    assert np.array_equal(first.pop("boxes"), boxes)
    assert first == {"caption": "a 'cat'", "age": 3.0, "score": 0.5, "mask": mask, "tags": ["a", "b"]}
    assert second == {}
    assert third == {"caption": "two", "age": 4.5, "tags": "one"}
    assert list(dataset.field_values("train", 1, 2)) == [{}]


def test_texts_and_lists_of_one_name_are_kept_as_json(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = labelled(home, monkeypatch, [{"tags": "one"}, {"tags": ["a", 2]}, {"tags": 7}])
    assert dataset.fields[0].kind == "json"
    assert [one["tags"] for one in dataset.field_values("train")] == ["one", ["a", 2], 7]


def test_what_has_no_form_beside_the_others_is_counted(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = labelled(home, monkeypatch, [{"mask": b"png"}, {"mask": "none"}])
    assert [dict(one) for one in dataset.field_values("train")] == [{"mask": b"png"}, {}]
    assert any("mask (1)" in note for note in dataset.notes)
