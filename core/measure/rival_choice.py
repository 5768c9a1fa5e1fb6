"""Which loaders of an experiment are rivals, and what they can be asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..base.errors import FormatMattersError, InputError
from ..base.options import slug
from ..encodings import ENCODINGS
from ..loading.loaders import LOADERS
from ..rivals import RIVALS
from ..rivals.exported import encoding_of
from ..stores.store import Manifest, Store
from .rival_rows import is_rival_name

if TYPE_CHECKING:
    from .configurations import LoaderConfiguration

SEARCHED = ("auto", "measure")
"""Workers that are searched for."""

KINDS = {"jpeg": "JPEG files", "png": "PNG files", "raw": "raw pixels"}


def with_rivals(loaders: Iterable[str]) -> bool:
    """Whether a rival takes part; then ours run as rivals do, so that nobody has a privilege."""
    return any(map(is_rival_name, loaders))


def check_known(loaders: Iterable[str]) -> None:
    """Raises InputError for a loader that is neither ours nor a rival."""
    every = dict.fromkeys((*LOADERS, *RIVALS))
    for loader in loaders:
        if loader not in every:
            raise InputError(f"unknown loader {loader!r}; there are: {', '.join(every)}")


def encoding_variant(manifest: Manifest) -> str:
    """How the payloads of a store are encoded, as a variant's name tells it: "original", "jpeg-quality90"."""
    name = str(manifest.encoding["name"])
    if name not in ENCODINGS:
        return name
    return "-".join(filter(None, (name, slug(ENCODINGS.make(name, manifest.encoding["options"])))))


def is_first_of_payloads(path: str, stores: Mapping[str, Manifest]) -> bool:
    """Whether a store is the first among these with its payloads, whose checksum its manifest has."""

    def payloads(manifest: Manifest) -> tuple[str, str]:
        return manifest.dataset, manifest.checksum

    return path == next(one for one, manifest in stores.items() if payloads(manifest) == payloads(stores[path]))


def why_impossible(configuration: LoaderConfiguration, manifest: Manifest, split: str) -> str:
    """Why a loader that runs as a rival cannot be asked for this; empty where it can."""
    loader = configuration.loader
    if loader not in RIVALS:
        return f"{loader} cannot be compared with rivals: it is not registered as one, so it was left out."
    told = RIVALS[loader]
    if configuration.rival:
        kind = payload_kind(Path(configuration.path), manifest, split)
        if kind not in told.encodings:
            what = KINDS.get(kind, "images of several kinds")
            return f"{loader} does not load {what}, so it was left out with {configuration.variant}."
    wishes = (("transform", told.transforms), ("output", told.outputs), ("device", told.devices))
    for name, known in wishes:
        wish = getattr(configuration, name)
        if wish.partition(":")[0] not in known:
            return f"{loader} has no {name} {wish}, so it was left out with it; it has {', '.join(known)}."
    return _without_such_workers(loader, configuration.workers)


def _without_such_workers(loader: str, workers: str) -> str:
    told, (kind, _, number) = RIVALS[loader], workers.rpartition(":")
    has = "threads" if told.threads else "processes"
    if kind not in ("", has):
        return f"The workers of {loader} are {has}, so it was left out with workers {workers}."
    if number in ("0", "inline") and not told.inline:
        return f"{loader} has one worker at least, so it was left out with workers {workers}."
    return ""


def payload_kind(path: Path, manifest: Manifest, split: str) -> str:
    """ "raw", "jpeg" or "png", by the first payload; "" for others, and where there is none that can be read."""
    if manifest.payload_shape or manifest.encoding["name"] == "raw":
        return "raw"
    try:
        with contextlib.closing(Store(path, split, manifest)) as store:
            (first,) = store.read([0])
            return encoding_of(bytes(first[:8]))
    except (FormatMattersError, KeyError, IndexError):
        return ""
