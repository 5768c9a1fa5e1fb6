"""A page by keyboard alone: what the Tab key reaches, in which order, and whether it is seen where one is."""

from __future__ import annotations

from typing import Any

MOST_STEPS = 400

BEGIN = """() => {
  window.stopped = [];
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
}"""
"""The next Tab goes to the first element, whatever was clicked last."""

FOCUSED = """async () => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (!at || at === document.body) return null;
  window.stopped ??= [];
  const again = window.stopped.includes(at);
  window.stopped.push(at);
  const drawn = () => [at, at.closest("label"), at.parentElement].some((one) => {
    if (!one) return false;
    const style = getComputedStyle(one);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none";
  });
  const end = performance.now() + 1000;  // where scripts draw it, that takes a moment
  while (!drawn() && performance.now() < end) await new Promise((done) => setTimeout(done, 20));
  const what = at.getAttribute("aria-label") || at.innerText || at.value || at.tagName;
  return { again, seen: drawn(), what: what.slice(0, 60) };
}"""

UNREACHED = """() => [...document.querySelectorAll(
  "[data-testid='stMain'] :is(button, a[href], summary, input, select)")]
  .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !one.disabled &&
    one.tabIndex >= 0 && !window.stopped.includes(one) && one.type !== "radio" &&
    !one.closest("[data-testid='stElementToolbar'], [role=toolbar], [role=radiogroup]"))
  .map((one) => (one.getAttribute("aria-label") || one.innerText || one.tagName).slice(0, 60))"""


def tabbed(page: Any) -> list[str]:
    """Go through the page with Tab until it is left or comes round; what was wrong on the way."""
    page.evaluate(BEGIN)
    found: list[str] = []
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if at is None or at["again"]:
            break
        if not at["seen"]:
            found.append(f"focus is not seen: {at['what']}")
    else:
        found.append(f"no end after {MOST_STEPS} steps")
    return [*found, *(f"not reached: {one}" for one in page.evaluate(UNREACHED))]
