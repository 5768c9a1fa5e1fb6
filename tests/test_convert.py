"""From any source to a store, in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.base.errors import InputError
from core.base.events import Message, Result
from core.base.home import Home
from core.datasets.dataset import Dataset, list_datasets
from core.importing.convert import Convert
from core.stores.store import open_store
from tests.image_fixtures import put_classes


def ended(task: Any) -> dict[str, Any]:
    return dict([event for event in task.run() if isinstance(event, Result)][-1].data)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    put_classes(tmp_path / "photos", {"cat": 5, "dog": 5})
    return tmp_path / "photos"


def test_a_folder_becomes_a_store_where_it_is_wanted_and_nothing_else(photos: Path, tmp_path: Path, home: Home) -> None:
    out = tmp_path / "made" / "store"
    out.parent.mkdir()
    told = ended(Convert(str(photos), "webdataset", out=str(out), home=str(home.root)))
    assert told["store"] == str(out)
    assert told["verified"] is True
    assert told["recognised"] == "a folder of images"
    store = open_store(out)
    assert (len(store), store.classes) == (8, ["cat", "dog"])
    assert sorted(path.name for path in out.parent.iterdir()) == ["store"]
    assert [dataset.name for dataset in list_datasets(home)] == ["shapes"]


def test_without_a_folder_the_dataset_stays_and_is_used_again(photos: Path, home: Home) -> None:
    first = ended(Convert(str(photos), "lmdb", options={"val_fraction": "0"}, home=str(home.root)))
    dataset = Dataset.open(home, "photos")
    assert dataset.reference_root == photos
    assert dataset.splits == {"train": 10}
    again = Convert(str(photos), "hdf5", encoding="raw", options={"val_fraction": "0.4"}, home=str(home.root))
    events = list(again.run())
    assert any(isinstance(event, Message) and "not val_fraction" in event.text for event in events)
    second = events[-1].data
    assert second["splits"]["train"]["samples"] == 10
    stores = [open_store(told["store"]) for told in (first, second)]
    assert np.array_equal(stores[0][7][0], stores[1][7][0])
    other = photos.with_name("others")
    photos.rename(other)
    with pytest.raises(InputError, match=f"imported from {photos}; give --name"):
        ended(Convert(str(other), "lmdb", name="photos", home=str(home.root)))


def test_what_is_wrong_is_said_before_anything_is_made(photos: Path, tmp_path: Path, home: Home) -> None:
    for task, reason in (
        (Convert(str(photos), "lmbd", home=str(home.root)), "unknown format 'lmbd'"),
        (Convert(str(photos), "lmdb", options={"colour": "1"}, home=str(home.root)), "unknown option 'colour'"),
        (Convert(str(photos), "lmdb", out=str(tmp_path), home=str(home.root)), "is there already"),
        (Convert(str(photos), "lmdb", out=str(tmp_path / "a" / "b"), home=str(home.root)), "there is no folder"),
    ):
        with pytest.raises(InputError, match=reason):
            ended(task)
    assert [dataset.name for dataset in list_datasets(home)] == ["shapes"]


def test_a_source_that_is_refused_leaves_nothing_beside_the_store(tmp_path: Path, home: Home) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "broken.png").write_bytes(b"none")
    (tmp_path / "made").mkdir()
    with pytest.raises(InputError):
        ended(Convert(str(tmp_path / "photos"), "lmdb", out=str(tmp_path / "made" / "store"), home=str(home.root)))
    assert list((tmp_path / "made").iterdir()) == []


def test_a_manifest_that_refers_to_images_elsewhere_is_a_source(photos: Path, home: Home) -> None:
    listed = ended(Convert(str(photos), "csv", options={"val_fraction": "0"}, home=str(home.root)))
    container = Path(listed["store"]) / "train"
    told = ended(Convert(str(container), "npy", name="again", options={"val_fraction": "0"}, home=str(home.root)))
    store = open_store(told["store"])
    assert (len(store), store.classes) == (10, ["cat", "dog"])
    assert np.array_equal(store[9][0], open_store(listed["store"])[9][0])
