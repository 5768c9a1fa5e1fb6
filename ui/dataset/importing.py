"""The form that imports a dataset: generated, downloaded, from a path, or uploaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from core.base.errors import FormatMattersError
from core.base.home import check_name, suggested_name
from core.jobs import upload
from core.sources import SOURCES
from core.sources.recognise import ARCHIVE_ENDINGS
from ui.shared import state, visitors
from ui.shared.forms import option_widgets
from ui.shared.import_form import ToImport, draw_reference, free_name
from ui.shared.import_path import draw_path, look_at_path
from ui.shared.import_preview import draw_costs
from ui.shared.labels import plain, size_text, verbatim

WAYS = {
    "Built-in shapes": "shapes",
    "Well-known datasets": "named",
    "A path on this machine": "path",
    "Upload an archive": "upload",
}
ABOUT = {
    "shapes": "Ten shapes on textured backgrounds, generated on this machine: no download, any number, any size.",
    "named": "Downloaded once from where their makers keep them.",
    "path": "A folder of images, an archive of one, or whatever else holds images: a table with labels, or a file that "
    "the Inspector reads.",
    "upload": "A .zip or .tar of a folder of images.",
}


def draw_import() -> None:
    """The way, its options, what it would bring, the name, and the button that starts the job."""
    if not visitors.host_only("import datasets"):
        return
    way = WAYS[
        st.segmented_control(
            "From", list(WAYS), default=next(iter(WAYS)), required=True, key="dataset.way", persist_state="session"
        )
    ]
    st.caption(ABOUT[way])
    chosen = _draw_source(way)
    if chosen is None:
        return
    reference = draw_reference(chosen, "dataset")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name", free_name(suggested_name(chosen.source)), key=f"dataset.name.{way}.{plain(chosen.source)}",
            width=280,
        )  # fmt: skip
        limit = _draw_limit(way) if way != "shapes" else None
        asked = st.button("Import", type="primary", icon=":material/download:", key="dataset.import")
    if chosen.told is not None:
        images = max(sum(chosen.told["splits"].values()), 1)
        part = min((limit or images) / images, 1.0)
        draw_costs(chosen.told, round(part * chosen.told["index_bytes" if reference else "needed"]))
    if asked:
        _start(way, chosen, name, limit, reference)


def _draw_source(way: str) -> ToImport | None:
    """What to import from, and the source's own options; None while that is not yet said."""
    if way == "upload":
        file = st.file_uploader("Archive", [ending.lstrip(".") for ending in ARCHIVE_ENDINGS], key="dataset.upload")
        return None if file is None else ToImport(file.name, _options("archive"))
    if way == "named":
        name = _draw_named()
        return ToImport(name, _options(name))
    if way != "path":
        return ToImport(way, option_widgets(SOURCES.options(way), f"dataset.{way}"))
    text = draw_path("dataset")
    if not text:
        st.markdown(
            ":material/folder_open: Type or browse for a path, or type an address. What it is taken for, its classes "
            "and some of its images are shown here before anything is imported."
        )
        return None
    return look_at_path(text, "dataset")


def _draw_named() -> str:
    """One of the datasets that are asked for by name and downloaded."""
    names = [name for name, entry in SOURCES.items() if entry.named and entry.download_bytes]
    return st.radio(
        "Dataset",
        names,
        format_func=lambda name: SOURCES[name].title.partition(" (")[0],
        captions=[f"{SOURCES[name].about} Download of {size_text(SOURCES[name].download_bytes)}." for name in names],
        key="dataset.named",
        persist_state="session",
    )


def _options(source: str) -> Mapping[str, object]:
    """The source's own options, out of the way of what most people want."""
    options = SOURCES.options(source)
    if not options:
        return {}
    with st.expander("Options", icon=":material/tune:"):
        return option_widgets(options, f"dataset.{source}")


def _draw_limit(way: str) -> int | None:
    return st.number_input("Image limit", 1, None, None, 1000, placeholder="all", key=f"dataset.limit.{way}", width=180)


# ---------------------------------------------------------------- the job


def _start(way: str, chosen: ToImport, name: str, limit: int | None, reference: bool) -> None:
    fields: dict[str, object] = {"source": chosen.source, "name": name, "limit": limit, "options": chosen.options}
    try:
        visitors.require_host("import datasets")
        check_name(name)
        if way == "upload":
            file = st.session_state["dataset.upload"]
            fields |= {"source": str(upload.keep(state.home(), file.name, file)), "called": plain(file.name)[:200]}
    except FormatMattersError as error:
        st.error(verbatim(error), icon=":material/error:")
        return
    if reference:
        fields["reference"] = True
    job = state.start_job("import-upload" if way == "upload" else "import", fields,
                          title=f"Import {name}", owner="dataset")  # fmt: skip
    if job is not None:
        state.select_when_done(job, name)
        st.rerun()
    if way == "upload":
        upload.discard(Path(str(fields["source"])))
