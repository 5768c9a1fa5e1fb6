"""A picture on the page that the browser keeps up to date by itself, and draws only where it has changed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

_JS = """
// Change only what differs: what stays as it is need not be laid out and painted again.
function patch(place, fresh) {
  while (place.childNodes.length > fresh.childNodes.length) place.lastChild.remove();
  [...fresh.childNodes].forEach((after, number) => {
    const before = place.childNodes[number];
    if (!before) place.append(after);
    else if (before.nodeName !== after.nodeName) before.replaceWith(after);
    else if (before.nodeType !== Node.ELEMENT_NODE) { if (before.data !== after.data) before.data = after.data; }
    else { patchAttributes(before, after); patch(before, after); }
  });
}

function patchAttributes(before, after) {
  for (const { name } of [...before.attributes]) if (!after.hasAttribute(name)) before.removeAttribute(name);
  for (const { name, value } of after.attributes) {
    if (before.getAttribute(name) !== value) before.setAttribute(name, value);
  }
}

function show(place, picture) {
  const template = document.createElement("template");
  template.innerHTML = picture;
  patch(place, template.content);
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const place = parentElement.querySelector(".fetched");
  place.stop?.();
  const base = data.base ? `/${data.base.replace(/^\\/+|\\/+$/g, "")}` : "";
  let source = null, later = null, drawn = 0;
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  function hush() {
    source?.close();
    source = null;
    clearTimeout(later);
  }
  function listen() {
    hush();
    if (document.hidden) return;
    source = new EventSource(`${base}/${data.address}`);
    source.onmessage = (event) => {  // who asked for less motion gets a picture now and then
      if (still.matches && Date.now() - drawn < 5000) return;
      drawn = Date.now();
      show(place, event.data);
    };
    source.addEventListener("gone", () => { place.stop(); setTriggerValue("gone", true); });
    source.onerror = () => {  // a stream that ended is opened again by the browser, one that was refused is not
      if (source?.readyState === EventSource.CLOSED) later = setTimeout(listen, 5000);
    };
  }

  place.stop = () => { hush(); document.removeEventListener("visibilitychange", listen); };
  document.addEventListener("visibilitychange", listen);
  show(place, data.picture);
  if (data.address) listen();
  return () => place.stop();
}
"""

_fetched = st.components.v2.component("format_matters.fetched", html='<div class="fetched"></div>', js=_JS)


def draw_fetched(key: str, address: str, picture: str, on_gone: Callable[[], None]) -> None:
    """Show `picture`, then what comes from `address` (see `route`), which is ours and without scripts.

    Where that says that what it showed is gone, `on_gone` is called and the app runs again.
    """
    data = {"address": address, "picture": picture, "base": st.get_option("server.baseUrlPath")}
    _fetched(key=key, data=data, on_gone_change=on_gone)


def draw_still(key: str, picture: str) -> None:
    """Show a picture of this kind that does not change: HTML of ours without scripts, drawings in SVG among it."""
    _fetched(key=key, data={"address": "", "picture": picture, "base": None})
