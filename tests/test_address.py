"""What a reload finds again: the address holds the dataset and what is inspected."""

from __future__ import annotations

import pytest
from app_under_test import ROOT, TIMEOUT, open_page, texts
from streamlit.testing.v1 import AppTest

from core.base.events import finish
from core.base.home import Home
from core.base.page_address import page_address
from core.importing.task import Import
from core.measure.runs import all_runs as list_runs
from core.report.questions import Answers
from ui.inspector.filtering import _label_of, _label_told
from ui.shared import state
from ui.shared.address import KEY, number
from ui.shared.titles import KEY as TITLE


def reloaded(app: AppTest, page: str) -> AppTest:
    """The page as a new session draws it from the address that `app` shows."""
    fresh = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT)
    return at(fresh, app.session_state[KEY].shown).switch_page(f"pages/{page}.py").run()


def at(app: AppTest, address: dict[str, str]) -> AppTest:
    """Somebody goes to an address: opens it, or comes back to it."""
    app.query_params.clear()
    for name, value in address.items():
        app.query_params[name] = value
    return app


def shown(app: AppTest) -> dict[str, str]:
    return dict(app.session_state[KEY].shown)


def test_a_reload_keeps_the_dataset(furnished: Home) -> None:
    finish(Import("shapes", "another", limit=20, home=str(furnished.root)).run())
    app = open_page("build")
    assert app.selectbox(key=state.DATASET_KEY).value == "another"
    app.selectbox(key=state.DATASET_KEY).set_value("shapes").run()
    assert app.query_params["dataset"] == "shapes"
    assert at(app, {"dataset": "another"}).run().selectbox(key=state.DATASET_KEY).value == "another"
    app.selectbox(key=state.DATASET_KEY).set_value("shapes").run()
    fresh = reloaded(app, "build")
    assert fresh.selectbox(key=state.DATASET_KEY).value == "shapes"


def test_a_reload_keeps_store_split_and_sample(furnished: Home) -> None:
    app = open_page("inspector")
    stores = app.selectbox(key="inspector.store").options
    app.selectbox(key="inspector.store").select_index(2).run()
    app.segmented_control(key="inspector.split").set_value("val").run()
    app.text_input(key="inspector.goto").set_value("13").run()
    fresh = reloaded(app, "inspector")
    assert not fresh.exception
    assert fresh.selectbox(key="inspector.store").value == app.selectbox(key="inspector.store").value
    assert len(stores) == 3
    assert "Sample 13 of 20 in val" in texts(fresh)


def test_a_reload_keeps_the_search(furnished: Home) -> None:
    app = open_page("inspector")
    app.selectbox(key="inspector.how").set_value("contains").run()
    app.text_input(key="inspector.search").set_value("17").run()
    assert "of 60 samples" not in texts(app)
    fresh = reloaded(app, "inspector")
    assert fresh.text_input(key="inspector.search").value == "17"
    assert texts(fresh) == texts(app)


def test_back_shows_what_was_looked_at_before(furnished: Home) -> None:
    app = open_page("inspector")
    app.text_input(key="inspector.goto").set_value("5").run()
    first = shown(app)
    app.text_input(key="inspector.search").set_value("17").run()
    app.segmented_control(key="inspector.view").set_value("labels").run()
    second = shown(app)
    assert (second["view"], "sample" in second) == ("labels", False)
    at(app, first).run()
    assert "Sample 5 of 60 in train" in texts(app)
    assert app.text_input(key="inspector.search").value == ""
    assert app.segmented_control(key="inspector.view").value == "images"
    assert shown(app) == first
    assert "**10 labels**" in texts(at(app, second).run())
    app.segmented_control(key="inspector.view").set_value("images").run()
    assert "Sample 5 of 60 in train" in texts(app)  # the address led once


def test_a_step_replaces_and_a_choice_is_pushed(furnished: Home) -> None:
    app = open_page("inspector")
    known = app.session_state[KEY]
    assert known.replacing == {"dataset": "shapes", "store": "disk/original", "split": "train", "sample": "0"}
    number = known.number
    app.text_input(key="inspector.goto").set_value("7").run()
    known = app.session_state[KEY]
    assert (known.replacing["sample"], known.told) == ("7", {})
    assert known.number > number
    app.segmented_control(key="inspector.split").set_value("val").run()
    known = app.session_state[KEY]
    assert known.replacing == {}
    assert dict(app.query_params) == known.told == {**shown(app), "split": "val"}


def test_a_key_opens_its_entry_and_a_label_its_filter(furnished: Home) -> None:
    app = at(open_page("inspector"), {"store": "lmdb/raw", "split": "val", "key": "val/00000013"}).run()
    assert "Sample 13 of 20 in val" in texts(app)
    app = at(app, {"store": "lmdb/raw", "split": "val", "label": "3"}).run()
    assert app.selectbox(key="inspector.class").value == 3
    assert (_label_of("03"), _label_of('"3"'), _label_of(_label_told("3"))) == (3, "3", "3")


def test_what_an_address_names_and_is_not_here_is_said(furnished: Home) -> None:
    asked = {"dataset": "shapes", "store": "zarr/raw", "split": "train", "sample": "77", "run": "x"}
    app = at(open_page("inspector"), asked).run()
    assert [warning.value for warning in app.warning] == [
        "The address names the store zarr/raw, which is not here. Build it on the Build page, or choose another one.",
        "The address names the sample 77, which is not here. There are 60 samples in train, numbered from 0 on.",
    ]
    app.text_input(key="inspector.search").set_value("1").run()
    assert not app.warning


def test_the_answers_of_a_report_are_in_its_address(furnished: Home) -> None:
    app = open_page("report")
    app.number_input(key="report.images").set_value(5_000).run()
    assert shown(app) == {"dataset": "shapes", "images": "5000"}
    fresh = reloaded(app, "report")
    assert fresh.number_input(key="report.images").value == 5_000
    at(fresh, {"images": "0", "memory_gb": "nan", "section": "?"}).run()
    assert fresh.number_input(key="report.images").value == Answers.images
    assert not fresh.exception


def test_the_runs_that_are_compared_are_in_the_address(furnished: Home) -> None:
    record = list_runs(furnished)[0]
    app = at(open_page("benchmark"), {"view": "Results", "runs": f"{record.name},other"}).run()
    assert not app.exception
    assert app.session_state["results.opened"] == record.name
    at(app, {"view": "Results", "runs": "other"}).run()
    assert any("names the runs other, which is not here" in warning.value for warning in app.warning)


def test_titles_say_what_is_shown(furnished: Home) -> None:
    app = open_page("inspector")
    said = app.session_state[TITLE].sent
    assert said == "shapes · disk/original · train · sample 0 – Inspector – Format Matters"
    assert open_page("build").session_state[TITLE].sent == "shapes – Build – Format Matters"


def test_an_address_is_made_in_one_place() -> None:
    assert page_address("start") == ""
    assert page_address("inspector", store="lmdb/raw", view=None, sample=0) == "inspector?store=lmdb%2Fraw&sample=0"
    assert page_address("inspector", file="/a b/\udce9&#") == "inspector?file=%2Fa+b%2F%5Cudce9%26%23"


@pytest.mark.parametrize(
    "address",
    [
        {"dataset": "none such"},
        {"store": "../x", "split": "?", "sample": "-1"},
        {"sample": "9" * 18, "how": "x"},
    ],
)
def test_an_address_that_names_nothing_is_as_none(address: dict[str, str], furnished: Home) -> None:
    fresh = at(open_page("inspector"), address).run()
    assert not fresh.exception
    assert not fresh.error
    assert fresh.warning
    assert "Sample 0 of 60 in train" in texts(fresh)


def test_numbers_in_an_address() -> None:
    assert number("17") == 17
    assert [number(text) for text in ("", "-1", "1.5", "٣", "9" * 19)] == [None] * 5
