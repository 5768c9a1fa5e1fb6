"""An imported dataset to look at: samples by class, balance, shapes and sizes, what was skipped, and its deletion."""

from __future__ import annotations

import streamlit as st

from core.base.contracts import Skipped
from core.datasets.dataset import Dataset, delete_dataset
from core.stores.store import StoreInfo, delete_store, list_stores
from ui.dataset.charts import class_balance, shape_map, size_histogram
from ui.dataset.fields import draw_fields
from ui.dataset.quality import draw_quality
from ui.shared import address, state, titles
from ui.shared.cached import cache_data
from ui.shared.charts import draw_chart
from ui.shared.import_preview import LABELS, capitalised, draw_reasons
from ui.shared.labels import code, counted, listed, number_text, size_text, verbatim
from ui.shared.stores import store_label, totals
from ui.shared.thumbnails import class_rows

CLASSES_A_PAGE = 10
PICTURES_A_CLASS = 12
WITH_STORES = "dataset.delete_stores"
MANY_ROWS = 100_000
"""Above this the histogram is made from blocks spread over the split."""


def draw_dataset(dataset: Dataset) -> None:
    """All there is to see of one dataset."""
    _draw_figures(dataset)
    skipped = dataset.skipped()
    unused = dataset.unused()
    left_out = [f"Skipped ({len(skipped):,})", f"Not used ({len(unused):,})"]
    fields = ["Fields"] if dataset.fields else []
    views = ["Samples", *fields, "Classes", "Shapes and sizes", "Quality", *left_out]
    by_word = {_without_number(view): view for view in views}
    address.hold("view", f"dataset.view.{dataset.name}", by_word.get, views[0], told=_without_number)
    view = st.segmented_control("View", views, required=True, key=f"dataset.view.{dataset.name}",
                                label_visibility="collapsed", persist_state="session")  # fmt: skip
    titles.say("view", _without_number(view))
    if view == "Samples":
        _draw_samples(dataset)
    elif view == "Fields":
        draw_fields(dataset)
    elif view == "Classes":
        draw_chart(class_balance(dataset.class_counts()), "Images by class and split")
    elif view == "Shapes and sizes":
        _draw_shapes(dataset)
    elif view == "Quality":
        draw_quality(dataset)
    elif view == left_out[0]:
        _draw_skipped(skipped)
    else:
        _draw_unused(unused, recorded=bool(dataset.recognised))


def _without_number(view: str) -> str:
    """ "Skipped (3)" is "Skipped" in an address."""
    return view.partition(" (")[0]


def _draw_figures(dataset: Dataset) -> None:
    shapes = list(dataset.shapes())
    splits = listed(f"{number_text(images)} {verbatim(split)}" for split, images in dataset.splits.items())
    figures = st.columns(4)
    figures[0].metric("Images", number_text(sum(dataset.splits.values())), help=splits)
    figures[1].metric("Classes", number_text(len(dataset.classes)))
    figures[2].metric("Size of the files", size_text(dataset.bytes), help=f"{dataset.bytes:,} bytes")
    shape = f"{shapes[0][1]} × {shapes[0][0]}" if len(shapes) == 1 else f"{len(shapes):,} shapes"
    figures[3].metric("Width × height", shape, help="in pixels")
    when = verbatim(dataset.imported.replace("T", " ")[:16])
    labels = LABELS.get(dataset.labels)
    told = f" · labels {labels}" if labels else ""
    st.caption(f"{splits} · from {code(dataset.source)} · imported {when} UTC{told}")
    if dataset.notes:
        with st.expander(f"Assumptions of the import ({len(dataset.notes)})", icon=":material/info:"):
            for note in dataset.notes:
                st.markdown(f"- {verbatim(capitalised(note))}")


def _draw_samples(dataset: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        address.hold("split", f"dataset.split.{dataset.name}", dataset.splits, next(iter(dataset.splits)))
        split = st.segmented_control("Split", list(dataset.splits), required=True,
                                     format_func=verbatim, key=f"dataset.split.{dataset.name}",
                                     persist_state="session")  # fmt: skip
        page = _draw_class_pager(dataset)
        if st.button("Other samples", icon=":material/shuffle:", key="dataset.shuffle"):
            st.session_state["dataset.seed"] = st.session_state.get("dataset.seed", 0) + 1
    labels = tuple(range(len(dataset.classes)))[page * CLASSES_A_PAGE :][:CLASSES_A_PAGE]
    seed = st.session_state.get("dataset.seed", 0)
    st.html(class_rows(dataset, dataset.fingerprint, split, labels, PICTURES_A_CLASS, seed))


def _draw_class_pager(dataset: Dataset) -> int:
    pages = -(-len(dataset.classes) // CLASSES_A_PAGE)
    if pages < 2:
        return 0
    address.hold("classes", f"dataset.classes.{dataset.name}", lambda text: _page_from(text, pages), 0,
                 told=lambda page: str(page + 1))  # fmt: skip
    return st.selectbox(
        "Classes",
        range(pages),
        format_func=lambda page: _page_title(dataset, page),
        key=f"dataset.classes.{dataset.name}",
        width=340,
    )


def _page_from(text: str, pages: int) -> int | None:
    """The page that an address names, counted from 1 there."""
    page = address.number(text)
    return page - 1 if page is not None and 1 <= page <= pages else None


def _page_title(dataset: Dataset, page: int) -> str:
    shown = dataset.classes[page * CLASSES_A_PAGE :][:CLASSES_A_PAGE]
    return f"{page * CLASSES_A_PAGE + 1:,} to {page * CLASSES_A_PAGE + len(shown):,}: {shown[0]} to {shown[-1]}"


def _draw_shapes(dataset: Dataset) -> None:
    shapes = dataset.shapes()
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Shapes")
        if len(shapes) == 1:
            height, width, _ = next(iter(shapes))
            st.markdown(
                f"Every image is **{width} × {height}** pixels, so raw pixels of all images fit in one dense array: "
                f"{size_text(height * width * 3)} per image."
            )
        else:
            draw_chart(shape_map(list(shapes.items())[:2000]), "Images by width and height")
            st.caption("Circle size: number of images. Raw pixels need one shape; a store can resize.")
    with right:
        st.subheader("File sizes")
        sizes = _file_sizes(dataset, dataset.fingerprint)
        draw_chart(size_histogram(sizes), "Number of images by file size")
        images = sum(dataset.splits.values())
        among = "" if len(sizes) == images else f" (from {counted(len(sizes), 'image')} of {images:,})"
        st.caption(f"Average: {size_text(sum(sizes) / len(sizes))} per file{among}.")


@cache_data(max_entries=8, show_spinner="Reading sizes…")
def _file_sizes(_dataset: Dataset, fingerprint: str) -> list[int]:
    """Bytes of all files, or of blocks spread over each split where there are very many."""
    sizes: list[int] = []
    for split, images in _dataset.splits.items():
        block = images if images <= MANY_ROWS else 1000
        step = max(images // 100, 1) if images > MANY_ROWS else max(images, 1)
        for start in range(0, images, step):
            sizes += [row.bytes for row in _dataset.rows(split, start, min(start + block, images))]
    return sizes


def _draw_skipped(skipped: list[Skipped]) -> None:
    if not skipped:
        st.success("Nothing was skipped. Every selected image file was read.",
                   icon=":material/check_circle:")  # fmt: skip
        return
    st.caption("These files were selected as images but could not be read. Other files are under **Not used**.")
    draw_reasons(skipped)


def _draw_unused(unused: list[Skipped], recorded: bool) -> None:
    if not recorded:
        st.caption("An earlier version imported this dataset and did not record which files it ignored.")
        return
    if not unused:
        st.success("No file was ignored.", icon=":material/check_circle:")
        return
    st.caption("Other files beside the images, and what they seem to be.")
    draw_reasons(unused)


# ---------------------------------------------------------------- deletion


@st.dialog("Delete a dataset")
def ask_to_delete(dataset: Dataset) -> None:
    """Say what goes and what stays, and delete when told so."""
    stores = list_stores(state.home(), dataset.name)
    images = counted(sum(dataset.splits.values()), "image")
    st.markdown(
        f"This deletes **{verbatim(dataset.name)}** with its {images} ({size_text(dataset.bytes)}) from this machine."
    )
    if stores:
        _draw_dependents(stores)
    if st.button("Delete", type="primary", icon=":material/delete:", key="dataset.delete_confirmed",
                 on_click=_delete, args=(dataset.name, stores)):  # fmt: skip
        st.rerun()


def _draw_dependents(stores: list[StoreInfo]) -> None:
    """What was built from the dataset, and whether it goes as well."""
    allocated = sum(totals(store)["allocated_bytes"] for store in stores)
    st.warning(
        f"{counted(len(stores), 'store was', 'stores were')} built from it: "
        f"{listed(verbatim(store_label(store)) for store in stores)}. "
        "If you keep them, they can still be read, but not verified against the images or built again. They are shown "
        "here only while the dataset is there.",
        icon=":material/link_off:",
    )
    st.toggle(f"Delete the {counted(len(stores), 'store')} too ({size_text(allocated)})", key=WITH_STORES)


def _delete(dataset: str, stores: list[StoreInfo]) -> None:
    if st.session_state.get(WITH_STORES):
        for store in stores:
            state.delete(delete_store, store.path)
    state.delete(delete_dataset, dataset)
