"""A student with a projector and one minute: opens the app, sees images, starts the demo, tells its story."""

from __future__ import annotations

from typing import Any

from .ground import Ground, chromium, opened
from .recording import Journey, TravelLog

FIRST_IMAGE, FIRST_BAR, STORY = 3.0, 10.0, 45.0
"""Goals in seconds: after opening the address, and after the click."""

LONGEST = 300_000
"""Milliseconds."""

IMAGE = """() => [...document.querySelectorAll('[data-testid="stMain"] img')].some(
  (image) => image.complete && image.naturalWidth > 0 && image.getBoundingClientRect().top < innerHeight)"""

BAR = '[aria-label^="images per second"]'


def moved(page: Any) -> None:
    """Return when a bar says something else than at first."""
    first = page.locator(BAR).first.get_attribute("aria-label")
    while page.locator(BAR).first.get_attribute("aria-label") == first:
        page.wait_for_timeout(50)


def run(ground: Ground, log: TravelLog) -> None:
    """Open, click, and wait for the story's end; then once more, with what is there by now."""
    with ground.serving() as address, chromium() as browser:
        page = opened(browser)
        log.begin()
        page.goto(address)
        page.wait_for_function(IMAGE, polling=50, timeout=LONGEST)
        log.reached("First image", "The start page of an empty home.", goal=FIRST_IMAGE, page=page)
        page.get_by_role("button", name="Run the one-minute demo").wait_for()
        page.wait_for_timeout(2000)  # a look at the images
        story(page, log)
        page.close()


def story(page: Any, log: TravelLog) -> None:
    """From the click to the end."""
    page.get_by_role("button", name="Run the one-minute demo").click()
    log.begin()
    page.locator(BAR).first.wait_for(timeout=LONGEST)
    moved(page)
    log.reached("First moving bar", "The loader reads the first stores.", goal=FIRST_BAR, page=page)
    page.get_by_text("Demo results on this machine").wait_for(timeout=LONGEST)
    log.reached("Whole story", "What was measured.", goal=STORY, page=page)


JOURNEY = Journey(
    "student",
    "The student's minute",
    "A newcomer opens the app on a laptop beside a projector, in a home in which nothing is: images at once, and one "
    "click later the story of how to store them, measured live.",
    run,
)
