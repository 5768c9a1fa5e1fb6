"""A home whose path is not UTF-8, as an old disk or another system's archive may have one."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from app_under_test import open_page, texts

from benchmarks.fuzz_homes import PAGES, faults_of
from core.base.events import finish
from core.base.home import Home
from core.base.names import from_readable, readable
from core.building import Build, Verify
from core.measure.tabular import csv_text
from core.report.compose import compose
from core.report.export import write
from core.report.gather import gather
from core.report.questions import Answers

NAME = os.fsdecode(b"caf\xe9 \xff")


@pytest.fixture
def odd(furnished: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    if sys.platform == "darwin":
        pytest.skip("this system has no such names")
    root = shutil.copytree(furnished.root, tmp_path / NAME)
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(root))
    return Home(root)


def test_every_page_draws(odd: Home) -> None:
    store = {"inspector.source": "file", "inspector.path": readable(odd.built / "shapes" / "lmdb" / "raw")}
    wanted = [*((page, {}) for page in PAGES), ("build", {"build.chart": "Table"}), ("inspector", store)]
    assert list(faults_of(odd, wanted=wanted)) == []
    app = open_page("inspector")
    app.session_state["inspector.source"], app.session_state["inspector.path"] = "file", store["inspector.path"]
    assert "80 entries" in texts(app.run())


def test_stores_are_built_and_reports_written(odd: Home) -> None:
    built = finish(Build("shapes", "lmdb", "png", workers=0, home=str(odd.root)).run())
    assert finish(Verify(built["store"], str(odd.root)).run())["ok"]
    report = compose(gather(odd, "shapes"), Answers())
    for ending in ("html", "md", "json"):
        for file in write(report, odd.root / f"report.{ending}"):
            assert file.stat().st_size
            if file.suffix in (".html", ".md", ".json"):
                file.read_text("utf-8")
    csv_text([{"path": str(odd.root)}]).encode()


def test_a_spelled_out_path_is_the_path_again(odd: Home, tmp_path: Path) -> None:
    assert from_readable(readable(odd.root)) == str(odd.root)
    called_so = tmp_path / r"a\xe9"
    called_so.touch()
    assert from_readable(str(called_so)) == str(called_so)
    assert from_readable("/a/b") == "/a/b"
