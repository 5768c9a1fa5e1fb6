"""Running peers: started and checked, tried with several numbers of workers, and timed in turns."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.other_work import OtherWork
from benchmarks.peers import MEAN, STD, Work
from benchmarks.peers.entries import ENTRIES, OURS
from core.loading.batch_sampler import shuffle_quality
from core.loading.kernel_cache import VARIABLE

LEAST_QUALITY = 0.5
"""Of the shuffling; below this a loader hands out batches of one or two classes."""
PATIENCE = 300
"""Seconds that a peer may take to write its files and read them once, or for an epoch."""
TRIALS = 2
"""Epochs with each number of workers, before the best is taken."""


class Refused(Exception):
    """A peer that cannot be timed; the text says why."""


@dataclass
class Peer:
    """A running peer and what was measured of it: a value an epoch."""

    name: str
    process: subprocess.Popen[str]
    workers: int
    before: Peer | None = None
    first_batch: float = 0.0
    bytes: int = 0
    rates: list[float] = field(default_factory=list)
    """Images per second."""
    processor: list[float] = field(default_factory=list)
    """Processor time an image, µs, of all its processes."""

    @property
    def ours(self) -> bool:
        return self.name.partition("@")[0] in OURS

    def ask(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            self.process.kill()
            raise Refused(f"no answer in {PATIENCE} s")
        line = self.process.stdout.readline()
        if not line:
            raise Refused(f"ended with status {self.process.wait()}")
        return dict(json.loads(line))

    def epoch(self) -> None:
        """Time one epoch. Raises Refused. Between its turns a peer stands still: what it makes ahead of the next one
        would be time of whoever has his turn then, and none of its own."""
        assert self.process.stdin is not None
        self._signal(signal.SIGCONT)
        try:
            self.process.stdin.write("epoch\n")
            self.process.stdin.flush()
            told = self.ask()
        finally:
            self.pause()
        self.rates.append(told["samples"] / told["seconds"])
        # another checkout may be older than this figure
        self.processor.append(1e6 * told.get("processor_seconds", np.nan) / told["samples"])

    def pause(self) -> None:
        """Stop all its processes."""
        self._signal(signal.SIGSTOP)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def forget(self) -> None:
        self.rates, self.processor = [], []

    def close(self) -> None:
        assert self.process.stdin is not None
        self._signal(signal.SIGCONT)
        self.process.stdin.close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)


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
            # No epoch of ours may be made without kernels.
            env=os.environ | {VARIABLE: "wait"} | ENTRIES[name].environment,
            process_group=0,
        )
        peer = Peer(name, process, workers)
        try:
            report = peer.ask()
        except Refused as reason:
            errors.seek(0)
            lines = errors.read().strip().splitlines()
            raise Refused(lines[-1][:120] if lines else str(reason)) from None
    try:
        check(work, report)
    except Refused:
        peer.close()
        raise
    peer.pause()
    peer.first_batch, peer.bytes = report["first_batch_s"], report.get("bytes", 0)
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


def best(spoken: str, work: Work, given: argparse.Namespace, others: OtherWork) -> Peer:
    """The peer with the number of workers that serves it best; with N if it is called `name@N`. Raises Refused."""
    name, _, fixed = spoken.partition("@")
    candidates: list[Peer] = []
    tried = [int(fixed)] if fixed else given.workers or ENTRIES[name].workers
    try:
        for workers in tried:
            candidates.append(start(name, work, given, workers))
            with others.going():
                for _ in range(getattr(given, "trials", TRIALS) if len(tried) > 1 else 1):
                    candidates[-1].epoch()
    except Refused:
        for peer in candidates:
            peer.close()
        raise
    candidates.sort(key=lambda peer: max(peer.rates))
    for peer in candidates[:-1]:
        peer.close()
    chosen = candidates[-1]
    chosen.name = spoken
    chosen.forget()
    if given.against and name in OURS:
        chosen.before = start(name, work, given, chosen.workers, given.against)
    return chosen


def measure(
    work: Work, names: list[str], given: argparse.Namespace, others: OtherWork
) -> tuple[list[Peer], dict[str, str]]:
    """These peers on one work, taking turns; and those that were refused, with the reason."""
    peers: list[Peer] = []
    refused: dict[str, str] = {}
    running: list[Peer] = []
    try:
        for name in names:
            try:
                peers.append(best(name, work, given, others))
            except Refused as reason:
                refused[name] = str(reason)
            print(work.name, name, refused.get(name, "ready"), file=sys.stderr, flush=True)
            running = [one for peer in peers for one in (peer, peer.before) if one is not None]
        for number in range(given.rounds):
            for peer in running if number % 2 == 0 else reversed(running):
                with others.going():
                    peer.epoch()
    finally:
        for peer in running:
            peer.close()
    return peers, refused
