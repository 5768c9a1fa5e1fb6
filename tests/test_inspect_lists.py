"""CSV manifests in the inspector: our own, tables of image files, and files that are nobody's business."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.datasets.dataset import Dataset
from core.inspect import identify, inspect_file
from core.inspect.opened_file import OpenedFile
from core.inspect.roots import OutsideError, Roots


def opened(path: Path) -> OpenedFile:
    """As the reader process has it."""
    return OpenedFile(identify(path).kind, str(path), None)


def findings(file: OpenedFile) -> list[tuple[str, int]]:
    return [(one.kind, one.count) for one in file.findings()]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Six images in `set/a` and `set/b`."""
    folder = tmp_path / "set"
    for number in range(6):
        path = folder / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        made = io.BytesIO()
        Image.new("RGB", (8, 6), (number * 40, 0, 0)).save(made, "PNG")
        path.write_bytes(made.getvalue())
    return folder


def paths(count: int = 6) -> list[str]:
    return [f"{'ab'[number % 2]}/{number}.png" for number in range(count)]


TABLES: dict[str, Any] = {
    "train.csv": lambda: "path,label,note\n" + "".join(f"{path},{at % 2},n{at}\n" for at, path in enumerate(paths())),
    "train.tsv": lambda: "label\tfile_name\n" + "".join(f"{at % 2}\t{path}\n" for at, path in enumerate(paths())),
    "metadata.jsonl": lambda: "".join(
        json.dumps({"file_name": path, "label": at % 2}) + "\n" for at, path in enumerate(paths())
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_images_is_read(images: Path, name: str) -> None:
    (images / name).write_text(TABLES[name]())
    file = opened(images)
    assert (file.file.kind, file.schema, len(file.records), findings(file)) == ("folder", "image-list", 6, [])
    record = file.records.read(3)
    assert (record.key, record.label) == ("b/3.png", 1)
    assert record.pixels is not None
    assert record.pixels[0, 0].tolist() == [120, 0, 0]
    assert file.records.find("a/4.png") == 4
    if name == "train.csv":
        assert record.fields is not None
        assert record.fields["note"] == "n3"
        assert inspect_file(images, key="a/2.png")["sample"]["label"] == 0


def test_what_a_table_names_and_is_not_there(images: Path) -> None:
    (images / "train.csv").write_text(TABLES["train.csv"]())
    (images / "a/2.png").unlink()
    file = opened(images)
    assert findings(file) == [("missing-image", 1)]
    assert "a/2.png" in file.findings()[0].where
    assert file.records.read(2).problem is not None
    assert file.records.label(2) == 0


def test_rows_of_the_same_image_have_keys_of_their_own(images: Path) -> None:
    (images / "train.csv").write_text("path,label\na/0.png,0\nb/1.png,1\na/0.png,2\n")
    records = opened(images).records
    assert [records.key(index) for index in range(3)] == ["a/0.png (row 0)", "b/1.png", "a/0.png (row 2)"]


@pytest.mark.parametrize(
    "path", ["../secret.png", "a/../../secret.png", "{}/secret.png", "link.png", "folder/secret.png"]
)
def test_nothing_outside_of_the_folder_is_shown(images: Path, path: str) -> None:
    secret = images.parent / "secret.png"
    secret.write_bytes((images / "a/0.png").read_bytes())
    (images / "link.png").symlink_to(secret)
    (images / "folder").symlink_to(images.parent)
    (images / "train.csv").write_text(f"path,label\na/0.png,0\nb/1.png,1\n{path.format(images.parent)},2\n")
    with pytest.raises(ValueError, match="is not read"):
        opened(images).records.read(2)


# ---------------------------------------------------------------- our own


def test_a_manifest_that_was_built_here(home: Home, dataset: Dataset) -> None:
    store = Path(finish(Build("shapes", "csv", home=str(home.root)).run())["store"])
    row = next(iter(dataset.rows("train")))
    for path, schema in ((store, "store"), (store / "train", "own-csv")):
        file = opened(path)
        assert file.schema == schema
        record = file.records.read(0)
        assert (record.label, record.key) == (row.label, ("train/" if schema == "store" else "") + row.path)
        assert bytes(record.payload) == dataset.read(row)


def test_a_manifest_shows_no_folder_that_may_not_be_opened(home: Home, dataset: Dataset, tmp_path: Path) -> None:
    store = Path(finish(Build("shapes", "csv", home=str(home.root)).run())["store"])
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    outside.mkdir()
    store.rename(inside)
    roots = Roots((inside,))
    for path in (inside, inside / "train"):
        with pytest.raises(OutsideError) as refused:
            roots.admit(path)
        assert refused.value.path == dataset.root
    assert Roots((inside, dataset.root)).admit(inside) == inside
