"""The form that imports a dataset: generated, downloaded, from a path, or uploaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from core.base.errors import FormatMattersError, InputError
from core.base.home import check_name
from core.importing.recognise import recognise
from core.inspect.roots import FolderEntry
from core.jobs import upload
from core.sources import SOURCES
from core.sources.recognise import ARCHIVE_ENDINGS, ContainerError, as_path
from ui.dataset.preview import draw_preview
from ui.shared import state
from ui.shared.allowing import allowed_roots
from ui.shared.browsing import draw_browser
from ui.shared.forms import option_widgets
from ui.shared.labels import plain, verbatim
from ui.shared.navigation import go

PATH, FOLDER = "dataset.path", "dataset.folder"

WAYS = {
    "Built-in shapes": "shapes",
    "CIFAR-10": "cifar10",
    "A path on this machine": "path",
    "Upload an archive": "upload",
}
ABOUT = {
    "shapes": "Ten shapes on textured backgrounds, generated on this machine: no download, any number, any size.",
    "cifar10": "60,000 images of 32 × 32 in ten classes. Downloads 170 MB from the University of Toronto, once.",
    "path": "A folder of images (class folders, with or without train and val), an archive of one, "
    "`cifar-10-python.tar.gz`, or `tiny-imagenet-200`.",
    "upload": "A .zip or .tar of a folder of images.",
}


def draw_import() -> None:
    """The way, its options, what it would bring, the name, and the button that starts the job."""
    way = WAYS[
        st.segmented_control(
            "From", list(WAYS), default=next(iter(WAYS)), required=True, key="dataset.way", persist_state="session"
        )
    ]
    st.caption(ABOUT[way])
    chosen = _draw_source(way)
    if chosen is None:
        return
    source, options = chosen
    if way == "path" and not draw_preview(source, options):
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name", _free_name(_suggestion(way, source)), key=f"dataset.name.{way}.{plain(source)}", width=280
        )
        limit = _draw_limit(way) if way != "shapes" else None
        asked = st.button("Import", type="primary", icon=":material/download:", key="dataset.import")
    if asked:
        _start(way, source, name, limit, options)


def _draw_source(way: str) -> tuple[str, Mapping[str, object]] | None:
    """What to import from, and the source's own options; None while that is not yet said."""
    if way == "upload":
        file = st.file_uploader("Archive", [ending.lstrip(".") for ending in ARCHIVE_ENDINGS], key="dataset.upload")
        return None if file is None else (file.name, _options("archive"))
    if way != "path":
        return way, option_widgets(SOURCES.options(way), f"dataset.{way}")
    text = _draw_path()
    if not text:
        return None
    try:
        return str(as_path(text)), _options(recognise(text))
    except ContainerError as error:
        st.warning(verbatim(error), icon=":material/database:")
        if st.button("Open it in the Inspector", icon=":material/frame_inspect:", key="dataset.inspect"):
            st.session_state["inspector.source"], st.session_state["inspector.path"] = "file", str(error.path)
            go("inspector")
    except InputError as error:
        st.warning(verbatim(error), icon=":material/folder_off:")
    return None


def _options(source: str) -> Mapping[str, object]:
    """The source's own options, out of the way of what most people want."""
    options = SOURCES.options(source)
    if not options:
        return {}
    with st.expander("Options", icon=":material/tune:"):
        return option_widgets(options, f"dataset.{source}")


def _draw_limit(way: str) -> int | None:
    return st.number_input("Image limit", 1, None, None, 1000, placeholder="all", key=f"dataset.limit.{way}", width=180)


# ---------------------------------------------------------------- a path


def _draw_path() -> str:
    """The path, typed or browsed for."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input("Path", placeholder="/data/my-images", key=PATH, persist_state="session").strip()
        beside = st.popover("Browse", icon=":material/folder:", width="content")
    with beside:
        folder = draw_browser("dataset", allowed_roots(), None, _go_into, _pick)
        if folder is not None:
            st.button("Use this folder", icon=":material/check:", key="dataset.take", on_click=_take, args=(folder,))
    return text


def _pick(entry: FolderEntry) -> None:
    if entry.kind == "folder":
        _go_into(entry.path)
    else:
        _take(entry.path)


def _go_into(folder: Path) -> None:
    st.session_state[FOLDER] = str(folder)


def _take(path: Path) -> None:
    st.session_state[PATH] = str(path)


# ---------------------------------------------------------------- the job


def _start(way: str, source: str, name: str, limit: int | None, options: Mapping[str, object]) -> None:
    fields: dict[str, object] = {"source": source, "name": name, "limit": limit, "options": options}
    try:
        check_name(name)
        if way == "upload":
            file = st.session_state["dataset.upload"]
            fields |= {"source": str(upload.keep(state.home(), file.name, file)), "called": plain(file.name)[:200]}
    except FormatMattersError as error:
        st.error(verbatim(error), icon=":material/error:")
        return
    job = state.start_job("import-upload" if way == "upload" else "import", fields,
                          title=f"Import {name}", owner="dataset")  # fmt: skip
    if job is not None:
        state.select_when_done(job, name)
        st.rerun()
    if way == "upload":
        upload.discard(Path(str(fields["source"])))


def _suggestion(way: str, source: str) -> str:
    """A name made from what is imported."""
    if way in ("shapes", "cifar10"):
        return way
    stem = re.sub(r"(\.tar)?\.\w+$", "", Path(source).name) or "images"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._").lower()[:60] or "images"


def _free_name(name: str) -> str:
    """`name`, or with a number where it is taken."""
    taken = {dataset.name for dataset in state.datasets()}
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free
