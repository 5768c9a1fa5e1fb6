"""What can be wrong with TFRecord files, what it means and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..records import Finding
from .walk import RecordWalk

_COPY = "copy or download the file again and compare its size"


def of_walk(walk: RecordWalk, file_bytes: int, compression: str | None) -> Iterator[Finding]:
    """What the walk over the records has shown. Places are bytes of the file, or of what it inflates to."""
    inside = f" of what the {compression} inflates to" if compression else ""
    yield from _of_compression(walk, file_bytes, compression)
    yield from _of_the_end(walk, inside)
    yield from _of_lengths(walk, inside)


def _of_compression(walk: RecordWalk, file_bytes: int, compression: str | None) -> Iterator[Finding]:
    if walk.unfinished:
        yield Finding(
            "gzip-unfinished" if compression == "gzip" else "zlib-unfinished",
            1,
            f"byte {file_bytes:,}, the end of the file",
            f"the {compression} data have no ending: whoever wrote them did not close the file, or it was cut; readers "
            "raise an error at the end, and records that were still to come are lost",
            f"close the writer (`with tf.io.TFRecordWriter(...)`) and write the file again, or {_COPY}",
        )
    if walk.damaged >= 0:
        yield Finding(
            "compression-damaged",
            1,
            f"byte {walk.damaged:,} of the file",
            f"the {compression} data cannot be inflated behind this place: its bytes are not those that were written; "
            "all records behind it are lost",
            _COPY,
        )


def _of_the_end(walk: RecordWalk, inside: str) -> Iterator[Finding]:
    if walk.cut >= 0:
        lacking = f", {walk.lacking:,} bytes are missing" if walk.lacking > 0 else ""
        yield Finding(
            "truncated",
            1,
            f"the record at byte {walk.cut:,}{inside}{lacking}",
            "the file ends inside its last record: it was cut, or its writer was stopped; the records before it are "
            "whole, TensorFlow raises DataLossError behind them",
            f"{_COPY}; or write the whole records again without the last one",
        )
    if walk.zeros >= 0:
        yield Finding(
            "zeros-at-end",
            1,
            f"from byte {walk.zeros:,} on",
            "nothing but zeros follow the last record, as where room was reserved that was never written to",
            f"cut the file at byte {walk.zeros:,}, or {_COPY}",
        )


def _of_lengths(walk: RecordWalk, inside: str) -> Iterator[Finding]:
    for start, end in walk.gaps[:100]:
        to = f" to {end:,}" if end >= 0 else " on"
        yield Finding(
            "length-damaged",
            1,
            f"from byte {start:,}{to}{inside}",
            "a record's length is not the one that was written, and what follows it is no record: TensorFlow raises "
            "DataLossError here and reads nothing behind it"
            + ("; the records behind it were found again by their checksums" if end >= 0 else ""),
            f"{_COPY}; or write the records that are left to a new file",
        )
    if walk.wrong:
        yield Finding(
            "length-crc-wrong",
            walk.wrong,
            f"the record at byte {walk.first_wrong:,}{inside}",
            "the checksum of a record's length is wrong, though the length leads to the next record: TensorFlow raises "
            "DataLossError here",
            "write the file again with a writer that computes masked CRC-32C",
        )


def unnamed_compression(compression: str) -> Finding:
    return Finding(
        "compression-unnamed",
        1,
        "",
        f"the file is behind {compression}, and its name does not say so: TensorFlow reads it only where it is told, "
        'and else raises "corrupted record at 0"',
        f"give compression_type={compression.upper()!r} to TFRecordDataset, or name the file so",
    )


def crc_wrong(index: int, start: int, compression: str | None) -> Finding:
    inside = f" of what the {compression} inflates to" if compression else ""
    return Finding(
        "crc-wrong",
        1,
        f"record {index:,} at byte {start:,}{inside}",
        "the checksum of the record is not that of its bytes: they were changed after they were written, or were "
        "written with another checksum; TensorFlow raises DataLossError here",
        "copy or download the file again; what is shown of the record may be wrong",
    )


def declared_format(index: int, name: str, declared: str, found: str | None) -> Finding:
    actual = "no image file known here" if found is None else f"a {found} file"
    return Finding(
        "declared-format",
        1,
        f"record {index:,}",
        f"{name} says {declared!r}, and the bytes are {actual}: a decoder that is chosen by what is said fails or "
        "refuses them",
        "decode by the bytes (tf.io.decode_image), or write the feature as it is",
    )


def missing_features(index: int, names: list[str]) -> Finding:
    return Finding(
        "feature-missing",
        1,
        f"record {index:,} has no {', '.join(names[:5])}",
        "a feature that other records have is not in this one: tf.io.parse_single_example with FixedLenFeature raises "
        "an error without a default_value",
        "give a default_value or use VarLenFeature, or write the records again",
    )


def serialised_tensor(name: str, array: np.ndarray[Any, Any], size: int) -> Finding:
    shape = " x ".join(map(str, array.shape))
    return Finding(
        "serialised-tensor",
        1,
        f"the feature {name}",
        f"its {size:,} bytes are a serialised tensor ({array.dtype} of shape {shape}), not bare numbers: "
        f"tf.io.decode_raw takes the {size - array.nbytes:,} bytes that say so for numbers, too",
        f"read it with tf.io.parse_tensor(feature, tf.{array.dtype})",
    )


def other_count(stated: int, count: int) -> Finding:
    return Finding(
        "record-count",
        abs(stated - count),
        f"{stated:,} records by dataset_info.json, {count:,} in the file",
        "the file is not the one that TFDS wrote: it was cut at a record, written again, or mixed with another version",
        "download or prepare the dataset again",
    )


def one_file(count: int) -> Finding:
    return Finding(
        "one-file",
        1,
        f"{count:,} records in one file",
        "a reader that streams cannot share one file out among several workers: with a DataLoader's IterableDataset "
        "each of N workers reads all of it, and every sample comes N times an epoch",
        "write as many files as workers or more and give each worker its own; or let each take every N-th record "
        "(torch.utils.data.get_worker_info, tf.data's shard); or read by index",
    )
