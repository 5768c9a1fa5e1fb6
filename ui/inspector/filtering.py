"""Which entries the grid shows: those with a label, those whose key begins with or contains a text, or all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.inspect.search import Wanted
from ui.inspector import inspected
from ui.inspector.opening import Subject
from ui.shared import address, titles
from ui.shared.labels import counted, plain, verbatim

LABEL, KEY, HOW, ROUNDS, SUBJECT = (
    "inspector.class", "inspector.search", "inspector.how", "inspector.rounds", "inspector.subject",
)  # fmt: skip
ALL = "\x00all"
"""The choice that lets every label through; no label of a file looks like it on the page."""

HOW_TITLES = {"prefix": "begins with", "contains": "contains"}

_SLASH_JS = """
export default function () {
  const fields = ".st-key-inspector-search, .st-key-inspector-goto, .st-key-inspector-path";
  const press = (event) => {
    const inside = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !inside && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      document.querySelector(".st-key-inspector-search input")?.focus();
    } else if (inside?.closest(fields) && ["Enter", "Escape"].includes(event.key)) {
      setTimeout(() => inside.blur());  // so that the arrows go to entries again
    }
  };
  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}
"""

_slash = st.components.v2.component("format_matters.slash", html="<span></span>", js=_SLASH_JS)
"""The key / goes to the search field, Enter and Escape out of it; buttons' shortcuts know letters and digits only."""

_GO_ON_JS = """
let last = null;

export default function ({ data, setTriggerValue }) {
  if (data.search === last) return;
  last = data.search;
  setTriggerValue("on", true);
}
"""

_go_on = st.components.v2.component("format_matters.go_on", html="<span hidden></span>", js=_GO_ON_JS)
"""Has the page go on by itself with a search whose first round is on the screen."""

Positions = Sequence[int] | np.ndarray


def begin(subject: Subject, forget: Sequence[str]) -> None:
    """Forget filters (and the state called `forget`) that belonged to what was looked at before."""
    now = (subject.store.manifest.dataset, subject.split) if subject.store else (subject.span.path, subject.span.schema)
    if st.session_state.get(SUBJECT) not in (None, now):
        for key in (ROUNDS, *forget):
            st.session_state.pop(key, None)
        st.session_state[LABEL], st.session_state[KEY] = ALL, ""
    st.session_state[SUBJECT] = now
    address.recall("search", KEY, str, default="")
    address.recall("how", HOW, lambda how: how if how in HOW_TITLES else None, default="prefix")
    address.recall("label", LABEL, _label_of, default=ALL)


def chosen() -> Wanted | None:
    """What the filter's widgets say, before they are drawn; None lets everything through."""
    label, key = st.session_state.get(LABEL, ALL), st.session_state.get(KEY, "").strip()
    address.keep("label", None if label == ALL else _label_told(label))
    address.keep("search", key)
    titles.say("search", f"“{key}”" if key else "")
    address.keep("how", "contains" if key and st.session_state.get(HOW) == "contains" else None)
    if label == ALL and not key:
        return None
    return Wanted(key or None, st.session_state.get(HOW, "prefix"), None if label == ALL else label)


def _label_told(label: int | str) -> str:
    """A label in an address: a number as it is, a text that looks like one in quotes."""
    return (
        f'"{label}"'
        if isinstance(label, str) and (address.number(label) is not None or label[:1] == '"')
        else str(label)
    )


def _label_of(text: str) -> int | str:
    number = address.number(text)
    return number if number is not None else text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def positions_of(subject: Subject, wanted: Wanted | None) -> tuple[Positions, inspected.SearchResult | None]:
    """The positions that are shown, ascending, and how far the search for them has come."""
    if wanted is None:
        return range(len(subject.span)), None
    found = inspected.matching(subject.span, wanted, int(st.session_state.get(ROUNDS, 1)))
    return found.positions, found


def draw_filter(subject: Subject, on_change: st.runtime.state.WidgetCallback) -> None:
    """The label's and the key's widgets."""

    def changed() -> None:
        st.session_state[ROUNDS] = 1
        on_change()

    _draw_labels(subject, changed)
    st.selectbox("Key", list(HOW_TITLES), format_func=HOW_TITLES.__getitem__, key=HOW, width=140,
                 on_change=changed)  # fmt: skip
    st.text_input("Key text", key=KEY, placeholder="Search (press /)", icon=":material/search:", width=200,
                  on_change=changed, label_visibility="hidden")  # fmt: skip
    _slash(key="inspector.slash")


def _draw_labels(subject: Subject, changed: st.runtime.state.WidgetCallback) -> None:
    counted_labels = inspected.census(subject.span)
    counts = dict(counted_labels.counts)
    if not counts:
        return
    names = inspected.classes(subject.span)
    order = sorted(counts) if all(isinstance(label, int) for label in counts) else list(counts)
    if st.session_state.get(LABEL, ALL) not in (ALL, *order):
        order.append(st.session_state[LABEL])
    looked = counted_labels.looked

    def title(label: int | str) -> str:
        if label == ALL:
            return "All labels"
        share = counts.get(label, 0)
        often = f"{share:,}" if counted_labels.exact else f"about {share / max(looked, 1):.0%}"
        return f"{label_text(label, names)} ({often})"

    st.selectbox("Label", [ALL, *order], format_func=title, key=LABEL, width=230, on_change=changed)


def label_text(label: object, names: Sequence[str] | None) -> str:
    """A class by its name where the file names its classes."""
    known = names is not None and isinstance(label, int) and 0 <= label < len(names)
    return plain(names[label] if known else label if label is not None else "")


def draw_rest(found: inspected.SearchResult | None) -> None:
    """How far a search came that did not see everything yet, and the way on."""
    if found is None or found.complete:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{counted(len(found.positions), 'match', 'matches')} among the first {found.looked:,} of "
                   f"{found.total:,} entries.")  # fmt: skip
        st.button("Keep looking", icon=":material/search:", key="inspector.more", on_click=_look_on)
    if int(st.session_state.get(ROUNDS, 1)) == 1:
        about = [st.session_state.get(key) for key in (SUBJECT, KEY, HOW, LABEL)]
        _go_on(key="inspector.go_on", data={"search": repr(about)}, on_on_change=_second_round)


def _look_on() -> None:
    st.session_state[ROUNDS] = 4 * int(st.session_state.get(ROUNDS, 1))


def _second_round() -> None:
    st.session_state[ROUNDS] = max(2, int(st.session_state.get(ROUNDS, 1)))


def nothing(subject: Subject, wanted: Wanted | None, found: inspected.SearchResult | None) -> None:
    """Say that the filter lets nothing through."""
    if wanted is None:
        return
    what = f"whose key {HOW_TITLES[wanted.how]} {verbatim(wanted.key)}" if wanted.key else "with this label"
    so_far = "" if found is None or found.complete else " so far"
    st.info(
        f"No {subject.noun} {what} {verbatim(subject.where)}{so_far}. Choose another filter.",
        icon=":material/filter_alt:",
    )
