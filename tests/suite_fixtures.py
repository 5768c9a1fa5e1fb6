"""Suites with chosen figures, for the tests of their file, page and table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ME = {"processor": "Chip A", "cpus_usable": 2, "memory_bytes": 16_000_000_000, "file_system": "ext4", "gpus": []}


def repeat(loader: str, number: int, speed: float, cost_us: float, **more: Any) -> dict[str, Any]:
    """One timed run."""
    return {
        "loader": loader, "store": "tar/original", "round": number, "samples_per_s": speed,
        "cpu_s_per_sample": cost_us / 1e6, "peak_memory_bytes": 4e8, "bytes_on_disk": 5e7, "first_batch_s": 0.3,
        "prepare_s": 2.0, "of_ceiling": 0.5, "shuffle_quality": 1.0, "workers": "2", "background_load": 0.02,
        "seconds": 2.0, "samples": int(2 * speed), "unique": 1000, "rival": True, **more,
    }  # fmt: skip


def workload(name: str, speeds: Mapping[str, tuple[float, float]], rounds: int = 5, **more: Any) -> dict[str, Any]:
    """`speeds`: loader -> images/s and microseconds per image."""
    repeats = [
        repeat(loader, number, speed * (1 + 0.004 * number), cost)
        for number in range(1, rounds + 1)
        for loader, (speed, cost) in speeds.items()
    ]
    return {
        "name": name, "title": f"Workload {name}", "images": "small", "encoding": "jpeg", "transform": "none",
        "batch_size": 256, "cache": "cold" if name.endswith("-cold") else "warm", "samples": 20_000, "seconds": 2.0,
        "rounds": rounds, "complete": True, "reason": "", "repeats": repeats, "refused": [], **more,
    }  # fmt: skip


SPEEDS = {
    "fast": (300_000.0, 6.5),
    "ffcv": (148_000.0, 13.3),
    "torch": (26_000.0, 75.0),
    "webdataset": (12_000.0, 160.0),
}


def suite(workloads: Sequence[Mapping[str, Any]] | None = None, number: int = 1, **more: Any) -> dict[str, Any]:
    """A suite of one workload and its cold one."""
    cold = workload("small-jpeg-cold", {"fast": (90_000.0, 9.0), "ffcv": (60_000.0, 20.0)}, rounds=3)
    refused = [{"loader": "dali", "reason": "it reads no raw pixels"}]
    return {
        "format_matters_suite": 1,
        "name": f"suite-20260101-0{number}0000-000000",
        "started": f"2026-01-01T0{number}:00:00+00:00",
        "ended": f"2026-01-01T0{number}:50:00+00:00",
        "minutes": 50.0,
        "command": "python -m core experiment suite",
        "rules": ["The same images, in the same encoding."],
        "machine": ME,
        "versions": {"numpy": "2.0"},
        "images": {
            "small": {
                "from": "generated", "generated": True, "samples": 20_000, "classes": 10, "fingerprint": "f" * 32,
                "bytes": 2e7, "shape": "32 x 32",
            }
        },
        "rivals": [
            {"name": name, "title": name.title(), "container": "tar", "version": "1.0", "licence": "MIT",
             "description": "It decodes.", "fair": "Workers are searched.", "installed": True}
            for name in (*SPEEDS, "dali")
        ],
        "workloads": [*(workloads or (workload("small-jpeg", SPEEDS, refused=refused), cold))],
        **more,
    }  # fmt: skip
