"""What an import would bring, before it is started: found out in a process that the page watches."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.base.contracts import Skipped
from core.base.errors import FormatMattersError
from core.importing.preview import PreviewRequest
from core.importing.preview_process import PreviewProcess
from ui.shared import state
from ui.shared.cached import cache_resource
from ui.shared.import_samples import samples_html
from ui.shared.labels import counted, listed, number_text, plain, seconds_text, size_text, verbatim

LABELS = {
    "folders": "from folder names",
    "file names": "guessed from file names",
    "label file": "from a label file",
    "none": "unknown: all images get one class",
}

MOST_LISTED = 1000
SECONDS = 60
"""A preview is that old at most."""

AT_ONCE = 2.5
"""Seconds that a page waits for a preview before it shows that it is waiting."""

WATCH_SECONDS = 0.5


def preview_of(source: str, options: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The JSON of the preview. Where it is not there yet, or there is nothing to import, None: the page says so."""
    process = _process(str(state.home().root), source, tuple(sorted(options.items())), stamp_of(source))
    try:
        with st.spinner("Looking at it…"):
            told = process.result(AT_ONCE)
    except FormatMattersError as error:
        st.warning(verbatim(error), icon=":material/folder_off:")
        return None
    if told is None:
        st.fragment(_draw_waiting, run_every=WATCH_SECONDS)(process)
    return told


def _draw_waiting(process: PreviewProcess) -> None:
    try:
        ended = process.result() is not None
    except FormatMattersError:
        ended = True
    if ended:
        st.rerun()
    st.markdown(f":material/hourglass_top: Looking at it for {seconds_text(time.monotonic() - process.begun)}…")


@cache_resource(
    scope="session", max_entries=2, ttl=SECONDS, show_spinner=False, on_release=lambda process: process.close()
)
def _process(home: str, source: str, options: tuple[tuple[str, Any], ...], stamp: int) -> PreviewProcess:
    """`stamp` is part of the cache's key only."""
    return PreviewProcess(PreviewRequest(source, dict(options), home=home))


def stamp_of(source: str) -> int:
    """Changes when something comes to the folder or goes from it."""
    try:
        return Path(source).stat().st_mtime_ns
    except OSError:
        return 0


# ---------------------------------------------------------------- what it says


def draw_preview(told: Mapping[str, Any]) -> None:
    """What was recognised, splits and classes, samples, what is not used."""
    why = f" ({verbatim(told['why'])})" if told["why"] else ""
    st.markdown(f"Recognised as: **{verbatim(capitalised(told['recognised']))}**{why}.")
    st.markdown("  \n".join(_facts(told)))
    if told["partial"]:
        st.markdown(f":material/hourglass_top: {verbatim(capitalised(told['partial']))}.")
    for note in told["warnings"]:
        if not (told["joined"] and note.startswith("joined, ")):  # a table of these is drawn
            st.markdown(f":material/info: {verbatim(capitalised(_without_option(note)))}")
    if told["note"]:
        st.caption(verbatim(capitalised(told["note"])))
    if told["samples"]:
        st.html(samples_html(told["samples"]))
    if told["joined"]:
        _draw_joined(told["joined"])
    if told["class_images"]:
        _draw_classes(told["class_images"])
    draw_unused([Skipped(**one) for one in told["unused"]])
    if told["skipped"]:
        with st.expander(f"Cannot be imported, of those looked at ({len(told['skipped'])})", icon=":material/error:"):
            draw_reasons([Skipped(**one) for one in told["skipped"]])


def _facts(told: Mapping[str, Any]) -> list[str]:
    facts = []
    if told["splits"]:
        splits = listed(f"{number_text(images)} {verbatim(split)}" for split, images in told["splits"].items())
        facts.append(f"{counted(sum(told['splits'].values()), 'image')}: {splits}")
        classes = counted(len(told["classes"]), "class", "classes")
        labels = LABELS.get(told["labels"])
        facts.append(f"{classes}, labels {labels}" if labels else classes)
    if told["fields"]:
        facts.append(f"Further values of each sample: {listed(map(verbatim, told['fields']))}")
    return facts


def draw_costs(told: Mapping[str, Any], needed: int) -> None:
    """Bytes, space and time."""
    facts = []
    if told["bytes"]:
        facts.append(f"image files of {size_text(told['bytes'])}")
    if needed:
        facts.append(f"about {size_text(needed)} needed on disk, {size_text(told['free'])} free")
    if told["seconds"] is not None:
        facts.append(f"takes about {seconds_text(told['seconds'])}")
    if facts:
        st.caption(capitalised(" · ".join(facts)))
    if needed > told["free"]:
        st.warning(
            f"The import needs about {size_text(needed)}, but only {size_text(told['free'])} are free. Free some "
            "space or import fewer images.",
            icon=":material/hard_drive:",
        )


def capitalised(sentence: str) -> str:
    """A sentence as one of several on a page; a file's name is left as it is."""
    first = sentence.partition(" ")[0]
    return sentence if "." in first or "_" in first else sentence[:1].upper() + sentence[1:]


def _without_option(note: str) -> str:
    """A note without what to type on the command line: the form is below."""
    return re.sub(r";? --option .*$", "", note)


def _draw_joined(joined: Sequence[Mapping[str, str]]) -> None:
    """Rows of a label file with the images that they were joined with."""
    names = {"row": "Row", "image": "Image", "class_name": "Label", "split": "Split"}
    with st.expander(f"Rows joined with images ({len(joined)} of them)", icon=":material/join_inner:"):
        st.dataframe([{title: plain(one[name]) for name, title in names.items()} for one in joined], hide_index=True)


def _draw_classes(classes: Mapping[str, Mapping[str, int]]) -> None:
    with st.expander(f"Classes ({len(classes):,})", icon=":material/category:"):
        shown = list(classes.items())[:MOST_LISTED]
        rows = [
            {"Label": label, "Class": plain(name), **{plain(split): images for split, images in counts.items()}}
            for label, (name, counts) in enumerate(shown)
        ]
        st.dataframe(rows, hide_index=True, height=min(36 * len(rows) + 38, 320))
        if len(classes) > len(shown):
            st.caption(f"and {len(classes) - len(shown):,} more")


def draw_unused(unused: list[Skipped]) -> None:
    """What lies there and is not used, out of the way."""
    if not unused:
        return
    with st.expander(f"Not used ({len(unused):,})", icon=":material/visibility_off:"):
        draw_reasons(unused)


def draw_reasons(entries: list[Skipped]) -> None:
    """Paths and reasons as a table."""
    shown = entries[:MOST_LISTED]
    st.dataframe(
        {"Path": [plain(entry.path) for entry in shown], "Reason": [plain(entry.reason) for entry in shown]},
        column_config={"Reason": st.column_config.TextColumn(width="large")},
        height=min(36 * len(shown) + 38, 320),
    )
    if len(entries) > len(shown):
        st.caption(f"and {len(entries) - len(shown):,} more")
