"""The inspector page: moving about in a store, one sample large, its other versions, and what goes wrong."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from app_under_test import open_page, texts, viewed
from streamlit.testing.v1 import AppTest

from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.stores.store import list_stores, open_store
from ui.inspector.filtering import LABEL
from ui.inspector.opening import SOURCE
from ui.inspector.sample_view import difference, hex_dump
from ui.inspector.store_view import SELECTED, SMALL_PAGE


@pytest.fixture
def page(furnished: Home) -> AppTest:
    app = open_page("inspector")
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    return texts(app) + viewed(app)["entry"]["html"] + "".join(str(element.proto.body) for element in app.get("html"))


def test_without_a_store_it_leads_to_building_one(empty: Home) -> None:
    app = open_page("inspector")
    assert "can be opened" in texts(app)  # any file can be looked into without a dataset
    app.segmented_control(key=SOURCE).set_value("store").run()
    assert "no dataset" in texts(app)
    assert "Import a dataset" in [link.label for link in app.get("page_link")]


def test_the_first_sample_is_shown_at_once(page: AppTest, furnished: Home) -> None:
    store = open_store(str(next(info.path for info in list_stores(furnished))))
    assert f"Sample 0 of {len(store)} in train" in texts(page)
    assert store.classes[store.labels[0]] in texts(page)
    for fact in ("16 × 16 × 3", "uint8", "png", "Occupies"):
        assert fact in shown(page)


def test_the_other_stores_are_compared_pixel_by_pixel(page: AppTest) -> None:
    badges = [element.value for element in page.markdown if "Identical" in element.value]
    assert len(badges) == 2
    assert "hdf5/raw" in texts(page)
    assert "lmdb/raw" in texts(page)


def test_a_lossy_store_is_told_from_the_others(furnished: Home) -> None:
    finish(Build("shapes", "lmdb", "jpeg", options={"quality": "40"}).run())
    app = open_page("inspector")
    assert "PSNR" in texts(app)
    assert "The largest is" in texts(app)


def test_paging(page: AppTest) -> None:
    assert f"1 to {SMALL_PAGE} of 60 samples" in texts(page)
    assert page.button(key="inspector.previous").disabled
    page.button(key="inspector.next").click().run()
    assert f"{SMALL_PAGE + 1} to 60 of 60 samples" in texts(page)
    assert page.button(key="inspector.next").disabled
    page.button(key="inspector.previous").click().run()
    assert f"1 to {SMALL_PAGE} of 60 samples" in texts(page)


def test_going_to_an_index_turns_to_its_page(page: AppTest) -> None:
    page.text_input(key="inspector.goto").set_value("57").run()
    assert "Sample 57 of 60 in train" in texts(page)
    assert f"{SMALL_PAGE + 1} to 60 of 60 samples" in texts(page)


def test_going_to_a_key(page: AppTest, furnished: Home) -> None:
    paths = [str(info.path) for info in list_stores(furnished)]
    page.selectbox(key="inspector.store").set_value(next(path for path in paths if "/lmdb/" in path)).run()
    page.text_input(key="inspector.goto").set_value("00000033").run()
    assert "Sample 33 of 60 in train" in texts(page)
    assert "train/00000033" in shown(page)


@pytest.mark.parametrize("wanted", ["60", "nobody", "-1"])
def test_going_where_nothing_is(wanted: str, page: AppTest) -> None:
    page.text_input(key="inspector.goto").set_value(wanted).run()
    assert not page.exception
    assert any(repr(wanted) in warning.value for warning in page.warning)
    assert "Sample 0 of 60" in texts(page)


def test_the_class_filter_lets_one_class_through(page: AppTest, furnished: Home) -> None:
    store = open_store(str(list_stores(furnished)[0].path))
    label = int(store.labels[-1])
    positions = np.flatnonzero(store.labels == label)
    page.selectbox(key=LABEL).set_value(label).run()
    assert f"1 to {len(positions)} of {len(positions)} sample" in texts(page)
    assert f"Sample {positions[0]} of 60" in texts(page)
    for _ in range(3):
        page.button(key="inspector.random").click().run()
        assert page.session_state[SELECTED] in positions


def test_the_other_split(page: AppTest) -> None:
    page.segmented_control(key="inspector.split").set_value("val").run()
    assert not page.exception
    assert "Sample 0 of 20 in val" in texts(page)
    assert "val/" in shown(page)


def test_a_store_that_was_damaged_is_a_sentence(furnished: Home) -> None:
    path = next(info.path for info in list_stores(furnished) if info.manifest.format == "lmdb")
    file = path / "train.lmdb" / "data.mdb"
    file.write_bytes(file.read_bytes()[:9000])
    app = open_page("inspector")
    app.selectbox(key="inspector.store").set_value(str(path)).run()
    assert not app.exception
    assert any("damaged" in error.value for error in app.error)


def test_differences_are_measured() -> None:
    black, grey = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 5, np.uint8)
    same = difference(black, black)
    assert (same.largest, same.psnr) == (0, inf)
    apart = difference(black, grey)
    assert (apart.largest, apart.factor) == (5, 51)
    assert apart.psnr == pytest.approx(34.15, abs=0.01)
    assert (apart.amplified == 255).all()
    assert np.array_equal(difference(grey, black).amplified, apart.amplified)


def test_hex() -> None:
    assert hex_dump(b"\x89PNG\r\n\x1a\nab") == (
        "0000 89 50 4e 47 0d 0a 1a 0a ·PNG····\n0008 61 62                   ab"
    )
