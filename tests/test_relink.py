"""Datasets by reference whose folder moved, and those of which headers alone were read: healed and checked in full."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from core.base.errors import InputError, WorkError
from core.base.home import Home
from core.building import Build
from core.datasets.dataset import Dataset
from core.datasets.relink import relink
from core.importing.recheck import Recheck
from core.importing.task import Import
from core.stores.store import open_store
from tests.image_fixtures import put, put_classes
from tests.test_import_header import ended


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    put_classes(tmp_path / "photos", {"cat": 5, "dog": 5})
    return tmp_path / "photos"


def referred(photos: Path, home: Home, **told: Any) -> Dataset:
    ended(Import(str(photos), "linked", home=str(home.root), reference=True, **told))
    return Dataset.open(home, "linked")


def test_a_moved_folder_is_linked_again(photos: Path, home: Home, tmp_path: Path) -> None:
    before = referred(photos, home)
    moved = photos.rename(tmp_path / "elsewhere")
    with pytest.raises(WorkError, match="import --relink"):
        ended(Build("linked", "csv", home=str(home.root)))

    told = relink(home, "linked", str(moved))

    assert told == {"dataset": "linked", "reference": str(moved), "was": str(photos), "compared": 10}
    after = Dataset.open(home, "linked")
    assert after.fingerprint == before.fingerprint
    store = open_store(Path(ended(Build("linked", "csv", home=str(home.root)))["store"]))
    assert store.reader.read([0]) == [after.read(after.row("train", 0))]


def missing(folder: Path) -> str:
    (folder / "dog" / "004.png").unlink()
    return r"has no dog/004.png \(No such file"


def longer(folder: Path) -> str:
    with (folder / "cat" / "003.png").open("ab") as file:
        file.write(b"more")
    return r"cat/003.png has [\d,]+ bytes where"


def another(folder: Path) -> str:
    path = folder / "cat" / "000.png"
    data = path.read_bytes()
    path.write_bytes(data[:-30] + bytes([data[-30] ^ 1]) + data[-29:])
    return "cat/000.png is not the image that was imported"


@pytest.mark.parametrize("spoil", [missing, longer, another])
def test_a_folder_without_the_files_is_refused(photos: Path, home: Home, tmp_path: Path, spoil: Any) -> None:
    referred(photos, home, options={"val_fraction": 0})
    copy = Path(shutil.copytree(photos, tmp_path / "copy"))
    said = spoil(copy)

    with pytest.raises(InputError, match=said):
        relink(home, "linked", str(copy))

    assert Dataset.open(home, "linked").reference_root == photos


def test_a_dataset_of_copies_and_no_folder_are_refused(photos: Path, home: Home) -> None:
    referred(photos, home)
    with pytest.raises(InputError, match="there is nothing to relink"):
        relink(home, "shapes", str(photos))
    with pytest.raises(InputError, match="is no folder"):
        relink(home, "linked", str(photos / "cat" / "000.png"))


# ---------------------------------------------------------------- the full check afterwards


def test_a_full_check_later_gives_what_a_full_import_gives(photos: Path, home: Home) -> None:
    (photos / "cat" / "002.png").write_bytes((photos / "cat" / "002.png").read_bytes()[:-40])
    quick = referred(photos, home, check="header")
    assert quick.skipped() == []
    assert any("--recheck" in note for note in quick.notes)

    told = ended(Recheck("linked", str(home.root)))

    ended(Import(str(photos), "fully", home=str(home.root), reference=True))
    checked, fully = Dataset.open(home, "linked"), Dataset.open(home, "fully")
    assert [path for path, _ in checked.skipped()] == [str(photos / "cat" / "002.png")]
    assert told["splits"] == checked.splits
    assert not any("--recheck" in note for note in checked.notes)
    assert checked.values == fully.values
    for split in checked.splits:
        assert [row[1:] for row in checked.rows(split)] == [row[1:] for row in fully.rows(split)]
    assert sorted(path.name for path in checked.root.iterdir()) == ["index.sqlite", "reference.json"]


def test_a_check_that_finds_files_gone_lists_them(photos: Path, home: Home) -> None:
    referred(photos, home, check="header")
    (photos / "dog" / "001.png").unlink()
    put(photos / "dog" / "002.png", 77)

    ended(Recheck("linked", str(home.root)))

    checked = Dataset.open(home, "linked")
    assert [(Path(path).name, reason) for path, reason in checked.skipped()] == [
        ("001.png", "cannot be read: No such file or directory")
    ]


def test_copies_need_no_second_check(home: Home) -> None:
    with pytest.raises(InputError, match="has copies of its images"):
        ended(Recheck("shapes", str(home.root)))
