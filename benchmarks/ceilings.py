"""How near a store's loading comes to what this machine can do, as float32 and as uint8.

    python -m benchmarks.ceilings STORE... [--transform T] [--batch-size N] [--rounds N] [--seconds S]

Every store is loaded with either output, in turns; medians. Each turn measures its own limits just before (see
core/loading/stage_limits.py), in images per second on all CPUs at once: `read`, the stored bytes copied out of the
container; `decode`, these decompressed and decoded; `collate`, all that the host does, without a consumer; `memory`,
one copy of the finished batches.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping
from typing import Any

from core.base.events import finish
from core.loading.task import Load

CEILINGS = ("read", "decode", "collate", "memory")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", nargs="+")
    parser.add_argument("--transform", default="none")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    given = parser.parse_args()
    settings = [(store, output) for store in given.stores for output in ("float32", "uint8")]
    turns: dict[tuple[str, str], list[Mapping[str, Any]]] = {setting: [] for setting in settings}
    for _ in range(given.rounds):
        for store, output in settings:
            load = Load(
                store, output=output, transform=given.transform, batch_size=given.batch_size, seconds=given.seconds
            )
            turns[store, output].append(finish(load.run()))
    print(
        "| store | output | images/s | lowest - highest | share of reading | of decoding | of collating | of memory |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for (store, output), told in turns.items():
        print(f"| {'/'.join(store.split('/')[-2:])} | {output} | {row(told)} |")


def row(turns: list[Mapping[str, Any]]) -> str:
    rates = [turn["samples_per_s"] for turn in turns]
    cells = [f"{statistics.median(rates):,.0f}", f"{min(rates):,.0f} - {max(rates):,.0f}"]
    return " | ".join(cells + [share(turns, ceiling) for ceiling in CEILINGS])


def share(turns: list[Mapping[str, Any]], ceiling: str) -> str:
    """The median of the turns' own shares, in percent."""
    shares = [turn["samples_per_s"] / turn["ceilings"][ceiling] for turn in turns if ceiling in turn["ceilings"]]
    return f"{statistics.median(shares):.0%}" if shares else ""


if __name__ == "__main__":
    main()
