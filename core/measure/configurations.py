"""The configurations of a loader experiment: every combination of stores and loading options, each with a name.

A rival (`core.rivals`) brings its own container of the samples of a store, so it has one configuration for all stores
of the same payloads, in whatever format and compression these keep them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from ..base.errors import InputError
from ..loading.loaders import LOADERS
from ..rivals import RIVALS
from ..stores.store import Manifest
from .rival_choice import check_known, encoding_variant, is_first_of_payloads, why_impossible, with_rivals
from .rival_rows import is_rival_name

VARIED = ("store", "loader", "batch_size", "workers", "transform", "device", "output")
"""What a configuration may differ in from another, in the order of its name."""


@dataclass(frozen=True)
class LoaderConfiguration:
    """One store and how it is loaded. `store` is "format/variant", `path` its folder, `workers` as asked for.

    Of a `rival`, `format` is what it keeps images in, `variant` how the samples are encoded, and `path` the folder of
    the store that they come from.
    """

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
    rival: bool = False

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
        asked, rival = fields.pop("workers"), fields.pop("rival")
        return {"configuration": self.name, **fields, "workers_asked": asked, **({"rival": True} if rival else {})}


def combine(
    stores: Mapping[str, Manifest], options: Mapping[str, Sequence[Any]], split: str = "train"
) -> tuple[list[LoaderConfiguration], list[str]]:
    """Every store (folder -> manifest) in every combination of `options`: a list for each other field of `VARIED`.

    Returns the configurations, and a sentence for each combination that there cannot be. Raises InputError for an
    unknown loader, and where none is left.
    """
    for name, values in (("stores", list(stores)), *options.items()):
        if not values:
            raise InputError(f"{name}: name one or more")
    check_known(options["loader"])
    rivals = with_rivals(options["loader"])
    configurations: dict[str, LoaderConfiguration] = {}
    left_out: dict[str, None] = {}
    for (path, manifest), *values in product(stores.items(), *options.values()):
        chosen = dict(zip(options, values, strict=True))
        if is_rival_name(chosen["loader"]) and not is_first_of_payloads(path, stores):
            continue
        configuration = _configuration(path, manifest, chosen)
        if reason := _impossible(configuration, manifest, split, rivals):
            left_out[reason] = None
        else:
            configurations[configuration.name] = configuration
    if not configurations:
        raise InputError(" ".join(left_out))
    return list(configurations.values()), list(left_out)


def _configuration(path: str, manifest: Manifest, options: Mapping[str, Any]) -> LoaderConfiguration:
    format, variant, rival = manifest.format, manifest.variant, is_rival_name(options["loader"])
    if rival:
        format, variant = RIVALS[options["loader"]].container, encoding_variant(manifest)
    return LoaderConfiguration(f"{format}/{variant}", path, format, variant, manifest.dataset, **options, rival=rival)


def _impossible(configuration: LoaderConfiguration, manifest: Manifest, split: str, rivals: bool) -> str:
    """Why there cannot be such a load; empty where there can. `rivals`: whether one takes part, so that ours are run
    as rivals too."""
    if rivals:
        return why_impossible(configuration, manifest, split)
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
