"""Our loader and its peers on the same images, interleaved: images per second, whole shuffled epochs.

    python -m benchmarks.loaders CIFAR PHOTOS [--peers-python PYTHON] [--folder FOLDER] [--prepare] [--rounds N]
                                [--works ...] [--peers ...] [--busy N] [--first-batch N] [--against CHECKOUT]
                                [--out RESULTS.md]

CIFAR and PHOTOS are folders of class folders of JPEGs. Peers run in processes of their own, with the Python given by
`--peers-python` (an environment with benchmarks/requirements-peers.txt); ours runs with this one. Every peer's first
epoch is compared with the images (count, labels, mean colour, how well it is shuffled) before anything is timed; one
that does not install or holds something else is listed with the reason. Each is tried with some numbers of workers, and
timed with the best of these (`name@N` takes N); then all take turns, an epoch each, for N rounds. Of each epoch the
processor time of the peer's whole process tree is taken as well (`process_time`).

Without `--peers` each work has those of `CAST`; without `--works` all of them run. After the tables of the works comes
one of what should be reached (`loader_goals`), with the block shuffle's quality and, with `--first-batch N`, how long
the first batches of our stores took, N times each (`lone_goals`). `--busy N` keeps N processes spinning while anything
is timed: what a loader is worth beside other work. `--prepare` only writes the files that are not there yet in
`--folder`; they stay for the next run.

With `--against`, each of our loaders is timed beside itself as it is in another checkout, on the same stores and with
the same workers: a table of ratios with their 95% intervals (`core.measure.statistics.ratio`).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.loader_goals import Measured, verdicts
from benchmarks.loader_peers import Refused, measure, start
from benchmarks.loader_tables import conditions, keep, table, table_against
from benchmarks.lone_goals import block_shuffle, first_batches
from benchmarks.other_work import OtherWork
from benchmarks.peers import Work, works
from benchmarks.peers.entries import OURS
from benchmarks.peers.parts import make_part

CAST = {
    "cifar-raw": ["ours", "ours_hdf5", "ours_bfloat16", "ours_hdf5_bfloat16", "ffcv", "ffcv_passive"],
    "cifar-jpeg": ["ours", "ours_hdf5", "ffcv", "ffcv_passive", "ffcv_original"],
    "photos-jpeg": ["ours", "ours_jpeg_index", "ffcv", "ffcv_passive", "ffcv_original", "dali"],
    "photos-raw": ["ours", "ours_hdf5", "ffcv", "ffcv_passive"],
    "cifar-png": [
        "ours", "ours_hdf5", "ours_disk", "torch_pillow", "torch_imagecodecs", "torch_opencv", "lmdb_pillow",
        "lmdb_imagecodecs", "lmdb_opencv",
    ],
    "one-batch": ["ours@1", "ours@2"],
}  # fmt: skip
"""Who runs where nobody is named: ours, and the rivals that came near."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cifar", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--folder", type=Path, help="where the peers write (default: a temporary folder)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, nargs="+", help="those to try (default: each entry's own)")
    parser.add_argument("--works", nargs="+", choices=CAST, default=list(CAST))
    parser.add_argument("--peers", nargs="+", help="(default: those of each work that are worth it)")
    parser.add_argument("--busy", type=int, default=0, help="processes that spin while anything is timed")
    parser.add_argument("--first-batch", type=int, default=0, metavar="N", help="time our first batches, N times each")
    parser.add_argument("--prepare", action="store_true", help="only write the peers' files")
    parser.add_argument("--against", type=Path, help="another checkout, whose own loaders are timed beside ours")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def cast(work: str, given: argparse.Namespace) -> list[str]:
    """Who takes part in a work."""
    names = given.peers or CAST[work]
    return [name for name in names if name.partition("@")[0] in OURS] if given.against else names


def prepare(work: Work, given: argparse.Namespace) -> None:
    """Write what is not there; its first epoch is read and checked, too."""
    for name in cast(work.name, given):
        try:
            start(name.partition("@")[0], work, given, 1).close()
            print(work.name, name, "prepared", flush=True)
        except Refused as reason:
            print(work.name, name, reason, flush=True)


def run(given: argparse.Namespace) -> None:
    """All works in turn; the tables so far are kept after each."""
    known = works(given.cifar, given.photos, given.folder)
    tables, measured = [conditions(given.busy, given.rounds)], Measured()
    print(tables[0], flush=True)
    with OtherWork(given.busy) as others:
        for name in given.works:
            work = known[name]
            make_part(work, given.cifar)
            if given.prepare:
                prepare(work, given)
                continue
            peers, refused = measure(work, cast(name, given), given, others)
            measured[name] = peers
            tables.append(table_against(work, peers) if given.against else table(work, peers, refused))
            print(tables[-1], flush=True)
            if given.out:
                keep("\n".join(tables), given.out)
    if given.against or given.prepare:
        return
    lone = [block_shuffle(known["cifar-raw"])]
    if given.first_batch:
        lone += first_batches([known[name] for name in given.works], given.folder, given.first_batch)
    tables.append(verdicts(measured, given.busy, lone))
    print(tables[-1], flush=True)
    if given.out:
        keep("\n".join(tables), given.out)


def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory() as temporary:
        given.folder = given.folder or Path(temporary)
        run(given)


if __name__ == "__main__":
    main()
