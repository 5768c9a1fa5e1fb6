"""How fast images are imported, what a million of them takes, and what is left to do after a kill.

    python -m benchmarks.importing FOLDER [FOLDER ...] [--rounds N]        images a second, in interleaved rounds
    python -m benchmarks.importing FOLDER --many 1000000 [--kill]          memory, disk and time by reference

A rate is images over the `seconds` of the verb's JSON, in a process and a home of its own each; the first round warms
the page cache and is not counted. Homes are removed at the end of all: on ext4, making files takes many times as long
for five minutes after as many were deleted, for each inode that was freed just now is passed over. `--many` links the
images over and over until there are enough, reads headers alone, and with `--kill` does so once more, is killed
(SIGKILL) after half of the time, and goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.build import repeat
from core.base.home import REPOSITORY
from core.base.package import ROOT

NAME = "speed"

WAYS: Mapping[str, Sequence[str]] = {
    "copied, decoded": (),
    "hard links, decoded": ("--copy", "hardlink"),
    "by reference, decoded": ("--reference",),
    "by reference, headers": ("--reference", "--check", "header"),
}

LOOK_SECONDS = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS), metavar="WAY")
    parser.add_argument("--many", type=int, metavar="N")
    parser.add_argument("--kill", action="store_true")
    given = parser.parse_args()
    # beside the first folder's disk: hard links do not lead to another one
    with tempfile.TemporaryDirectory(dir=given.images[0].parent) as temporary:
        if given.many:
            many(given.images[0], given.many, Path(temporary), given.kill)
        else:
            speed(given.images, given.rounds, given.ways, Path(temporary))


# ---------------------------------------------------------------- speed


def speed(folders: Sequence[Path], rounds: int, ways: Sequence[str], homes: Path) -> None:
    cases = [(folder, way) for folder in folders for way in ways]
    rates: dict[tuple[Path, str], list[float]] = {case: [] for case in cases}
    counts: dict[Path, int] = {}
    for turn in range(rounds + 1):
        for number, (folder, way) in enumerate(cases):
            told = imported(folder, homes / f"{turn}-{number}", WAYS[way])
            counts[folder] = sum(told["splits"].values())
            if turn:
                rates[folder, way].append(counts[folder] / told["seconds"])
    print(f"{rounds} interleaved rounds, {os.cpu_count()} CPUs\n")
    print("| import | images | median images/s | lowest | highest |")
    print("|---|---|---|---|---|")
    for (folder, way), found in rates.items():
        told_rates = " | ".join(f"{value:,.0f}" for value in (statistics.median(found), min(found), max(found)))
        print(f"| {folder.name}, {way} | {counts[folder]:,} | {told_rates} |")


def imported(folder: Path, home: Path, arguments: Sequence[str]) -> dict[str, Any]:
    """The verb's JSON, of an import in a process of its own."""
    done = subprocess.run(command(folder, home, arguments), cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def command(folder: Path, home: Path, arguments: Sequence[str]) -> list[str]:
    verb = ["import", str(folder), "--name", NAME, "--home", str(home), "--json", *arguments]
    return [sys.executable, "-m", ROOT, *verb]


# ---------------------------------------------------------------- many


class Watched:
    """An import in a process of its own, its memory and its home's size looked at as it goes."""

    def __init__(self, folder: Path, home: Path, kill_after: float | None = None) -> None:
        self.memory = self.disk = 0
        self.told: dict[str, Any] = {}
        began = time.perf_counter()
        arguments = [*WAYS["by reference, headers"], "--option", "val_fraction=0"]
        with subprocess.Popen(
            command(folder, home, arguments),
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            watcher = threading.Thread(target=self._watch, args=(process, home, began, kill_after))
            watcher.start()
            output = process.communicate()[0]
            watcher.join()
        self.seconds = time.perf_counter() - began
        if process.returncode == 0:
            self.told = json.loads(output.splitlines()[-1])

    def _watch(self, process: subprocess.Popen[str], home: Path, began: float, kill_after: float | None) -> None:
        while process.poll() is None:
            self.memory = max(self.memory, sum(map(memory_of, family(process.pid))))
            self.disk = max(self.disk, size_of(home))
            if kill_after is not None and time.perf_counter() - began > kill_after:
                process.send_signal(signal.SIGKILL)
            time.sleep(LOOK_SECONDS)


def many(images: Path, count: int, folder: Path, kill: bool) -> None:
    repeat(images, folder / "images", count)
    whole = Watched(folder / "images", folder / "home")
    rate = count / whole.told["seconds"]
    print(f"{count:,} files: {whole.told['seconds']:.1f} s, {rate:,.0f} files/s, {whole.seconds:.1f} s with the start")
    print(f"memory of all processes {whole.memory / 1e6:,.0f} MB, disk at most {whole.disk / 1e6:,.0f} MB")
    print(f"afterwards {size_of(folder / 'home') / 1e6:,.0f} MB", flush=True)
    if kill:
        half = Watched(folder / "images", folder / "killed", whole.seconds / 2)
        rest = Watched(folder / "images", folder / "killed")
        same = rest.told["fingerprint"] == whole.told["fingerprint"]
        print(f"killed after {half.seconds:.1f} s, the rest took {rest.seconds:.1f} s, {rest.told['resumed']:,} kept")
        print(f"disk at most {max(half.disk, rest.disk) / 1e6:,.0f} MB, the same fingerprint: {same}")


def family(process: int) -> list[int]:
    """A process and all below it, as Linux tells."""
    found, waiting = [], [process]
    while waiting:
        one = waiting.pop()
        found.append(one)
        try:
            tasks = list(Path(f"/proc/{one}/task").iterdir())
            waiting += [int(child) for task in tasks for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def memory_of(process: int) -> int:
    """The memory that a process has to itself, and its share of what it shares (PSS), in bytes."""
    try:
        told = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in told.splitlines() if line.startswith("Pss:")), 0)


def size_of(folder: Path) -> int:
    """Bytes of the blocks that the files below a folder take."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_blocks * 512
        except OSError:
            continue
    return total


if __name__ == "__main__":
    main()
