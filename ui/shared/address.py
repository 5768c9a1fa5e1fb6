"""What the address of a page holds, so that it can be reloaded, gone back to and sent: dataset, store or file, view,
sample, search, runs, answers.

Pages declare it: `hold` before a widget is drawn, or `recall` and `keep`. The session leads, and the address follows
at the end of a run (`commit`); an address that somebody went to (opened, sent, back and forward, a link) leads once,
until each of its names was recalled. Whatever it says is somebody's text: `recall` passes it on only as what `accept`
makes of it, and says in a sentence what is not here.

Back goes to what was looked at before: a commit that changes what is looked at is a new entry of the browser's history;
one that changes only a step (the sample, the page of a grid), or that completes an address somebody went to, replaces
the entry. Streamlit can only add entries, so a small component replaces them. Streamlit's part in the browser does not
learn of that and repeats what it was told last; that is not taken for an address that somebody went to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.base.page_address import page_query
from ui.shared.labels import verbatim

KEY = "app.address"
LEAVE, FORGET = object(), object()
"""Defaults: what stays as it is where an address says nothing of it; what goes from the session then."""

LONGEST = 4096
"""Characters of a value that is looked at."""

_JS = """
let last = 0;  // a new run of the page draws the same again

export default function (component) {
  const { query, number } = component.data;
  if (!query || number <= last) return;
  last = number;
  const address = location.pathname + "?" + query + location.hash;
  if (location.pathname + location.search + location.hash !== address) history.replaceState(history.state, "", address);
}
"""

_replace = st.components.v2.component("format_matters.address", html="<span hidden></span>", js=_JS)


@dataclass
class PageAddress:
    """What is known of the address in one session.

    page: whose address it is; kept: what it is to say; shown: what it says, as far as is known; told: what Streamlit
    believes it says; arriving: what is still to be recalled of an address that somebody went to, None where nobody did;
    completing: whether the next commit only completes it; missing: sentences about what it names and is not here;
    replacing: what a component is to put in the place of the last entry, by its number; drawing: whether a run of the
    whole page goes on.
    """

    page: str | None = None
    kept: dict[str, str] = field(default_factory=dict)
    steps: set[str] = field(default_factory=set)
    shown: dict[str, str] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    arriving: dict[str, str] | None = None
    recalled: set[str] = field(default_factory=set)
    completing: bool = False
    missing: list[str] = field(default_factory=list)
    replacing: dict[str, str] = field(default_factory=dict)
    number: int = 0
    arrivals: int = 0
    drawing: bool = False


def of_session() -> PageAddress:
    """The one of this session."""
    known: PageAddress = st.session_state.setdefault(KEY, PageAddress())
    return known


def begin(page: str) -> None:
    """A run of the whole page begins: see whether somebody went to the address that it comes with."""
    now, known = {name: value[:LONGEST] for name, value in st.query_params.items()}, of_session()
    turned = page != known.page
    if turned or now not in (known.shown, known.told):
        carried = turned and now == known.shown  # by `navigation.go`, from the page before
        known.arriving, known.recalled = (None if carried else now or None), set()
        known.completing, known.missing = True, []
        known.page, known.shown, known.told = page, now, now
        known.arrivals += bool(now)
    known.kept, known.steps, known.drawing = {}, set(), True


def shown() -> dict[str, str]:
    """What the address says, as far as is known."""
    return of_session().shown


def says(name: str) -> str | None:
    """What an address that somebody went to says of `name`, until it is recalled."""
    known = of_session()
    return None if known.arriving is None or name in known.recalled else known.arriving.get(name)


def arrivals() -> int:
    """How often somebody went to an address: for keys of widgets that must begin anew then."""
    return of_session().arrivals


def recall(
    name: str,
    key: str,
    accept: Callable[[str], object | None],
    *,
    default: object = LEAVE,
    missing: Callable[[str], str] | None = None,
) -> None:
    """Put what an address that somebody went to says of `name` into the session's `key`, once.

    `accept` returns None for what it does not know; `missing` makes a sentence of it then: what is not here, and what
    to do. Where the address says nothing that is known, the `default` counts. To be called before the widget with this
    key is drawn.
    """
    known = of_session()
    if known.arriving is None or name in known.recalled:
        return
    known.recalled.add(name)
    text = known.arriving.get(name)
    value = None if text is None else accept(text)
    if text is not None and value is None and missing is not None:
        known.missing.append(missing(text))
    if value is not None:
        st.session_state[key] = value
    elif default is FORGET:
        st.session_state.pop(key, None)
    elif default is not LEAVE:
        st.session_state[key] = default


def keep(name: str, value: object | None, *, step: bool = False) -> None:
    """Have the address say this of `name`; None or an empty text: nothing. A `step` makes no new entry in history."""
    known = of_session()
    if step:
        known.steps.add(name)
    text = "" if value is None else str(value)[:LONGEST]
    if text:
        known.kept[name] = text
    else:
        known.kept.pop(name, None)


def hold(
    name: str,
    key: str,
    accept: Callable[[str], Any | None] | Iterable[str],
    default: Any,
    *,
    missing: Callable[[str], str] | None = None,
    told: Callable[[Any], str] = str,
) -> None:
    """The address holds the value of the widget with this `key`, which is drawn next and needs no default of its own.

    `accept` is a function as of `recall`, or the texts that may be chosen; `told` writes a value as `accept` reads it.
    """
    known_text = accept if callable(accept) else _one_of(accept)
    recall(name, key, known_text, default=default, missing=missing)
    if key not in st.session_state:
        st.session_state[key] = default
    value = st.session_state[key]
    keep(name, None if value is None or value == default else told(value))


def _one_of(choices: Iterable[str]) -> Callable[[str], str | None]:
    there = set(choices)
    return lambda text: text if text in there else None


def stepped(name: str, value: object) -> None:
    """The browser has put a step into the address by itself (`around`)."""
    known = of_session()
    known.kept[name] = known.shown[name] = str(value)


def around(name: str) -> tuple[str, str]:
    """What the address says before and after the value of `name`, for a component that steps by itself."""
    items = list(of_session().kept.items())
    place = next((place for place, (kept, _) in enumerate(items) if kept == name), len(items))
    before, after = page_query(dict(items[:place])), page_query(dict(items[place + 1 :]))
    return f"{before}{'&' * bool(before)}{name}=", f"{'&' * bool(after)}{after}"


def commit() -> None:
    """The page has kept what its address is to say: have the browser show it. Draws a component, so it is called once
    in a run, at its end."""
    known = of_session()
    known.drawing = False
    _commit(known)
    _replace(key="app.address.page", data={"query": page_query(known.replacing), "number": known.number})


def commit_part() -> None:
    """The same at the end of a fragment, which runs by itself or as a part of the page."""
    known = of_session()
    if not known.drawing:
        _commit(known)
    query = "" if known.drawing else page_query(known.replacing)
    _replace(key="app.address.part", data={"query": query, "number": known.number})


def _commit(known: PageAddress) -> None:
    before, after = known.shown, dict(known.kept)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    if changed and (known.completing or changed <= known.steps):
        known.replacing, known.number = after, max(known.number + 1, time.time_ns() // 1000)
    elif changed:
        st.query_params.from_dict(after)
        known.told, known.missing, known.replacing = after, [], {}
    known.shown = after
    known.arriving, known.completing = None, False


def draw_missing() -> None:
    """What the address names and is not here, until something else is looked at."""
    for sentence in of_session().missing:
        st.warning(sentence, icon=":material/link_off:")


def not_here(what: str, remedy: str) -> Callable[[str], str]:
    """The sentence of `recall`: "The address names the store lmdb/raw, which is not here. Build it."."""
    return lambda text: f"The address names {what} {verbatim(text[:200])}, which is not here. {remedy}"


def number(text: str) -> int | None:
    """A whole number from 0 on, of at most 18 digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
