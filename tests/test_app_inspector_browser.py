"""The inspector in a real browser: by keyboard alone, and a file that is taken back while it is shown."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from urllib.parse import quote

import lmdb
import numpy as np
import pytest
from inspect_fixtures import png
from test_app_browser import browser, calm, serving  # noqa: F401 - `browser` is a fixture

pytestmark = pytest.mark.browser

ENTRIES = 120


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    with lmdb.open(str(tmp_path / "photos.lmdb"), map_size=1 << 24) as env, env.begin(write=True) as transaction:
        for index in range(ENTRIES):
            transaction.put(f"cat/{index:04}".encode(), png(random.integers(0, 256, (16, 16, 3), np.uint8)))
    return tmp_path / "photos.lmdb"


def shows(page, position: int) -> None:
    page.get_by_text(f"Entry {position} of {ENTRIES} in photos.lmdb").wait_for(timeout=20_000)
    page.get_by_role("button", name="Random").wait_for()  # drawn last
    calm(page)
    page.wait_for_timeout(500)  # a shortcut counts once its button has settled
    calm(page)


def test_by_keyboard_alone(browser, photos: Path) -> None:  # noqa: F811 - the fixture
    with serving(photos.parent) as address:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{address}/inspector?file={quote(str(photos))}")
        shows(page, 0)
        for key, position in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("PageDown", 48), ("PageUp", 0)):
            page.keyboard.press(key)
            shows(page, position)
        page.keyboard.press("/")
        page.keyboard.type("cat/001")
        page.keyboard.press("Enter")
        page.get_by_text("1 to 10 of 10 entries").wait_for(timeout=20_000)
        shows(page, 10)
        page.keyboard.press("ArrowRight")  # the search field was left with Enter
        shows(page, 11)
        page.locator("[data-position]").first.focus()
        page.keyboard.press("ArrowRight")  # inside the grid it moves the focus and nothing else
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        shows(page, 12)
        page.close()


def test_images_of_a_record_stand_side_by_side(browser, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    random = np.random.default_rng(0)
    for shard in range(2):
        with tarfile.open(tmp_path / f"train-{shard:06d}.tar", "w") as archive:
            for number in range(3):
                for ending in ("png", "mask.png", "depth.png"):
                    data = png(random.integers(0, 256, (16, 16, 3), np.uint8))
                    about = tarfile.TarInfo(f"{3 * shard + number:06d}.{ending}")
                    about.size = len(data)
                    archive.addfile(about, io.BytesIO(data))
    with serving(tmp_path) as address:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{address}/inspector?file={quote(str(tmp_path))}/train-*.tar")
        page.get_by_text("1 to 6 of 6 entries").wait_for(timeout=20_000)
        captions = page.locator("figcaption")
        captions.nth(2).wait_for(timeout=20_000)
        assert captions.all_inner_texts() == ["png", "mask.png", "depth.png"]
        places = [figure.bounding_box() for figure in page.locator("figure").all()]
        assert len({round(place["y"]) for place in places}) == 1
        page.close()
