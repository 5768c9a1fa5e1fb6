"""Lance datasets: recognised without pylance, and read where it is installed."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.base.errors import InputError
from core.inspect.files import inspect_file
from core.inspect.kinds import identify

PIXELS = np.random.default_rng(4).integers(0, 256, (6, 8, 9, 3), np.uint8)
HAS_PYLANCE = importlib.util.find_spec("lance") is not None


def png(number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS[number]).save(file, "PNG")
    return file.getvalue()


def manifest(folder: Path, ending: bytes = b"LANC") -> Path:
    (folder / "_versions").mkdir(parents=True)
    (folder / "_versions" / "1.manifest").write_bytes(bytes(20) + ending)
    return folder


@pytest.mark.skipif(HAS_PYLANCE, reason="pylance is installed")
def test_without_pylance_the_way_to_have_it_is_told(tmp_path: Path) -> None:
    assert identify(manifest(tmp_path / "some")).kind == "lance"
    with pytest.raises(InputError, match="pip install pylance"):
        inspect_file(tmp_path / "some")


def test_other_folders_are_none(tmp_path: Path) -> None:
    assert identify(manifest(tmp_path / "some", b"none")).kind == "folder"


@pytest.mark.skipif(not HAS_PYLANCE, reason="pylance is not installed")
def test_rows_with_their_images(tmp_path: Path) -> None:
    import lance  # type: ignore[import-not-found]
    import pyarrow as pa

    table = pa.table({"image": [png(number) for number in range(6)], "label": list(range(6))})
    lance.write_dataset(table, str(tmp_path / "rows"), max_rows_per_file=4)
    told = inspect_file(tmp_path / "rows", index=5, image=tmp_path / "out.png")
    assert (told["kind"], told["entries"], told["sample"]["label"]) == ("lance", 6, 5)
    assert told["structure"]["fragments"] == [{"fragment": 0, "rows": 4}, {"fragment": 1, "rows": 2}]
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out.png")), PIXELS[5])
    for path in (tmp_path / "rows" / "data").iterdir():
        path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(InputError, match="row 5"):
        inspect_file(tmp_path / "rows", index=5)
