"""Takes the pictures of every page in this folder, light and dark, in a real browser, from the demo's state.

python -m docs.screenshots.take
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from docs.screenshots import inspector
from tests.test_app_browser import QUIET, browser_path, calm, go, serving

HERE = Path(__file__).parent
SIZE = {"width": 1440, "height": 900}


def main() -> None:
    path = browser_path()
    if path is None:
        raise SystemExit("no Chromium or Chrome here: install one, or name it in the variable CHROMIUM")
    with tempfile.TemporaryDirectory() as home, serving(Path(home)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        for scheme in ("light", "dark"):
            page = browser.new_context(viewport=SIZE, color_scheme=scheme).new_page()
            page.goto(address)
            if scheme == "light":
                picture(page, "start-empty", scheme)
                run_demo(page)
            every_page(page, scheme)
        browser.close()
    inspector.main()


def run_demo(page: Any) -> None:
    page.get_by_role("button", name="Run the one-minute demo").click()
    page.get_by_text("Demo results on this machine").wait_for(timeout=180_000)
    page.reload()  # without the note that it is done


def every_page(page: Any, scheme: str) -> None:
    page.get_by_text("Demo results on this machine").wait_for()
    picture(page, "start", scheme)
    go(page, "Dataset", titled="shapes")
    page.get_by_alt_text("circle").first.wait_for()
    picture(page, "dataset", scheme)
    go(page, "Build")
    page.get_by_text(re.compile(r"^Stores \(\d+\)$")).first.wait_for()
    picture(page, "build", scheme)
    page.get_by_text("Build new").click()
    page.get_by_role("button", name="Build").last.wait_for()
    page.wait_for_timeout(4000)  # the estimate is measured meanwhile
    picture(page, "build-new", scheme)
    go(page, "Benchmark")
    page.get_by_role("button", name=re.compile(r"Benchmark \d+ stores")).wait_for()
    picture(page, "benchmark", scheme)
    page.get_by_text("Bottlenecks", exact=True).click()
    page.get_by_text("Stage throughput limits").wait_for()
    page.get_by_text("Time per sample", exact=True).first.wait_for(timeout=60_000)
    picture(page, "benchmark-why", scheme)
    go(page, "Train")
    page.get_by_role("button", name=re.compile(r"Train from \d+ stores")).wait_for()
    picture(page, "train", scheme)
    go(page, "Report")
    page.get_by_text("Which store to use").wait_for()
    picture(page, "report", scheme)


def picture(page: Any, name: str, scheme: str) -> None:
    calm(page)
    page.wait_for_timeout(1200)  # charts draw themselves after the page is there
    page.screenshot(path=HERE / f"{name}-{scheme}.png")


if __name__ == "__main__":
    main()
