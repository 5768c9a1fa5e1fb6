"""One store, whoever builds it: one process, several, a Ray cluster that loses nodes, a driver that is killed.

    python -m benchmarks.scale_build --home HOME [--images 1000000] [--format tfrecord] [--shards 64] [--rounds 3]

Generated images (16 x 16 PNGs) are imported into HOME once and kept; the next run begins with building. Checked, and
an error where it is not so:

- a build by 2 processes, by Ray on 4 nodes of one CPU, two of which are killed (SIGKILL to all their processes) while
  they write, and by Ray with a driver that is killed and `--resume`, each give the store of one process: the same
  checksum, the same files, the same shards;
- nothing is listed before it is complete, nothing is left beside it;
- what was complete when the driver was killed is not built again.

Told: seconds of each, memory of the processes that work (the peak of each third of the time), and what engines cost
beside `multiprocessing.Pool` on the same parts, in interleaved rounds on the machine's CPUs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.local_cluster import LocalCluster, is_task, local_cluster
from core.base.events import Progress
from core.base.home import REPOSITORY, Home
from core.datasets.dataset import list_datasets
from core.importing.task import Import
from core.stores.manifest import Manifest
from core.stores.store import WORKPLACE, list_stores

SIZE = 16
LOOK_SECONDS = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--format", default="tfrecord")
    parser.add_argument("--shards", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3, help="of the engines' comparison; 0 leaves it out")
    given = parser.parse_args()
    home = Home(given.home)
    name = imported(home, given.images)
    scale = Scale(home, name, given.format, given.shards)
    for step in (scale.one_process, scale.processes, scale.lost_nodes, scale.killed_driver):
        print(step(), flush=True)
    if given.rounds:
        print(scale.engines(given.rounds), flush=True)
    shutil.rmtree(scale.target.parents[1])


def imported(home: Home, images: int) -> str:
    """The dataset of so many generated images, all of one split; its import is gone on with where it was killed."""
    name = f"shapes{images}"
    if name not in [dataset.name for dataset in list_datasets(home)]:
        options = {"size": SIZE, "train": images, "val": 0}
        told = time.monotonic()
        for event in Import("shapes", name, options=options, home=str(home.root)).run():
            if isinstance(event, Progress) and time.monotonic() - told > 10:
                told = time.monotonic()
                print(f"importing: {event.done:,} of {event.total:,}", file=sys.stderr, flush=True)
    return name


@dataclass
class Memory:
    """Resident memory of the processes that work, sampled while a build runs."""

    samples: list[tuple[float, float]] = field(default_factory=list)

    def look(self, below: psutil.Process) -> None:
        for process in below.children(recursive=True):
            try:
                if is_task(process) or "multiprocessing" in " ".join(process.cmdline()):
                    self.samples.append((time.monotonic(), process.memory_info().rss / 1e6))
            except psutil.Error:
                continue

    def __str__(self) -> str:
        """The peak of a process in each third of the time, MB."""
        if not self.samples:
            return "no samples"
        begins, ends = self.samples[0][0], self.samples[-1][0] + 1e-6
        thirds: list[list[float]] = [[], [], []]
        for at, size in self.samples:
            thirds[int(3 * (at - begins) / (ends - begins))].append(size)
        return ", ".join(f"{max(third, default=0.0):.0f}" for third in thirds) + " MB"


@dataclass
class Scale:
    """Builds of one store, compared with the first of them."""

    home: Home
    dataset: str
    format: str
    shards: int
    first: dict[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> Path:
        return self.home.built / self.dataset / self.format / f"original-shards{self.shards}"

    @property
    def parts(self) -> Path | None:
        """Where the parts of the build that is under way lie."""
        return next(iter((self.home.built / WORKPLACE).glob(f"{self.dataset}.{self.format}.*/parts")), None)

    def complete(self) -> int:
        """How many parts of the build that is under way are complete."""
        return 0 if self.parts is None else len(list(self.parts.glob("train.*")))

    # ---- the builds

    def one_process(self) -> str:
        told, seconds, memory = self.build("--engine", "local", "--workers", "1")
        self.first = self.essence()
        assert sum(told["splits"][split]["samples"] for split in told["splits"]) == int(self.dataset[6:])
        return f"one process: {seconds:.1f} s, memory {memory}, checksum {told['checksum'][:16]}"

    def processes(self) -> str:
        _, seconds, memory = self.build("--engine", "local", "--workers", "2")
        self.check_same()
        return f"2 processes: {seconds:.1f} s, memory {memory}; the same store"

    def lost_nodes(self) -> str:
        lost: list[int] = []
        with local_cluster(4) as cluster:

            def lose_nodes() -> None:
                complete = self.complete()
                if len(lost) < 2 and complete >= self.shards * (len(lost) + 1) // 4 and cluster.kill_node():
                    lost.append(complete)

            told, seconds, memory = self.build(*_by_ray(cluster), meanwhile=lose_nodes)
        assert len(lost) == 2, "the build ended before two nodes were killed: give more images or shards"
        self.check_same()
        return (
            f"Ray, 4 nodes, 2 killed while they wrote (with {lost[0]} and {lost[1]} parts complete): {seconds:.1f} s, "
            f"memory {memory}; given again: {len(told['repeated'])}; the same store"
        )

    def killed_driver(self) -> str:
        with local_cluster(4) as cluster:
            done: list[int] = []

            def kill(driver: subprocess.Popen[str]) -> None:
                if self.complete() >= self.shards // 2:
                    driver.kill()

            self.run_killed(cluster, kill)
            ends = time.monotonic() + 30
            while any(map(is_task, psutil.Process().children(recursive=True))) and time.monotonic() < ends:
                time.sleep(LOOK_SECONDS)
            done.append(self.complete())
            assert self.listed() == [], "a store is listed that is not complete"
            told, seconds, _ = self.build(*_by_ray(cluster), "--resume")
        self.check_same()
        there = told["resumed"]
        expected = Manifest.load(self.target).shards["train"]
        assert 0 < there < int(self.dataset[6:]), there
        assert abs(there - done[0] * expected[0]["samples"]) <= done[0], (there, done)
        return (
            f"driver killed with {done[0]} of {self.shards} parts complete, then --resume: {seconds:.1f} s, "
            f"{there:,} samples were there already; the same store"
        )

    def run_killed(self, cluster: LocalCluster, kill: Callable[[subprocess.Popen[str]], None]) -> None:
        self.clear()
        arguments = _by_ray(cluster)
        driver = subprocess.Popen(self.command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  text=True, cwd=REPOSITORY, env=_environment(arguments))  # fmt: skip
        while driver.poll() is None:
            kill(driver)
            time.sleep(LOOK_SECONDS / 4)
        assert driver.returncode == -9, "the build ended before its driver was killed"

    # ---- what engines cost

    def engines(self, rounds: int) -> str:
        seconds: dict[str, list[tuple[float, float]]] = {"plain": [], "local": [], "ray": []}
        cpus = psutil.cpu_count() or 1
        with local_cluster(1, cpus) as cluster:
            for _ in range(rounds):
                for engine, taken in seconds.items():
                    arguments = _by_ray(cluster) if engine == "ray" else ("--engine", engine)
                    told, every, _ = self.build(*arguments, "--workers", str(cpus))
                    parts = sum(split["seconds"] for split in told["splits"].values()) - told["startup_seconds"]
                    taken.append((parts, every))
        plain = [parts for parts, _ in seconds["plain"]]
        lines = [f"{rounds} rounds, {cpus} workers: seconds of the parts (an engine's start apart), of the command"]
        for engine, taken in seconds.items():
            beside = statistics.median(parts / base for (parts, _), base in zip(taken, plain, strict=True))
            told = ", ".join(f"{parts:.1f} ({every:.1f})" for parts, every in taken)
            lines.append(f"  {engine}: {told}; median of the ratios to plain: {beside:.3f}")
        return "\n".join(lines)

    # ---- one build

    def command(self, *arguments: str) -> list[str]:
        build = ["build", self.dataset, "--format", self.format, "--option", f"shards={self.shards}", "--force"]
        return [sys.executable, "-m", "core", *build, "--json", "--home", str(self.home.root), *arguments]

    def build(
        self, *arguments: str, meanwhile: Callable[[], None] = lambda: None
    ) -> tuple[dict[str, Any], float, Memory]:
        """What the command tells, its seconds, and the memory of whoever worked."""
        if "--resume" not in arguments:
            self.clear()
        memory, me, began = Memory(), psutil.Process(), time.perf_counter()
        driver = subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  cwd=REPOSITORY, env=_environment(arguments))  # fmt: skip
        while driver.poll() is None:
            meanwhile()
            memory.look(me)
            time.sleep(LOOK_SECONDS)
        seconds = time.perf_counter() - began
        out, errors = driver.communicate()
        assert driver.returncode == 0, errors[-2000:]
        left = [path.name for path in (self.home.built / WORKPLACE).iterdir() if path.suffix != ".lock"]
        assert not left, f"left behind: {left}"
        return json.loads(out.splitlines()[-1]), seconds, memory

    def clear(self) -> None:
        shutil.rmtree(self.target, ignore_errors=True)

    def listed(self) -> list[Path]:
        return [store.path for store in list_stores(self.home) if store.path == self.target]

    def essence(self) -> dict[str, Any]:
        """All that a manifest says of the store itself."""
        manifest = Manifest.load(self.target)
        timed = ("seconds", "allocated_bytes")
        splits = {split: {name: value for name, value in told.items() if name not in timed and "_s" not in name}
                  for split, told in manifest.splits.items()}  # fmt: skip
        return {"checksum": manifest.checksum, "files": manifest.files, "shards": manifest.shards, "splits": splits}

    def check_same(self) -> None:
        found = self.essence()
        for name, value in self.first.items():
            assert found[name] == value, f"{name} differs from that of one process"


def _by_ray(cluster: LocalCluster) -> tuple[str, ...]:
    return "--engine", "ray", "--address", cluster.address


def _environment(arguments: Sequence[str]) -> dict[str, str]:
    """The engine "plain" only for who asks for it: of a cluster, tasks with an environment of their own need workers of
    their own."""
    return {**os.environ, "FORMAT_MATTERS_PLUGINS": "benchmarks.plain_pool" if "plain" in arguments else ""}


if __name__ == "__main__":
    main()
