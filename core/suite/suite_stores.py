"""The stores that the suite loads from: one for each workload's images and encoding, built where it is not there."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

from ..base.events import Event, Result
from ..base.home import Home
from ..building import Build
from ..building.recipe import Recipe
from ..datasets.dataset import Dataset
from ..stores.store import list_stores
from .images import SIDE, SPLIT, encoding_of_files
from .workloads import SuiteWorkload


def store_for(home: Home, dataset: Dataset, workload: SuiteWorkload) -> Generator[Event, None, Path]:
    """The folder of the store of a workload. Raises what a build raises."""
    encoding, options = recipe_of(dataset, workload)
    variant = Recipe.of(home, dataset.name, workload.store, encoding, "none", options).variant
    there = {info.name: info for info in list_stores(home, dataset.name)}
    found = there.get(f"{workload.store}/{variant}")
    if found is None or found.manifest.fingerprint != dataset.fingerprint:
        build = Build(
            dataset.name, workload.store, encoding, options=options, force=found is not None, home=str(home.root)
        )
        yield from (event for event in build.run() if not isinstance(event, Result))
    return home.built / dataset.name / workload.store / variant


def recipe_of(dataset: Dataset, workload: SuiteWorkload) -> tuple[str, dict[str, Any]]:
    """The encoding of a workload's store and its options: files that are so encoded already stay as they are, and raw
    pixels of images that differ in shape need a size."""
    if workload.encoding == encoding_of_files(dataset):
        return "original", {}
    options = dict(workload.options)
    if workload.encoding == "raw" and not options and len(dataset.shapes(SPLIT)) > 1:
        options["size"] = SIDE
    return workload.encoding, options
