"""Our loader and its peers on the same images, interleaved: images per second, whole shuffled epochs.

    python -m benchmarks.loaders CIFAR PHOTOS [--peers-python PYTHON] [--rounds N] [--works ...] [--peers ...]
                                [--against CHECKOUT] [--out RESULTS.md]

CIFAR and PHOTOS are folders of class folders of JPEGs. Peers run in processes of their own, with the Python given by
`--peers-python` (an environment with benchmarks/requirements-peers.txt); ours runs with this one. Every peer's first
epoch is compared with the images (count, labels, mean colour, how well it is shuffled) before anything is timed; one
that does not install or holds something else is listed with the reason. Each is tried with 0, 1 and 2 workers, and
timed with the best of these; then all take turns, an epoch each, for N rounds.

With `--against`, each of our loaders is timed beside itself as it is in another checkout, on the same stores and with
the same workers: a table of ratios with their 95% intervals (`core.measure.statistics.ratio`).
"""

from __future__ import annotations

import argparse
import json
import select
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import MEAN, STD, Work, works
from core.loading.batch_sampler import shuffle_quality
from core.measure.statistics import ratio

OURS = ("ours", "ours_hdf5", "ours_zstd_dict", "ours_torch", "tutorial")
OTHERS = (
    "ffcv", "dali", "torch_pillow", "h5py_single", "webdataset", "hf", "lance", "litdata", "mosaic", "deep_lake",
    "grain", "spdl",
)  # fmt: skip
LEAST_QUALITY = 0.5
"""Of the shuffling; below this a loader hands out batches of one or two classes."""
PATIENCE = 300
"""Seconds that a peer may take to write its files and read them once, or for an epoch."""
BEGIN, END = "<!-- loaders: begin -->", "<!-- loaders: end -->"


class Refused(Exception):
    """A peer that cannot be timed; the text says why."""


@dataclass
class Peer:
    """A running peer and its times."""

    name: str
    process: subprocess.Popen[str]
    workers: int
    before: Peer | None = None
    first_batch: float = 0.0
    rates: list[float] = field(default_factory=list)

    def ask(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            self.process.kill()
            raise Refused(f"no answer in {PATIENCE} s")
        line = self.process.stdout.readline()
        if not line:
            raise Refused(f"ended with status {self.process.wait()}")
        return dict(json.loads(line))

    def epoch(self) -> float:
        """Images per second of one epoch."""
        assert self.process.stdin is not None
        self.process.stdin.write("epoch\n")
        self.process.stdin.flush()
        told = self.ask()
        return float(told["samples"] / told["seconds"])

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)


def start(name: str, work: Work, given: argparse.Namespace, workers: int, checkout: Path | None = None) -> Peer:
    """Start a peer, of another checkout where one is given, and check its first epoch. Raises Refused."""
    python = sys.executable if name in OURS else given.peers_python
    places = [path.absolute() for path in (given.cifar, given.photos, given.folder)]
    arguments = [name, work.name, *places, workers]
    with (Path(given.folder) / "errors.txt").open("w+") as errors:
        process = subprocess.Popen(
            [python, "-m", "benchmarks.peers.run", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=checkout,
        )
        peer = Peer(name, process, workers)
        try:
            report = peer.ask()
        except Refused:
            errors.seek(0)
            lines = errors.read().strip().splitlines() or ["no words"]
            raise Refused(lines[-1][:120]) from None
    check(work, report)
    peer.first_batch = report["first_batch_s"]
    return peer


def check(work: Work, report: dict[str, Any]) -> None:
    """Compare an epoch with the images. Raises Refused where it is something else."""
    wanted = [label for _, label in work.files()]
    if Counter(report["labels"]) != Counter(wanted):
        raise Refused(f"{len(report['labels'])} samples, or other labels, where {len(wanted)} belong")
    means = _means(work)
    if np.abs(np.array(report["means"]) - means).max() > (0.15 if work.train224 else 0.05):
        raise Refused(f"mean colours {report['means']} where {means.tolist()} belong")
    cuts = np.split(np.arange(len(wanted)), range(work.batch_size, len(wanted), work.batch_size))
    quality = shuffle_quality(np.array(report["labels"]), cuts)
    if quality < LEAST_QUALITY:
        raise Refused(f"shuffle quality {quality:.2f}: its batches do not mix the classes")


_known_means: dict[str, np.ndarray] = {}


def _means(work: Work) -> np.ndarray:
    """The mean of all normalised pixels, a channel (each image counting the same)."""
    if work.name not in _known_means:
        sums = [pixels.mean((0, 1)) for pixels, _ in work.pixels()]
        _known_means[work.name] = (np.mean(sums, 0) / 255 - MEAN) / STD
    return _known_means[work.name]


def best(name: str, work: Work, given: argparse.Namespace) -> Peer:
    """The peer with the number of workers that serves it best. Raises Refused."""
    candidates = []
    for workers in given.workers:
        peer = start(name, work, given, workers)
        peer.rates = [max(peer.epoch() for _ in range(2))]
        candidates.append(peer)
    candidates.sort(key=lambda peer: peer.rates[0])
    for peer in candidates[:-1]:
        peer.close()
    chosen = candidates[-1]
    chosen.rates = []
    if given.against and name in OURS:
        chosen.before = start(name, work, given, chosen.workers, given.against)
    return chosen


def measure(work: Work, given: argparse.Namespace) -> tuple[list[Peer], dict[str, str]]:
    """All peers on one work, taking turns; and those that were refused, with the reason."""
    peers, refused = [], {}
    for name in given.peers:
        try:
            peers.append(best(name, work, given))
        except Refused as reason:
            refused[name] = str(reason)
        print(work.name, name, refused.get(name, "ready"), file=sys.stderr, flush=True)
    running = [one for peer in peers for one in (peer, peer.before) if one is not None]
    for number in range(given.rounds):
        for peer in running if number % 2 == 0 else reversed(running):
            peer.rates.append(peer.epoch())
    for peer in running:
        peer.close()
    return peers, refused


def table(work: Work, peers: list[Peer], refused: dict[str, str]) -> str:
    """One work's results as Markdown: medians, their spread, and the ratio to FFCV's."""
    medians = {peer.name: statistics.median(peer.rates) for peer in peers}
    anchor = medians.get("ffcv")
    lines = [f"### {work.name}", "", "| loader | images/s | lowest - highest | x FFCV | workers | first batch s |"]
    lines.append("|---|---|---|---|---|---|")
    for peer in sorted(peers, key=lambda peer: -medians[peer.name]):
        ratio = f"{medians[peer.name] / anchor:.2f}" if anchor else "-"
        spread = f"{min(peer.rates):,.0f} - {max(peer.rates):,.0f}"
        row = [peer.name, f"{medians[peer.name]:,.0f}", spread, ratio, peer.workers, f"{peer.first_batch:.2f}"]
        lines.append(f"| {' | '.join(map(str, row))} |")
    lines += ["", *(f"- {name} is not in the table: {reason}" for name, reason in refused.items()), ""]
    return "\n".join(lines)


def table_against(work: Work, peers: list[Peer]) -> str:
    """Our loaders against themselves in another checkout, as Markdown."""
    lines = [f"### {work.name}", "", "| loader | images/s | before | ratio | 95% interval |", "|---|---|---|---|---|"]
    for peer in peers:
        if peer.before is None:
            continue
        medians = [f"{statistics.median(rates):,.0f}" for rates in (peer.rates, peer.before.rates)]
        found = ratio(peer.rates, peer.before.rates)
        interval = "-" if found.low is None else f"{found.low:.3f} to {found.high:.3f}"
        lines.append(f"| {' | '.join([peer.name, *medians, f'{found.value:.3f}', interval])} |")
    return "\n".join([*lines, ""])


def keep(text: str, path: Path) -> None:
    """Put the tables between their marks in a file of results."""
    before = path.read_text("utf-8") if path.exists() else ""
    head, _, rest = before.partition(BEGIN)
    _, _, tail = rest.partition(END)
    path.write_text(f"{head.rstrip()}\n\n{BEGIN}\n{text}\n{END}\n{tail.lstrip()}", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cifar", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--folder", type=Path, help="where the peers write (default: a temporary folder)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--works", nargs="+")
    parser.add_argument("--peers", nargs="+", default=[*OURS, *OTHERS])
    parser.add_argument("--against", type=Path, help="another checkout, whose own loaders are timed beside ours")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        given.folder = given.folder or Path(temporary)
        known = works(given.cifar, given.photos)
        tables = []
        for name in given.works or known:
            peers, refused = measure(known[name], given)
            against = given.against is not None
            tables.append(table_against(known[name], peers) if against else table(known[name], peers, refused))
            print(tables[-1], flush=True)
            if given.out:
                keep("\n".join(tables), given.out)


if __name__ == "__main__":
    main()
