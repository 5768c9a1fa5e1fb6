"""Beside every page while the app is shown to a class: for the host the code and who is in, for a guest what he may."""

from __future__ import annotations

import base64

import streamlit as st

from core.sharing.codes import shown
from core.sharing.reach import addresses
from core.sharing.serving import current
from core.sharing.share import ClassShare
from ui.shared import visitors
from ui.shared.labels import counted

MOST_LINKS = 3


def draw_class() -> None:
    """Nothing where the app is not shared."""
    share = current()
    if share is None:
        return
    if visitors.is_host():
        _draw_host(share)
    else:
        st.caption(
            ":material/group: **You are a guest.** Look at everything, open every sample, run the demo. The host does "
            "the rest."
        )


def _draw_host(share: ClassShare) -> None:
    guests, here = share.guests()
    told = counted(guests, "guest")
    with st.popover(f"Class: {told}", icon=":material/group:", width="stretch"):
        for link in join_links(share)[:MOST_LINKS]:
            st.html(_qr_picture(link))
            st.code(link, language=None, wrap_lines=True)
        st.markdown(f"Code **{shown(share.code)}**  \n:gray[{told} came in, {here} of them with a page open]")
        st.button("New code", key="class.renew", icon=":material/refresh:", on_click=_renew, width="stretch",
                  help="The old code lets nobody in any more. Who is in stays in.")  # fmt: skip
        st.button("End all guests", key="class.end", icon=":material/logout:", on_click=_end, width="stretch",
                  help="Nobody but you is in, and there is a new code. Jobs of guests go on.")  # fmt: skip


def join_links(share: ClassShare) -> list[str]:
    """The links with the code, for every address under which others reach this server."""
    port = st.get_option("server.port")
    found = addresses(st.get_option("server.address") or "")
    return [f"http://{f'[{one}]' if ':' in one else one}:{port}/join?code={share.code}" for one in found]


@st.cache_data(max_entries=8, show_spinner=False)
def _qr_picture(link: str) -> str:
    from core.sharing.qr import qr_svg

    data = base64.b64encode(qr_svg(link).encode()).decode()
    return (
        f'<img src="data:image/svg+xml;base64,{data}" alt="QR code of the link below" '
        'style="width:100%;max-width:230px;display:block;margin:0 auto;border-radius:8px">'
    )


def _renew() -> None:
    share = current()
    if share is not None and visitors.is_host():
        share.renew_code()


def _end() -> None:
    share = current()
    if share is not None and visitors.is_host():
        share.end_guests()
