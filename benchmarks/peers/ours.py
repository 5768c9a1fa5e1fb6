"""Ours: `store.loader(...)` over a store of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.peers import Work

FILES = "data/built"
"""Where what is counted lies; beside it there are the images that were imported."""


def prepare(
    work: Work, folder: Path, format: str, compression: str = "none", options: Mapping[str, str] | None = None
) -> None:
    """Import the images and build one store of them."""
    from core.base.events import finish
    from core.building import Build
    from core.importing.task import Import

    source = folder / "images"
    shutil.copytree(work.images, source / "train")
    first, _ = work.files()[0]
    (source / "val" / first.parent.name).mkdir(parents=True)  # with a split of its own, nothing is taken from ours
    shutil.copy(first, source / "val" / first.parent.name)
    finish(Import(str(source), "images", home=str(folder)).run())
    sized = {"size": str(work.raw_size)} if work.raw_size else {}
    encoding = "raw" if work.raw else "original"
    finish(Build("images", format, encoding, compression, sized | dict(options or {}), home=str(folder)).run())


def open_epochs(
    work: Work, folder: Path, workers: int, loader: str = "fast", output: str = "float32"
) -> Callable[[], Iterator[Any]]:
    from core.stores.store import open_store

    (manifest,) = folder.glob("data/built/images/*/*/manifest.json")
    transform = "train224" if work.train224 else "none"
    given = open_store(manifest.parent).loader(
        batch_size=work.batch_size, workers=workers, transform=transform, loader=loader, output=output
    )
    return lambda: iter(given)
