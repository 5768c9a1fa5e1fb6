"""What an import would bring: the same as it brings, in bounds, and nothing is written."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import lmdb
import pytest
from app_under_test import ROOT

from core.base.errors import InputError, WorkError
from core.base.events import finish
from core.base.home import suggested_name
from core.importing import inspected
from core.importing import preview as previews
from core.importing.preview import PreviewRequest, previewing
from core.importing.preview_process import PreviewProcess
from core.importing.task import Import
from core.sources import unpacking
from tests.image_fixtures import encoded, picture, put_classes


def look(source: object, home: Path, **more: Any) -> dict[str, Any]:
    return finish(previewing(PreviewRequest(str(source), **{"options": {}, "home": str(home), **more})))


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    folder = tmp_path / "pets"
    put_classes(folder, {"cat": 10, "dog": 30})
    (folder / "cat" / "broken.jpg").write_bytes(b"no image")
    (folder / "notes.csv").write_text("id,breed\n1,x\n")
    return folder


def test_a_dry_run_says_what_the_import_does_and_writes_nothing(pets: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "core",
        "import",
        str(pets),
        "--dry-run",
        "--json",
        "--home",
        str(tmp_path / "home"),
    ]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(ran.stdout)
    assert not (tmp_path / "home").exists()
    result = finish(Import(str(pets), "pets", home=str(tmp_path / "home")).run())
    same = ("classes", "recognised", "why", "labels", "unused", "warnings", "fields", "skipped")
    assert {name: told[name] for name in same} == {name: result[name] for name in same}
    assert (told["dataset"], told["splits"], told["partial"]) == ("pets", {"train": 33, "val": 8}, "")
    assert told["class_images"] == {"cat": {"train": 9, "val": 2}, "dog": {"train": 24, "val": 6}}
    assert {(one["split"], one["class"], one["label"]) for one in told["samples"]} == {
        (split, name, label) for split in ("train", "val") for label, name in enumerate(("cat", "dog"))
    }
    assert len(told["samples"]) == 10
    files = sum(path.stat().st_size for path in pets.glob("*/*"))
    assert told["bytes"] == files
    assert files < told["needed"] < files + 50_000
    assert told["seconds"] > 0
    assert {"auto", "folders", "names", "none"} <= set(told["options"]["labels"]["choices"])


def test_what_is_chosen_otherwise_is_shown_so(pets: Path, tmp_path: Path) -> None:
    told = look(pets, tmp_path, options={"labels": "none", "val_fraction": 0.5}, limit=8, reference=True)
    assert (told["labels"], told["classes"], told["splits"]) == ("none", ["pets"], {"train": 4, "val": 4})
    assert told["options"]["val_fraction"]["value"] == 0.5
    assert told["referable"]
    assert told["needed"] < told["bytes"] * 4
    with pytest.raises(InputError, match="unknown option 'colour'"):
        look(pets, tmp_path, options={"colour": "red"})


def test_where_nothing_can_be_read_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    (tmp_path / "nothing" / "broken.jpg").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"none of them .*broken\.jpg"):
        look(tmp_path / "nothing", tmp_path)


def test_of_many_images_some_are_listed_and_the_rest_is_estimated(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "IMAGES", 20)
    told = look(pets, tmp_path)
    assert "estimated from one of 3 images" in told["partial"]
    assert 38 <= sum(told["splits"].values()) <= 44
    assert sum(told["class_images"]["dog"].values()) == 30
    monkeypatch.setattr(previews, "LOOK_SECONDS", -1)
    with pytest.raises(InputError, match="no image found"):
        look(pets, tmp_path)


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_an_archive_is_not_unpacked_whole(
    ending: str, pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / f"pets.{ending}"
    if ending == "zip":
        with zipfile.ZipFile(archive, "w") as file:
            for path in sorted(pets.rglob("*.*")):
                file.write(path, path.relative_to(tmp_path))
    else:
        with tarfile.open(archive, f"w:{ending[4:]}") as packed:
            packed.add(pets, "pets")
    written: list[str] = []
    copy = unpacking._Sketching._copy
    monkeypatch.setattr(
        unpacking._Sketching, "_copy", lambda self, name, *rest: (written.append(name), copy(self, name, *rest))
    )
    monkeypatch.setattr(unpacking, "SKETCH_BYTES", 3_000)
    told = look(archive, tmp_path)
    images = list(pets.glob("*/*"))
    assert len(written) < len(images)
    assert (told["splits"], told["classes"]) == ({"train": 33, "val": 8}, ["cat", "dog"])
    assert told["bytes"] == sum(path.stat().st_size for path in images)
    assert {one["class"] for one in told["samples"]} == {"cat", "dog"}
    assert told["needed"] > 2 * told["bytes"]
    assert not told["referable"]
    monkeypatch.setattr(previews, "IMAGES", 20)
    part = look(archive, tmp_path)
    assert "of the archive was read" in part["partial"]
    assert 15 <= sum(part["splits"].values()) <= 22
    assert ending == "tar.gz" or part["bytes"] > 1.5 * told["bytes"] * sum(part["splits"].values()) / len(images)


def test_of_many_records_the_first_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with lmdb.open(str(tmp_path / "photos.lmdb"), map_size=1 << 24) as env, env.begin(write=True) as transaction:
        for index in range(12):
            transaction.put(f"{('cat', 'dog')[index % 2]}/{index:03}.png".encode(), encoded(picture(index)))
    whole = look(tmp_path / "photos.lmdb", tmp_path)
    assert (whole["partial"], sum(whole["splits"].values()), whole["classes"]) == ("", 12, ["cat", "dog"])
    assert {one["class"] for one in whole["samples"]} == {"cat", "dog"}
    monkeypatch.setattr(inspected, "LOOK_SECONDS", -1)
    monkeypatch.setattr(inspected, "LISTED_AT_ONCE", 4)
    part = look(tmp_path / "photos.lmdb", tmp_path)
    assert part["partial"] == "only the first 4 records of 12 were looked at, because all take long"
    assert sum(part["splits"].values()) == 4
    assert part["bytes"] > 2 * sum(len(encoded(picture(index))) for index in range(4))


def test_a_preview_that_dies_is_a_sentence(pets: Path, tmp_path: Path) -> None:
    with PreviewProcess(PreviewRequest(str(pets), {}, home=str(tmp_path))) as process:
        process._process.kill()
        with pytest.raises(WorkError, match="the preview ended by SIGKILL"):
            process.result(60)


@pytest.mark.parametrize(
    ("source", "name"),
    [("/data/train.lmdb", "train"), ("a/b c.tar.gz", "b-c"), ("Photos/", "photos"), ("/x/.hidden", "images")],
)
def test_names_are_taken_from_sources(source: str, name: str) -> None:
    assert suggested_name(source) == name
