"""How fast containers turn into batches: ours in one interleaved run, beside the ecosystems' own loaders, and beside
the tutorials' loop, with the page cache warm and cold."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path

from benchmarks.container_builds import NAME, place_of
from benchmarks.container_goals import Reached, rows
from benchmarks.loader_peers import Peer, measure
from benchmarks.loader_tables import table
from benchmarks.other_work import OtherWork
from benchmarks.peers import Work, works
from benchmarks.peers.parts import make_part
from core.base.errors import FormatMattersError
from core.base.events import finish
from core.base.home import Home
from core.loading.task import Load
from core.measure.statistics import ratio

MAPPED = ("lmdb", "arrow", "npy", "webdataset", "tfrecord", "parquet")
BESIDE_LMDB = 0.85
BESIDE_ECOSYSTEM = 3.0

ECOSYSTEMS = {
    "ours_webdataset": ("webdataset", "webdataset_tutorial"),
    "ours_tfrecord": (),
    "ours_arrow": ("hf", "hf_tutorial"),
    "ours_parquet": ("hf", "hf_tutorial"),
    "ours_npy": (),
}
"""Ours -> the loaders of its own ecosystem."""

WORKS = {"original": "cifar-jpeg", "raw": "cifar-raw"}
PART_WORKS = {"original": "containers-jpeg", "raw": "containers-raw"}
MOST_ROUNDS = 3
"""With the ecosystems' loaders, which take their time."""

SECONDS = 0.5
"""Of loading, for each figure of the part `batches`."""


def run(home: Home, given: argparse.Namespace) -> list[Reached]:
    """Every mapped format beside LMDB, on all images."""
    known = works(given.cifar, given.photos, given.folder)
    goals: list[Reached] = []
    for encoding, name in _wanted(WORKS, given):
        work = known[name]
        names = _place_stores(home, work, encoding, given)
        # All with the same workers: it is the containers that are compared.
        peers, refused = _measured(work, [f"{one}@{min(os.cpu_count() or 1, 2)}" for one in names], given)
        print(table(work, peers, refused), flush=True)
        lmdb = _called("ours", peers)
        for peer in peers:
            if lmdb is not None and peer is not lmdb:
                found = ratio(peer.rates, lmdb.rates)
                goals.append(Reached.by_ratio(f"fast loader, {encoding}, x LMDB's", _form(peer), BESIDE_LMDB, found))
    return goals


def run_rivals(home: Home, given: argparse.Namespace) -> list[Reached]:
    """Ours and the ecosystems' own, on a part of the images."""
    given = argparse.Namespace(**{**vars(given), "rounds": min(given.rounds, MOST_ROUNDS), "trials": 1})
    known = works(given.cifar, given.photos, given.folder)
    goals: list[Reached] = []
    for encoding, name in _wanted(PART_WORKS, given):
        work = known[name]
        make_part(work, given.cifar)
        ours = [f"ours_{form}" for form in given.formats if ECOSYSTEMS.get(f"ours_{form}")]
        others = list(dict.fromkeys(rival for one in ours for rival in ECOSYSTEMS[one]))
        peers, refused = _measured(work, [*ours, *others], given)
        print(table(work, peers, refused), flush=True)
        for one in ours:
            mine, rivals = _called(one, peers), [peer for peer in peers if peer.name in ECOSYSTEMS[one]]
            best = max(rivals, key=lambda peer: statistics.median(peer.rates), default=None)
            if mine is not None and best is not None:
                found = ratio(mine.rates, best.rates)
                told = f"{_form(mine)} against {best.name}@{best.workers}"
                goals.append(
                    Reached.by_ratio(f"fast loader, {encoding}, x its ecosystem's", told, BESIDE_ECOSYSTEM, found)
                )
    return goals


def run_batches(home: Home, given: argparse.Namespace) -> list[Reached]:
    """A table of images per second: ours and the tutorials' loader, warm and cold. It has no goals."""
    head = ["store", "ours, warm", "ours, cold", "the tutorials' way, warm", "the tutorials' way, cold"]
    cells = []
    for encoding in WORKS:
        for form in given.formats if encoding in given.encodings else ():
            store = place_of(home, form, encoding)
            if store is not None:
                loaders = ("fast", "naive") if encoding == "original" else ("fast",)
                told = [_loaded(store, loader, cache) for loader in loaders for cache in ("warm", "cold")]
                cells.append([f"{form}/{encoding}", *told, *["-"] * (4 - len(told))])
                print(" ".join(cells[-1]), flush=True)
    print("\n### Batches of 256: images/s of half a second, or of one cold epoch\n\n" + rows(head, cells), flush=True)
    return []


def _loaded(store: Path, loader: str, cache: str) -> str:
    """Images per second, with what is to be known of the cache; "-" with the reason where it cannot be loaded so."""
    workers = "inline" if loader == "naive" else str(min(os.cpu_count() or 1, 2))
    task = Load(
        str(store), workers=workers, loader=loader, seconds=SECONDS, cache=cache, compare=False, stage_limits=False
    )
    try:
        told = finish(task.run())
    except FormatMattersError as error:
        return f"- ({str(error)[:80]})"
    # A cold epoch begins before the first batch: what that waited for the disk belongs to it.
    spent = told["seconds"] + (told["first_batch_s"] if cache == "cold" else 0.0)
    rate = told["samples"] / spent if cache == "cold" else told["samples_per_s"]
    return f"{rate:,.0f}" + (f" ({told['cache']})" if told["cache"] != cache else "")


# ---------------------------------------------------------------- peers


def _wanted(known: dict[str, str], given: argparse.Namespace) -> list[tuple[str, str]]:
    return [(encoding, name) for encoding, name in known.items() if encoding in given.encodings]


def _measured(work: Work, names: Sequence[str], given: argparse.Namespace) -> tuple[list[Peer], dict[str, str]]:
    with OtherWork(0) as nobody:
        return measure(work, list(names), given, nobody)


def _called(name: str, peers: Sequence[Peer]) -> Peer | None:
    return next((peer for peer in peers if peer.name.partition("@")[0] == name), None)


def _form(peer: Peer) -> str:
    return peer.name.partition("@")[0].removeprefix("ours_")


def _place_stores(home: Home, work: Work, encoding: str, given: argparse.Namespace) -> list[str]:
    """Hard links to the stores where the peers look for theirs, so that nothing is built twice. Returns their names,
    LMDB's first."""
    names = []
    for form in MAPPED:
        store = place_of(home, form, encoding)
        if store is None or form not in given.formats:
            continue
        names.append("ours" if form == "lmdb" else f"ours_{form}")
        place = given.folder / names[-1] / work.name
        if not place.exists():
            making = place.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            target = making / "data" / "built" / NAME / form / store.name
            shutil.copytree(store, target, copy_function=os.link)
            making.rename(place)
    return names
