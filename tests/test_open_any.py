"""Files that others made, opened as stores: their loaders give what is in them, wherever in the file it lies."""

from __future__ import annotations

import dataclasses
import os
import pickle
import time
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from foreign_files import AS_JPEG, FILES, JPEGS, NONE, tar
from inspect_fixtures import IMAGES, LABELS, SAMPLES, png, write_lmdb, write_objects
from lmdb_fixtures import write_databases
from place_checks import check_places, in_process

from core import open_store
from core.base.errors import InputError, WorkError
from core.base.events import Message
from core.base.home import Home
from core.inspect import identify, open_foreign, opened_store
from core.inspect.opened_store import ForeignStore
from core.inspect.place_table import OFFSET
from core.loading.task import Load


def loaded(store: ForeignStore, **settings: Any) -> tuple[np.ndarray, np.ndarray]:
    """All images (n, H, W, 3) and labels, in the file's order."""
    told = {"batch_size": 5, "shuffle": False, "output": "uint8", "workers": 0, **settings}
    with store.loader(**told) as loader:
        batches = [(np.moveaxis(batch.images.numpy(), 1, 3).copy(), batch.labels.numpy().copy()) for batch in loader]
    return tuple(np.concatenate(parts) for parts in zip(*batches, strict=True))  # type: ignore[return-value]


@pytest.mark.parametrize("name", FILES)
def test_places_are_those_of_the_images(name: str, tmp_path: Path) -> None:
    write, images, labels, bare = FILES[name]
    found = identify(write(tmp_path / "made"))
    told = [None] * SAMPLES if labels is NONE else labels.tolist()
    assert check_places(in_process(found.kind, found.path), found.path, images, told) == (SAMPLES if bare else 0)


@pytest.fixture(scope="module")
def planes(tmp_path_factory: pytest.TempPathFactory) -> ForeignStore:
    """An HDF5 whose images lie as planes, in chunks: opened once."""
    folder = tmp_path_factory.mktemp("planes")
    store = open_foreign(FILES["HDF5, planes in chunks"][0](folder / "made"), home=Home(folder))
    assert len(store.table) == SAMPLES
    return store


@pytest.mark.parametrize("name", ["pickled tutorial", "HDF5, 16 bits", "MDS"])
def test_a_loader_gives_what_is_in_the_file(name: str, tmp_path: Path) -> None:
    write, images, labels, bare = FILES[name]
    store = open_store(str(write(tmp_path / "made")))
    found, numbers = loaded(store)
    assert np.array_equal(found, images)
    assert numbers.tolist() == store.labels.tolist() == labels.tolist()
    assert ("from its reader process" in store.why) is not bare
    pixels, label = store[-1]
    assert np.array_equal(pixels, images[-1])
    assert label == labels[-1]
    store.close()


@pytest.mark.parametrize(
    ("loader", "workers"), [("fast", "threads:2"), ("fast", "processes:2"), ("torch", 1), ("naive", 0)]
)
def test_every_loader_and_way_of_working(loader: str, workers: str | int, planes: ForeignStore) -> None:
    found, numbers = loaded(planes, loader=loader, workers=workers)
    assert np.array_equal(found, IMAGES)
    assert numbers.tolist() == LABELS.tolist()


def test_what_does_not_lie_bare_comes_to_other_processes_too(tmp_path: Path) -> None:
    write, images, _, _ = FILES["HDF5, deflated"]
    store = open_store(str(write(tmp_path / "made")))
    assert np.array_equal(loaded(store, loader="fast", workers="processes:1")[0], images)


def test_a_copy_knows_what_was_found_out(planes: ForeignStore, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = pickle.dumps(planes)
    monkeypatch.setattr(opened_store, "open_inspected", lambda *_: pytest.fail("nobody is to be asked again"))
    assert np.array_equal(loaded(pickle.loads(copied))[0], IMAGES)


def test_what_was_found_out_is_kept_in_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tar(tmp_path / "made.tar")
    assert loaded(open_store(str(path)))[1].tolist() == LABELS.tolist()
    with monkeypatch.context() as patch:
        patch.setattr(opened_store, "open_inspected", lambda *_: pytest.fail("nobody is to be asked again"))
        again = open_store(str(path))
        assert np.array_equal(loaded(again)[0], AS_JPEG)
        assert (again.labels.tolist(), len(again.classes)) == (LABELS.tolist(), LABELS.max() + 1)
    tar(path, 1)
    assert len(open_store(str(path))) == SAMPLES - 1


def test_places_outside_of_the_file_are_refused(planes: ForeignStore, tmp_path: Path) -> None:
    store, size = planes, planes.path.stat().st_size
    for offset in (size - 10, 1 << 62):
        places = store.table.places.copy()
        places[3, OFFSET] = offset
        with pytest.raises(InputError, match="image 3 is said to lie outside of the file"):
            dataclasses.replace(store.table, places=places).check([size], tmp_path)
    with pytest.raises(InputError, match=r"names '\.\./secret', no file in that folder"):
        store._files(dataclasses.replace(store.table, files=("../secret",)))


def test_a_file_that_is_written_to_is_noticed(tmp_path: Path) -> None:
    path = FILES["HDF5"][0](tmp_path / "made.h5")
    store = open_store(str(path))
    with store.loader(batch_size=4, workers=0, output="uint8") as loader:
        batches = iter(loader)
        next(batches)
        later = time.time() + 5
        os.utime(path, (later, later))
        with pytest.raises(WorkError, match=r"made\.h5 is another one now.*open it again"):
            list(batches)
    for again in (store, pickle.loads(pickle.dumps(store.reader))):
        with pytest.raises(InputError, match="has changed since it was opened: open it again"):
            again.extents() if again is not store else loaded(store)


def test_a_record_without_an_image_is_named_when_it_is_asked_for(tmp_path: Path) -> None:
    path = write_lmdb(tmp_path / "made", lambda index: b"no image" if index == 4 else JPEGS[index])
    store = open_store(str(path))
    assert len(store) == SAMPLES
    assert "1 record without an image, the first number 4: it holds no image" in store.why
    with pytest.raises(InputError, match=r"sample 4 of .* cannot be read: it holds no image"):
        store[4]
    with pytest.raises(InputError, match=r"sample 4 of .* cannot be read: it holds no image"):
        loaded(store, batch_size=SAMPLES)


def test_images_of_several_shapes_need_a_transform(tmp_path: Path) -> None:
    path = write_lmdb(tmp_path / "made", lambda index: png(IMAGES[index, : 20 + index]))
    store = open_store(str(path))
    with pytest.raises(InputError, match="give a transform"):
        store.loader(workers=0)
    assert loaded(store, transform="eval224")[0].shape == (SAMPLES, 224, 224, 3)


def test_black_pictures_do_not_lead_astray(tmp_path: Path) -> None:
    """Zeros may lie anywhere among the zeros before them; their neighbours must not be read from there."""
    images = IMAGES.copy()
    images[:6] = 0
    images[6, :31] = 0
    path = write_objects(tmp_path / "made", images=images) / "data.mdb"
    assert check_places(in_process("lmdb", path), path, images, LABELS.tolist()) == SAMPLES


def test_splits_are_parts_of_folders_groups_of_files_and_databases(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["train/images"], file["train/labels"] = IMAGES[:8], LABELS[:8]
        file["val/images"], file["val/labels"] = IMAGES[8:], LABELS[8:]
    val = open_store(str(tmp_path / "made.h5"), split="validation")
    assert np.array_equal(loaded(pickle.loads(pickle.dumps(val)))[0], IMAGES[8:])
    assert np.array_equal(val[1][0], IMAGES[9])
    with pytest.raises(InputError, match="has no split 'test'; it has: train, val"):
        open_store(str(tmp_path / "made.h5"), split="test")
    items = {f"{index:04}".encode(): data for index, data in enumerate(JPEGS)}
    write_databases(tmp_path / "several", {b"train": items, b"val": dict(list(items.items())[:5])})
    assert len(open_store(str(tmp_path / "several"), split="val")) == 5
    (tmp_path / "shards").mkdir()
    tar(tmp_path / "shards" / "train-0.tar", 0, 4)
    tar(tmp_path / "shards" / "train-1.tar", 4, 8)
    tar(tmp_path / "shards" / "val-0.tar", 8)
    store = open_store(str(tmp_path / "shards"), split="train")
    images, labels = loaded(store)
    assert np.array_equal(images, AS_JPEG[:8])
    assert labels.tolist() == LABELS[:8].tolist()


def test_the_verb_load_takes_a_file(planes: ForeignStore) -> None:
    task = Load(
        str(planes.path), batch_size=SAMPLES, workers="0", seconds=0.02, stage_limits=False, home=str(planes._home.root)
    )
    events = list(task.run())
    assert any(isinstance(event, Message) and "where they lie" in event.text for event in events)
    told = events[-1].data  # type: ignore[union-attr]
    assert (told["split"], told["samples"] > 0, told["checked"] > 4) == ("", True, True)
