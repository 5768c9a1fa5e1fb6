"""Ours, over LMDB, through a plain DataLoader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.peers import Work, ours


def prepare(work: Work, folder: Path) -> None:
    ours.build(work, folder, "lmdb", "none")


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    return ours.open_loader(work, folder, workers, "torch")
