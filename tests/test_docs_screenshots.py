"""The pictures of the documentation: all there, all used, and of the present version."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from docs.screenshots import shown

DOCS = Path(__file__).parent.parent / "docs"
PAGES = [DOCS.parent / "README.md", *DOCS.rglob("*.md")]


def test_pictures_are_of_the_present_version() -> None:
    assert shown.outdated() == [], f"pages have other words than in their pictures: {shown.COMMAND}"


def test_every_picture_is_shown_and_every_one_that_is_shown_is_there() -> None:
    used = {name for page in PAGES for name in re.findall(r"screenshots/([\w.-]+)\)", page.read_text("utf-8"))}
    there = {path.name for path in shown.HERE.iterdir() if path.suffix in (".webp", ".png")}
    assert used == there == {shown.file_of(name).name for name in shown.PICTURES}


def test_they_are_small() -> None:
    for name in shown.PICTURES:
        assert shown.file_of(name).stat().st_size < 300_000
        with Image.open(shown.file_of(name)) as picture:
            assert picture.width == 1200


def test_other_words_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page.py").write_text('"""A page."""\nsay("Images", f"{count} files")\n')
    monkeypatch.setattr(shown, "ROOT", tmp_path)
    monkeypatch.setattr(shown, "FRAME", ("page.py",))
    monkeypatch.setitem(shown.PICTURES, "start", ())
    before = shown.fingerprint("start")
    (tmp_path / "page.py").write_text('"""A page that says the same."""\nsay("Images", f"{many} files")  # why\n')
    assert shown.fingerprint("start") == before
    (tmp_path / "page.py").write_text('"""A page."""\nsay("Pictures", f"{count} files")\n')
    assert shown.fingerprint("start") != before
