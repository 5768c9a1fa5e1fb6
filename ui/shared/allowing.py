"""Folders that the app does not open by itself: asking the person at this machine, and taking it back.

An address or a file never allows anything; a person has to press a button, and only one whose browser runs on the
machine that the app runs on.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.base.errors import FormatMattersError
from core.inspect import allowed
from core.inspect.remote.location import RemotePath
from core.inspect.roots import VARIABLE, OutsideError, Roots
from core.sharing.reach import comes_from_here
from ui.shared import state, visitors
from ui.shared.labels import code, listed, verbatim

ALLOWED = "inspector.allowed"
LOOPBACK = "127.0.0.1"
ALLOWING = "say which folders and addresses may be opened"


def allowed_roots() -> Roots:
    """The folders that may be opened in this session: none by a guest."""
    if not visitors.is_host():
        return Roots((), True)
    return Roots.of(state.home(), allowed=tuple(st.session_state.get(ALLOWED, ())))


def is_local() -> bool:
    """Whether the browser runs on this machine, as far as the server can know."""
    told = st.context.ip_address  # None is what Streamlit says of this machine
    return visitors.is_host() and comes_from_here(told or LOOPBACK, LOOPBACK, st.context.headers.keys())


def ask_to_allow(error: OutsideError, roots: Roots) -> None:
    """Say that a path lies outside, and offer to allow its folder, or an address's bucket or server."""
    if not visitors.host_only("open files and addresses"):
        return
    if roots.fixed or not is_local() or not error.can_be_allowed:
        st.error(verbatim(error), icon=":material/lock:")
        return
    folder = error.folder
    with st.container(border=True):
        if isinstance(error.path, RemotePath):
            said = "is fetched from elsewhere, with this machine's network and credentials."
        else:
            said = "lies outside the folders that this app opens."
        st.markdown(
            f":material/lock: {code(error.path)} {said} Allow the app to open "
            f"everything below {code(folder)}? Press a button only if it was you who asked for this path."
        )
        with st.container(horizontal=True):
            st.button("Allow for this session", icon=":material/lock_open:", key="inspector.allow",
                      on_click=_allow, args=(folder,))  # fmt: skip
            st.button("Always allow", key="inspector.allow_always", on_click=_allow_always, args=(folder,))
        st.caption(f"What is always allowed is kept in {code(allowed.place(state.home()))}.")


def draw_allowed(roots: Roots) -> None:
    """Which folders may be opened, and what somebody allowed, to be taken back."""
    asked = "Type another path, or an address, to be asked about it."
    named = f"The variable `{VARIABLE}` names them." if roots.fixed else asked
    st.caption(f"Files below {listed(map(code, (*roots.folders, *roots.addresses)))} can be opened. {named}")
    if roots.fixed:
        return
    granted = dict.fromkeys([*allowed.load(state.home()), *st.session_state.get(ALLOWED, ())])
    with st.container(horizontal=True, gap="small"):
        for number, folder in enumerate(granted):
            st.button(f"Forget {verbatim(folder)}", key=f"inspector.forget.{number}", icon=":material/lock:",
                      on_click=_forget, args=(folder,))  # fmt: skip


def _allow(folder: Path) -> None:
    if state.is_refused(ALLOWING):
        return
    st.session_state[ALLOWED] = [*st.session_state.get(ALLOWED, ()), folder]


def _allow_always(folder: Path) -> None:
    if state.is_refused(ALLOWING):
        return
    try:
        allowed.allow(state.home(), folder)
    except FormatMattersError as error:
        st.session_state[state.TROUBLE_KEY] = str(error)


def _forget(folder: Path) -> None:
    if state.is_refused(ALLOWING):
        return
    st.session_state[ALLOWED] = [other for other in st.session_state.get(ALLOWED, ()) if other != folder]
    try:
        if folder in allowed.load(state.home()):
            allowed.forget(state.home(), folder)
    except FormatMattersError as error:
        st.session_state[state.TROUBLE_KEY] = str(error)
