"""Ours, over LMDB: `store.loader(...)`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.peers import Work

FORMAT, COMPRESSION, LOADER = "lmdb", "none", "fast"


def prepare(work: Work, folder: Path) -> None:
    build(work, folder, FORMAT, COMPRESSION)


def build(work: Work, folder: Path, format: str, compression: str) -> None:
    from core.base.events import finish
    from core.building import Build
    from core.datasets.importing import Import

    source = folder / "images"
    shutil.copytree(work.images, source / "train")
    first, _ = work.files()[0]
    (source / "val" / first.parent.name).mkdir(parents=True)  # with a split of its own, nothing is taken from ours
    shutil.copy(first, source / "val" / first.parent.name)
    finish(Import(str(source), "images", home=str(folder)).run())
    options = {"size": str(work.raw_size)} if work.raw_size else {}
    encoding = "raw" if work.raw else "original"
    finish(Build("images", format, encoding, compression, options, home=str(folder)).run())


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    return open_loader(work, folder, workers, LOADER)


def open_loader(work: Work, folder: Path, workers: int, loader: str) -> Callable[[], Iterator[Any]]:
    from core.stores.store import open_store

    (manifest,) = folder.glob("data/built/images/*/*/manifest.json")
    transform = "train224" if work.train224 else "none"
    given = open_store(manifest.parent).loader(
        batch_size=work.batch_size, workers=workers, transform=transform, loader=loader
    )
    return lambda: iter(given)
