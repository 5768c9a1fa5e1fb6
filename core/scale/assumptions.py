"""What cannot be measured here: storage, network, memory of nodes elsewhere, and prices. Every value has a default that
is told as an assumption; none is claimed to be a vendor's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..base.errors import InputError
from ..base.options import Value, configure, option, options_of

HERE = "here"
"""The storage that was measured: the disk that the home lies on."""


MOST = 1e12


@dataclass(frozen=True)
class ScaleAssumptions:
    """Rates are a node's unless they say otherwise; MB and GB are powers of 1000. Prices are in one currency."""

    read_mb_s: float = option(
        1000.0, "MB/s that a node reads from the storage", minimum=1e-3, maximum=MOST, title="Read (MB/s)"
    )
    write_mb_s: float = option(500.0, "MB/s that a node writes to it", minimum=1e-3, maximum=MOST, title="Write (MB/s)")
    latency_ms: float = option(
        0.1, "milliseconds until a request's first byte", minimum=0.0, maximum=MOST, title="Latency (ms)"
    )
    requests_s: float = option(
        100_000.0, "requests per second: of a node where the storage is its own, of all where it is over a network",
        minimum=1e-3, maximum=MOST, title="Requests/s",
    )  # fmt: skip
    in_flight: int = option(
        1, "requests that a CPU has under way at a time", minimum=1, maximum=MOST, title="Requests in flight"
    )
    range_mb: float = option(
        8.0, "MB of a request where shards are streamed or uploaded", minimum=1e-3, maximum=MOST, title="Request (MB)"
    )
    network_gbit_s: float = option(
        10.0,
        "Gbit/s of a node's network, where the storage is over one",
        minimum=1e-3,
        maximum=MOST,
        title="Network (Gbit/s)",
    )
    memory_gb: float = option(
        16.0, "GB of a node that can hold what was read before (page cache, disk cache)", minimum=0.0, maximum=MOST,
        title="Cache a node (GB)",
    )  # fmt: skip
    cpu_speed: float = option(
        1.0, "speed of a CPU relative to this machine's", minimum=1e-3, maximum=MOST, title="CPU speed"
    )
    engine_start_s: float = option(
        8.0,
        "seconds until an engine's workers run on several nodes",
        minimum=0.0,
        maximum=MOST,
        title="Engine start (s)",
    )
    node_hour: float = option(0.50, "price of an hour of a node", minimum=0.0, maximum=MOST, title="Node hour")
    gb_month: float = option(0.025, "price of a GB stored for a month", minimum=0.0, maximum=MOST, title="GB month")
    get_1000: float = option(0.0, "price of 1,000 requests that read", minimum=0.0, maximum=MOST, title="1,000 reads")
    put_1000: float = option(0.0, "price of 1,000 requests that write", minimum=0.0, maximum=MOST, title="1,000 writes")
    egress_gb: float = option(
        0.0, "price of a GB that leaves the storage", minimum=0.0, maximum=MOST, title="GB egress"
    )


UNITS: Mapping[str, str] = {
    "read_mb_s": "MB/s", "write_mb_s": "MB/s", "latency_ms": "ms", "requests_s": "1/s", "in_flight": "per CPU",
    "range_mb": "MB", "network_gbit_s": "Gbit/s", "memory_gb": "GB", "cpu_speed": "times", "engine_start_s": "s",
    "node_hour": "currency", "gb_month": "currency", "get_1000": "currency", "put_1000": "currency",
    "egress_gb": "currency",
}  # fmt: skip


class StorageKind(NamedTuple):
    """`network`: reached over one, so that its traffic counts there; `streamed`: shards are read whole, in ranges,
    rather than sample by sample."""

    title: str
    values: Mapping[str, float]
    network: bool = False
    streamed: bool = False


STORAGES: Mapping[str, StorageKind] = {
    HERE: StorageKind("this machine's disk", {}),
    "disk": StorageKind(
        "hard disks", {"read_mb_s": 150, "write_mb_s": 150, "latency_ms": 8, "requests_s": 150, "gb_month": 0.02}
    ),
    "ssd": StorageKind(
        "SATA SSDs", {"read_mb_s": 500, "write_mb_s": 400, "latency_ms": 0.15, "requests_s": 60_000, "gb_month": 0.08}
    ),
    "nvme": StorageKind(
        "NVMe SSDs", {"read_mb_s": 3000, "write_mb_s": 1500, "latency_ms": 0.1, "requests_s": 300_000, "gb_month": 0.1}
    ),
    "nfs": StorageKind(
        "a shared file system", {"read_mb_s": 500, "write_mb_s": 300, "latency_ms": 1, "requests_s": 20_000,
                                 "gb_month": 0.2}, network=True,
    ),
    "s3": StorageKind(
        "object storage", {"read_mb_s": 1000, "write_mb_s": 500, "latency_ms": 30, "requests_s": 5000,
                           "in_flight": 8, "gb_month": 0.023, "get_1000": 0.0004, "put_1000": 0.005},
        network=True, streamed=True,
    ),
}  # fmt: skip
"""Orders of magnitude, each an assumption."""


class SourcedValue(NamedTuple):
    """Where a value comes from, in words ("assumed", "given", "measured here, ...")."""

    value: Value
    where: str


@dataclass(frozen=True)
class Surroundings:
    """The assumptions that a plan is made under, and where each comes from."""

    storage: str
    assumed: ScaleAssumptions
    sources: Mapping[str, str]

    @property
    def kind(self) -> StorageKind:
        return STORAGES[self.storage]

    def rows(self) -> list[dict[str, Any]]:
        """Name, value, unit, where from and what it means of each."""
        declared = options_of(ScaleAssumptions)
        values = dataclasses.asdict(self.assumed)
        return [
            {"name": name, "value": values[name], "unit": UNITS[name], "from": self.sources[name],
             "about": declared[name].help}
            for name in declared
        ]  # fmt: skip


def surroundings(storage: str, given: Mapping[str, Any], measured: Mapping[str, SourcedValue]) -> Surroundings:
    """`given` as the user gave it (text or numbers), else the storage's own defaults, else what this machine tells.

    Raises InputError for an unknown storage or name, and for a value that cannot be.
    """
    if storage not in STORAGES:
        raise InputError(f"unknown storage {storage!r}; choose one of {', '.join(STORAGES)}")
    here = {name: source.value for name, source in measured.items()}
    values = {**here, **STORAGES[storage].values, **given}
    sources = dict.fromkeys(options_of(ScaleAssumptions), "assumed")
    sources |= {name: source.where for name, source in measured.items() if name not in STORAGES[storage].values}
    sources |= dict.fromkeys(given, "given")
    return Surroundings(storage, configure(ScaleAssumptions, values, "a plan"), sources)
