"""Addresses in a real browser: back, forward, reload, send; and arrow keys, whose picture never has another's label."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import lmdb
import numpy as np
import pytest
from inspect_fixtures import png
from test_app_browser import browser, calm, serving  # noqa: F401 - `browser` is a fixture

from core.base.page_address import page_address

pytestmark = pytest.mark.browser

ENTRIES = 60

WATCH = """() => {
  const deep = (css, root = document) => [...root.querySelectorAll(css),
    ...[...root.querySelectorAll("*")].flatMap((part) => part.shadowRoot ? deep(css, part.shadowRoot) : [])];
  const number = (text, pattern) => Number((text ?? "").replaceAll(",", "").match(pattern)?.[1] ?? NaN);
  window.seen = new Set();
  window.wrong = [];
  const look = () => {
    const place = number(deep(".place")[0]?.textContent, /Entry (\\d+) of/);
    const image = deep(".sample img")[0];
    const width = image?.naturalWidth, named = number(image?.alt, /entry (\\d+)/);
    const bytes = number(deep(".sample table")[0]?.innerText, /Payload\\s+(\\d+) B/);
    const details = document.querySelector(".st-key-inspector-details");
    const shown = details && getComputedStyle(details).visibility === "visible";
    const beside = shown ? number(details.innerText, /of its (\\d+) bytes/) : bytes;
    if (place >= 0) seen.add(place);
    if (place >= 0 && (named !== place || width !== 8 + place % 30 || (beside >= 0 && beside !== bytes)))
      wrong.push([place, named, width, bytes, beside]);
    requestAnimationFrame(look);
  };
  look();
}"""
"""Looks at each frame: the sample's place, the number in its picture's text, its picture (whose width says which it is)
and its bytes, beside the bytes of which the details speak while they are to be seen."""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """PNG images, each of a size of its own among its neighbours."""
    random = np.random.default_rng(0)
    with lmdb.open(str(tmp_path / "photos.lmdb"), map_size=1 << 24) as env, env.begin(write=True) as transaction:
        for index in range(ENTRIES):
            edge = 8 + index % 30
            transaction.put(f"cat/{index:04}".encode(), png(random.integers(0, 256, (edge, edge, 3), np.uint8)))
    return tmp_path / "photos.lmdb"


def shows(page, position: int, **address: str) -> None:
    """The sample is there, and the address says so."""
    page.get_by_text(f"Entry {position} of {ENTRIES} in photos.lmdb", exact=True).wait_for(timeout=20_000)
    wanted = {"sample": str(position), **address}
    page.wait_for_function(
        "(wanted) => Object.entries(wanted).every(([name, value]) =>"
        " (new URL(location).searchParams.get(name) ?? '') === value)",
        arg=wanted,
        timeout=20_000,
    )


def test_an_address_is_gone_back_to_reloaded_and_sent(browser, photos: Path) -> None:  # noqa: F811 - the fixture
    with serving(photos.parent) as server:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{server}/{page_address('inspector', file=str(photos))}")
        shows(page, 0, search="")
        calm(page)
        page.evaluate(WATCH)
        before = page.evaluate("() => history.length")
        for _ in range(20):
            page.keyboard.press("ArrowRight")
        shows(page, 20)
        page.keyboard.press("ArrowLeft")
        shows(page, 19)
        page.wait_for_function("() => document.title.startsWith('photos.lmdb · entry 19 – Inspector')")
        page.wait_for_function(
            "() => document.documentElement.dataset.sampleDrawn === document.documentElement.dataset.sampleShown"
        )
        calm(page)
        assert page.evaluate("() => history.length") == before  # steps are no entries of their own
        assert len(set(range(1, 19)) & set(page.evaluate("() => [...seen]"))) > 1, "some are drawn on the way"
        assert page.evaluate("() => wrong") == []

        page.get_by_placeholder("Search (press /)").fill("cat/003")
        page.keyboard.press("Enter")
        shows(page, 30, search="cat/003")
        calm(page)
        page.go_back()
        shows(page, 19, search="")
        page.wait_for_function("() => document.querySelector('.st-key-inspector-search input').value === ''")
        page.go_forward()
        shows(page, 30, search="cat/003")
        page.reload()
        shows(page, 30, search="cat/003")
        page.get_by_text("1 to 10 of 10 entries").wait_for()

        page.get_by_test_id("stSidebarNav").get_by_role("link", name="Report").click()
        page.get_by_role("heading", level=1, name="Report").wait_for()
        calm(page)
        page.go_back()
        shows(page, 30, search="cat/003")
        sent = page.url
        page.close()
        other = browser.new_context().new_page()  # somebody else, with the whole page narrow
        other.goto(sent.replace("sample=30", "sample=99"))
        other.get_by_text("The address names the entry 99, which is not here.").wait_for(timeout=20_000)
        other.goto(sent)
        shows(other, 30, search="cat/003")
        assert parse_qs(urlsplit(other.url).query) == parse_qs(urlsplit(sent).query)
        other.context.close()
