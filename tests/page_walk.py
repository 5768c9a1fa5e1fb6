"""A walk over pages in a browser: each at every width, in both themes, and what is wrong there.

The checks are `page_checks.js`; they run in the page, and nothing of it is loaded from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHECKS = Path(__file__).with_name("page_checks.js").read_text(encoding="utf-8")
WIDTHS = (390, 820, 1440, 2560)
THEMES = ("light", "dark")
HEIGHT = 1100
VIEWPORT = {"width": 1440, "height": HEIGHT}
LEAST_MS = 120
"""Before a page has begun to be laid out at another width or in the other theme."""

HEADING = "() => document.querySelector('h1')?.innerText ?? null"

CHOICES = ", ".join(
    f"[data-testid='stMain'] {one}"
    for one in ("[data-testid='stButtonGroup'] button", "[role=tab]", "summary", "label")
)
"""What a walk may click on, by its text: views, tabs, expanders, radio buttons."""

CHARTS = "[data-testid='stVegaLiteChart'] svg.marks, figure svg"

STILL = """() => {
  const busy = document.querySelector(
    '[data-test-script-state="running"], [data-testid="stSkeleton"], [data-testid="stSpinner"], [data-stale="true"]');
  const app = document.querySelector('[data-testid="stApp"]');
  const theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const changing = app && getComputedStyle(app).colorScheme !== theme ||
    document.getAnimations().some((one) => one instanceof CSSTransition && one.playState === 'running');
  const charts = [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')].map((chart) => {
    const drawn = chart.querySelector('svg.marks, canvas');
    return [chart.clientWidth, drawn?.getBoundingClientRect().width, drawn?.textContent.length];
  });
  const waits = charts.some(([place, drawn]) => !drawn || Math.abs(place - drawn) > 40 && drawn > place);
  const heights = [...document.querySelectorAll('[data-testid="stVerticalBlock"]')].map((one) => one.scrollHeight);
  const tell = JSON.stringify([document.body.innerText.length, heights, charts]);
  window.seenAlike = tell === window.lastTell ? (window.seenAlike || 0) + 1 : 0;
  window.lastTell = tell;
  return !busy && !changing && window.seenAlike >= (waits ? 12 : 2);
}"""
"""Whether nothing runs, all colours are those of the theme asked for, and nothing has changed for a while; longer where
a chart has yet to follow its place."""


@dataclass(frozen=True)
class Place:
    """A page by its address, and what is clicked there one after the other: texts of choices, tabs, expanders."""

    address: str
    clicks: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " > ".join((self.address or "start", *self.clicks))


@dataclass
class Walk:
    """How many looks at pages were without a finding, and what was found: (place, width, theme) -> sentences."""

    looks: int = 0
    found: dict[tuple[str, int, str], list[str]] = field(default_factory=dict)
    further: Callable[[Any], list[str]] | None = None
    """What else is asked of a page as it lies there."""

    def told(self) -> str:
        clean = self.looks - len(self.found)
        return f"{clean} of {self.looks} pages x widths x themes without a finding"

    def by_sentence(self) -> Iterator[str]:
        """Each finding once, with where it is."""
        places: dict[str, list[str]] = {}
        for (place, width, theme), sentences in self.found.items():
            for sentence in sentences:
                places.setdefault(sentence, []).append(f"{place} {width} {theme}")
        for sentence, where in places.items():
            more = f" and {len(where) - 3} more" if len(where) > 3 else ""
            yield f"{sentence}  [{', '.join(where[:3])}{more}]"


def walk(
    browser: Any,
    server: str,
    places: Iterable[Place],
    into: Walk,
    widths: Iterable[int] = WIDTHS,
    name: str = "",
) -> None:
    """Look at each of the places at all widths in both themes. The app is loaded once."""
    page = browser.new_page(viewport=VIEWPORT, color_scheme=THEMES[0], reduced_motion="reduce")
    at = None
    for place in places:
        resize(page, VIEWPORT["width"])
        if at is None or place.address != at.address or place.clicks[: len(at.clicks)] != at.clicks:
            reach(page, server, place.address)
            todo = place.clicks
        else:
            todo = place.clicks[len(at.clicks) :]
        for text in todo:
            named = re.compile(rf"^(\w+_\w+)?\s*{re.escape(text)}\s*$")  # behind the name of its icon
            page.locator(CHOICES).filter(has_text=named).first.click(timeout=10_000)
            settle(page)
        at = place
        look(page, f"{name}{place}", into, widths)
    page.close()


def reach(page: Any, server: str, address: str) -> None:
    """The page at this address: by the app's menu where the app is there, as loading it takes most of the time."""
    if not page.url.startswith(server):
        page.goto(f"{server}/{address}")
        page.get_by_role("heading", level=1).first.wait_for(timeout=30_000)
    elif page.url.partition("?")[0] != f"{server}/{address}":
        before = page.evaluate(HEADING)
        page.locator(f"[data-testid='stSidebarNav'] a[href$='/{address}']").first.click()
        page.wait_for_function(f"(before) => ![null, before].includes(({HEADING})())", arg=before, timeout=30_000)
    settle(page)


def settle(page: Any) -> None:
    """Wait until nothing runs and nothing changes."""
    page.wait_for_function(STILL, timeout=60_000, polling=100)


def resize(page: Any, width: int) -> None:
    if page.viewport_size["width"] != width:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.wait_for_timeout(LEAST_MS)
        settle(page)


def look(page: Any, place: str, into: Walk, widths: Iterable[int], charts: str = CHARTS) -> None:
    """The page as it is, at all widths and in both themes.

    It begins with the theme and, where that is asked for, the width that are there; the second theme takes the widths
    the other way round: each change has the page laid out and its charts drawn anew.
    """
    present = page.viewport_size["width"]
    order = sorted(widths, key=lambda width: (width != present, -width))
    dark = page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    for number, theme in enumerate(THEMES[::-1] if dark else THEMES):
        if number > 0:
            page.emulate_media(color_scheme=theme)
            page.wait_for_timeout(LEAST_MS)
            settle(page)
        for width in order:
            resize(page, width)
            found = page.evaluate(CHECKS, {"charts": charts, "contrast": True})
            if into.further is not None:
                found += into.further(page)
            into.looks += 1
            if found:
                into.found[place, width, theme] = found
        order.reverse()
