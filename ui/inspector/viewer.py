"""The picked sample, large. Arrow keys and its two buttons step through what the grid shows, in the browser and at
once: the next samples have been fetched by then (`sample_route`). The page is told afterwards, and draws the rest.

What the page draws of a sample (its fields, its bytes, the same sample in other stores) stands in containers whose keys
are `BESIDE`; the browser hides them while they are about another sample than the one that is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.remote.address import is_address
from ui.inspector.sample_route import ShownSamples, token_for, told

DETAILS, OTHERS = BESIDE = ("inspector-details", "inspector-others")
VIEWER = "inspector.viewer"
AHEAD = 6
"""Samples that the browser fetches before they are asked for; none of a file at an address: each costs requests."""

TOKEN, EPOCH, TOLD = "inspector.token", "inspector.epoch", "inspector.told"

_CSS = """
.steps { display: flex; gap: 4px; margin-bottom: 4px; flex-wrap: wrap; }
button { font: 14px/1 var(--st-font); color: var(--st-text-color); background: none; border: 1px solid transparent;
  border-radius: var(--st-button-radius); padding: 8px 10px; cursor: pointer; }
button:hover:enabled { background: var(--st-secondary-background-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
button:disabled { opacity: 0.45; cursor: default; }
kbd { font: 11px/1 var(--st-code-font); border: 1px solid var(--st-border-color); border-radius: 4px; padding: 2px 5px;
  margin-left: 4px; }
.sample { font-family: var(--st-font); color: var(--st-text-color); }
.said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
h3 { font: 600 1.15rem/1.4 var(--st-heading-font); }
"""

_HTML = """
<div class="steps">
  <button type="button" class="before" aria-keyshortcuts="ArrowLeft">Previous entry<kbd>&larr;</kbd></button>
  <button type="button" class="after" aria-keyshortcuts="ArrowRight">Next entry<kbd>&rarr;</kbd></button>
</div>
<div class="sample"></div>
<div class="said" role="status" aria-live="polite" aria-atomic="true"></div>
"""

_JS = """
const KEPT = 80, SLOW_MS = 200, TELL_MS = 250, SAY_MS = 400;
const OTHERS = "input, textarea, select, [contenteditable], canvas, [role=slider], [role=listbox], [role=combobox], " +
  "[role=grid], [role=radiogroup], [role=dialog], [data-baseweb=modal]";
let viewer = null;

class Viewer {
  constructor(component) {
    this.token = null; this.epoch = null; this.entries = new Map(); this.asked = 0; this.drawn = 0;
    this.soon = []; this.took = 0;
    this.style = document.createElement("style");
    this.press = (event) => this.key(event);
    document.addEventListener("keydown", this.press);
    document.head.append(this.style);
  }

  update(component) {
    const { data, parentElement, setTriggerValue } = component;
    clearTimeout(this.leaving);
    this.place = parentElement.querySelector(".sample");
    this.says = parentElement.querySelector(".said");
    this.buttons = { before: parentElement.querySelector(".before"), after: parentElement.querySelector(".after") };
    this.buttons.before.onclick = () => this.step(-1);
    this.buttons.after.onclick = () => this.step(1);
    this.tell = ({ place, position }) => setTriggerValue("shown", { token: this.token, place, position });
    this.data = data;
    const anew = data.token !== this.token || data.epoch !== this.epoch;
    if (data.token !== this.token) { this.entries.clear(); this.token = data.token; }
    this.epoch = data.epoch;
    if (data.entry.place !== null) this.entries.set(data.entry.place, Promise.resolve(data.entry));
    if (anew || !this.place.firstChild) {
      clearTimeout(this.telling);
      this.wanted = data.entry.place;
      this.draw(anew || !this.shown ? data.entry : this.shown, ++this.asked);
    } else this.mark();
    this.fetchAround(1);
  }

  leave() {  // it may be drawn again at once
    this.leaving = setTimeout(() => {
      document.removeEventListener("keydown", this.press);
      clearTimeout(this.telling); clearTimeout(this.saying);
      this.style.remove();
      viewer = null;
    });
  }

  key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!way || event.composedPath().some((node) => node.matches?.(OTHERS)) || document.querySelector("[role=dialog]"))
      return;
    event.preventDefault();
    this.step(way);
  }

  // From one that the filter holds back, `between` is the place where it would stand.
  next(way) {
    const from = this.wanted ?? (way > 0 ? this.data.between - 1 : this.data.between);
    const place = from + way;
    return place >= 0 && place < this.data.count ? place : null;
  }

  step(way) {
    const place = this.next(way);
    if (place === null) return;
    this.wanted = place;
    const asked = ++this.asked;
    this.get(place).then((entry) => entry ? this.draw(entry, asked, true) : this.tell({ place, position: null }));
    this.fetchAround(way);
  }

  get(place) {
    let entry = this.entries.get(place);
    if (!entry) {
      const began = performance.now();
      entry = fetch(`${this.data.base}/sample/${this.token}/${place}`)
        .then((answer) => answer.ok ? answer.json() : null).catch(() => null);
      entry.then((found) => {
        this.took = performance.now() - began;
        if (!found && this.entries.get(place) === entry) this.entries.delete(place);
      });
      this.entries.set(place, entry);
    }
    return entry;
  }

  // One after the other, so that who asks for a sample waits for one other at most; few where each takes long.
  async fetchAround(way) {
    const from = this.wanted ?? this.data.between, far = this.took > SLOW_MS ? 1 : this.data.ahead;
    for (const place of this.entries.keys()) {
      if (this.entries.size <= KEPT) break;
      if (Math.abs(place - from) > this.data.ahead) this.entries.delete(place);
    }
    const ahead = Array.from({ length: far }, (_, number) => from + (number + 1) * way);
    this.soon = [...ahead.slice(0, 1), ...(far ? [from - way] : []), ...ahead.slice(1)]
      .filter((place) => place >= 0 && place < this.data.count && !this.entries.has(place));
    if (this.fetching) return;
    this.fetching = true;
    while (this.soon.length) await this.get(this.soon.shift());
    this.fetching = false;
  }

  // Everything of a sample changes in one step, once its pictures can be painted; what was asked for later stays.
  async draw(entry, asked, stepped) {
    const token = this.token, template = document.createElement("template");
    template.innerHTML = entry.html;
    const fresh = document.importNode(template.content, true);
    await Promise.all([...fresh.querySelectorAll("img")].map((image) => image.decode().catch(() => null)));
    if (asked < this.drawn || token !== this.token) return;
    this.drawn = asked;
    this.shown = entry;
    this.place.replaceChildren(fresh);
    this.mark();
    const [before, after] = this.data.address, [title, rest] = this.data.title;
    document.title = title + entry.position.toLocaleString("en-US") + rest;
    if (!stepped) return;
    history.replaceState(history.state, "", `${location.pathname}?${before}${entry.position}${after}`);
    clearTimeout(this.telling); clearTimeout(this.saying);
    this.telling = setTimeout(() => this.tell(entry), TELL_MS);
    this.saying = setTimeout(() => { this.says.textContent = entry.said; }, SAY_MS);
  }

  mark() {
    const now = `${this.token}:${this.shown.position}`;
    this.style.textContent = this.data.beside.map((key) =>
      `html:not([data-sample-drawn="${now}"]) .st-key-${key} { visibility: hidden; }`).join("");
    document.documentElement.dataset.sampleShown = now;
    document.dispatchEvent(new CustomEvent("format_matters.sample", { detail: this.shown.position }));
    this.buttons.before.disabled = this.next(-1) === null;
    this.buttons.after.disabled = this.next(1) === null;
  }
}

export default function (component) {
  viewer ??= new Viewer();
  viewer.update(component);
  return () => viewer?.leave();
}
"""

_viewer = st.components.v2.component("format_matters.viewer", html=_HTML, css=_CSS, js=_JS)

_drawn = st.components.v2.component(
    "format_matters.sample_drawn",
    html="<span hidden></span>",
    js="export default function ({ data }) { document.documentElement.dataset.sampleDrawn = data.sample; }",
)
"""Comes after all that the page draws of a sample, and says which one that was."""


def token_of(shown: ShownSamples, of: object) -> str:
    """The token by which the browser gets what is shown; another one when `of` tells that something else is."""
    known = st.session_state.get(TOKEN)
    token = token_for(shown, known[1] if known is not None and known[0] == of else None)
    st.session_state[TOKEN] = (of, token)
    return token


def draw_viewer(
    shown: ShownSamples,
    token: str,
    position: int,
    place: int | None,
    between: int,
    *,
    address: tuple[str, str],
    title: tuple[str, str],
    on_step: Callable[[int, int], None],
) -> None:
    """Show `position`, which stands in `place` of what is shown, or is held back by the filter and would stand
    `between`.

    `address` and `title` are what stands before and after a position in either; `on_step` is called with (position,
    place) when the browser has stepped.
    """
    if st.session_state.get(TOLD) != (token, position):  # not where the browser has stepped to by itself
        st.session_state[EPOCH] = int(st.session_state.get(EPOCH, 0)) + 1
        st.session_state[TOLD] = (token, position)

    def stepped() -> None:
        told_by: dict[str, Any] | None = st.session_state[VIEWER].get("shown")
        if told_by is None or told_by["token"] != token or not 0 <= told_by["place"] < len(shown.positions):
            return
        there = int(shown.positions[told_by["place"]])
        if told_by["position"] is not None:
            st.session_state[TOLD] = (token, there)
        on_step(there, told_by["place"])

    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    data = {
        "token": token,
        "epoch": st.session_state[EPOCH],
        "entry": {**told(shown, -1, position), "place": place},
        "count": len(shown.positions),
        "ahead": 0 if is_address(shown.span.path) else AHEAD,
        "between": between,
        "base": f"/{base}" if base else "",
        "beside": BESIDE,
        "address": address,
        "title": title,
    }
    _viewer(key=VIEWER, data=data, on_shown_change=stepped)


def draw_end(token: str, position: int) -> None:
    """All that the page draws of this sample is drawn."""
    _drawn(key="inspector.drawn", data={"sample": f"{token}:{position}"})
