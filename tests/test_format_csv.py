"""CSV manifests as a format: the contract where images are copied, and references to the dataset's own files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from format_contract import CLASSES, FormatContract, reader_of, write

from core import open_store
from core.base.contracts import Contents
from core.base.errors import InputError
from core.base.events import finish
from core.base.home import Home
from core.building import Build, Verify
from core.building.estimate import estimate
from core.datasets.dataset import Dataset
from core.formats import FORMATS


class TestCsv(FormatContract):
    varying = (("csv", {"copy": True}),)


def build(home: Home, **options: Any) -> dict[str, Any]:
    return finish(Build("shapes", "csv", options=options, home=str(home.root)).run())


def verify(store: str, home: Home) -> list[dict[str, Any]]:
    return list(finish(Verify(store, str(home.root)).run())["mismatches"])


@pytest.mark.parametrize("paths", ["relative", "absolute"])
def test_images_stay_where_they_are(home: Home, dataset: Dataset, paths: str) -> None:
    told = build(home, paths=paths)
    folder = Path(told["store"]) / "train"
    assert sorted(file.name for file in folder.rglob("*")) == ["metadata.json", "train.csv"]
    with (folder / "train.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    of_dataset = list(dataset.rows("train"))
    before = "" if paths == "relative" else f"{dataset.root}/"
    assert [row["path"] for row in rows] == [before + row.path for row in of_dataset]
    assert [row["class"] for row in rows] == [dataset.classes[row.label] for row in of_dataset]
    sizes = told["splits"]["train"]
    assert sizes["payload_bytes"] == sizes["referenced_bytes"] == dataset.split_bytes()["train"]
    assert sizes["apparent_bytes"] == sizes["used_bytes"] == sum(file.stat().st_size for file in folder.iterdir())
    assert sizes["files"] == 2
    store = open_store(told["store"])
    assert [bytes(payload) for payload in store.read([0, 49, 7])] == [dataset.read(of_dataset[at]) for at in (0, 49, 7)]
    assert verify(told["store"], home) == []


def test_copies_lie_beside_the_manifest(home: Home, dataset: Dataset) -> None:
    told = build(home, copy=True)
    folder = Path(told["store"]) / "train"
    assert "referenced_bytes" not in told["splits"]["train"]
    assert len(list((folder / "images").rglob("*.png"))) == told["splits"]["train"]["files"] - 2 == 50
    assert verify(told["store"], home) == []


def test_a_moved_and_a_changed_image_are_named(home: Home, dataset: Dataset) -> None:
    told = build(home)
    rows = list(dataset.rows("train"))
    (dataset.root / rows[3].path).rename(dataset.root / "elsewhere.png")
    (dataset.root / rows[5].path).write_bytes(dataset.read(rows[4]))
    found = verify(told["store"], home)
    assert [one["index"] for one in found] == [3, 5]
    assert rows[3].path in found[0]["reason"]
    assert "it was moved or deleted since" in found[0]["reason"]
    assert found[1]["reason"] == f"payload ({rows[5].path}) differs from the one that was built"
    with pytest.raises(InputError, match=f"sample 3 of .*{rows[3].path}"):
        open_store(told["store"])[3]
    dataset.root.rename(dataset.root.with_name("moved"))
    with pytest.raises(InputError, match="which is not there any more: put the dataset back"):
        open_store(told["store"])[0]


def test_a_build_is_estimated(home: Home, dataset: Dataset) -> None:
    told = estimate(Build("shapes", "csv", home=str(home.root)))
    real = build(home)["splits"]["train"]
    assert told["payload_bytes"]["train"] == real["payload_bytes"]
    assert 0 < told["allocated_bytes"]["train"] < real["payload_bytes"]


def test_payloads_that_are_no_files_of_the_dataset_are_refused(home: Home, dataset: Dataset) -> None:
    for encoding, compression in (("png", "none"), ("raw", "none"), ("original", "zstd")):
        with pytest.raises(
            InputError, match=r"names the dataset's own files on this machine: choose encoding original .* copy=true"
        ):
            finish(Build("shapes", "csv", encoding, compression, home=str(home.root)).run())
    assert finish(Build("shapes", "csv", "png", options={"copy": "true"}, home=str(home.root)).run())["verified"]
    with pytest.raises(InputError, match="copies lie beside"):
        FORMATS.make("csv", {"copy": True, "paths": "absolute"}).check(Contents(1, CLASSES))


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A container that names images in a folder `images`, beside which lies a secret."""
    folder, root = tmp_path / "train", tmp_path / "images"
    (root / "a").mkdir(parents=True)
    (root / "a/1.png").write_bytes(b"image")
    (tmp_path / "secret").write_bytes(b"secret")
    write(tmp_path, "csv", {"copy": True}, [])
    (folder / "metadata.json").write_text(json.dumps({"samples": 1, "classes": ["ant"], "root": str(root)}))
    return folder


@pytest.mark.parametrize("path", ["../secret", "a/../../secret", "{}/secret", "{}/images/../secret", "a//1.png", ""])
def test_a_path_never_leads_out_of_the_root(foreign: Path, path: str) -> None:
    named = path.format(foreign.parent)
    (foreign / "train.csv").write_text(f"path,label,class\n{named},0,ant\n")
    with pytest.raises(InputError, match="leads outside of"):
        reader_of(foreign, "csv", {}).read([0])


def test_a_path_below_the_root_is_read(foreign: Path) -> None:
    for path in ("a/1.png", f"{foreign.parent}/images/a/1.png"):
        (foreign / "train.csv").write_text(f"path,label,class\n{path},0,ant\n")
        assert reader_of(foreign, "csv", {}).read([0]) == [b"image"]


def test_links_are_not_followed(foreign: Path) -> None:
    root = foreign.parent / "images"
    (root / "a/link.png").symlink_to(foreign.parent / "secret")
    (root / "folder").symlink_to(foreign.parent)
    for path, told in (("a/link.png", "is a link"), ("folder/secret", "behind a link")):
        (foreign / "train.csv").write_text(f"path,label,class\n{path},0,ant\n")
        with pytest.raises(InputError, match=told):
            reader_of(foreign, "csv", {}).read([0])


@pytest.mark.parametrize("root", [None, 5, "relative", "/no/such/folder", "/tmp\0"])
def test_a_root_that_is_none_is_refused(foreign: Path, root: Any) -> None:
    (foreign / "train.csv").write_text("path,label,class\na/1.png,0,ant\n")
    (foreign / "metadata.json").write_text(json.dumps({"samples": 1, "classes": ["ant"], "root": root}))
    with pytest.raises(InputError, match=r"names no folder of images|is not there any more"):
        reader_of(foreign, "csv", {}).read([0])


@pytest.mark.parametrize("line", ["a/1.png,zero,ant", "a/1.png", "a/1.png,0,ant,more", f"a/1.png,{10**20},x"])
def test_a_line_that_is_none_is_told(foreign: Path, line: str) -> None:
    (foreign / "train.csv").write_text(f"path,label,class\n{line}\n")
    with pytest.raises(InputError, match="is damaged"):
        reader_of(foreign, "csv", {}).read([0])
