"""Every page at four widths, light and dark: nothing scrolls sideways, is cut, covered, too faint or without a name.

What is checked is in `page_checks.js`. `python -m benchmarks.pages_walk` walks all views.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from test_app_browser import PAGES, browser, serving  # noqa: F401 - `browser` is a fixture

from core.base.home import Home
from tests.page_keys import tabbed
from tests.page_walk import CHARTS, CHECKS, Place, Walk, reach, walk

pytestmark = pytest.mark.browser

VIEWS = {"build": "Time and files", "benchmark": "Bottlenecks", "inspector": "Structure"}
PLACES = [
    place for page in PAGES for place in (Place(page), *(Place(page, (VIEWS[one],)) for one in VIEWS if one == page))
]
"""Every page, and a view more of some, while that page is there."""

BROKEN = """
<h1>A page with every fault</h1>
<div data-testid="stMain" style="width:300px;overflow:auto">
  <div style="width:500px;height:5px"></div>
  <p style="width:60px;overflow:hidden;white-space:nowrap">cut words here</p>
  <p style="color:#aaa;background:#fff">faint words</p>
  <button style="background:#3b82e6;color:#fff"><span style="display:contents"><i>faint choice</i></span></button>
  <p style="position:absolute;left:8px;top:300px;margin:0">below</p>
  <p style="position:absolute;left:8px;top:302px;margin:0">above</p>
  <img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" width="40" height="40">
  <button style="width:30px;height:30px"></button>
  <button aria-label="0 · cat" title="0 · cat">cat</button>
  <figure><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="mask"><figcaption>mask</figcaption></figure>
  <div data-testid="stVegaLiteChart" aria-label="Sizes">
    <svg class="marks" width="50" height="20"><text x="30" y="12">too long for it</text></svg>
  </div>
</div>
"""

ORDERS = """
<style>div > * { display: block; width: 60px; height: 20px; margin: 0 }
section, section > div { width: auto; height: auto }
.row, .reversed { display: flex; gap: 10px } .reversed { flex-direction: row-reverse }
.upwards { display: flex; flex-direction: column-reverse } .put { position: absolute }</style>
<h1>Good orders, then broken ones</h1>
<section class="row"><div><button>left</button><button style="margin-top:90px">left, low</button></div>
  <div><button>right, high</button></div></section>
<section class="row" style="flex-wrap:wrap;width:90px"><button>above</button><button>gone below</button></section>
<section class="row"><section style="width:50px;overflow:auto"><button style="margin-left:90px">out</button></section>
  <button>beside it</button></section>
<div style="position:fixed;right:0;bottom:0"><button>over the page</button></div>
<p style="width:90px"><a href="#a">a link over two lines</a> <a href="#b">next</a></p>
<section class="reversed"><button>1 is right</button><button>1 is left</button></section>
<section class="upwards"><button>2 is below</button><button>2 is above</button></section>
<section class="row"><div style="order:1"><button>3 is last</button></div>
  <div><button>3 is first</button></div></section>
<div style="position:relative;width:300px;height:60px">
  <div><button class="put" style="top:40px">4 is low</button></div><button class="put" style="top:0">4 is high</button>
</div>
<button tabindex="1">5 is early</button>
<button class="put" style="left:-90px">6 is out</button>
"""


def test_every_page_fits_every_width_in_both_themes(browser, furnished: Home, tmp_path: Path) -> None:  # noqa: F811
    seen = Walk()
    with serving(furnished.root) as address:
        walk(browser, address, PLACES, seen)
    nothing = tmp_path / "nothing"
    with serving(nothing) as address:
        walk(browser, address, map(Place, PAGES), seen, widths=(390, 1440), name="empty: ")
    print(seen.told())
    assert list(seen.by_sentence()) == []
    assert len(PLACES) == len(PAGES) + len(VIEWS)
    assert seen.looks == 8 * len(PLACES) + 4 * len(PAGES)


def test_the_checks_find_what_they_are_for(browser) -> None:  # noqa: F811
    page = browser.new_page(viewport={"width": 1000, "height": 600}, color_scheme="light")
    page.set_content(BROKEN)
    found = page.evaluate(CHECKS, {"charts": "svg.marks", "contrast": True})
    page.close()
    told = "\n".join(found)
    for fault in (
        "scrolls sideways: 500",
        "cut: cut words here",
        "contrast 2.32 of 4.5: faint words",
        "contrast 3.80 of 4.5: faint choice",
        "overlap: below | above",
        "image without alternative text",
        "nameless: <button",
        "named twice: 0 · cat",
        "named twice: mask",
        "chart without a table: Sizes",
        "cut by its chart: too long for it",
    ):
        assert fault in told


def test_an_order_of_tab_that_is_not_as_one_reads_is_found(browser) -> None:  # noqa: F811
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.set_content(ORDERS)
    found = page.evaluate(CHECKS, {"charts": "svg.marks", "contrast": False})
    page.close()
    assert [one for one in found if one.startswith("Tab ")] == [
        "Tab goes back: 5 is early > left",
        "Tab goes back: 1 is right > 1 is left",
        "Tab goes back: 2 is below > 2 is above",
        "Tab goes back: 3 is last > 3 is first",
        "Tab goes back: 4 is low > 4 is high",
        "Tab goes out of sight: 6 is out",
    ]


def test_the_tab_key_reaches_everything_and_is_seen(browser, furnished: Home) -> None:  # noqa: F811
    page = browser.new_page(viewport={"width": 1440, "height": 1100}, reduced_motion="reduce")
    found = {}
    with serving(furnished.root) as address:
        for name in PAGES:
            reach(page, address, name)
            found[name] = tabbed(page) + page.evaluate(CHECKS, {"charts": CHARTS, "contrast": False})
    page.close()
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_a_trap_and_a_focus_that_is_not_seen_are_found(browser) -> None:  # noqa: F811
    page = browser.new_page()
    page.set_content(
        '<div data-testid="stMain"><button style="outline:none">plain</button><button id="trap">trap</button>'
        "<button>beyond</button></div>"
    )
    page.evaluate("() => { document.querySelector('#trap').onkeydown = (event) => event.preventDefault(); }")
    told = tabbed(page)
    page.close()
    assert told == ["focus is not seen: plain", "not reached: beyond"]
