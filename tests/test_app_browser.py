"""The app in a real browser: the main journey, every page by its address on a fresh server, and how long that takes."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.image_fixtures import put_classes

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parent.parent
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PAGES = {
    "": "Format Matters",
    "dataset": "Dataset",
    "build": "Build",
    "benchmark": "Benchmark",
    "train": "Train",
    "inspector": "Inspector",
    "report": "Report",
}
"""Address -> title in an empty home."""


def browser_path() -> str | None:
    """A Chromium or Chrome on this machine."""
    places = [os.environ.get("CHROMIUM"), "/usr/bin/chromium"]
    places += [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "chrome")]
    return next((place for place in places if place and Path(place).exists()), None)


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """A fresh server of the app, working in `home`; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless", "true"],
        cwd=ROOT,
        env={**os.environ, "FORMAT_MATTERS_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for_server(address)
        yield address
    finally:
        server.terminate()
        server.wait(10)


def wait_for_server(address: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except OSError:
            assert time.monotonic() < deadline, "the server did not come up"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = browser_path()
    if path is None:
        pytest.skip("no Chromium or Chrome here: install one, or name it in the variable CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield opened
        opened.close()


def title(page, text: str, timeout: float = 20_000) -> None:
    page.get_by_role("heading", level=1, name=text, exact=True).wait_for(timeout=timeout)


def go(page, name: str, titled: str | None = None) -> None:
    """By the menu in the sidebar."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    title(page, titled or name)


def calm(page) -> None:
    """Nothing is running any more, and nothing went wrong."""
    page.wait_for_function("() => !document.querySelector('[data-test-script-state=\"running\"]')", timeout=30_000)
    assert page.get_by_test_id("stException").count() == 0


def open_fresh(page, server: str, address: str) -> None:
    """A page by its address, the first thing that a server is asked for: it has its frame, and there is no dataset."""
    page.goto(f"{server}/{address}")
    title(page, PAGES[address])
    menu = page.get_by_test_id("stSidebarNav").get_by_role("link")
    menu.nth(len(PAGES) - 1).wait_for()
    expected = ["Start", "Dataset", "Build", "Benchmark", "Train", "Inspector", "Report"]
    assert [entry.split()[-1] for entry in menu.all_inner_texts()] == expected
    page.get_by_test_id("stSidebar").get_by_text("None yet.").wait_for()


def folders_watched_by_the_server() -> int:
    """Of every folder that is watched, the system tells of each file opened there; 0 where it cannot be told."""
    (server,) = (child for child in psutil.Process().children() if "streamlit" in child.cmdline())
    told = Path(f"/proc/{server.pid}/fdinfo")
    return sum(file.read_text().count("inotify wd:") for file in told.iterdir()) if told.is_dir() else 0


def test_the_main_journey(browser, tmp_path: Path) -> None:
    with serving(tmp_path) as address:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        open_fresh(page, address, "")
        page.get_by_role("button", name="Run the one-minute demo").click()
        page.locator("[aria-label^='images per second']").first.wait_for(timeout=120_000)
        page.get_by_text("Demo results on this machine").wait_for(timeout=120_000)
        page.get_by_text("Encodings, both in LMDB").wait_for()
        calm(page)  # until then the choice of steps of the demo that ran may stand there as well
        page.get_by_text("2 How they are kept").click()
        page.locator("svg[aria-label^='A tree of pages']").wait_for()
        page.get_by_role("link", name="Look inside: LMDB").click()
        title(page, "Inspector")
        page.get_by_role("radio", name="Structure", checked=True).wait_for()

        go(page, "Dataset", titled="shapes")
        page.get_by_alt_text("circle").first.wait_for()
        go(page, "Build")
        page.get_by_text("Stores (4)").wait_for()
        go(page, "Benchmark")
        page.get_by_role("button", name=re.compile("Benchmark [0-9] stores")).wait_for()
        page.get_by_text("Ranking").first.wait_for()
        page.get_by_text("Loaders of others").first.wait_for()
        go(page, "Inspector")
        calm(page)
        page.close()
        assert folders_watched_by_the_server() == 0


@pytest.mark.parametrize("address", [address for address in PAGES if address not in ("", "dataset")])
def test_every_page_opens_by_its_address_on_a_fresh_server(browser, address: str, tmp_path: Path) -> None:
    """So do the start page and the page Dataset, in the journey above and with the first click below."""
    with serving(tmp_path) as server:
        page = browser.new_page()
        open_fresh(page, server, address)
        calm(page)
        page.close()


def test_the_first_click_on_a_fresh_server_is_not_lost(browser, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        page = browser.new_page()
        open_fresh(page, server, "dataset")
        calm(page)
        page.get_by_text("A path on this machine").click()
        path = page.get_by_label("Path", exact=True)
        path.wait_for(timeout=10_000)
        put_classes(tmp_path / "pets", {"cat": 3, "dog": 3})
        path.fill(str(tmp_path / "pets"))
        path.press("Enter")
        page.get_by_text("Recognised as").wait_for(timeout=30_000)
        page.get_by_alt_text("cat").first.wait_for()
        page.close()
