"""The benchmark of imports runs, on a few images: it is started by hand, and a break would be found late."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("lmdb")

from benchmarks.importing import many
from tests.image_fixtures import put_classes


def test_a_few_images_stand_for_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_classes(tmp_path / "images", {"cat": 2, "dog": 2})
    many(tmp_path / "images", 10, tmp_path, kill=False)
    said = capsys.readouterr().out
    assert said.startswith("10 files: ")
    assert "disk at most" in said
