"""Is what lies in a container what went into it? Used after every build, and by `verify` at any later time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..base import checksums
from ..base.contracts import Buffer, Labels, Row
from ..base.errors import FormatMattersError, InputError
from ..datasets.dataset import Dataset
from ..formats import keeps_files
from ..formats.maps import release_pages
from ..stores.sample_checksums import payload_checksums
from ..stores.store import Store, labels_checksum
from .entry_points import IndexCheck
from .field_check import FieldCheck

BATCH = 256
BATCH_BYTES = 1 << 24
"""Of payloads, about: a report comes several times a second, also of large images whose pixels are compared."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One sample (or, with `index` None, a file) that is not what it should be."""

    split: str | None
    index: int | None
    reason: str


class CheckProgress(NamedTuple):
    """How far a check has come, and what it found since the last report."""

    done: int
    mismatches: list[Mismatch]


def check_split(
    store: Store, source: Dataset | None, note_again: bool = False, samples: range | None = None
) -> Iterator[CheckProgress]:
    """Re-read every sample of a split, or these `samples`: labels and payloads against the checksums taken when it was
    built, and against the imported dataset where there still is one: original files byte for byte, lossless encodings
    pixel for pixel.

    Further values of samples must be those that were built. A JPEG index must be whole and that of the payloads; with
    `note_again` its entry points are noted once more.
    """
    expected = payload_checksums(store.path, store.split)
    total = len(store)
    if len(store.reader) != total or len(expected) != total:
        counts = f"{total:,} samples in the manifest, {len(store.reader):,} labels, {len(expected):,} checksums"
        yield CheckProgress(total, [Mismatch(store.split, None, counts)])
        return
    labels = store.reader.labels
    if source is None and store.labels_checksum not in (None, labels_checksum(labels)):
        yield CheckProgress(0, [Mismatch(store.split, None, "the labels differ from those that were built")])
    batch, index = _batch(store), None
    if store.jpeg_index is not None:
        try:
            index = IndexCheck(store, again=note_again)
        except InputError as error:
            yield CheckProgress(0, [Mismatch(store.split, None, str(error))])
    try:
        fields = FieldCheck(store)
    except InputError as error:
        yield CheckProgress(0, [Mismatch(store.split, None, str(error))])
        return
    chosen = range(total) if samples is None else samples
    for start in chosen[::batch]:
        indices = range(start, min(start + batch, chosen.stop))
        found = list(_check_batch(store, labels, source, index, indices, expected[start : indices.stop].tolist()))
        found += [Mismatch(store.split, at, reason) for at, reason in fields.reasons(indices)]
        yield CheckProgress(indices.stop, found)
        store.reader.release()  # else all that was read would count as memory until the end
        release_pages(expected)


def _batch(store: Store) -> int:
    """Samples between two reports."""
    mean = store.manifest.splits[store.split]["payload_bytes"] / max(1, len(store))
    return int(min(BATCH, max(1.0, BATCH_BYTES / max(1.0, mean))))


def _check_batch(
    store: Store,
    labels: Labels,
    source: Dataset | None,
    entry_points: IndexCheck | None,
    indices: range,
    expected: Sequence[int],
) -> Iterator[Mismatch]:
    rows = source.rows(store.split, indices.start, indices.stop) if source else iter(())
    payloads = _read(store, indices)
    for index, payload, stated in zip(indices, payloads, expected, strict=True):
        row = next(rows, None)
        if isinstance(payload, str):
            yield Mismatch(store.split, index, payload)
        elif (found := checksums.of_bytes(payload)) != stated:
            yield Mismatch(store.split, index, f"payload{_place(store, index)} differs from the one that was built")
        elif row is not None and row.label != labels[index]:
            yield Mismatch(store.split, index, f"label {labels[index]} where the source has {row.label}")
        elif row is not None and not _is_of_source(store, payload, found, row):
            yield Mismatch(store.split, index, "pixels differ from the source's")
        elif entry_points is not None and (reason := entry_points.reason(index, payload)):
            yield Mismatch(store.split, index, reason)


def _place(store: Store, index: int) -> str:
    """Where a sample lies, if there is more to say than its number."""
    if keeps_files(store.manifest.format):
        return f" ({store.reader.key(index)})"
    return f" (in {store.shard_of(index).path})" if len(store.shards) > 1 else ""


def _read(store: Store, indices: Sequence[int]) -> list[Buffer | str]:
    """The payloads, with the reason in place of one that cannot be read."""
    try:
        return list(store.read(indices))
    except FormatMattersError as error:
        if len(indices) == 1:
            return [str(error)]
        return [payload for index in indices for payload in _read(store, [index])]


def compares_pixels(store: Store) -> bool:
    """Whether samples are decoded to be compared with the source's pixels: raw ones have a checksum as they are, lossy
    ones have nothing to compare."""
    return store.encoding.lossless and store.payload_shape is None and store.manifest.encoding["name"] != "original"


def _is_of_source(store: Store, payload: Buffer, found: int, row: Row) -> bool:
    if store.manifest.encoding["name"] == "original":
        return found == row.checksum if row.checksum else len(payload) == row.bytes
    if not row.pixel_checksum:
        return True  # imported by its header alone
    if not compares_pixels(store):  # a lossy payload has nothing of the source's; its checksum above is all
        return not store.encoding.lossless or found == row.pixel_checksum
    try:
        return checksums.of_bytes(store.encoding.decode(payload)) == row.pixel_checksum
    except ValueError:
        return False
