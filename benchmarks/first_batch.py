"""How long a training script waits for its first batch: each time in a process of its own.

    python -m benchmarks.first_batch STORE... [--transforms none train224] [--batch-size N] [--rounds N]
                                     [--never N] [--compiling]

STORE is a store's folder, or one with stores below it. The clock runs from `open_store` to the first batch: opening,
importing the compiler, loading what it compiled before, choosing the workers, the batch itself. PyTorch is imported
before, as a training script does anyway. The stores take turns; the first round is left out.

`--never` also says how long the first batch took where no kernel was ever compiled, N times each (0: not at all).
`--compiling` compiles all kernels into an empty folder, at the priority of everything else, and says what that took.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from core.loading import compile_now
from core.loading.kernel_cache import VARIABLE

SCRIPT = """
import sys, time
import torch
begin, spent = time.perf_counter(), time.process_time()
from core import open_store
loader = open_store(sys.argv[1]).loader(batch_size=int(sys.argv[2]), transform=sys.argv[3])
for images, labels in loader:
    print(time.perf_counter() - begin, time.process_time() - spent)
    break
from core.loading.compiling import stop
stop()
"""

COMPILE = "from core.loading.compile_kernels import main; main([])"


class First(NamedTuple):
    """Seconds to a first batch: the clock's, and the processor's."""

    seconds: float
    processor: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", nargs="+", type=Path)
    parser.add_argument("--transforms", nargs="+", default=["none"])
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--never", type=int, default=0, metavar="N")
    parser.add_argument("--compiling", action="store_true")
    given = parser.parse_args()
    if given.compiling:
        print(compiling())
    compile_now()
    works = [(str(store), transform) for store in stores(given.stores) for transform in given.transforms]
    found: dict[tuple[str, str], list[First]] = {work: [] for work in works}
    for turn in range(given.rounds + 1):
        for store, transform in works:
            taken = first_batch(store, given.batch_size, transform)
            if turn:
                found[store, transform].append(taken)
    print("| store | transform | first batch, s | lowest - highest | processor, s | never compiled, s |")
    print("|---|---|---|---|---|---|")
    for (store, transform), firsts in found.items():
        seconds = [first.seconds for first in firsts]
        never = [uncompiled(store, given.batch_size, transform).seconds for _ in range(given.never)]
        print(
            f"| {'/'.join(Path(store).parts[-2:])} | {transform} | {statistics.median(seconds):.2f} "
            f"| {min(seconds):.2f} - {max(seconds):.2f} | {min(first.processor for first in firsts):.2f} "
            f"| {f'{statistics.median(never):.2f}' if never else ''} |"
        )


def stores(given: list[Path]) -> list[Path]:
    """The stores in these folders, or that these folders are."""
    return sorted({manifest.parent for path in given for manifest in path.rglob("manifest.json")})


def first_batch(store: str, batch_size: int, transform: str, environment: Mapping[str, str] | None = None) -> First:
    """As the process itself says, which ends what it has started. Python keeps what it compiled of modules, as it does
    unless it is told otherwise: else the compiling of ours would be timed."""
    told = os.environ if environment is None else environment
    environment = {name: value for name, value in told.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", SCRIPT, store, str(batch_size), transform]
    folder = Path(__file__).parent.parent
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=environment)
    return First(*map(float, done.stdout.split()))


def uncompiled(store: str, batch_size: int, transform: str) -> First:
    """Where no kernel was ever compiled."""
    with empty_cache() as environment:
        return first_batch(store, batch_size, transform, environment)


def compiling() -> str:
    """What it takes to compile every kernel, in words."""
    with empty_cache() as environment:
        begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", COMPILE], cwd=Path(__file__).parent.parent, env=environment, check=True)
        seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"all kernels compiled in {seconds:.1f} s, {spent:.1f} s of them the processor's\n"


@contextmanager
def empty_cache() -> Iterator[dict[str, str]]:
    """An environment in which no kernel was ever compiled, and which is gone at the end."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", VARIABLE)}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield {**kept, "XDG_CACHE_HOME": folder}


if __name__ == "__main__":
    main()
