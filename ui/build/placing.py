"""How a store is cut into shards, who builds them, and where it will lie: the part of the form that is about more than
one machine."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.base.errors import InputError
from core.base.extras import remedy
from core.base.options import Value
from core.formats import FORMATS
from core.processes.engines import ENGINES
from core.remote.address import check_address, join
from ui.shared.labels import code, listed

SHARDS = {"usual": "As usual", "shards": "Number", "shard_mb": "Size"}
SHARD_OPTIONS = ("shards", "shard_mb")
"""What is said of shards; the last two are options, by these names in whatever format has them."""

SHARDS_HELP = (
    "A shard is a file (or folder) of consecutive samples. Shards are built side by side, on one machine or many; "
    "a build that was killed goes on with those that are complete; ranks and object storage read them one by one."
)
LOCAL = "local"


@dataclass(frozen=True)
class Placing:
    """Who builds, and where to. `out`: the address below which stores lie as they do in the home; "": the home."""

    engine: str = LOCAL
    address: str = ""
    out: str = ""
    problem: str = ""

    @property
    def by(self) -> Mapping[str, Any]:
        """The fields of a `Build` that say who builds, where that is not its default."""
        given = {"engine": self.engine if self.engine != LOCAL else "", "address": self.address}
        return {name: value for name, value in given.items() if value}

    def place(self, dataset: str, format: str, variant: str) -> Mapping[str, Any]:
        """The field that says where a store is to lie."""
        return {"out": join(self.out, f"{dataset}/{format}/{variant}")} if self.out else {}


def draw_placing(formats: list[str]) -> tuple[Mapping[str, Mapping[str, Value]], Placing]:
    """The widgets; returns what is said of shards, as options of each of `formats`, and of the place."""
    with st.expander("Shards, engine, place", icon=":material/hub:"):
        shards = _draw_shards(formats)
        engine, address = _draw_engine()
        if engine != LOCAL and not any(shards.values()):
            st.caption("A shard is built by one task. As usual means one shard in most formats: choose a number.")
        out = _draw_out()
    try:
        return shards, Placing(engine, address, out and check_address(out))
    except InputError as error:
        return shards, Placing(engine, address, problem=str(error))


def _draw_shards(formats: list[str]) -> Mapping[str, Mapping[str, Value]]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Shards per split", list(SHARDS), default="usual", required=True, format_func=SHARDS.__getitem__,
            key="build.cut", help=SHARDS_HELP, persist_state="session",
        )  # fmt: skip
        if kind == "usual":
            return {name: {} for name in formats}
        label, most, first = ("Shards", 99_999, 8) if kind == "shards" else ("MB per shard", 1 << 20, 64)
        number = st.number_input(label, 1, most, first, key=f"build.{kind}", width=140, persist_state="session")
    without = [name for name in formats if kind not in FORMATS.options(name)]
    if without:
        st.caption(f"{listed(without)}: as usual; {'its' if len(without) == 1 else 'their'} shards are told by number.")
    return {name: {} if name in without else {kind: int(number)} for name in formats}


def _draw_engine() -> tuple[str, str]:
    there = [name for name, entry in ENGINES.items() if entry.available()]
    missing = [f"{entry.title} ({code(entry.install_hint)})" for entry in ENGINES.values() if not entry.available()]
    if len(there) == 1:
        st.caption(f"Shards are built by processes of this machine. To spread them over several: {listed(missing)}.")
        return LOCAL, ""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        engine = st.segmented_control(
            "Engine", there, default=LOCAL, required=True, format_func=lambda name: ENGINES[name].title,
            key="build.engine", help="Who builds the shards. The store is the same, to the byte.",
            persist_state="session",
        )  # fmt: skip
        if engine == LOCAL:
            return engine, ""
        address = st.text_input(
            "Address of the cluster", placeholder="none: RAY_ADDRESS, else one on this machine", key="build.address",
            help="`auto` for the cluster that this machine is part of, `10.0.0.1:6379`, `ray://10.0.0.1:10001`. Its "
            "nodes need this package, and the home at the same path.",
            width=340, persist_state="session",
        )  # fmt: skip
    return engine, address.strip()


def _draw_out() -> str:
    if importlib.util.find_spec("fsspec") is None:
        st.caption(f"Stores lie in this machine's home. To build to object storage: {code(remedy('scale'))}.")
        return ""
    out = st.text_input(
        "Build to", placeholder="this home, or s3://bucket/folder", key="build.out",
        help="Each shard is sent there by whoever built it, as DATASET/FORMAT/VARIANT below this address. Credentials "
        "come from the environment, a configuration file or a role, never from the address.",
        persist_state="session",
    )  # fmt: skip
    return out.strip()
