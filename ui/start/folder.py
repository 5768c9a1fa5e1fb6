"""The demo on somebody's own images: a folder, an archive or a file, by path or uploaded."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.base.errors import FormatMattersError
from core.base.home import suggested_name
from core.jobs import upload
from core.jobs.demo_plan import MOST_IMAGES
from ui.shared import state, visitors
from ui.shared.import_form import ToImport, free_name
from ui.shared.import_path import draw_path, look_at_path
from ui.shared.labels import number_text, plain, size_text, verbatim

MOST_BYTES = 500_000_000
"""Of image files that the demo takes: each store keeps them once more."""

WAYS = {"A path on this machine": "path", "Upload a folder": "folder", "Upload files": "files"}


def draw_own_images() -> dict[str, object] | None:
    """What to take, and the button; the fields of the demo's task once it is pressed."""
    if not visitors.host_only("run the demo on own images"):
        return None
    with st.container(border=True):
        way = st.segmented_control("From", list(WAYS), default=next(iter(WAYS)), required=True, key="start.way")
        st.caption(
            f"A folder of images, an archive of one, a table with labels, or any file with images that the Inspector "
            f"reads. Up to {number_text(MOST_IMAGES)} images, of all classes, are copied into a dataset of their own; "
            "yours stay as they are."
        )
        return _draw_path() if WAYS[way] == "path" else _draw_upload(whole=WAYS[way] == "folder")


def _draw_path() -> dict[str, object] | None:
    text = draw_path("start")
    chosen = look_at_path(text, "start") if text else None
    if chosen is None:
        return None
    limit = _limit(chosen)
    name = free_name(suggested_name(chosen.source))
    if not _pressed(name):
        return None
    return {"dataset": name, "source": chosen.source, "options": dict(chosen.options), "limit": limit}


def _limit(chosen: ToImport) -> int:
    """How many images are taken, so that their stores stay small; said where that is not all of them."""
    told = chosen.told or {}
    images, size = sum(told.get("splits", {}).values()), int(told.get("bytes", 0))
    limit = MOST_IMAGES
    if images and size / images * MOST_IMAGES > MOST_BYTES:
        limit = max(round(MOST_BYTES / (size / images)), 1)
    if images > limit:
        st.caption(
            f"The demo takes {number_text(limit)} of these {number_text(images)} images, a share of each class: "
            f"about {size_text(size / images * limit)} of image files."
        )
    return limit


def _draw_upload(whole: bool) -> dict[str, object] | None:
    """`whole`: a folder with all that is below it, else files."""
    if whole:
        files = st.file_uploader("A folder of images", accept_multiple_files="directory", key="start.upload_folder")
    else:
        files = st.file_uploader(
            "Images, an archive of them, or a file with images", accept_multiple_files=True, key="start.upload"
        )
    if not files:
        return None
    names = [file.name for file in files]
    called = called_by(names)
    name = free_name(suggested_name(called) if called else "my-images")
    if came_without_folders(names):
        st.warning(
            "These files came without folders, so all images become one class. "
            "To keep a class for each folder, choose *Upload a folder* and **Upload**: a browser names the folders of "
            "what is chosen there, not of what is dropped.",
            icon=":material/warning:",
        )
    st.caption("What it is taken for, and what is left out, is told with the images as soon as they are imported.")
    if not _pressed(name):
        return None
    try:
        visitors.require_host("run the demo on own images")
        if len(files) == 1:
            kept = upload.keep(state.home(), files[0].name, files[0])
        else:
            kept = upload.keep_together(state.home(), [(file.name, file) for file in files])
    except FormatMattersError as error:
        st.error(verbatim(error), icon=":material/error:")
        return None
    called = called or f"{number_text(len(files))} uploaded files"
    return {"dataset": name, "source": str(kept), "called": called, "uploaded": True, "limit": MOST_IMAGES}


def came_without_folders(names: Sequence[str]) -> bool:
    """Whether these uploaded files may have lost the folders that name their classes."""
    return len(names) > 1 and not any("/" in name for name in names)


def called_by(names: Sequence[str]) -> str:
    """What an upload is called: the one file, or the folder that all lie in; "" where there is no such name."""
    first, *below = names[0].split("/")
    if len(names) == 1:
        return plain(below[-1] if below else first)[:200]
    return plain(first)[:200] if below and all(name.startswith(f"{first}/") for name in names) else ""


def _pressed(name: str) -> bool:
    return st.button(
        f"Run the demo on {verbatim(name)}", type="primary", icon=":material/play_arrow:", key="start.demo_own"
    )
