"""A picture on the page that the browser fetches anew by itself, and draws only where it has changed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

_JS = """
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const place = parentElement.querySelector(".fetched");
  place.stop?.();
  let timer = null, stopped = false, shown = data.picture, failures = 0;
  const base = data.base ? `/${data.base.replace(/^\\/+|\\/+$/g, "")}` : "";
  place.innerHTML = shown;

  async function look() {
    if (!document.hidden) {
      try {
        const answer = await fetch(`${base}/${data.address}`, { cache: "no-store" });
        const picture = await answer.text();
        if (stopped) return;
        if (answer.status === 410 || answer.status === 404) { setTriggerValue("gone", true); return; }
        if (answer.ok && picture !== shown) { place.innerHTML = picture; shown = picture; }
        failures = answer.ok ? 0 : failures + 1;
      } catch { failures += 1; }  // the server is away: ask less and less often
    }
    if (!stopped) timer = setTimeout(look, data.every * 1000 * Math.min(1 + failures, 10));
  }

  place.stop = () => { stopped = true; clearTimeout(timer); };
  timer = setTimeout(look, data.every * 1000);
  return () => place.stop();
}
"""

_fetched = st.components.v2.component("format_matters.fetched", html='<div class="fetched"></div>', js=_JS)


def draw_fetched(key: str, address: str, picture: str, every: float, on_gone: Callable[[], None]) -> None:
    """Show `picture`, and every so many seconds the HTML at `address` (see `route`), which is ours and without scripts.

    Where that says that what it showed is no more (404, 410), `on_gone` is called and the app runs again.
    """
    base = st.get_option("server.baseUrlPath")
    data = {"address": address, "picture": picture, "every": every, "base": base}
    _fetched(key=key, data=data, on_gone_change=on_gone)
