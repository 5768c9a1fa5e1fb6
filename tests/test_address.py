"""What a reload finds again: the address holds the dataset and what is inspected."""

from __future__ import annotations

import pytest
from app_under_test import ROOT, TIMEOUT, open_page, texts
from streamlit.testing.v1 import AppTest

from core.base.events import finish
from core.base.home import Home
from core.importing.task import Import
from ui.shared import state
from ui.shared.address import number


def reloaded(app: AppTest, page: str) -> AppTest:
    """The page as a new session draws it from the address that `app` shows."""
    fresh = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT)
    for name, value in app.query_params.items():
        fresh.query_params[name] = value
    return fresh.switch_page(f"pages/{page}.py").run()


def test_a_reload_keeps_the_dataset(furnished: Home) -> None:
    finish(Import("shapes", "another", limit=20, home=str(furnished.root)).run())
    app = open_page("build")
    assert app.selectbox(key=state.DATASET_KEY).value == "another"
    app.selectbox(key=state.DATASET_KEY).set_value("shapes").run()
    assert app.query_params["dataset"] == "shapes"
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


@pytest.mark.parametrize(
    "address",
    [
        {"dataset": "none such"},
        {"store": "../x", "split": "?", "sample": "-1"},
        {"sample": "9" * 18, "how": "x"},
    ],
)
def test_an_address_that_names_nothing_is_as_none(address: dict[str, str], furnished: Home) -> None:
    app = open_page("inspector")
    for name, value in address.items():
        app.query_params[name] = value
    fresh = reloaded(app, "inspector")
    assert not fresh.exception
    assert not fresh.error
    assert "Sample 0 of 60 in train" in texts(fresh)


def test_numbers_in_an_address() -> None:
    assert number("17") == 17
    assert [number(text) for text in ("", "-1", "1.5", "٣", "9" * 19)] == [None] * 5
