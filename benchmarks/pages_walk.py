"""Every view of every page at four widths, light and dark: how many are without a finding, and what was found.

    python -m benchmarks.pages_walk [--home DIR] [--json FILE] [--widths 390 1440] [--axe axe.min.js]

In a real browser, against a server of its own. Without `--home` it walks the state that the demo leaves, and an empty
home. What is checked is in `tests/page_checks.js`; with `--axe` also by the rules of axe-core for WCAG 2 A and AA, as
a second opinion: the file is of the package `axe-core` on npm (`npm pack axe-core`), which nothing here needs.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, sync_playwright

from core.base.events import finish
from core.base.strict_json import dumps
from core.jobs.demo import Demo
from tests.page_walk import WIDTHS, Place, Walk, walk
from tests.test_app_browser import PAGES, QUIET, browser_path, serving

VIEWS = {
    "dataset": ("Samples", "Classes", "Shapes and sizes", "Quality"),
    "build": ("Sizes", "Time and files", "Table", "Build new"),
    "benchmark": ("Ranking", "All columns", "Bottlenecks", "Machine", "Repeats", "Suite", "Storage", "Results"),
    "train": ("Learning", "Waiting", "Machine", "Epochs", "Scaling"),
    "inspector": ("Structure", "Labels", "Sizes", "Check"),
}
"""Page -> the texts of choices on it; one that is not there in this home is told as left out."""

AXE = """async () => {
  const told = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa"], resultTypes: ["violations"] });
  return told.violations.flatMap((rule) => rule.nodes.map((node) =>
    `axe ${rule.id}: ${node.target.flat().join(" ").slice(0, 90)} ${node.html.replace(/\\s+/g, " ").slice(0, 90)}`));
}"""
"""A sentence for each element that breaks a rule."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="a home to walk instead of the demo's")
    parser.add_argument("--json", type=Path, help="a file for the counts and findings")
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS, help="in pixels")
    parser.add_argument("--axe", type=Path, help="the file axe.min.js of the package axe-core")
    options = parser.parse_args()
    path = browser_path()
    if path is None:
        raise SystemExit("no Chromium or Chrome here: install one, or name it in the variable CHROMIUM")
    seen, left_out, began = Walk(), [], time.perf_counter()
    if options.axe is not None:
        seen.further = axe_checks(options.axe)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = options.home or Path(folder) / "demo"
        if options.home is None:
            os.environ["FORMAT_MATTERS_HOME"] = str(home)
            finish(Demo().run())
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        with serving(home) as address:
            for place in places():
                try:
                    walk(browser, address, [place], seen, options.widths)
                except Error:
                    left_out.append(str(place))
        with serving(Path(folder) / "nothing") as address:
            walk(browser, address, map(Place, PAGES), seen, options.widths, name="empty: ")
        browser.close()
    findings = list(seen.by_sentence())
    print(f"{seen.told()}, in {time.perf_counter() - began:.0f} s")
    print(f"not there: {', '.join(left_out) or 'nothing'}")
    print("\n".join(findings))
    if options.json is not None:
        told = {"looks": seen.looks, "clean": seen.looks - len(seen.found), "left_out": left_out, "findings": findings}
        options.json.write_text(dumps(told), encoding="utf-8")


def places() -> list[Place]:
    """Every page, and every view of it."""
    return [place for page in PAGES for place in (Place(page), *(Place(page, (text,)) for text in VIEWS.get(page, ())))]


def axe_checks(script: Path) -> Callable[[Any], list[str]]:
    """What axe-core finds on a page, which gets its script once."""
    source = script.read_text(encoding="utf-8")

    def checked(page: Any) -> list[str]:
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(source)
        return list(page.evaluate(AXE))

    return checked


if __name__ == "__main__":
    main()
