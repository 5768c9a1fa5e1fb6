"""Imports by reference that read headers alone: sizes are those of decoding, and nothing else counts as known."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.base.errors import InputError
from core.base.events import Result
from core.base.home import Home
from core.building import Build, Verify
from core.datasets.dataset import Dataset
from core.images import pixels
from core.images.measuring import measure
from core.importing.headers import plain_size
from core.importing.keeping import HEAD_BYTES
from core.importing.task import Import
from tests.image_fixtures import put_classes
from tests.test_import import BROKEN, KINDS
from tests.test_import_decoding import files


def ended(task: Any) -> dict[str, Any]:
    return dict([event for event in task.run() if isinstance(event, Result)][-1].data)


def decoded_size(file: bytes) -> tuple[int, ...] | None:
    try:
        return pixels.decode(file).shape[:2]
    except pixels.BadImage:
        return None


def test_a_header_says_what_decoding_gives_or_nothing() -> None:
    known = 0
    for file in files():
        size = plain_size(file[:HEAD_BYTES]) or measure(io.BytesIO(file))
        wanted = decoded_size(file)
        assert wanted is None or size in (None, wanted)
        known += size is not None
    assert known > 100


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_turned_image_has_its_upright_size(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[pixels.ORIENTATION] = orientation
    file = io.BytesIO()
    Image.new("RGB", (8, 4)).save(file, kind, exif=exif)
    data = file.getvalue()
    assert plain_size(data) is None
    assert measure(io.BytesIO(data)) == decoded_size(data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images of every kind, broken ones, and one of 12 bits."""
    root = tmp_path / "animals"
    put_classes(root, {"cat": 3, "dog": 3}, ".jpg")
    for name, make in KINDS.items():
        (root / "cat" / name).write_bytes(make())
    for name, (data, _) in BROKEN.items():
        (root / "dog" / name).write_bytes(data)
    return root


def test_rows_have_sizes_and_no_checksums(folder: Path, home: Home) -> None:
    ended(Import(str(folder), "fully", home=str(home.root), reference=True))
    ended(Import(str(folder), "quick", home=str(home.root), reference=True, check="header"))
    fully, quick = Dataset.open(home, "fully"), Dataset.open(home, "quick")

    rows = {row.path: row for split in quick.splits for row in quick.rows(split)}
    for split in fully.splits:
        for row in fully.rows(split):
            other = rows.pop(row.path)
            assert (other.bytes, other.height, other.width) == (row.bytes, row.height, row.width)
            known = row.path.endswith(("deep.png", "grey.png", "palette.gif", ".tiff"))  # their values decide
            assert (other.checksum, other.pixel_checksum) == ((row.checksum, row.pixel_checksum) if known else (0, 0))
    assert quick.values == fully.values
    assert {Path(path).name for path in rows} == {"cut.jpg", "cut.png"}  # broken behind their headers
    assert len(quick.skipped()) == len(BROKEN) - 2
    assert quick.fingerprint != fully.fingerprint


def test_masks_are_stretched_as_they_are_when_all_is_decoded(tmp_path: Path, home: Home) -> None:
    for number in range(3):
        file = tmp_path / "masks" / "cat" / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.eye(8, dtype=np.uint8)).save(file)
    for name, check in (("fully", "full"), ("quick", "header")):
        ended(Import(str(tmp_path / "masks"), name, home=str(home.root), reference=True, check=check))
    assert Dataset.open(home, "quick").values == Dataset.open(home, "fully").values


def test_a_store_is_built_and_verified_without_the_checksums(folder: Path, home: Home) -> None:
    for name in BROKEN:
        (folder / "dog" / name).unlink()
    ended(Import(str(folder), "quick", home=str(home.root), reference=True, check="header"))
    built = ended(Build("quick", "lmdb", "png", home=str(home.root)))
    assert ended(Verify(built["store"], str(home.root)))["ok"]


def test_a_header_check_of_copies_is_refused(folder: Path, home: Home) -> None:
    with pytest.raises(InputError, match="goes with --reference"):
        ended(Import(str(folder), "quick", home=str(home.root), check="header"))


def test_two_folders_of_one_size_and_other_names_differ(tmp_path: Path, home: Home) -> None:
    for number, size in enumerate((100, 101)):
        folder = tmp_path / f"set{number}" / "cat"
        folder.mkdir(parents=True)
        file = io.BytesIO()
        Image.fromarray(np.full((8, 8, 3), number, np.uint8)).save(file, "BMP")
        (folder / "a.bmp").write_bytes(file.getvalue() + bytes(size))
        ended(Import(str(folder.parent), f"set{number}", home=str(home.root), reference=True, check="header"))
    assert Dataset.open(home, "set0").fingerprint != Dataset.open(home, "set1").fingerprint
