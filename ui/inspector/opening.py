"""What the inspector looks at: a built store, a file or folder of this machine, or an upload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import streamlit as st

from core.base.errors import FormatMattersError
from core.base.names import from_readable, readable
from core.inspect import preferences, uploads
from core.inspect.kinds import identify_shards, kind_of_folder
from core.inspect.remote.location import RemotePath
from core.inspect.roots import FolderEntry, OutsideError, Roots
from core.inspect.shards import is_pattern
from core.remote.address import is_address
from core.stores.store import StoreInfo
from ui.inspector.inspected import Span
from ui.shared import address, state, titles, visitors
from ui.shared.allowing import allowed_roots, ask_to_allow, draw_allowed
from ui.shared.browsing import draw_browser
from ui.shared.cached import cache_resource
from ui.shared.labels import plain, verbatim
from ui.shared.navigation import link
from ui.shared.stores import store_label

SOURCE, PATH, STORE, SPLIT, FOLDER, QUERY = (
    "inspector.source", "inspector.path", "inspector.store", "inspector.split", "inspector.folder", "file",
)  # fmt: skip
SOURCES = {"store": "Built store", "file": "File or folder", "upload": "Upload"}
SHOWN_RECENT = 6


@dataclass(frozen=True)
class Subject:
    """What is looked at. `name` is what people call it, `where` ends the sentence "Entry 7 of 60,000 ...".

    `file` is the LMDB or HDF5 file (or folder) whose structure is shown; `store` and `split` belong to a built store.
    """

    span: Span
    name: str
    where: str
    file: Path
    noun: str = "entry"
    store: StoreInfo | None = None
    split: str | None = None


def choose_source(stores: list[StoreInfo]) -> str:
    """Draw the choice of where it comes from. An address that names a file opens that, one that names a store that."""
    if not visitors.is_host():
        return _only_stores()
    if address.says(QUERY) is not None:
        st.session_state[SOURCE] = "file"
        address.recall(QUERY, PATH, str)
    elif address.says("store") is not None:
        st.session_state[SOURCE] = "store"
    if SOURCE not in st.session_state:
        st.session_state[SOURCE] = "store" if stores or state.current_dataset() else "file"
    return st.segmented_control(
        "Open", list(SOURCES), format_func=SOURCES.__getitem__, required=True, key=SOURCE, persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip


def _only_stores() -> str:
    """What there is for a guest, whatever stands in his address."""
    visitors.host_only("open files and addresses, and upload")
    address.keep(QUERY, None)
    return "store"


# ---------------------------------------------------------------- a built store


def choose_store(stores: list[StoreInfo], on_change: Callable[[], None]) -> Subject | None:
    """A store and its split; where there is none, the way to one."""
    dataset = state.current_dataset()
    if dataset is None:
        st.markdown("Look into a store, image by image. There is no dataset yet to build one from.")
        link("dataset", "Import a dataset")
        return None
    if not stores:
        st.markdown(f"Look into a store, image by image. Nothing is built of **{verbatim(dataset.name)}** yet.")
        link("build", "Build a store")
        return None
    by_path = {str(info.path): info for info in stores}
    by_name = {_address_of(info): path for path, info in by_path.items()}
    address.recall("store", STORE, by_name.get, missing=address.not_here(
        "the store", "Build it on the Build page, or choose another one."))  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        path = st.selectbox("Store", list(by_path), format_func=lambda path: store_label(by_path[path]), width=380,
                            key=STORE, persist_state="session")  # fmt: skip
        info = by_path[path]
        splits = list(info.manifest.splits)
        address.recall("split", SPLIT, lambda name: name if name in splits else None, default=splits[0])
        if st.session_state.get(SPLIT) not in splits:
            st.session_state[SPLIT] = splits[0]
        split = st.segmented_control("Split", splits, required=True, key=SPLIT, format_func=verbatim,
                                     persist_state="session", on_change=on_change)  # fmt: skip
    address.keep("store", _address_of(info))
    address.keep("split", split)
    titles.say("store", f"{store_label(info)} · {split}")
    try:
        return subject_of(info, split)
    except FormatMattersError as error:  # options of another version, or a format whose library is not there
        st.error(verbatim(error), icon=":material/error:")
        return None


def _address_of(info: StoreInfo) -> str:
    """A store among those of its dataset, as addresses name it: "lmdb/raw"."""
    return f"{info.manifest.format}/{info.manifest.variant}"


def subject_of(info: StoreInfo, split: str) -> Subject:
    """One split of a store."""
    from core.stores.store import Store

    samples = {name: int(told["samples"]) for name, told in info.manifest.splits.items()}
    container = Store(info.path, split, info.manifest).container
    return Subject(
        Span.of_split(info.path, samples, split), store_label(info), f"in {split}", container, "sample", info, split
    )


# ---------------------------------------------------------------- a file or folder


def choose_path() -> Path | None:
    """A path that may be opened and exists, or None with whatever is to be said; with the last ones and a browser."""
    if not visitors.host_only("open files and addresses"):
        return None
    roots = allowed_roots()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Path", key=PATH, persist_state="session", icon=":material/folder_open:",
            placeholder="/home/me/train.lmdb, any other file, a folder, shards: train-*.tar, or s3://bucket/train.tar",
        ).strip()  # fmt: skip
        beside = st.popover("Browse", icon=":material/folder:", width="content")
    address.keep(QUERY, text)
    path = _admitted(text, roots) if text else None
    opened = path is not None and not _is_only_a_folder(path)
    with beside if opened else st.container(border=True):
        draw_browser("inspector", roots, path if path is not None and not opened else None, _go_into, _pick)
    if not text:
        _draw_recent()
        draw_allowed(roots)
        if state.current_dataset() is None:
            link("dataset", "Import a dataset, to build stores of your own")
    return path if opened else None


def _admitted(text: str, roots: Roots) -> Path | None:
    try:
        path = roots.admit(text if is_address(text) else from_readable(text))
        if path.exists() or (is_pattern(path) and path.parent.is_dir()):
            return path
        way = "give an address that is there" if isinstance(path, RemotePath) else "browse for it"
        st.error(f"{verbatim(path)} does not exist. Check the spelling, or {way}.", icon=":material/folder_off:")
    except OutsideError as error:
        ask_to_allow(error, roots)
    except FormatMattersError as error:
        st.error(verbatim(error), icon=":material/lock:")
    except OSError as error:
        st.error(f"{verbatim(text)} cannot be opened: {error.strerror}", icon=":material/lock:")
    return None


def _is_only_a_folder(path: Path) -> bool:
    """A folder to look around in rather than one to open; those at addresses are not looked around in."""
    if isinstance(path, RemotePath) or not path.is_dir() or kind_of_folder(path) is not None:
        return False
    try:
        if identify_shards(path) is not None:
            return False
        return not any(file.suffix.lower() in (".png", ".csv") for file in path.iterdir() if file.is_file())
    except OSError:
        return True  # the browser says why


def _pick(entry: FolderEntry) -> None:
    if entry.kind == "folder":
        _go_into(entry.path)
    else:
        st.session_state[PATH] = readable(entry.path)


def _go_into(folder: Path) -> None:
    """A folder that may itself be what is to be opened (a store, PNG files) is opened; else its content is listed."""
    st.session_state[FOLDER] = str(folder)
    st.session_state[PATH] = "" if _is_only_a_folder(folder) else readable(folder)


def _draw_recent() -> None:
    known = preferences.Remembered.load(state.home()).recent
    there = (path for path in known if is_address(path) or Path(path).exists() or is_pattern(Path(path)))
    recent = list(islice(there, SHOWN_RECENT))
    if not recent:
        return
    st.caption("Opened last")
    with st.container(horizontal=True, gap="small"):
        for path in recent:
            short = "/".join(Path(path).parts[-2:])
            st.button(verbatim(short), key=f"inspector.recent.{plain(path)}", help=verbatim(path),
                      icon=":material/history:", on_click=_open_path, args=(path,))  # fmt: skip


def _open_path(path: str) -> None:
    st.session_state[PATH] = readable(path)


# ---------------------------------------------------------------- an upload


def choose_upload() -> Path | None:
    """An uploaded file, kept for as long as this session shows it."""
    if not visitors.host_only("upload"):
        return None
    uploaded = st.file_uploader("A file to look into", key="inspector.upload")
    if uploaded is None:
        st.caption(
            "A file of any kind that is known here, whatever its name (of an LMDB folder, its `data.mdb`). It is kept "
            "in the app's own folder and removed when you take it back or leave. Larger files are opened faster by "
            "their path."
        )
        _kept.clear()
        return None
    try:
        return _kept(uploaded.file_id, uploaded)
    except FormatMattersError as error:
        st.error(verbatim(error), icon=":material/error:")
        return None


@cache_resource(scope="session", max_entries=1, show_spinner="Keeping the upload…", on_release=uploads.discard)
def _kept(file_id: str, _uploaded: st.runtime.uploaded_file_manager.UploadedFile) -> Path:
    """`file_id` is the cache's key: another upload is another file, and the one before is discarded."""
    return uploads.keep(state.home(), _uploaded.name, _uploaded)
