"""Every page at three widths: nothing makes it scroll sideways, and no choice or figure is cut."""

from __future__ import annotations

import pytest
from test_app_browser import PAGES, browser, calm, serving  # noqa: F401 - `browser` is a fixture

from core.base.home import Home

pytestmark = pytest.mark.browser

WIDTHS = (390, 820, 1440)

FAULTS = """() => {
  const main = document.querySelector('[data-testid="stMain"]');
  const found = main.scrollWidth > main.clientWidth ? [`scrolls: ${main.scrollWidth} of ${main.clientWidth}`] : [];
  const texts = '[data-testid="stMetricValue"] div, [data-testid="stButtonGroup"] button, .stMarkdownBadge, ' +
    '[data-baseweb="tag"], .stMultiSelect [role="button"], .stButton button';
  for (const part of main.querySelectorAll(texts)) {
    if (part.clientWidth && part.scrollWidth > part.clientWidth + 1) found.push(`cut: ${part.innerText}`);
  }
  for (const group of main.querySelectorAll('[data-testid="stButtonGroup"] [role="toolbar"]')) {
    if (group.scrollWidth > group.clientWidth + 1) found.push(`choices out of sight: ${group.innerText}`);
  }
  return found;
}"""


def test_every_page_fits_its_width(browser, furnished: Home) -> None:  # noqa: F811
    faults = {}
    with serving(furnished.root) as address:
        page = browser.new_page()
        for name in PAGES:
            page.set_viewport_size({"width": WIDTHS[-1], "height": 1200})
            page.goto(f"{address}/{name}")
            page.get_by_role("heading", level=1).wait_for()
            calm(page)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 1200})
                page.wait_for_timeout(300)  # for charts to be laid out again
                faults[name or "start", width] = page.evaluate(FAULTS)
        page.close()
    assert {place: found for place, found in faults.items() if found} == {}
