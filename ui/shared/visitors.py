"""Who looks at this page: the host, or a guest of a class that the app is shown to (`docs/share.md`).

Without sharing the app answers this machine only, and everybody is host. With sharing somebody is host or guest by the
cookie of his connection, which this server signed and which the server has checked before the page was drawn
(`ui.shell.visitors_only`): never by an address, by what a session remembers, or by where a connection comes from alone.
Outside of a page (in a thread say) nobody is host then.

A gate stands where the work starts: `require_host` there, or `start_as_guest`. What pages hide or disable for guests
(`host_only`) is for their convenience.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

import streamlit as st

from core.sharing.serving import current, is_shared
from core.sharing.share import Refused
from core.sharing.tokens import GUEST, HOST, Visitor
from ui.shared.labels import verbatim

T = TypeVar("T")


def cookie_name(port: int) -> str:
    """The cookie that says who somebody is; browsers do not tell the cookies of two ports of a machine apart."""
    return f"format_matters_{port}"


def visitor() -> Visitor | None:
    """Who looks, where the app is shared; None for nobody who was let in (and where it is not shared)."""
    share = current()
    if share is None:
        return None
    return share.visitor(st.context.cookies.get(cookie_name(int(st.get_option("server.port")))))


def is_host() -> bool:
    """Whether everything may be done here."""
    if not is_shared():
        return True
    found = visitor()
    return found is not None and found.kind == HOST


def is_guest() -> bool:
    """Whether a guest looks, who was let in with the code."""
    found = visitor()
    return found is not None and found.kind == GUEST


def require_host(what: str) -> None:
    """`what`: "delete stores". Raises Refused (an InputError) for everybody but the host."""
    if not is_host():
        raise Refused(only_host(what))


def start_as_guest(
    task: str,
    fields: Mapping[str, object],
    active: Callable[[], Collection[str]],
    start: Callable[[], T],
    named: Callable[[T], str],
) -> T:
    """What `start` starts, of which `named` gives the id, within what a guest may (`ClassShare.start_for`).

    Raises Refused, to anybody who is neither host nor guest too.
    """  # fmt: skip
    share, found = current(), visitor()
    if share is None or found is None or found.kind != GUEST:
        raise Refused("this needs somebody who was let in; reload the page")

    def begin() -> tuple[T, str]:
        started = start()
        return started, named(started)

    return share.start_for(found, task, fields, active, begin)


def may_cancel(job_id: str) -> bool:
    """Whether a job is the visitor's to stop: all are the host's, a guest's are those that he started."""
    if is_host():
        return True
    share, found = current(), visitor()
    return share is not None and found is not None and share.owns(found, job_id)


def only_host(what: str) -> str:
    """The reason that stands where a guest misses something."""
    return f"only the host can {what}"


def host_only(what: str) -> bool:
    """Whether the host looks; else a line says that only the host can do it. For parts of pages that guests lack."""
    if is_host():
        return True
    st.caption(f":material/lock: {verbatim(only_host(what).capitalize())}.")
    return False


def lock_help(what: str, usual: str | None = None) -> str | None:
    """The help of a button that is disabled for guests: why; for the host its usual one."""
    return usual if is_host() else f"{only_host(what).capitalize()}."
