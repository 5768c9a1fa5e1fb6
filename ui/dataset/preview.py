"""What an import would bring, before it is started."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from core.base.contracts import Skipped
from core.base.errors import InputError
from core.images.pixels import BadImage
from core.importing.preview import Preview, preview
from core.sources import SOURCES
from ui.shared import state
from ui.shared.cached import cache_data
from ui.shared.labels import counted, listed, number_text, plain, size_text, verbatim
from ui.shared.thumbnails import EDGE, thumbnail

LABELS = {
    "folders": "from folder names",
    "file names": "guessed from file names",
    "none": "unknown: all images get one class",
}

MOST_LISTED = 1000
SECONDS = 60
"""A preview is that old at most."""


def draw_preview(source: str, options: Mapping[str, object]) -> bool:
    """Draw it; False where there is nothing to import."""
    try:
        found = _preview(str(state.home().root), source, tuple(sorted(options.items())), _stamp(source))
    except InputError as error:
        st.warning(verbatim(error), icon=":material/folder_off:")
        return False
    with st.container(border=True):
        _draw_facts(found)
        for note in found.recognition.notes:
            st.markdown(f":material/info: {verbatim(capitalised(note))}")
        if found.note:
            st.caption(verbatim(found.note))
        if found.samples:
            st.html(_pictures(found))
        if found.classes:
            _draw_classes(found)
        draw_unused(found.recognition.unused)
    if found.needed > found.free:
        st.warning(
            f"The import needs about {size_text(found.needed)}, but only {size_text(found.free)} are free. Free some "
            "space or import fewer images.",
            icon=":material/hard_drive:",
        )
    return True


@cache_data(max_entries=8, ttl=SECONDS, show_spinner="Scanning…")
def _preview(home: str, source: str, options: tuple[tuple[str, object], ...], stamp: int) -> Preview:
    """`stamp` is part of the cache's key only."""
    from core.base.home import Home

    return preview(Home.find(home), source, dict(options))


def _stamp(source: str) -> int:
    """Changes when something comes to the folder or goes from it."""
    try:
        return Path(source).stat().st_mtime_ns
    except OSError:
        return 0


def _draw_facts(found: Preview) -> None:
    told = found.recognition
    st.markdown(f"Recognised as: **{verbatim(SOURCES[found.source].title)}**{_why(told.why)}.")
    facts = []
    if found.splits:
        splits = listed(f"{number_text(images)} {verbatim(split)}" for split, images in found.splits.items())
        facts.append(f"{counted(sum(found.splits.values()), 'image')}: {splits}")
        classes = counted(len(found.classes), "class", "classes")
        labels = LABELS.get(told.labels)
        facts.append(f"{classes}, labels {labels}" if labels else classes)
    if found.bytes:
        facts.append(f"about {size_text(found.needed)} on disk, {size_text(found.free)} free")
    if facts:
        st.markdown("  \n".join(facts))


def capitalised(sentence: str) -> str:
    """A sentence as one of several on a page."""
    return sentence[:1].upper() + sentence[1:]


def _why(why: str) -> str:
    return f" ({verbatim(why)})" if why else ""


def _pictures(found: Preview) -> str:
    """HTML: a few images with their classes."""
    cells = []
    for sample in found.samples:
        name, path = (html.escape(plain(text), quote=True) for text in (sample.class_name, sample.path))
        try:
            source = thumbnail(sample.data, found.values)
        except BadImage:
            continue
        cells.append(
            f'<div style="width:{EDGE + 12}px;font-size:0.8rem;overflow:hidden;text-overflow:ellipsis;'
            f'white-space:nowrap"><img src="{source}" alt="{name}" title="{path}"'
            f' style="width:{EDGE}px;height:{EDGE}px;object-fit:cover;border-radius:4px;display:block">{name}</div>'
        )
    return f'<div style="display:flex;flex-wrap:wrap;gap:6px">{"".join(cells)}</div>'


def _draw_classes(found: Preview) -> None:
    with st.expander(f"Classes ({len(found.classes):,})", icon=":material/category:"):
        shown = list(found.classes.items())[:MOST_LISTED]
        rows = [
            {"Label": label, "Class": plain(name), **{plain(split): images for split, images in counts.items()}}
            for label, (name, counts) in enumerate(shown)
        ]
        st.dataframe(rows, hide_index=True, height=min(36 * len(rows) + 38, 320))
        if len(found.classes) > len(shown):
            st.caption(f"and {len(found.classes) - len(shown):,} more")


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
