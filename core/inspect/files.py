"""What the verbs `inspect` and `scan` do, as functions."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..base.errors import InputError, WorkError, disk_error_text
from ..base.files import write_output
from . import requests
from .display import Choice
from .kinds import IdentifiedFile, identify
from .process import TIMEOUT, ReaderProcess
from .reader_request import ReaderRequest
from .requests import DEFAULT, InspectedSample
from .schemas import check_name

COMMAND_SECONDS = 18.0
"""Seconds that all questions of one command may take, so that it ends within 20."""

T = TypeVar("T")
Arguments = ParamSpec("Arguments")


def _asked(
    request: Callable[Arguments, ReaderRequest[T]],
) -> Callable[Concatenate[InspectedFile, Arguments], T]:
    """A method that makes this request of a file."""

    def method(self: InspectedFile, /, *arguments: Arguments.args, **named: Arguments.kwargs) -> T:
        return self.ask(request(*arguments, **named))

    method.__doc__ = request.__doc__
    return method


class InspectedFile:
    """A file held open in a reader process. Close it, or use it as a context manager."""

    def __init__(self, path: str | os.PathLike[str], schema: str | None = None, seconds: float | None = None) -> None:
        """`seconds`: how long all that is asked may take together."""
        self.found: IdentifiedFile = identify(path)
        if schema is not None:
            check_name(self.found.kind, schema)  # before a process is started
        self._reader = ReaderProcess(self.found, schema, seconds)

    def ask(self, request: ReaderRequest[T]) -> T:
        """The answer to one request. Raises what `ReaderProcess.ask` does."""
        name, timeout = type(request).__name__, TIMEOUT if request.timeout is None else request.timeout
        return request.decode(*self._reader.ask(name, timeout=timeout, **request.to_json()))

    summary = _asked(requests.SummaryRequest)
    entries = _asked(requests.EntriesRequest)
    sample = _asked(requests.SampleRequest)
    payload = _asked(requests.PayloadRequest)
    find = _asked(requests.FindRequest)
    labels = _asked(requests.LabelsRequest)
    numbers = _asked(requests.NumbersRequest)
    census = _asked(requests.CensusRequest)
    matching = _asked(requests.MatchingRequest)
    encoded_sizes = _asked(requests.EncodedSizesRequest)
    chunk_map = _asked(requests.ChunkMapRequest)
    page_map = _asked(requests.PageMapRequest)
    cells = _asked(requests.CellsRequest)
    scan = _asked(requests.ScanRequest)

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
) -> InspectedSample | None:
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


def _write_image(sample: InspectedSample | None, target: Path, inspected: Path) -> None:
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
