"""A file of any kind on the page: what it is, how it was understood, and the views of it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.base.errors import FormatMattersError, WorkError
from core.base.names import readable
from core.inspect import preferences
from core.inspect.kinds import KINDS, IdentifiedFile, identify
from core.inspect.remote.location import RemotePath
from core.inspect.remote.objects import transferred
from core.inspect.schemas.names import SUB, join_choice, split_choice
from core.stores.store import StoreInfo
from ui.inspector import inspected
from ui.inspector.check import draw_check
from ui.inspector.code import draw_code
from ui.inspector.findings import draw_findings
from ui.inspector.import_file import draw_import_file
from ui.inspector.indexing import draw_index, draw_read_on
from ui.inspector.inspected import Span
from ui.inspector.label_histogram import draw_labels
from ui.inspector.opening import QUERY, Subject
from ui.inspector.store_view import draw_images
from ui.inspector.structure import draw_structure
from ui.shared import address, state, titles, visitors
from ui.shared.labels import counted, plain, size_text, verbatim

VIEWS = {
    "images": ":material/grid_view: Images",
    "labels": ":material/bar_chart: Labels",
    "structure": ":material/account_tree: Structure",
    "check": ":material/fact_check: Check",
    "code": ":material/code: Code",
}
SHOWN_WARNINGS = 3

RECOGNISED = "\x00recognised"
"""The choice of no database in particular; none has such a name on the page."""

MAIN = ""
"""The name of an LMDB's main database, which has none."""


def draw_subject(subject: Subject, others: list[StoreInfo]) -> None:
    """One of the views, the page's other parts alive whatever happens in it."""
    address.hold("view", "inspector.view", VIEWS, "images")
    view = st.segmented_control(
        "View", list(VIEWS), format_func=VIEWS.__getitem__, required=True, key="inspector.view",
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    if view != "images":
        titles.say("view", view)
    try:
        if view == "labels":
            draw_labels(subject)
        elif view == "structure":
            draw_structure(subject)
        elif view == "check":
            draw_check(subject)
        elif view == "code":
            draw_code(subject)
        else:
            draw_images(subject, others)
    except FormatMattersError as error:
        st.error(verbatim(error), icon=":material/error:")


def draw_file(path: Path, uploaded: bool) -> None:
    """A file from outside: what it is and how it is read, then its views."""
    if not visitors.host_only("open files and addresses"):
        return
    if not uploaded:
        address.keep(QUERY, readable(path))
    titles.say("dataset", path.name)
    try:
        found = identify(path)
    except FormatMattersError as error:
        st.error(verbatim(error), icon=":material/error:")
        return
    try:
        if not (draw_read_on(path) if isinstance(path, RemotePath) else draw_index(path, None)):
            return
    except FormatMattersError as error:
        st.error(verbatim(error), icon=":material/error:")
        return
    told, choice = st.columns([3, 2], gap="large", vertical_alignment="bottom")
    with choice:
        schema = _choose_schema(path, found)
    try:
        about = inspected.summary(str(path), inspected.stamp_of(path), schema)
    except FormatMattersError as error:
        st.error(verbatim(error), icon=":material/error:")
        return
    if not uploaded:
        with contextlib.suppress(WorkError):  # a full disk: it is shown all the same
            preferences.remember_path(state.home(), str(path))
    with told:
        _draw_understood(path, about)
        traffic = st.empty()
    _draw_warnings([verbatim(note) for note in about["warnings"]])
    told_above = ("index-incomplete",) if isinstance(path, RemotePath) else ()
    draw_findings([finding for finding in about["findings"] if finding["kind"] not in told_above])
    if about["entries"] and isinstance(path, RemotePath):
        st.caption("To import it, give its address on the Dataset page, which fetches a single file whole.")
    elif about["entries"]:
        draw_import_file(path, schema, uploaded)
    else:
        st.info("There is no entry in it. Its structure can be looked at all the same.", icon=":material/inbox:")
    draw_subject(Subject(Span.of_file(str(path), schema), path.name, f"in {path.name}", path), [])
    if isinstance(path, RemotePath):
        _draw_transferred(traffic, path, schema)


def _choose_schema(path: Path, found: IdentifiedFile) -> str | None:
    """How the file is to be read: as it is recognised, or in a way (and a database) that was chosen and is remembered.

    Such a choice is "SCHEMA", of an LMDB with several databases also "sub:DATABASE" or "SCHEMA@DATABASE".
    """
    table, fingerprint = KINDS[found.kind].schemas, preferences.fingerprint(path)
    schema, database = split_choice(preferences.Remembered.load(state.home()).schemas.get(fingerprint, ""))
    databases = _databases(path)
    keys = {"schema": f"inspector.schema.{fingerprint}", "database": f"inspector.database.{fingerprint}"}

    def named(shown: str | None) -> str | None:
        return None if shown == RECOGNISED else shown

    def changed() -> None:
        chosen = join_choice(st.session_state.get(keys["schema"], ""), named(st.session_state.get(keys["database"])))
        try:
            preferences.remember_schema(state.home(), fingerprint, chosen or None)
        except FormatMattersError as error:
            st.session_state[state.TROUBLE_KEY] = str(error)

    if databases:
        options, titles = [RECOGNISED, *databases, MAIN], {RECOGNISED: "As recognised", MAIN: "The main one"}
        shown = st.selectbox(
            "Database", options, index=options.index(database) if database in options else 0, key=keys["database"],
            format_func=lambda name: titles.get(name) or plain(name), on_change=changed,
            help="This LMDB is several databases in one file.",
        )  # fmt: skip
        database = named(shown)
    options = ["", *table]
    schema = st.selectbox(
        "Read as", options, index=options.index(schema) if schema in options else 0, key=keys["schema"],
        format_func=lambda name: table[name].title if name else "What is recognised", on_change=changed,
        help="Files are recognised by their keys and values. Where that went wrong, choose here; it is remembered for "
        "this file, in the app's own folder.",
    )  # fmt: skip
    return join_choice(schema, database) or None


def _databases(path: Path) -> list[str]:
    """The named databases in an LMDB, as far as the file can be opened."""
    try:
        told = inspected.summary(str(path), inspected.stamp_of(path), None)["schemas"]
    except FormatMattersError:
        return []
    return [name.removeprefix(SUB) for name in told if name.startswith(SUB)]


def _draw_understood(path: Path, about: dict[str, Any]) -> None:
    size = about["structure"].get("allocated_bytes")
    so_far = " so far" if any(finding["kind"] == "index-incomplete" for finding in about["findings"]) else ""
    entries = counted(about["entries"], "entry", "entries") + so_far
    facts = [KINDS[about["kind"]].title, entries, size_text(size) if size else ""]
    table = KINDS[about["kind"]].schemas
    schema, database = split_choice(about["schema"])
    database = "the main database" if database == MAIN else f"database {database}"
    title = table[schema].title if schema in table else database if about["schema"].startswith(SUB) else schema
    st.markdown(
        f"**{verbatim(path.name)}** :gray[· {' · '.join(filter(None, facts))}]  \n"
        f"Read as *{verbatim(title)}*, because {verbatim(about['why'])}."
    )


def _draw_transferred(place: DeltaGenerator, path: Path, schema: str | None) -> None:
    """What looking at a file at an address has taken by now, this page included."""
    told = inspected.remote(str(path), schema)
    if told is not None:
        place.caption(f":material/cloud_download: {transferred(told)}")


def _draw_warnings(notes: list[str]) -> None:
    for note in notes[:SHOWN_WARNINGS]:
        st.warning(note, icon=":material/warning:")
    if len(notes) > SHOWN_WARNINGS:
        with st.expander(f"{len(notes) - SHOWN_WARNINGS} more warnings", icon=":material/warning:"):
            st.markdown("\n".join(f"- {note}" for note in notes[SHOWN_WARNINGS:]))
