"""The report page: its questions, its answer, its sections, and what it says where there is nothing yet."""

from __future__ import annotations

from app_under_test import open_page, texts
from streamlit.testing.v1 import AppTest

from core.building import Build
from core.events import finish
from core.home import Home
from core.stores import list_stores


def radio(app: AppTest, name: str, answer: str) -> AppTest:
    return app.radio(key=f"report.{name}").set_value(answer).run()


def headline(app: AppTest) -> str:
    return next(element.value for element in app.markdown if element.value.startswith("### "))


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
    tables = [list(frame.value["Store"]) for frame in app.dataframe if "Payload" in frame.value]
    assert len(tables[0]) == len(list_stores(furnished)) == 4


def test_the_real_size_is_predicted(furnished: Home) -> None:
    app = open_page("report")
    app.number_input(key="report.images").set_value(7_000_000).run()
    [predicted] = [frame.value for frame in app.dataframe if "One epoch" in frame.value]
    assert {"1,200,000", "7,000,000", "100,000,000"} == set(predicted["Images"])


def test_answers_outlast_a_switch_of_pages(furnished: Home) -> None:
    app = radio(open_page("report"), "scarce", "disk")
    app.switch_page("pages/build.py").run()
    app.switch_page("pages/report.py").run()
    assert app.radio(key="report.scarce").value == "disk"
