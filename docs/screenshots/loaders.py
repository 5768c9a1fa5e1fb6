"""Runs the loader experiment on the Benchmark page, as a user would, and takes pictures meanwhile and afterwards.

    python -m docs.screenshots.loaders HOME DATASET NAME

All stores that the page proposes take part, each through all three loaders. The pictures are called NAME-live,
NAME and NAME-why, light and dark.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from core.loading.loaders import LOADERS
from docs.screenshots.take import picture
from tests.test_app_browser import QUIET, browser_path, calm, serving, title

SIZE = {"width": 1440, "height": 2300}
LONGEST = 1_200_000
"""Milliseconds."""


def main(home: Path, dataset: str, name: str) -> None:
    path = browser_path()
    if path is None:
        raise SystemExit("no Chromium or Chrome here: install one, or name it in the variable CHROMIUM")
    with serving(home) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        run(opened(browser, address, "light", dataset))
        wait(browser, address, 60)  # some turns
        for scheme in ("light", "dark"):
            page = opened(browser, address, scheme, dataset)
            page.locator(".fetched [aria-label^='images per second']").wait_for()
            picture(page, f"{name}-live", scheme)
            page.close()
        wait(browser, address)
        for scheme in ("light", "dark"):
            page = opened(browser, address, scheme, dataset)
            page.get_by_text("Ranking").first.wait_for(timeout=60_000)
            picture(page, name, scheme)
            page.get_by_text("Bottlenecks", exact=True).click()
            page.get_by_text("Time per sample", exact=True).first.wait_for()
            picture(page, f"{name}-why", scheme)
        browser.close()


def opened(browser: Any, address: str, scheme: str, dataset: str) -> Any:
    """The Benchmark page with this dataset."""
    page = browser.new_context(viewport=SIZE, color_scheme=scheme).new_page()
    page.goto(f"{address}/benchmark")
    title(page, "Benchmark")
    page.get_by_test_id("stSidebar").get_by_label("Dataset").first.click()
    page.get_by_role("option", name=dataset, exact=True).click()
    calm(page)
    return page


def run(page: Any) -> None:
    """All loaders, and go. Nobody looks while it is measured."""
    for loader in LOADERS.values():
        pill = page.get_by_role("button", name=loader.title, exact=True)
        if pill.get_attribute("aria-pressed") != "true":
            pill.click()
            calm(page)
    page.get_by_role("button", name=re.compile("^Benchmark [0-9]")).last.click()
    page.locator(".fetched [aria-label^='images per second']").wait_for(timeout=120_000)
    page.close()


def wait(browser: Any, address: str, seconds: float | None = None) -> None:
    """So many seconds, or until no job is shown beside the page any more."""
    if seconds is not None:
        time.sleep(seconds)
        return
    page = browser.new_page()
    page.goto(address)
    page.wait_for_timeout(2000)
    page.get_by_test_id("stSidebar").get_by_role("progressbar").wait_for(state="detached", timeout=LONGEST)
    page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), sys.argv[2], sys.argv[3])
