"""Loaders of others on the Benchmark page: which there are, installing and removing them, and what cannot be had here.

What is installed is read once and kept: looking at the machine takes other programs' answers, which no rerun of the
page waits for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import streamlit as st

from core.base.home import Home
from core.measure.rival_rows import is_rival_name
from core.rivals import RIVALS
from core.rivals.environments import Environments, rival_rows
from ui.shared import state, visitors
from ui.shared.cached import cache_data
from ui.shared.job_panel import draw_jobs, own_jobs
from ui.shared.labels import listed, size_text, verbatim

OWNER, TASK = "benchmark.rivals", "rival-install"
CHOSEN_KEY = "benchmark.loaders"
AWAITED_KEY = "benchmark.rivals.awaited"
"""Holds the rivals that were asked for here: each is chosen as soon as it is installed."""

KEPT_SECONDS = 900.0


class RivalOffer(NamedTuple):
    """A rival as this machine has it. `bytes`: of its environment, on disk or about."""

    name: str
    title: str
    version: str
    installed: bool
    available: bool
    reason: str
    bytes: int
    licence: str
    environment: str


def rival_offers() -> list[RivalOffer]:
    """All that are not ours, by title."""
    home = state.home()
    rows = _rows(str(home.root), changed_environments(home))
    found = [RivalOffer(**{name: row[name] for name in RivalOffer._fields}) for row in rows]  # type: ignore[arg-type]
    return sorted((offer for offer in found if is_rival_name(offer.name)), key=lambda offer: offer.title.casefold())


def by_environment(offers: Sequence[RivalOffer]) -> list[list[RivalOffer]]:
    """Those that are installed together."""
    groups: dict[str, list[RivalOffer]] = {}
    for offer in offers:
        groups.setdefault(offer.environment, []).append(offer)
    return list(groups.values())


@cache_data(max_entries=4, ttl=KEPT_SECONDS, show_spinner="Looking which loaders are available here…")
def _rows(root: str, changed: tuple[int, ...]) -> list[Mapping[str, object]]:
    """`changed` is part of the cache's key only."""
    return rival_rows(Home.find(root))


def changed_environments(home: Home) -> tuple[int, ...]:
    """Another one as soon as an environment comes or goes, or an installation failed."""
    folder = home.rivals / "environments"
    return (folder.stat().st_mtime_ns,) if folder.is_dir() else ()


def installed_rivals() -> list[str]:
    """The names of those that can be run at once, by title. What was asked for and is there by now is chosen."""
    there = [offer.name for offer in rival_offers() if offer.installed]
    awaited: list[str] = st.session_state.get(AWAITED_KEY, [])
    for name in [name for name in awaited if name in there]:
        awaited.remove(name)
        st.session_state[CHOSEN_KEY] = [*st.session_state.get(CHOSEN_KEY, []), name]
    return there


# ---------------------------------------------------------------- the list


def draw_rivals() -> None:
    """The others: those that can be installed with what that takes, those that are, and those that cannot be had."""
    draw_jobs(OWNER)
    state.show_trouble()
    offers = rival_offers()
    there = [offer for offer in offers if offer.installed]
    to_have = [offer for offer in offers if not offer.installed and offer.available]
    cannot = [offer for offer in offers if not offer.installed and not offer.available]
    with st.expander(_title(there, to_have, cannot), icon=":material/extension:", key="benchmark.rivals.list"):
        st.caption(
            "Each runs in a process and a Python environment of its own, below the home folder; this app's own "
            "environment does not change. They are given the same images, and what they hand out is checked."
        )
        for group in by_environment(to_have):
            _draw_offer(group)
        for group in by_environment(there):
            _draw_installed(group)
        if cannot:
            st.markdown("**Not available on this machine**")
            st.markdown(
                "\n".join(f"- {_names(group)}: it {verbatim(group[0].reason)}" for group in by_environment(cannot))
            )


def _title(there: Sequence[RivalOffer], to_have: Sequence[RivalOffer], cannot: Sequence[RivalOffer]) -> str:
    parts = [
        f"{len(there)} installed" if there else "",
        f"{len(to_have)} to install" if to_have else "",
        f"{len(cannot)} not available here" if cannot else "",
    ]
    return f"Loaders of others: {listed(filter(None, parts)) or 'none are registered'}"


def _names(group: Sequence[RivalOffer]) -> str:
    """As Markdown: titles may have commas of their own."""
    return listed(f"**{verbatim(offer.title)}**" for offer in group)


def _about(group: Sequence[RivalOffer], size: str) -> str:
    parts = [*dict.fromkeys(f"version {offer.version}" for offer in group if offer.version), size]
    return " · ".join([*parts, *dict.fromkeys(offer.licence for offer in group)])


def _draw_offer(group: Sequence[RivalOffer]) -> None:
    first = group[0]
    told, button = st.columns([5, 1], vertical_alignment="center")
    told.markdown(f"{_names(group)} :gray[· {verbatim(_about(group, f'about {size_text(first.bytes)}'))}]")
    if first.reason:
        told.caption(f":red[:material/error:] The last installation failed: {verbatim(first.reason)}")
    with button, st.container(horizontal_alignment="right"):
        st.button("Install", key=f"{OWNER}.install.{first.name}", icon=":material/download:", on_click=_install,
                  args=(first,), disabled=_is_under_way(first) or not visitors.is_host(),
                  help=visitors.lock_help("install loaders"))  # fmt: skip


def _draw_installed(group: Sequence[RivalOffer]) -> None:
    first = group[0]
    told, button = st.columns([5, 1], vertical_alignment="center")
    told.markdown(
        f":green[:material/check:] {_names(group)} :gray[· {verbatim(_about(group, size_text(first.bytes)))}]"
    )
    with button, st.container(horizontal_alignment="right"):
        st.button("Remove", key=f"{OWNER}.remove.{first.name}", icon=":material/delete:", on_click=_remove,
                  args=(first,), disabled=not visitors.is_host(),
                  help=visitors.lock_help("remove loaders"))  # fmt: skip


def _is_under_way(offer: RivalOffer) -> bool:
    """Whether it is being installed, itself or with another one of its environment."""
    names = {name for job in own_jobs(OWNER) for name in job.fields.get("names", ())}
    return any(name in RIVALS and RIVALS[name].environment == offer.environment for name in names)


def _install(offer: RivalOffer) -> None:
    job = state.start_job(TASK, {"names": [offer.name]}, title=f"Install {offer.title}", owner=OWNER)
    if job is not None:
        st.session_state.setdefault(AWAITED_KEY, []).append(offer.name)


def _remove(offer: RivalOffer) -> None:
    """Of the environment; whatever runs in it as well goes with it."""
    state.delete(lambda home, name: Environments(home).remove(name), offer.name)
