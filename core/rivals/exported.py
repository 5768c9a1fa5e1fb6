"""The samples of a store as files that a rival's environment can read (`inside.samples` has the layout)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from ..base.errors import InputError, disk_trouble_told
from ..base.home import Home
from ..base.staging import claim
from ..base.strict_json import dumps
from ..stores.store import Store
from .inside.samples import ABOUT, OFFSETS, PAYLOADS, TICKETS

SIGNATURES = {b"\xff\xd8\xff": "jpeg", b"\x89PNG\r\n\x1a\n": "png"}
BATCH = 1024
LAYOUT = 1
"""Raised when the files change, so that those of an earlier version are not taken."""


@dataclass(frozen=True)
class Exported:
    """The samples of one split of a store, exported to `folder`.

    key: names the samples: equal for equal payloads and labels. shape: (H, W) of raw pixels, else None.
    payload_bytes: of all payloads. store, split: where they come from.
    """

    folder: Path
    key: str
    samples: int
    classes: int
    encoding: str
    shape: tuple[int, int] | None
    payload_bytes: int
    store: Path
    split: str

    @property
    def tickets(self) -> npt.NDArray[np.int64]:
        """int64 (samples,): index * classes + label."""
        tickets: npt.NDArray[np.int64] = np.load(self.folder / TICKETS, allow_pickle=False)
        return tickets


def export_samples(store: Store, home: Home) -> Exported:
    """Write the samples of a store for rivals, once: later calls find them.

    Raises InputError where payloads are neither all JPEG, all PNG, nor bare pixels; WorkError where the disk refuses.
    """
    key = export_key(store)
    target = home.rivals / "samples" / key
    if not (target / ABOUT).exists():
        with disk_trouble_told("exporting the samples"), claim(target.parent / ".making", key, "export") as scratch:
            _write(store, scratch)
            if not target.exists():
                scratch.rename(target)
                scratch.mkdir()  # the claim removes its own
    about = json.loads((target / ABOUT).read_text())
    shape = tuple(about["shape"]) if about["shape"] else None
    return Exported(
        target, key, about["samples"], about["classes"], about["encoding"], shape, about["bytes"],
        store.path.absolute(), store.split,
    )  # fmt: skip


def export_key(store: Store) -> str:
    """Names the samples of a split: the same for equal payloads and labels, in whatever format they are stored."""
    told = (LAYOUT, store.manifest.dataset, store.manifest.checksum, store.split, store.labels_checksum, len(store))
    return hashlib.sha256(dumps(list(told)).encode()).hexdigest()[:20]


def _write(store: Store, folder: Path) -> None:
    classes, count = max(len(store.classes), 1), len(store)
    sizes = np.zeros(count + 1, np.int64)
    with (folder / PAYLOADS).open("wb") as file:
        encoding = _write_payloads(store, file, sizes)
    np.save(folder / OFFSETS, np.cumsum(sizes))
    np.save(folder / TICKETS, np.arange(count, dtype=np.int64) * classes + np.asarray(store.labels, np.int64))
    shape = list(store.payload_shape[:2]) if store.payload_shape else None
    about = {
        "samples": count, "classes": classes, "encoding": encoding, "shape": shape, "bytes": int(sizes.sum()),
    }  # fmt: skip
    (folder / ABOUT).write_text(dumps(about))


def _write_payloads(store: Store, file: BinaryIO, sizes: npt.NDArray[np.int64]) -> str:
    """Write all payloads, and their sizes from sizes[1] on; returns how they are encoded."""
    encodings: set[str] = set()
    for first in range(0, len(store), BATCH):
        payloads = store.read(range(first, min(first + BATCH, len(store))))
        for number, payload in enumerate(payloads, first + 1):
            sizes[number] = len(payload)
            file.write(payload)
            encodings.add("raw" if store.payload_shape else encoding_of(bytes(payload[:8])))
    if len(encodings) != 1 or "" in encodings:
        raise InputError(
            f"{store.path} has images of {', '.join(sorted(encodings - {''})) or 'no'} kind and others: rivals read "
            "stores that are all JPEG, all PNG or raw pixels; build one with encoding jpeg, png or raw"
        )
    return encodings.pop()


def encoding_of(head: bytes) -> str:
    """ "jpeg" or "png" by a file's first eight bytes; "" for others."""
    return next((name for signature, name in SIGNATURES.items() if head.startswith(signature)), "")
