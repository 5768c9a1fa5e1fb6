"""The form that imports a dataset: drawn here, downloaded, from a path, or uploaded."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from core.errors import InputError
from core.home import check_name
from core.sources import SOURCES, recognise
from core.sources.recognise import ARCHIVE_ENDINGS
from ui import state
from ui.forms import option_widgets
from ui.words import verbatim

WAYS = {
    "Built-in shapes": "shapes",
    "CIFAR-10": "cifar10",
    "A path on this machine": "path",
    "Upload an archive": "upload",
}
ABOUT = {
    "shapes": "Ten shapes on textured grounds, drawn here: no download, any number, any size.",
    "cifar10": "60,000 images of 32 × 32 in ten classes. Downloads 170 MB from the University of Toronto, once.",
    "path": "A folder of images (class folders, with or without train and val), an archive of one, "
    "`cifar-10-python.tar.gz`, or `tiny-imagenet-200`.",
    "upload": "A .zip or .tar of a folder of images.",
}


def draw_import() -> None:
    """The way, its options, the name, and the button that starts the job."""
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
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name", _free_name(_suggestion(way, source)), key=f"dataset.name.{way}.{source}", width=280
        )
        limit = _draw_limit(way) if way != "shapes" else None
        asked = st.button("Import", type="primary", icon=":material/download:", key="dataset.import")
    if asked:
        _start(way, source, name, limit, options)


def _draw_source(way: str) -> tuple[str, Mapping[str, object]] | None:
    """What to import from, and the source's own options; None while that is not yet said."""
    if way == "upload":
        file = st.file_uploader("Archive", [ending.lstrip(".") for ending in ARCHIVE_ENDINGS], key="dataset.upload")
        return None if file is None else (file.name, {})
    if way != "path":
        return way, option_widgets(SOURCES.options(way), f"dataset.{way}")
    path = st.text_input("Path", placeholder="/data/my-images", key="dataset.path", persist_state="session").strip()
    if not path:
        return None
    try:
        found = recognise(path)
    except InputError as error:
        st.warning(verbatim(error), icon=":material/folder_off:")
        return None
    st.caption(f"Recognised as: {SOURCES[found].title}.")
    return path, option_widgets(SOURCES.options(found), f"dataset.{found}")


def _draw_limit(way: str) -> int | None:
    return st.number_input(
        "Images at most", 1, None, None, 1000, placeholder="all", key=f"dataset.limit.{way}", width=180
    )


def _start(way: str, source: str, name: str, limit: int | None, options: Mapping[str, object]) -> None:
    try:
        check_name(name)
    except InputError as error:
        st.error(verbatim(error), icon=":material/error:")
        return
    task = "import"
    if way == "upload":
        task, source = "import-upload", str(_keep_upload())
    fields = {"source": source, "name": name, "limit": limit, "options": options}
    job = state.start_job(task, fields, title=f"Import {name}", owner="dataset")
    if job is not None:
        state.select_when_done(job, name)
        st.rerun()


def _keep_upload() -> Path:
    """The uploaded file on disk; the job that reads it removes it."""
    file = st.session_state["dataset.upload"]
    folder = state.home().root / "data" / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{uuid.uuid4().hex[:8]}-{Path(file.name).name}"
    with path.open("wb") as kept:
        shutil.copyfileobj(file, kept, 1 << 20)
    return path


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
