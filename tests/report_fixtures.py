"""Constructed measurements with a known best."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from core.report.evidence import (
    Access,
    DatasetFacts,
    Evidence,
    Loading,
    LoadingConfiguration,
    StoreFacts,
    Training,
    TrainingResult,
)
from core.report.figures import Figure, RunSource, figure

RUN = RunSource("loader-1", "loader", "2026-11-21T10:00:00+00:00", "/runs/loader-1.jsonl")
WARM = LoadingConfiguration("fast", 256, "auto", "none", "cpu", "float32", "train", "warm")
COLD = WARM._replace(cache="cold")
MACHINE = {"processor": "A processor", "cpus_usable": 2, "memory_bytes": 16_000_000_000, "identity": "abcd1234"}
SAMPLES = 1_000


def built(name: str, each: int, files: int = 2, encoding: str = "raw", **more: object) -> StoreFacts:
    """A store of `SAMPLES` images that takes `each` bytes an image."""
    form = name.split("/")[0]
    sizes = dict.fromkeys(("used_bytes", "allocated_bytes", "apparent_bytes"), each * SAMPLES)
    told = {
        "compression": "none",
        "payload_bytes": each * SAMPLES * 9 // 10,
        "build_s": 2.0,
        "paces": (0.0015, 0.0025),
        "built": "2026-11-21T09:00:00+00:00",
        "path": f"/home/data/built/shapes/{name}",
        "even": encoding == "raw",
    }
    return StoreFacts(name=name, format=form, encoding=encoding, samples=SAMPLES, files=files,
                      **{**sizes, **told, **more})  # type: ignore[arg-type]  # fmt: skip


def speeds(median: float, spread: float = 0.02, times: int = 5, run: RunSource = RUN) -> Figure:
    """A figure whose values lie evenly around a median."""
    steps = [spread * (2 * number / max(times - 1, 1) - 1) for number in range(times)]
    return figure([median * (1 + step) for step in steps] if times > 1 else [median], run)


def loaded(
    store: str, median: float, spread: float = 0.02, configuration: LoadingConfiguration = WARM, run: RunSource = RUN
) -> Loading:
    stages = {"fetch": 1.0, "decode": 5.0}
    return Loading(
        store, configuration, speeds(median, spread, run=run), speeds(0.5, run=run), None, stages, {"read": 9e6}
    )


def result(store: str, speed: float, order: str = "shuffled", wait: float = 0.03) -> TrainingResult:
    waits = figure([wait, wait, wait], RUN)
    return TrainingResult(
        store, order, speeds(speed, times=3), waits, speeds(0.4), (0.3, 0.4, 0.5), (1.9, 1.7, 1.5), 1.0
    )


def trained(results: Sequence[TrainingResult], identical: bool | None = True) -> Training:
    run = RunSource("train-1", "train", "2026-11-21T11:00:00+00:00")
    return Training(run, "small", "cpu", 64, 3, tuple(results), identical, "Same result to the last bit.")


def accessed(way: str, operation: str, rate: float, samples: int = 1_000) -> Access:
    return Access(way, operation, samples, speeds(rate).turned(lambda value: samples / value), 4096 * samples)


STORES = (
    built("disk/original", 4_100, files=SAMPLES + 2, encoding="original"),
    built("lmdb/raw", 4_000),
    built("hdf5/raw", 3_100),
    built("hdf5/original", 940, encoding="original"),
)
LOADS = (
    loaded("disk/original", 30_000),
    loaded("lmdb/raw", 840_000),
    loaded("hdf5/raw", 780_000),
    loaded("hdf5/original", 200_000),
)


def evidence(**more: object) -> Evidence:
    """Four stores: lmdb/raw is the fastest, hdf5/raw nearly, hdf5/original the smallest by far."""
    images = DatasetFacts("shapes", "f" * 32, {"train": 800, "val": 200}, 10, 900_000, 0.9, 1.2)
    told = Evidence(images, MACHINE, {"numpy": "2"}, STORES, LOADS, taken="2026-11-21T12:00:00+00:00",
                    disk_free=69_000_000_000)  # fmt: skip
    return dataclasses.replace(told, **more)  # type: ignore[arg-type]
