"""Takes the pictures of the storage experiment's results in this folder, light and dark, from a home that has some.

python -m docs.screenshots.storage HOME
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from docs.screenshots.take import picture
from tests.test_app_browser import QUIET, browser_path, serving, title

SIZE = {"width": 1440, "height": 2680}
"""Tall enough for the form, the verdict, who wins where, the times and the sizes."""


def main(home: Path) -> None:
    path = browser_path()
    if path is None:
        raise SystemExit("no Chromium or Chrome here: install one, or name it in the variable CHROMIUM")
    with serving(home) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        for scheme in ("light", "dark"):
            page = browser.new_context(viewport=SIZE, color_scheme=scheme).new_page()
            page.goto(f"{address}/benchmark")
            title(page, "Benchmark")
            page.get_by_text("Storage", exact=True).first.click()
            page.get_by_text("Space on disk").wait_for(timeout=60_000)
            page.wait_for_timeout(4000)  # the forecast is measured meanwhile
            picture(page, "storage", scheme)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
