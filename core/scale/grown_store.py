"""A store like one that was built, with its payloads written again and again until no cache of a processor holds it."""

from __future__ import annotations

import dataclasses
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from ..base import checksums
from ..base.contracts import Contents
from ..formats import FORMATS
from ..stores.manifest import MANIFEST
from ..stores.store import Store

GROWN_BYTES = 200_000_000
MOST_SAMPLES = 150_000


def can_grow(store: Store) -> bool:
    """Not where payloads stay elsewhere, are a file each, or have entry points noted beside them."""
    form = FORMATS[store.manifest.format]
    return not (form.refers or form.file_per_sample or store.jpeg_index is not None or store.fields)


def grown(store: Store, folder: Path) -> Store:
    """A store in `folder` with the payloads of `store` in turn, `GROWN_BYTES` of them or `MOST_SAMPLES`."""
    payloads = store.reader.read(range(len(store)))
    mean = sum(map(len, payloads)) / len(payloads)
    count = max(len(store), min(MOST_SAMPLES, int(GROWN_BYTES / max(mean, 1.0))))
    folder.mkdir()
    ending = store.encoding.suffix(store.read([0])[0]) + store.compression.suffix
    labels = list(islice(cycle(store.labels.tolist()), count))
    contents = Contents(
        samples=count,
        classes=tuple(store.classes),
        payload_shape=store.payload_shape if store.compression.identity else None,
        total_bytes=sum(map(len, islice(cycle(payloads), count))),
        dictionary=store.compression.dictionary,
    )
    writer = store.format.writer(folder / store.container.name, contents)
    try:
        for start in range(0, count, len(payloads)):
            some = payloads[: count - start]
            writer.write(some, labels[start : start + len(some)], [ending] * len(some))
        writer.close()
    except BaseException:
        writer.abort()
        raise
    sums = np.array([checksums.of_bytes(payload) for payload in store.read(range(len(store)))], np.uint64)
    np.resize(sums, count).tofile(folder / f"{store.split}.checksums")
    split = {**store.manifest.splits[store.split], "samples": count}
    split.pop("labels_checksum", None)
    manifest = dataclasses.replace(store.manifest, splits={store.split: split}, files={}, shards={})
    manifest.save(folder / MANIFEST)
    return Store(folder, store.split, manifest)
