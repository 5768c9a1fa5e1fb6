"""How fast pages answer, in a real browser: arrow keys and search in the Inspector, each page, Build on a new dataset.

    python -m benchmarks.page_speed [--runs N] [--keys N] [--entries N] [--folder DIR] [--out TABLE.md]

Each run has a fresh server on a home that is made once: images of shapes in several stores, a file of `--entries` PNG
images in an LMDB (a million), and a file of photographs of a megapixel. What is timed:

- an arrow key: from the browser's `keydown` until picture, label and place of the next sample are all on screen (the
  frame after they are in the page, with the picture decoded), one by one and with the key held;
- a search: from the Enter key until what was found is counted, its first images are in the grid, and one of them is
  large beside it;
- a page: from the click in the menu until its content is there, the first time on this server and later;
- Build on a dataset that no store was built of: from the click until the first choice, and until the estimates.

Prints median and worst beside the goal, as a table for RESULTS.md.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
from PIL import Image

from benchmarks.journeys.ground import chromium, ground_in, opened
from core.base.events import finish
from core.base.home import Home
from core.base.page_address import page_address
from core.building import Build
from core.importing.task import Import
from core.inspect.roots import VARIABLE

STORES = (("disk", "original"), ("lmdb", "raw"), ("hdf5", "raw"), ("lmdb", "jpeg"))
CONTENT = {
    "Dataset": "img[alt='circle']",
    "Build": "text=Verify all",
    "Benchmark": "button:has-text('Benchmark')",
    "Train": "button:has-text('Train')",
    "Inspector": ".place",
    "Report": "text=What was measured",
    "Start": "h1:has-text('Format Matters')",
}
"""Page -> what is on it once its content is there."""
IMAGES, PHOTOS, PHOTO = 4_000, 200, (1024, 1024)
DIFFERENT = 200
KEY_GOAL, SEARCH_GOAL, BUILD_GOAL = 0.15, 0.5, 1.0
"""Seconds."""

WATCH = """() => {
  window.deep = (css, root = document) => [...root.querySelectorAll(css),
    ...[...root.querySelectorAll("*")].flatMap((part) => part.shadowRoot ? deep(css, part.shadowRoot) : [])];
  // Seconds from the next press of `key` until `there` holds, seen frame by frame and painted in the one after.
  window.since = (key, there) => new Promise((done, failed) => {
    let pressed = null;
    const press = (event) => { if (event.key === key && pressed === null) pressed = performance.now(); };
    document.addEventListener("keydown", press, { capture: true });
    const ended = setTimeout(() => failed(new Error("it did not come within 20 s")), 20000);
    const look = () => {
      if (pressed === null || !there()) { requestAnimationFrame(look); return; }
      requestAnimationFrame(() => {
        clearTimeout(ended);
        document.removeEventListener("keydown", press, { capture: true });
        done((performance.now() - pressed) / 1000);
      });
    };
    look();
  });
  // Found where it was: to look through the whole page each frame would take the time that is measured.
  const parts = {};
  window.part = (css) => parts[css]?.isConnected ? parts[css] : (parts[css] = deep(css)[0]);
  window.large = () => ({ place: part(".place")?.textContent ?? "",
    image: part(".place")?.getRootNode().querySelector(".sample img") });
  window.isLarge = (position) => {
    const { place, image } = large();
    return place.includes(` ${position.toLocaleString("en-US")} of `) && image?.alt.includes(` ${position}:`)
      && image.complete && image.naturalWidth > 0;
  };
  window.found = ([count, position]) => {
    const said = [...document.querySelectorAll('[data-testid="stCaptionContainer"]')];
    if (!said.some((part) => part.textContent.includes(` of ${count} `))) return false;
    const first = part(".grid")?.querySelector("[data-position]");
    return first?.dataset.position === String(position) && first.querySelector("img")?.complete && isLarge(position);
  };
}"""


@dataclass
class Timed:
    """What was waited for, in seconds, and how long it may take (None: no goal)."""

    what: str
    goal: float | None
    seconds: list[float] = field(default_factory=list)

    def row(self) -> str:
        goal = "" if self.goal is None else f"{self.goal:g}"
        median, worst = statistics.median(self.seconds), max(self.seconds)
        return f"| {self.what} | {median:.3f} | {worst:.3f} | {goal} | {len(self.seconds)} |"


class Times:
    """All that was timed, in the order in which it came up first."""

    def __init__(self) -> None:
        self.timed: dict[str, Timed] = {}

    def add(self, what: str, goal: float | None, seconds: float) -> None:
        self.timed.setdefault(what, Timed(what, goal)).seconds.append(seconds)

    def table(self) -> str:
        head = (
            "| from a key or click until it is on screen | median s | worst s | goal s | times |\n|---|---|---|---|---|"
        )
        return "\n".join([head, *(timed.row() for timed in self.timed.values())])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keys", type=int, default=20, help="arrow keys per run and file")
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the large file")
    parser.add_argument("--folder", type=Path, help="where home and files are, or are to be left")
    parser.add_argument("--out", type=Path, help="a file for the table")
    given = parser.parse_args()
    times = Times()
    with ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ground = stack.enter_context(ground_in(folder))
        ground.environment[VARIABLE] = str(folder)
        files = made(ground.home, given.entries)
        browser = stack.enter_context(chromium())
        for run in range(given.runs):
            with ground.serving() as address:
                measure(browser, address, files, given.keys, times)
            print(f"run {run + 1} of {given.runs}", flush=True)
    table = times.table()
    print(f"\n{table}")
    if given.out is not None:
        given.out.write_text(table + "\n", encoding="utf-8")


# ---------------------------------------------------------------- what is looked at


def made(root: Path, entries: int) -> dict[str, Path]:
    """The home in `root` and the files beside it, made unless they are there; name -> path."""
    home, folder = Home(root), root.parent
    if not home.raw.is_dir():
        finish(Import("shapes", "shapes", limit=IMAGES, home=str(home.root)).run())
        finish(Import("shapes", "unbuilt", limit=IMAGES, home=str(home.root)).run())
        for format, encoding in STORES:
            finish(Build("shapes", format, encoding, home=str(home.root)).run())
    noise = np.random.default_rng(0)
    small = [encoded(noise.integers(0, 256, (16, 16, 3), np.uint8), "png") for _ in range(DIFFERENT)]
    blocks = noise.integers(0, 256, (8, *(edge // 16 for edge in PHOTO), 3), np.uint8)
    large = [encoded(block.repeat(16, 0).repeat(16, 1), "jpeg") for block in blocks]
    files = {f"{entries:,} entries": folder / f"small-{entries}.lmdb", "photographs": folder / "photos.lmdb"}
    for (path, count), contents in zip(
        ((folder / f"small-{entries}.lmdb", entries), (folder / "photos.lmdb", PHOTOS)), (small, large), strict=True
    ):
        if not path.exists():
            write(path, count, contents)
    return files


def encoded(pixels: np.ndarray[Any, Any], kind: str) -> bytes:
    made = BytesIO()
    Image.fromarray(pixels).save(made, kind)
    return made.getvalue()


def write(path: Path, count: int, contents: list[bytes]) -> None:
    """An LMDB whose keys name two classes, "cat/0000001" first."""
    size = 2 * count * (4096 + max(map(len, contents)))
    with lmdb.open(str(path), map_size=size) as env, env.begin(write=True) as transaction:
        for index in range(count):
            key = f"{('cat', 'dog')[2 * index // count]}/{index:07}".encode()
            transaction.put(key, contents[index % len(contents)], append=True)


# ---------------------------------------------------------------- what is done


def measure(browser: Any, address: str, files: dict[str, Path], keys: int, times: Times) -> None:
    """One run: everything once, on a server that has just begun."""
    page = opened(browser)
    page.add_init_script(f"addEventListener('DOMContentLoaded', {WATCH})")
    page.goto(address)
    page.locator(CONTENT["Start"]).first.wait_for()
    page.wait_for_timeout(3000)  # the first page is looked at; what others need is loaded meanwhile
    for visit in ("first", "second"):
        for name, content in CONTENT.items():
            times.add(f"page {name}, {visit} visit", None, clicked(page, name, content))
    for what, link in links(files).items():
        page.goto(f"{address}/{link}")
        settle(page)
        arrow_keys(page, what, keys, times)
        search(page, what, times)
    page.goto(f"{address}/{page_address('dataset', dataset='unbuilt')}")
    page.locator(CONTENT["Dataset"]).first.wait_for()
    settle(page, large=False)
    build_page(page, times)
    page.context.close()


def links(files: dict[str, Path]) -> dict[str, str]:
    """What is looked into -> its address."""
    names = ("/".join(store) for store in STORES[:2])
    stores = {f"store {name}": page_address("inspector", dataset="shapes", store=name) for name in names}
    return stores | {
        f"file of {what}": page_address("inspector", dataset="shapes", file=str(path)) for what, path in files.items()
    }


def settle(page: Any, large: bool = True) -> None:
    """Until nothing runs any more."""
    if large:
        page.locator(".place").first.wait_for(timeout=60_000)
    page.wait_for_function("() => !document.querySelector('[data-test-script-state=\"running\"]')", timeout=60_000)
    page.wait_for_timeout(1500)


def arrow_keys(page: Any, what: str, keys: int, times: Times) -> None:
    """One by one with a look at each, then as fast as a held key comes."""
    for name, pause in (("one by one", 400), ("held", 33)):
        position = int(page.evaluate("() => large().place.split(' ')[1].replaceAll(',', '')"))
        for step in range(1, keys + 1):
            seconds = timed(page, "ArrowRight", "isLarge", position + step)
            times.add(f"arrow key, {name}, {what}", KEY_GOAL, seconds)
            page.wait_for_timeout(pause)
        settle(page)


def search(page: Any, what: str, times: Times) -> None:
    """By the beginning of a key and by any part of one; each finds ten, and others than the one before."""
    if "disk" in what:
        return  # its keys are files' names
    field = page.get_by_placeholder("Search (press /)")
    for how in ("begins with", "contains"):
        if how == "contains":
            page.locator(".st-key-inspector-how input").click()
            page.get_by_role("option", name=how).click()
            settle(page)
        for tens in (1, 2, 3):
            begin = f"/000000{tens}" if "store" in what else f"/00000{tens}"
            field.fill(begin if how == "contains" else ("train" if "store" in what else "cat") + begin)
            seconds = timed(page, "Enter", "found", ["10", 10 * tens])
            times.add(f"search, {how}, {what}", SEARCH_GOAL, seconds)
            settle(page)


def timed(page: Any, key: str, there: str, about: Any) -> float:
    """Seconds from a key until a condition of `WATCH` holds."""
    waiting = page.evaluate_handle(
        "([key, there, about]) => ({ done: since(key, () => window[there](about)) })", [key, there, about]
    )
    page.keyboard.press(key)
    return float(page.evaluate("(waiting) => waiting.done", waiting))


def clicked(page: Any, name: str, content: str) -> float:
    """Seconds from a click in the menu until a page's content is there."""
    began = page.evaluate("() => performance.now()")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    page.locator(content).first.wait_for()
    seconds = (page.evaluate("() => performance.now()") - began) / 1000
    page.wait_for_timeout(700)
    return float(seconds)


def build_page(page: Any, times: Times) -> None:
    """Of a dataset that no store was built of: what can be chosen first, then the estimates."""
    began = page.evaluate("() => performance.now()")

    def since() -> float:
        return float(page.evaluate("() => performance.now()") - began) / 1000

    steps: list[tuple[str, float | None, Callable[[], Any]]] = [
        ("first choice", BUILD_GOAL, page.get_by_test_id("stMain").get_by_test_id("stButtonGroup").first.wait_for),
        ("estimates", None, page.get_by_test_id("stMain").get_by_text("Build ", exact=False).last.wait_for),
    ]
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Build").click()
    page.get_by_role("heading", level=1, name="Build").wait_for()
    for what, goal, wait in steps:
        wait()
        times.add(f"Build on a new dataset, {what}", goal, since())


if __name__ == "__main__":
    main()
