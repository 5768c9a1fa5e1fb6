"""Takes all pictures of the documentation in a real browser, from a home of its own, and notes what they show.

python -m docs.screenshots.take            # all of them
python -m docs.screenshots.take inspector  # those of the Inspector alone; what they show is noted with the others
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from core.base.events import finish
from core.base.home import Home
from core.measure.storage.experiment import StorageExperiment
from core.report.presentation.present import present
from core.report.questions import Answers
from docs.screenshots import inspector
from docs.screenshots.shown import file_of, keep
from tests.test_app_browser import QUIET, browser_path, calm, go, serving

SIZE = {"width": 1440, "height": 900}
MOST_HEIGHT = 1500
WIDTH = 1200
"""Pixels of the pictures; pages are drawn wider."""


def main(only: str = "") -> None:
    path = browser_path()
    if path is None:
        raise SystemExit("no Chromium or Chrome here: install one, or name it in the variable CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        if only != "inspector":
            all_but_inspector(browser)
        inspector.take_all(browser)
        browser.close()
    keep("inspector" if only else "")


def all_but_inspector(browser: Any) -> None:
    """Of one home, which the demo furnishes."""
    with tempfile.TemporaryDirectory(prefix="format-matters-") as folder:
        home = Home(Path(folder))
        with serving(home.root) as address:
            every_page(browser.new_context(viewport=SIZE, color_scheme="light").new_page(), address, home)
        calm_page = browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce").new_page()
        slides(calm_page, home)


def every_page(page: Any, address: str, home: Home) -> None:
    page.goto(address)
    page.get_by_role("button", name="Run the one-minute demo").click()
    page.get_by_text("Demo results on this machine").wait_for(timeout=300_000)
    picture(page, "start")
    go(page, "Dataset", titled="shapes")
    page.get_by_alt_text("circle").first.wait_for()
    picture(page, "dataset")
    go(page, "Build")
    page.get_by_text(re.compile(r"^Stores \(\d+\)$")).first.wait_for()
    picture(page, "build")
    go(page, "Benchmark")
    start = page.get_by_role("button", name=re.compile(r"Benchmark \d+ stores"))
    start.wait_for()
    start.click()
    page.get_by_text(re.compile(r"^[4-8] of 9 repeats")).first.wait_for(timeout=300_000)
    page.locator('[aria-label^="images per second"]').first.wait_for()
    screenshot(page, "benchmark-live")
    start.wait_for(timeout=300_000)
    page.get_by_text("Bottlenecks", exact=True).click()
    page.get_by_text("Stage throughput limits").wait_for()
    page.get_by_text("Time per sample", exact=True).first.wait_for(timeout=60_000)
    picture(page, "benchmark-why")
    finish(StorageExperiment("shapes", [1, 10, 100], repeats=3, home=str(home.root)).run())
    page.goto(f"{address}/benchmark")
    page.get_by_text("Storage", exact=True).first.click()
    page.get_by_text("Space on disk").wait_for(timeout=60_000)
    picture(page, "storage")
    go(page, "Report")
    page.get_by_text("Which store to use").wait_for()
    picture(page, "report")


def slides(page: Any, home: Home) -> None:
    """The slide of the first chart."""
    file = home.root / "slides.html"
    file.write_text(present(home, "shapes", Answers()), encoding="utf-8")
    page.goto(f"{file.as_uri()}#slide-4")
    screenshot(page, "slides")


def picture(page: Any, name: str, most: int = MOST_HEIGHT) -> None:
    """The page as high as it is, up to `most` pixels, once every widget has loaded."""
    calm(page)
    page.wait_for_function("() => !document.querySelector('[data-testid=\"stSkeleton\"]')", timeout=30_000)
    calm(page)
    height = page.get_by_test_id("stMain").evaluate("element => element.scrollHeight")
    page.set_viewport_size({**SIZE, "height": max(SIZE["height"], min(height, most))})
    page.wait_for_timeout(1500)  # charts draw themselves after the page is there
    screenshot(page, name)
    page.set_viewport_size(SIZE)


def screenshot(page: Any, name: str) -> None:
    """What is to be seen, as a small WebP."""
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.thumbnail((WIDTH, 10 * WIDTH), Image.Resampling.LANCZOS)
    image.save(file_of(name), "webp", quality=82, method=6)
    print(name, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:2])
