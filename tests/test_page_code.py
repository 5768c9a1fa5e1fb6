"""The Inspector's view Code, and the Report's section: the programs of `core.snippets`, to copy and to download."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.report import code
from core.snippets import code_for
from tests.snippet_fixtures import written


def _view() -> None:
    import os
    from pathlib import Path

    from core.stores.manifest import Manifest
    from core.stores.store import StoreInfo
    from ui.inspector.code import draw_code
    from ui.inspector.inspected import Span
    from ui.inspector.opening import Subject

    path = Path(os.environ["SNIPPET_STORE"])
    store = StoreInfo(path, Manifest.load(path))
    draw_code(Subject(Span.of_split(path, {"train": 8, "val": 8}, "val"), "x", "in val", path, "sample", store, "val"))


def test_the_view_shows_a_program_of_the_split_and_offers_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = written(tmp_path / "store", "npy", "raw")
    monkeypatch.setenv("SNIPPET_STORE", str(store))
    page = AppTest.from_function(_view, default_timeout=60).run()
    assert not page.exception
    expected = {one.name: one for one in code_for(store, "val")}
    shown = [element.value for element in page.code]
    assert shown == [expected["dataset"].install, expected["dataset"].text.rstrip("\n")]
    assert 'open_split(split="val"' in shown[1]
    (download,) = page.get("download_button")
    assert expected["dataset"].file in download.proto.label
    page.segmented_control(key="inspector.code").set_value("webdataset").run()
    assert not page.exception
    assert [element.value for element in page.code] == []
    assert "tar shards alone" in page.info[0].value


def test_a_report_has_the_programs_of_a_store_that_is_there(tmp_path: Path) -> None:
    store = written(tmp_path / "store", "npy", "raw")
    found = code.programs(str(store))
    assert found["dataset"].text == next(one.text for one in code_for(store) if one.name == "dataset")
    assert code.programs(str(tmp_path / "gone")) == {}
    (store / "manifest.json").write_text("{}")
    assert code.programs(str(store)) == {}
