"""A grid of images, a page at a time, with labels; one of them can be picked by mouse or keyboard."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import streamlit as st
from PIL import Image

from core.base.contracts import Pixels
from core.inspect.requests import Cell
from ui.shared.labels import plain

PICKED = "picked"

_CSS = """
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(var(--edge), 1fr)); gap: 10px 8px; }
button { all: unset; display: flex; flex-direction: column; align-items: center; gap: 3px; cursor: pointer;
  border-radius: 6px; padding: 4px 2px; min-width: 0; }
button:hover { background: var(--st-secondary-background-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); }
button[aria-pressed="true"] { background: var(--st-secondary-background-color);
  box-shadow: 0 0 0 2px var(--st-primary-color); }
img, .none { width: var(--edge); height: var(--edge); object-fit: contain; border-radius: 3px; }
.seen { display: contents; }
.crisp { image-rendering: pixelated; }
.none { display: grid; place-items: center; border: 1px dashed var(--st-border-color); box-sizing: border-box;
  font: 11px/1.25 var(--st-font); color: var(--st-text-color); opacity: 0.7; overflow: hidden; padding: 3px;
  overflow-wrap: anywhere; text-align: center; }
span { font: 12px/1.2 var(--st-font); color: var(--st-text-color); opacity: 0.75; max-width: 100%; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
"""

_JS = """
let refocus = null;  // the cell that was picked by keyboard: a new run of the page must not take the focus from it

function cellOf(cell, pick) {
  const button = document.createElement("button");
  button.dataset.position = cell.position;
  button.setAttribute("aria-label", cell.title);  // said once: a title of the button itself would be read after it
  const picture = document.createElement(cell.source ? "img" : "div");
  if (cell.source) { picture.src = cell.source; picture.alt = ""; }
  else { picture.textContent = cell.note; }
  picture.className = cell.source ? (cell.crisp ? "crisp" : "") : "none";
  const caption = document.createElement("span");
  caption.textContent = cell.caption;
  const seen = document.createElement("div");
  seen.className = "seen";
  seen.title = cell.title;
  seen.ariaHidden = "true";
  seen.append(picture, caption);
  button.append(seen);
  button.onclick = (event) => {
    refocus = event.detail === 0 ? cell.position : null;
    pick(cell.position);
  };
  return button;
}

function step(key, grid) {
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  return { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[key];
}

// One cell is pressed and can be reached by Tab: that of the sample which stands large beside the grid.
function mark(grid, position) {
  const cells = [...grid.children];
  const reached = cells.find((cell) => cell.dataset.position === String(position)) ?? cells[0];
  for (const cell of cells) {
    cell.setAttribute("aria-pressed", String(cell.dataset.position === String(position)));
    cell.tabIndex = cell === reached ? 0 : -1;
  }
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const grid = parentElement.querySelector(".grid");
  grid.style.setProperty("--edge", data.edge + "px");
  const pick = (position) => setTriggerValue("picked", position);
  grid.replaceChildren(...data.cells.map((cell) => cellOf(cell, pick)));
  const [of, shown] = (document.documentElement.dataset.sampleShown ?? "").split(":");
  mark(grid, of === data.of ? Number(shown) : null);
  grid.onkeydown = (event) => {
    const distance = step(event.key, grid);
    const cells = [...grid.children];
    const next = cells[cells.indexOf(event.target) + distance];
    if (!distance || !next) return;
    event.preventDefault();
    event.stopPropagation();  // inside the grid arrows move the focus, elsewhere they go to the next entry
    next.focus();
  };
  document.removeEventListener("format_matters.sample", grid.follow);
  grid.follow = (event) => mark(grid, event.detail);
  document.addEventListener("format_matters.sample", grid.follow);
  if (refocus !== null) grid.querySelector(`[data-position="${refocus}"]`)?.focus();
  refocus = null;
}
"""

_grid = st.components.v2.component(
    "format_matters.gallery", html='<div class="grid" role="group" aria-label="Samples"></div>', css=_CSS, js=_JS
)


def draw_gallery(cells: list[dict[str, Any]], *, edge: int, of: str, key: str, on_pick: Callable[[int], None]) -> None:
    """Draw a page of cells (see `cell_data`), each `edge` CSS pixels; `on_pick` gets a picked cell's position.

    The viewer whose token is `of` says in the browser which cell is marked: so what is sent is the same from sample to
    sample, and is not sent again.
    """

    def picked() -> None:
        position = st.session_state[key].get(PICKED)
        if position is not None:
            on_pick(int(position))

    data = {"cells": cells, "edge": edge, "of": of}
    _grid(key=key, data=data, on_picked_change=picked)


def cell_data(cell: Cell, position: int, caption: str, edge: int) -> dict[str, Any]:
    """A cell as the component takes it: plain JSON with the picture as a data URI."""
    about = cell.about
    problem = about.get("problem")
    instead = ("not there" if about.get("encoding") == "nothing" else "broken") if problem else "no image"
    return {
        "position": position,
        "caption": plain(caption),
        "title": plain(f"{position:,} · {about['key']} · {caption}" + (f" · {problem}" if problem else "")),
        "note": "" if cell.pixels is not None else plain(str(about.get("text") or instead)[:80]),
        "source": None if cell.pixels is None else data_uri(cell.pixels),
        "crisp": cell.pixels is not None and max(cell.pixels.shape[:2]) <= edge,
    }


def data_uri(pixels: Pixels) -> str:
    """Small pictures as PNG, pixel for pixel; larger ones as JPEG."""
    small = max(pixels.shape[:2]) <= 128
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png" if small else "jpeg", **({} if small else {"quality": 88}))
    return f"data:image/{'png' if small else 'jpeg'};base64,{base64.b64encode(file.getvalue()).decode()}"
