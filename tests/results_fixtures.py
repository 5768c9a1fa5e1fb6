"""Records with chosen figures, for the tests of results."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.base.home import Home
from core.measure.records import RunRecord, read_record

ME = {"processor": "Chip A", "cpus_usable": 8, "memory_bytes": 16_000_000_000, "file_system": "ext4", "gpus": []}
MONITOR = "ts,gpu_util,gpu_mem_mb,cpu_pct,rss_mb,read_mb,write_mb\n1.0,,,150,300,0,0\n1.5,,,160,310,1,0\n"


def write_record(
    home: Home,
    experiment: str,
    rows: Sequence[Mapping[str, Any]],
    number: int = 1,
    machine: Mapping[str, Any] | None = ME,
    **setup: Any,
) -> RunRecord:
    """A record in a session of its own, measured on 2026-01-01 at `number` o'clock."""
    folder = home.runs / f"session-{number}"
    folder.mkdir(parents=True, exist_ok=True)
    if machine is not None:
        (folder / "sysinfo.json").write_text(json.dumps(machine))
    path = folder / f"{experiment}-20260101-{number:02d}0000-000000.jsonl"
    about = {
        "kind": "setup",
        "experiment": experiment,
        "datasets": ["shapes"],
        "started": f"2026-01-01T{number:02d}:00:00+00:00",
        "session": folder.name,
        "fingerprints": {"shapes": "f" * 32},
        "versions": {"numpy": "2.0"},
    }
    path.write_text("".join(json.dumps(line) + "\n" for line in ({**about, **setup}, *rows)))
    path.with_suffix(".monitor.csv").write_text(MONITOR)
    record = read_record(path)
    assert record is not None
    return record


def repeats(store: str, speeds: Sequence[float], **about: Any) -> list[dict[str, Any]]:
    """Repeats of a loader experiment."""
    format, variant = store.split("/")
    shared = {"loader": "fast", "batch_size": 256, "transform": "none", "device": "cpu", "output": "float32"}
    return [
        {
            "kind": "repeat", "store": store, "format": format, "variant": variant, **shared, "round": number,
            "workers_asked": "auto", "samples_per_s": speed, "first_batch_s": 0.01, "samples": 1000,
            "seconds": 1000 / speed, "configuration": f"{store} {about}", **about,
        }
        for number, speed in enumerate(speeds, 1)
    ]  # fmt: skip


def times(way: str, operation: str, samples: int, seconds: Sequence[float]) -> dict[str, Any]:
    """A row of a storage experiment."""
    format, variant = way.split("/")
    return {
        "kind": "row", "format": format, "variant": variant, "operation": operation, "samples": samples,
        "seconds": list(seconds), "bytes": samples * 3072,
    }  # fmt: skip


def loader_record(home: Home, number: int = 1, factor: float = 1.0, **more: Any) -> RunRecord:
    """LMDB clearly ahead of HDF5, and the two disks undecided."""
    rows = [
        *repeats("lmdb/raw", [factor * speed for speed in (200.0, 202.0, 205.0)]),
        *repeats("hdf5/raw", [factor * speed for speed in (100.0, 101.0, 102.0)]),
        *repeats("disk/png", [40.0, 60.0, 50.0]),
        *repeats("disk/jpeg", [45.0, 62.0, 50.0]),
    ]
    machine = more.pop("machine", ME)
    setup = {"split": "train", "cache": "warm", "rounds": 3, "seconds": 1.0, **more}
    return write_record(home, "loader", rows, number, machine, **setup)
