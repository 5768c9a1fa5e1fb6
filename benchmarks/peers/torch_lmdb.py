"""LMDB through torch's DataLoader: one get a sample in an environment that each worker opens for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lmdb

from benchmarks.peers import Work
from benchmarks.peers.samples import DECODERS, Indexed, data_loader, encoded

LARGEST = 1 << 34


def prepare(work: Work, folder: Path) -> None:
    if work.raw:
        raise NotImplementedError("its values are encoded images")
    path = str(folder / "images.lmdb")
    with lmdb.open(path, subdir=False, map_size=LARGEST) as environment, environment.begin(write=True) as transaction:
        for number, (data, label) in enumerate(encoded(work)):
            transaction.put(_key(number), label.to_bytes(4, "little") + data)


class _Values:
    def __init__(self, path: Path) -> None:
        environment = lmdb.open(str(path), subdir=False, readonly=True, lock=False, readahead=False)
        self._transaction = environment.begin(buffers=True)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        value = self._transaction.get(_key(index))
        return value[4:], int.from_bytes(value[:4], "little")


def _key(number: int) -> bytes:
    return b"%08d" % number


def open_epochs(work: Work, folder: Path, workers: int, decoder: str) -> Callable[[], Iterator[Any]]:
    source = Indexed(lambda: _Values(folder / "images.lmdb"), len(work.files()), work, DECODERS[decoder])
    return data_loader(source, work, workers, shuffle=True)
