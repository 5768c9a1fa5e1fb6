"""Imports from addresses: by reference and as copies, what comes of them, and what goes wrong on the way."""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from object_server import BUCKET, ObjectServer, object_server
from PIL import Image

from core.base.errors import InputError
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.datasets.dataset import Dataset
from core.datasets.quality.task import DatasetCheck
from core.datasets.relink import relink
from core.importing.recheck import Recheck
from core.importing.task import Import
from core.remote.errors import RemoteChanged, RemoteError, RemoteMissing
from core.stores.store import open_store


def picture(number: int, size: int = 12, kind: str = "png") -> bytes:
    pixels = np.random.default_rng(number).integers(0, 255, (size, size, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


FILES = {
    f"{split}/{name}/{number}.png": picture(zlib.crc32(f"{split}{name}{number}".encode()))
    for split, count in (("train", 4), ("val", 2))
    for name in ("cat", "dog")
    for number in range(count)
}


@pytest.fixture(scope="module")
def served() -> Iterator[ObjectServer]:
    with object_server() as server:
        for path, data in FILES.items():
            server.put(f"pets/{path}", data)
        yield server


@pytest.fixture
def storage(served: ObjectServer) -> Iterator[ObjectServer]:
    served.clear()
    yield served
    served.clear()


@pytest.fixture
def own(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def imported(own: Home, source: str, **given: Any) -> dict[str, Any]:
    found = finish(Import(source, "pets", home=str(own.root), **given).run())
    assert isinstance(found, Mapping)
    return dict(found)


def local(tmp_path: Path) -> Path:
    for path, data in FILES.items():
        (tmp_path / "pets" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pets" / path).write_bytes(data)
    return tmp_path / "pets"


@pytest.mark.parametrize("reference", [True, False])
def test_a_folder_there_is_the_same_dataset_as_here(
    storage: ObjectServer, own: Home, tmp_path: Path, reference: bool
) -> None:
    told = imported(own, storage.address("pets"), reference=reference)
    assert told["splits"] == {"train": 8, "val": 4}
    assert told["classes"] == ["cat", "dog"]
    assert told["traffic"]["requests"] == 12
    here = finish(Import(str(local(tmp_path)), "here", home=str(own.root), reference=reference).run())
    assert isinstance(here, Mapping)
    assert told["fingerprint"] == here["fingerprint"]
    dataset = Dataset.open(own, "pets")
    assert dataset.reference_root == (storage.address("pets") if reference else None)
    assert dataset.source == storage.address("pets")
    assert len(list((dataset.root).rglob("*.png"))) == (0 if reference else 12)
    rows = list(dataset.rows("val"))
    assert dataset.read_many(rows) == [FILES[row.path] for row in rows]
    assert any("12 objects" in note for note in dataset.notes)
    assert str(tmp_path) not in "".join([*dataset.notes, dataset.why])


def test_a_store_is_built_from_references(storage: ObjectServer, own: Home) -> None:
    imported(own, storage.address("pets"), reference=True, check="header")
    storage.fault("503", times=3)
    storage.fault("cut", times=3)
    finish(Build("pets", "lmdb", "original", home=str(own.root)).run())
    assert storage.counts.faults.total() == 6
    store = open_store(own.built / "pets" / "lmdb" / "original")
    rows = Dataset.open(own, "pets").rows("train")
    assert [bytes(one) for one in store.reader.read(range(8))] == [FILES[row.path] for row in rows]


def test_headers_alone_are_ranges(storage: ObjectServer, own: Home) -> None:
    storage.put("large/a.png", picture(1, 300))
    storage.put("large/b.png", picture(2, 300))
    told = imported(own, storage.address("large"), reference=True, check="header")
    assert told["splits"] == {"train": 1, "val": 1}
    assert told["traffic"]["bytes"] == 2 * 65536 < told["bytes"]
    assert next(Dataset.open(own, "pets").rows("train"))[4:6] == (300, 300)
    finish(Recheck("pets", str(own.root)).run())
    assert next(Dataset.open(own, "pets").rows("train")).checksum


def test_a_label_file_there(storage: ObjectServer, own: Home) -> None:
    for number in range(3):
        storage.put(f"table/images/{number}.png", picture(number))
    storage.put("table/labels.csv", b"image,label\nimages/0.png,a\nimages/1.png,b\nimages/2.png,a\n")
    for source in ("table", "table/labels.csv"):
        told = finish(Import(storage.address(source), f"n{len(source)}", None, {}, str(own.root), reference=True).run())
        assert isinstance(told, Mapping)
        assert (told["labels"], told["classes"]) == ("label file" if source == "table" else told["labels"], ["a", "b"])
        dataset = Dataset.open(own, str(told["dataset"]))
        assert dataset.read(dataset.row("train", 0)) == picture(0)
        assert dataset.row("train", 0).path == "images/0.png"


def test_an_archive_there(storage: ObjectServer, own: Home) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for path, data in FILES.items():
            info = tarfile.TarInfo(f"pets/{path}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    storage.put("packed/pets.tar", file.getvalue())
    with pytest.raises(InputError, match=r"s3://bucket/packed/pets\.tar is one file"):
        imported(own, storage.address("packed/pets.tar"), reference=True)
    told = imported(own, f"{storage.url}/{BUCKET}/packed/pets.tar")
    assert told["splits"] == {"train": 8, "val": 4}
    assert str(own.cache) not in str(told)


def test_an_object_that_vanished_is_named(storage: ObjectServer, own: Home) -> None:
    storage.fault("missing", "*/train/dog/2.png")
    with pytest.raises(RemoteMissing, match=r"s3://bucket/pets/train/dog/2\.png"):
        imported(own, storage.address("pets"))
    assert not (own.raw / "pets").exists()


def test_an_object_of_another_size_is_named(storage: ObjectServer, own: Home) -> None:
    storage.put("sizes/a.png", picture(1))
    storage.put("sizes/b.png", picture(2))
    imported(own, storage.address("sizes"), reference=True)
    storage.put("sizes/a.png", picture(3, 20))
    dataset = Dataset.open(own, "pets")
    with pytest.raises(RemoteChanged, match=r"sizes/a\.png .* instead of"):
        dataset.reader.read_many([dataset.row(split, 0) for split in dataset.splits])
    with pytest.raises(RemoteError, match=r"sizes/a\.png"):
        finish(Build("pets", "lmdb", "original", home=str(own.root)).run())
    checked = finish(DatasetCheck("pets", home=str(own.root)).run())
    assert isinstance(checked, Mapping)
    assert [one["kind"] for one in checked["findings"] if "files" in one["kind"]] == ["changed-files"]


def test_names_that_cannot_be_files_are_told(storage: ObjectServer, own: Home) -> None:
    for name in ("x/a.png", "x/b.png", "x//c.png", "x/../d.png", "x/a.png/e.png", "../f.png"):
        storage.put(f"odd/{name}", picture(len(name)))
    told = imported(own, storage.address("odd"), reference=True)
    assert sum(told["splits"].values()) == 2
    assert len([one for one in told["unused"] if one["path"].startswith("s3://bucket/odd/")]) == 4
    assert not list(own.root.parent.rglob("f.png"))


def test_nothing_there(storage: ObjectServer, own: Home) -> None:
    with pytest.raises(InputError, match="there is nothing at s3://bucket/none"):
        imported(own, storage.address("none"))
    storage.put("texts/a.tar", b"1")
    with pytest.raises(InputError, match="no image found in s3://bucket/texts"):
        imported(own, storage.address("texts"))


def test_references_can_move_there(storage: ObjectServer, own: Home, tmp_path: Path) -> None:
    imported(own, str(local(tmp_path)), reference=True)
    relink(own, "pets", storage.address("pets"))
    dataset = Dataset.open(own, "pets")
    assert dataset.reference_root == storage.address("pets")
    assert dataset.read(dataset.row("train", 3)) == FILES[dataset.row("train", 3).path]
    with pytest.raises(InputError, match="names the dataset's own files on this machine"):
        finish(Build("pets", "csv", "original", home=str(own.root)).run())
    with pytest.raises(InputError, match="s3://bucket/packed has no"):
        relink(own, "pets", storage.address("packed"))


def test_a_preview_asks_for_little(storage: ObjectServer, own: Home) -> None:
    from core.importing.preview import PreviewRequest, previewing

    told = finish(previewing(PreviewRequest(storage.address("pets"), {}, home=str(own.root))))
    assert isinstance(told, Mapping)
    assert told["splits"] == {"train": 8, "val": 4}
    assert not told["partial"]
    assert len(told["samples"]) == 10
    assert all(sample["path"].startswith("s3://bucket/pets/") for sample in told["samples"])
    assert any("listing 12 objects" in warning for warning in told["warnings"])


def test_rows_know_nothing_of_the_machine(storage: ObjectServer, own: Home) -> None:
    imported(own, storage.address("pets"), reference=True)
    dataset = Dataset.open(own, "pets")
    row = replace(dataset).row("train", 0)
    assert dataset.reader.name(row) == storage.address("pets/train/cat/0.png")
    assert not dataset.has_files
