"""The report page: its questions, its answer, its sections, and what it says where there is nothing yet."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from app_under_test import TIMEOUT, open_page, texts
from streamlit.testing.v1 import AppTest

from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.building.estimate_process import EstimateProcess
from core.report import compose, gains
from core.report.document import Report
from core.report.evidence import Evidence
from core.stores.store import list_stores
from ui.shared import estimates


def radio(app: AppTest, name: str, answer: str) -> AppTest:
    return app.radio(key=f"report.{name}").set_value(answer).run()


def headline(app: AppTest) -> str:
    return next(element.value for element in app.markdown if element.value.startswith("### "))


def tables(app: AppTest) -> list[list[list[str]]]:
    """The tables that are not folded, as rows of cells, the header first."""
    bodies = [element.proto.body.partition("</style>")[2] for element in app.get("html")]
    found = [ElementTree.fromstring(body) for body in bodies if "<table" in body]
    return [[[cell.text or "" for cell in row] for row in table.iter("tr")] for table in found]


def test_without_stores_it_leads_to_building_some(home: Home) -> None:
    app = open_page("report")
    assert not app.exception
    assert "No store was built from shapes yet" in texts(app)
    assert "Build stores" in [link.label for link in app.get("page_link")]


def test_without_measurements_it_says_so_and_how_to_measure(home: Home) -> None:
    for form in ("lmdb", "hdf5"):
        finish(Build("shapes", form, "raw", home=str(home.root)).run())
    app = radio(open_page("report"), "scarce", "time")
    assert not app.exception
    assert headline(app).startswith("### Not measured")
    app.segmented_control(key="report.section").set_value("missing").run()
    assert any("experiment loader --stores shapes/" in block.value for block in app.code)


def test_the_answer_changes_with_what_is_said(furnished: Home) -> None:
    app = open_page("report")
    assert not app.exception
    radio(app, "readers", "people")
    assert headline(app) == "### Use disk/original."
    radio(app, "readers", "viewers")
    assert headline(app) == "### Use hdf5/raw."
    assert any("open_store" in block.value and "hdf5/raw" in block.value for block in app.code)
    assert any("--format hdf5 --encoding raw --force" in block.value for block in app.code)


def test_compressions_are_tried_beside_the_page(furnished: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there before they are, says so, and takes them up when they come; its script tries none."""
    monkeypatch.setattr(estimates, "AT_ONCE", 0)
    monkeypatch.setattr(gains, "compare_compressions", None)
    composed: list[Evidence] = []
    made = compose.compose

    def noted(evidence: Evidence, *rest: Any) -> Report:
        composed.append(evidence)
        return made(evidence, *rest)

    monkeypatch.setattr(compose, "compose", noted)
    with monkeypatch.context() as patch:
        patch.setattr(EstimateProcess, "answer", lambda self, question: None)
        app = open_page("report")
        assert "Measuring what other compressions would bring on a sample" in texts(app)
        assert composed[-1].gains == ()
    monkeypatch.setattr(estimates, "AT_ONCE", TIMEOUT)
    app.run()
    assert not app.exception
    assert "Measuring" not in texts(app)
    found = {(gain.encoding, gain.compression) for gain in composed[-1].gains}
    assert {(encoding, "zstd") for encoding in gains.tried_encodings(composed[-1].stores)} < found


def test_every_section_is_drawn(furnished: Home) -> None:
    app = open_page("report")
    control = app.segmented_control(key="report.section")
    drawn = {}
    for name in control.options:
        app.segmented_control(key="report.section").set_value(name).run()
        assert not app.exception, name
        drawn[name] = len(app.get("vega_lite_chart"))
    assert list(drawn.values())[:2] == [2, 3], "beside the chart of the real size: the trade-off, speed and first batch"


def test_a_store_that_is_built_meanwhile_is_in_it(furnished: Home) -> None:
    app = open_page("report")
    finish(Build("shapes", "lmdb", "original", home=str(furnished.root)).run())
    app.segmented_control(key="report.section").set_value("building").run()
    [table] = [rows for rows in tables(app) if "Payload" in rows[0]]
    assert len(table) - 1 == len(list_stores(furnished)) == 4


def test_the_real_size_is_predicted(furnished: Home) -> None:
    app = open_page("report")
    app.number_input(key="report.images").set_value(7_000_000).run()
    [predicted] = [rows for rows in tables(app) if "One epoch" in rows[0]]
    assert {row[0] for row in predicted[1:]} == {"1,200,000", "7,000,000", "100,000,000"}
    assert all(len(row) == 7 for row in predicted), "no column is lost"
    assert {row[1] for row in predicted[1:]} >= {"disk/original"}, "what everybody has is among them"


def test_a_busy_machine_is_told_in_the_answer_itself(furnished: Home) -> None:
    [file] = furnished.runs.glob("*/loader-*.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    busy = [{**line, "background_load": 0.61} if line["kind"] == "repeat" else line for line in lines]
    file.write_text("".join(json.dumps(line) + "\n" for line in busy))
    app = radio(open_page("report"), "scarce", "time")
    assert any("took up to 61% of the processors" in warning.value for warning in app.warning)


def test_nothing_is_ruled_out_for_what_nobody_was_asked(furnished: Home) -> None:
    finish(Build("shapes", "lmdb", "jpeg", home=str(furnished.root)).run())
    app = open_page("report")
    [ruled_out] = [frame.value for frame in app.dataframe if "Why" in frame.value]
    assert list(ruled_out["Store"]) == ["lmdb/jpeg"]
    assert "you answered that pixels may not change" in ruled_out["Why"][0]
    radio(app, "loss", "yes")
    assert not any("Why" in frame.value for frame in app.dataframe)


def test_answers_outlast_a_switch_of_pages(furnished: Home) -> None:
    app = radio(open_page("report"), "scarce", "disk")
    app.switch_page("pages/build.py").run()
    app.switch_page("pages/report.py").run()
    assert app.radio(key="report.scarce").value == "disk"
