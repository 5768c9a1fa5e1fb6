"""How long the app keeps its user waiting: from start to the first page, and from one page to the content of another.

    python -m benchmarks.pages [--rounds N]

In a real browser, against a server of its own, in the state that the demo leaves. A page counts as there when its
content is to be seen, not only its title.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from core.base.events import finish
from core.jobs.demo import Demo
from tests.test_app_browser import QUIET, browser_path, serving

CONTENT = {
    "Dataset": "img[alt='circle']",
    "Build": "text=Verify all",
    "Benchmark": "text=Ranking",
    "Inspector": "text=Occupies",
    "Start": 'h2:has-text("On this machine"), h3:has-text("On this machine")',
}
"""What is on a page once its content is there."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    path = browser_path()
    if path is None:
        raise SystemExit("no Chromium or Chrome here: install one, or name it in the variable CHROMIUM")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        os.environ["FORMAT_MATTERS_HOME"] = home
        finish(Demo().run())
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        starts = [started(browser, Path(home)) for _ in range(rounds)]
        print(f"start to the first page's content: {told(starts)}\n")
        print("| page | first visit s | later visits s |")
        print("|---|---|---|")
        with serving(Path(home)) as address:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            page.locator(CONTENT["Start"]).first.wait_for()
            page.wait_for_timeout(5000)  # a user reads the first page before leaving it
            visits = {name: [] for name in CONTENT}
            for _ in range(rounds + 1):
                for name in CONTENT:
                    visits[name].append(visited(page, name))
        for name, seconds in visits.items():
            print(f"| {name} | {seconds[0]:.2f} | {told(seconds[1:])} |")
        browser.close()


def started(browser: Any, home: Path) -> float:
    """Seconds from launching the server to the first page's content."""
    began = time.perf_counter()
    with serving(home) as address:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        page.locator(CONTENT["Start"]).first.wait_for()
        seconds = time.perf_counter() - began
        page.close()
    return seconds


def visited(page: Any, name: str) -> float:
    """Seconds from a click in the menu to the page's content."""
    began = time.perf_counter()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    page.locator(CONTENT[name]).first.wait_for()
    seconds = time.perf_counter() - began
    page.wait_for_timeout(700)
    return seconds


def told(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} ({min(seconds):.2f} - {max(seconds):.2f})"


if __name__ == "__main__":
    main()
