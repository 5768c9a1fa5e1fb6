"""What the verbs `inspect` and `scan` do, as functions."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..base.contracts import Labels, Pixels
from ..base.errors import InputError, WorkError, disk_error_text
from ..base.files import write_output
from .display import Choice
from .kinds import IdentifiedFile, identify
from .process import ReaderProcess
from .schemas import check_name
from .search import Census, Wanted

SCAN_TIMEOUT = 10.0
"""Seconds that a second of scanning may take; what needs more hangs."""

LABELS_TIMEOUT = 60.0

COMMAND_SECONDS = 18.0
"""Seconds that all questions of one command may take, so that it ends within 20."""

DEFAULT = Choice()

Bad = dict[str, str]
"""A record that does not decode: its `key`, and the `reason`."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One record as it came from the reader: `about` is the JSON of headless `sample`, `head` its first bytes."""

    about: dict[str, Any]
    head: bytes
    pixels: Pixels | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One record of a grid: `about` as in `Sample`, and its pixels made small."""

    about: dict[str, Any]
    pixels: Pixels | None


class InspectedFile:
    """A file held open in a reader process. Close it, or use it as a context manager."""

    def __init__(self, path: str | os.PathLike[str], schema: str | None = None, seconds: float | None = None) -> None:
        """`seconds`: how long all that is asked may take together."""
        self.found: IdentifiedFile = identify(path)
        if schema is not None:
            check_name(self.found.kind, schema)  # before a process is started
        self._reader = ReaderProcess(self.found, schema, seconds)

    def summary(self) -> dict[str, Any]:
        """kind, schema, why, entries, keys (the first few), classes, structure, warnings, schemas."""
        return self._reader.ask("summary")[0]

    def entries(self) -> int:
        """How many records there are."""
        return int(self._reader.ask("entries")[0]["entries"])

    def sample(self, index: int | None = None, key: str | None = None, choice: Choice = DEFAULT) -> Sample:
        """One record by index (negative from the end) or key, drawn as `choice` says.

        Raises InputError where there is none.
        """
        about, blobs = self._reader.ask("sample", index=index, key=key, choice=choice.to_json())
        return Sample(about, blobs[0], _shaped(blobs[1], about["shape"]) if len(blobs) > 1 else None)

    def labels(self, start: int, stop: int) -> list[int | str | None]:
        """The labels of records start..stop."""
        return list(self._reader.ask("labels", start=start, stop=stop, timeout=LABELS_TIMEOUT)[0]["labels"])

    def numbers(self) -> Labels | None:
        """The class numbers of all records, int64 (n,), where the file keeps them together; else None."""
        _, blobs = self._reader.ask("numbers")
        return np.frombuffer(blobs[0], "<i8") if blobs else None

    def payload(self, index: int) -> bytes:
        """All bytes of one record, as they lie in the file."""
        return bytes(self._reader.ask("payload", index=index)[1][0])

    def find(self, key: str) -> int | None:
        """The index of a key, or None."""
        found = self._reader.ask("find", key=key)[0]["index"]
        return None if found is None else int(found)

    def census(self, seconds: float = 1.0) -> Census:
        """How often each label occurs; sampled where counting all of them takes longer."""
        answer, _ = self._reader.ask("census", seconds=seconds, timeout=LABELS_TIMEOUT)
        return Census(**{**answer, "counts": [(label, count) for label, count in answer["counts"]]})

    def matching(self, wanted: Wanted, start: int = 0, seconds: float = 1.0, most: int = 100_000) -> tuple[Labels, int]:
        """(positions, end): which of the records start..end match, int64; `end` is less than the number of records
        where the time was up, or `most` were found, before."""
        fields = {"key": wanted.key, "how": wanted.how, "label": wanted.label}
        answer, blobs = self._reader.ask(
            "matching", **fields, start=start, seconds=seconds, most=most, timeout=LABELS_TIMEOUT
        )
        return np.frombuffer(blobs[0], "<i8"), int(answer["end"])

    def encoded_sizes(self, indices: Sequence[int], seconds: float = 2.0) -> list[dict[str, int]]:
        """Sizes of some images in other encodings, see `size_estimate.encoded_sizes`; for `size_estimate.estimates`."""
        return list(self._reader.ask("encoded_sizes", indices=list(map(int, indices)), seconds=seconds)[0]["rows"])

    def chunk_map(self, name: str) -> dict[str, Any]:
        """Where an HDF5 dataset lies in its file, see `records.Chunked`. Raises InputError for anything else."""
        return self._reader.ask("chunk_map", name=name)[0]

    def page_map(self, cells: int) -> dict[str, Any]:
        """The kinds of pages of an LMDB, see `records.Paged`. Raises InputError for anything else."""
        return self._reader.ask("page_map", cells=cells)[0]

    def cells(self, indices: Sequence[int], box: int, choice: Choice = DEFAULT) -> list[Cell]:
        """Some records, each made to fit a square of `box` pixels (never made larger), drawn as `choice` says."""
        answer, blobs = self._reader.ask("cells", indices=list(map(int, indices)), box=box, choice=choice.to_json())
        return [
            Cell(about, _shaped(blob, about.get("thumbnail")))
            for about, blob in zip(answer["cells"], blobs, strict=True)
        ]

    def scan(self, start: int, stop: int) -> tuple[int, int, list[Bad]]:
        """(end, decoded, bad): the records start..end were decoded, as many of start..stop as take about a second.

        Raises ReaderDied where one of them kills the reader or holds it up.
        """
        answer, _ = self._reader.ask("scan", start=start, stop=stop, timeout=SCAN_TIMEOUT)
        return int(answer["end"]), int(answer["decoded"]), list(answer["bad"])

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> InspectedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_inspected(path: str | os.PathLike[str], schema: str | None = None) -> InspectedFile:
    """Open any LMDB, HDF5 file, store or folder of a known layout.

    Raises:
        InputError: it is none of these, or broken beyond use; the text names what it is.
    """
    return InspectedFile(path, schema)


def inspect_file(
    path: str | os.PathLike[str],
    *,
    index: int | None = None,
    key: str | None = None,
    schema: str | None = None,
    image: str | os.PathLike[str] | None = None,
    choice: Choice = DEFAULT,
) -> dict[str, Any]:
    """The JSON of the verb `inspect`; `image` is where the sample's pixels are written as PNG, drawn as `choice` says.

    Without `index` and `key` the sample is the first record; what is broken in part is told in `warnings`.

    Raises:
        InputError: the file is of no known kind or broken beyond use; no such index or key; the sample is no image.
    """
    if index is not None and key is not None:
        raise InputError("give an index or a key, not both")
    with InspectedFile(path, schema, COMMAND_SECONDS) as file:
        about = file.summary()
        sample = _sample_of(file, about, index, key, choice)
    about["sample"] = None if sample is None else sample.about
    if sample is not None and "problem" in sample.about:
        about["warnings"].append(f"entry {sample.about['key']}: {sample.about['problem']}")
    if image is not None:
        _write_image(sample, Path(image), file.found.path)
    return about


def _sample_of(
    file: InspectedFile, about: dict[str, Any], index: int | None, key: str | None, choice: Choice
) -> Sample | None:
    """The record asked for; or the first, where a failure is a warning and no error."""
    if index is not None or key is not None:
        return file.sample(index, key, choice)
    if about["entries"] == 0:
        return None
    try:
        return file.sample(0, choice=choice)
    except InputError as error:
        about["warnings"].append(f"the first entry cannot be read: {error}")
        return None


def _shaped(blob: bytes, shape: list[int] | None) -> Pixels | None:
    return None if shape is None else np.frombuffer(blob, np.uint8).reshape(shape)


def _write_image(sample: Sample | None, target: Path, inspected: Path) -> None:
    """Raises InputError where the sample is no image or the target is the inspected file; WorkError for a full disk."""
    if sample is None or sample.pixels is None:
        problem = None if sample is None else sample.about.get("problem")
        raise InputError(f"{target} was not written: {problem or 'the entry is not an image'}")
    if target.exists() and target.samefile(inspected):
        raise InputError(f"{target} is the inspected file itself; give another name for the image")
    from PIL import Image

    made = io.BytesIO()
    Image.fromarray(sample.pixels).save(made, format="PNG")
    try:
        write_output(target, made.getvalue())
    except FileNotFoundError:
        raise InputError(f"{target} was not written: the folder {target.parent} does not exist") from None
    except OSError as error:
        raise WorkError(disk_error_text(error, f"writing {target}")) from None
