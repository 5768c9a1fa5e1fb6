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
END = "Demo results on this machine"

STEPS = {
    "1 The images": "Ten classes, drawn on this machine.",
    "2 How they are kept": "What each format is, with figures; a link opens its structure in the Inspector.",
    "3 The loader reads them": "The formats at one encoding. A difference is called one where the repeats show it.",
    "4 The same as raw pixels": "Two encodings in one format.",
    "5 Cost and benefit": "Files, space, time to build, and speed: one table for each comparison.",
}


def run(ground: Ground, log: TravelLog) -> None:
    """Open, click, wait for the story's end, go back to each step; then once more with what is there by now."""
    with ground.serving() as address, chromium() as browser:
        page = opened(browser)
        log.begin()
        page.goto(address)
        page.wait_for_function(IMAGE, polling=50, timeout=LONGEST)
        log.reached("First image", "The start page of an empty home.", goal=FIRST_IMAGE, page=page)
        page.wait_for_timeout(2000)  # a look at the images
        story(page, log, "Run the one-minute demo", "the very first time")
        for title, about in STEPS.items():
            page.get_by_text(title).first.click()
            page.get_by_role("heading", level=3, name=title.replace(" ", ". ", 1)).wait_for()
            log.reached(f"Back to: {title}", about, page=page, counted=False)
        page.get_by_text("2 How they are kept").first.click()
        page.get_by_role("link", name="Look inside: LMDB").click()
        page.get_by_role("heading", level=1, name="Inspector").wait_for()
        page.wait_for_timeout(4000)
        log.reached("Inside the LMDB", "The tree of pages, as it lies in the file.", page=page, counted=False)
        page.goto(address)
        page.get_by_text(END).wait_for(timeout=LONGEST)
        story(page, log, "Run the demo again", "once more")
        page.close()


def story(page: Any, log: TravelLog, button: str, which: str) -> None:
    """From the click to the end."""
    page.get_by_role("button", name=button).click()
    log.begin()
    if which != "once more":
        page.get_by_text("Drawing 6,000 images").wait_for(timeout=LONGEST)
        page.wait_for_timeout(1500)
        log.reached("The classes appear", "Each class as it is drawn.", page=page, counted=False)
    page.locator(BAR).first.wait_for(timeout=LONGEST)
    moved(page)
    log.reached(f"First moving bar, {which}", "The loader reads the first stores.", goal=FIRST_BAR, page=page)
    page.get_by_text(END).wait_for(timeout=LONGEST)
    page.locator(".fetched table").first.wait_for(timeout=LONGEST)
    log.reached(f"Whole story, {which}", "What the choice cost and brought.", goal=STORY, page=page)


def moved(page: Any) -> None:
    """Return when a bar says something else than at first."""
    first = page.locator(BAR).first.get_attribute("aria-label")
    while page.locator(BAR).first.get_attribute("aria-label") == first:
        page.wait_for_timeout(50)


JOURNEY = Journey(
    "student",
    "The student's minute",
    "A newcomer opens the app on a laptop beside a projector, in a home in which nothing is: images at once, and one "
    "click later the story of how to store them, measured live. Seconds of a story are those since its click.",
    run,
)
