"""The JPEG index of a store while it is built, and whether it is that of the payloads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..base.contracts import Buffer
from ..base.extras import needed_by
from ..stores.jpeg_index import JpegIndex, JpegIndexWriter, index_file
from ..stores.store import Store


def noted(payloads: Sequence[Buffer], interval: int) -> list[bytes]:
    """The records of these payloads (`core.loading.jpeg.noting`). Raises InputError where the compiler is missing."""
    with needed_by("the option jpeg_index"):
        from ..loading.jpeg.noting import records_of
    return records_of(payloads, interval)


def ready_to_note(store: Store) -> bool:
    """Whether the entry points of a store's payloads can be noted again. Where there are any, kernels are compiled now:
    a process that is watched for signs of life has them then."""
    from ..loading.kernel_cache import has_compiler

    if store.jpeg_index is None or not has_compiler():
        return False
    noted([], 1)
    return True


class IndexWriting:
    """The index of one split in the making; where none is wanted (`interval` None), all of it does nothing.

    `path`: its file, None without one. `told`: what the manifest says of it.
    """

    def __init__(self, store: Path, split: str, samples: int, interval: int | None) -> None:
        self.path = None if interval is None else index_file(store, split)
        self.told: dict[str, Any] = {}
        self._writer = None if interval is None else JpegIndexWriter(store, split, samples, interval)
        self._samples, self._noting_s = 0, 0.0

    def write(self, records: Sequence[bytes], noting_s: float) -> None:
        """Append the records of the next samples, and what noting them took."""
        if self._writer is not None:
            self._writer.write(records)
            self._samples += sum(map(bool, records))
            self._noting_s += noting_s

    def close(self) -> None:
        """Complete the file; the split's checksums must be written."""
        if self._writer is not None and self.path is not None:
            self._writer.close()
            told = {"samples": self._samples, "bytes": self.path.stat().st_size, "processor_seconds": self._noting_s}
            self.told = {"jpeg_index": told}

    def abort(self) -> None:
        if self._writer is not None:
            self._writer.abort()


class IndexCheck:
    """Compares the index of a split with its payloads: that each record is whole, and with `again` that it is what
    noting the entry points once more gives."""

    def __init__(self, store: Store, *, again: bool) -> None:
        """Raises InputError where there is no index, or another store's."""
        self._index = JpegIndex(store.path, store.split, len(store))
        self._again = again

    def reason(self, sample: int, payload: Buffer) -> str:
        """What is wrong with the record of a sample; nothing where it is right."""
        try:
            record = self._index.record(sample)
        except ValueError as error:
            return f"its record in the JPEG index is damaged: {error}"
        if record and int.from_bytes(record[:4], "little") != len(payload):
            return "its record in the JPEG index is another payload's"
        if self._again and noted([payload], self._index.interval)[0] != record[:-8]:
            return "its record in the JPEG index is not what its payload gives"
        return ""
