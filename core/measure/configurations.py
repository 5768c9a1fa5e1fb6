"""The configurations of a loader experiment: every combination of stores and loading options, each with a name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from ..base.errors import InputError
from ..loading.loaders import LOADERS
from ..stores.store import Manifest

VARIED = ("store", "loader", "batch_size", "workers", "transform", "device", "output")
"""What a configuration may differ in from another, in the order of its name."""


@dataclass(frozen=True)
class LoaderConfiguration:
    """One store and how it is loaded. `store` is "format/variant", `path` its folder, `workers` as asked for."""

    store: str
    path: str
    format: str
    variant: str
    dataset: str
    loader: str
    batch_size: int
    workers: str
    transform: str
    device: str
    output: str

    @property
    def name(self) -> str:
        """ "lmdb/raw, fast, batch 256, workers auto, none, cpu, float32": the same in every experiment."""
        parts = (
            self.store, self.loader, f"batch {self.batch_size}", f"workers {self.workers}",
            self.transform, self.device, self.output,
        )  # fmt: skip
        return ", ".join(parts)

    @property
    def work(self) -> tuple[str, int, str, str, str]:
        """What decides the ceilings: configurations that share it differ in who does the work only."""
        return self.path, self.batch_size, self.transform, self.device, self.output

    def told(self) -> dict[str, Any]:
        """For a row or a live figure; `workers` is left to what the load really had."""
        fields = dataclasses.asdict(self)
        asked = fields.pop("workers")
        return {"configuration": self.name, **fields, "workers_asked": asked}


def combine(
    stores: Mapping[str, Manifest], options: Mapping[str, Sequence[Any]]
) -> tuple[list[LoaderConfiguration], list[str]]:
    """Every store (folder -> manifest) in every combination of `options`: a list for each other field of `VARIED`.

    Returns the configurations, and a sentence for each combination that there cannot be. Raises InputError where none
    is left or something is named twice.
    """
    for name, values in (("stores", list(stores)), *options.items()):
        if not values:
            raise InputError(f"{name}: name one or more")
    configurations: dict[str, LoaderConfiguration] = {}
    left_out: dict[str, None] = {}
    for (path, manifest), *values in product(stores.items(), *options.values()):
        configuration = _configuration(path, manifest, dict(zip(options, values, strict=True)))
        if reason := _impossible(configuration):
            left_out[reason] = None
        else:
            configurations[configuration.name] = configuration
    if not configurations:
        raise InputError(" ".join(left_out))
    return list(configurations.values()), list(left_out)


def _configuration(path: str, manifest: Manifest, options: Mapping[str, Any]) -> LoaderConfiguration:
    store = f"{manifest.format}/{manifest.variant}"
    return LoaderConfiguration(store, path, manifest.format, manifest.variant, manifest.dataset, **options)


def _impossible(configuration: LoaderConfiguration) -> str:
    """Why there cannot be such a load; empty where there can."""
    if configuration.workers.startswith("threads") and not LOADERS[configuration.loader].threads:
        loader, workers = configuration.loader, configuration.workers
        return f"The {loader} loader has no threads, so it was left out with workers {workers}."
    return ""


def varied(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The fields of `VARIED` in which these rows differ; the store where none does."""
    differing = [name for name in VARIED if len({str(row.get(_told_as(name))) for row in rows}) > 1]
    return differing or ["store"]


def _told_as(name: str) -> str:
    return "workers_asked" if name == "workers" else name
