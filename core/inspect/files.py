"""What the verbs `inspect` and `scan` do, as functions."""

from __future__ import annotations

import contextlib
import io
import math
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..base.errors import FormatMattersError, InputError, WorkError, disk_error_text
from ..base.files import write_output
from ..base.home import Home
from . import kept_index, requests
from .display import Choice
from .kinds import KINDS, IdentifiedFile, identify
from .process import TIMEOUT, ReaderProcess
from .reader_request import ReaderRequest
from .requests import DEFAULT, InspectedSample
from .schemas import check_name

COMMAND_SECONDS = 18.0
"""Seconds that all questions of one command may take, so that it ends within 20."""

WALK_SECONDS = 10.0
"""Seconds of these for walking through a file whose records are found only so."""

STEP = 1.0
KEEP_SECONDS = 15.0
"""Seconds of a walk after which what was noted is kept, so that little is lost where it is ended."""

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

    def __init__(
        self,
        path: str | os.PathLike[str],
        schema: str | None = None,
        seconds: float | None = None,
        home: Home | None = None,
    ) -> None:
        """`seconds`: how long all that is asked may take together; `home`: where the index of a file that must be
        walked through is kept. Such a file holds the records that were found until `walk` is through."""
        self.found: IdentifiedFile = identify(path)
        if schema is not None:
            check_name(self.found.kind, schema)  # before a process is started
        self._home = home or Home.find()
        kept = kept_index.kept(self._home, self.found) if KINDS[self.found.kind].index else None
        self._reader = ReaderProcess(self.found, schema, seconds, kept)
        self.walked = self._reader.walked

    @property
    def remote(self) -> dict[str, Any] | None:
        """Of a file at an address `address`, `size` in bytes, and the `requests` and `bytes_read` that it took by now;
        None for any other."""
        served = self._reader.served
        return None if served is None else {"address": str(self.found.path), **served.traffic()}

    @property
    def complete(self) -> bool:
        """Whether all records of the file are known."""
        return self.walked is None or self.walked[0] >= self.walked[1]

    def walk(self, seconds: float = math.inf) -> Generator[tuple[int, int], None, None]:
        """Walk through a file whose records are found only so, for at most so long: yields (done, total) in bytes about
        once a second. What was noted is kept, also of a walk that is not through, from which the next one goes on."""
        kept, new = time.monotonic(), False
        end = kept + seconds
        try:
            while not self.complete and time.monotonic() < end:
                left = max(min(STEP, end - time.monotonic()), 0.05)
                self.walked, new = self.ask(requests.IndexStepRequest(left)), True
                yield self.walked
                if time.monotonic() - kept > KEEP_SECONDS:
                    self._keep_index()
                    kept, new = time.monotonic(), False
        finally:
            if new:
                self._keep_index()

    def walk_to_inspect(self, index: int | None = None, key: str | None = None) -> Iterator[tuple[int, int]]:
        """`walk` as far as looking at the file takes: for `WALK_SECONDS`; at an address, where each step costs
        transfers, only up to the record that is asked for."""
        with contextlib.closing(self.walk(WALK_SECONDS)) as steps:
            if self.remote is None:
                yield from steps
            elif index is not None or key is not None:
                while not self._has(index, key) and (step := next(steps, None)) is not None:
                    yield step

    def _has(self, index: int | None, key: str | None) -> bool:
        """Whether a record was found by now; counted from the end, none before the end is reached."""
        return self.find(key) is not None if key is not None else 0 <= (index or 0) < self.entries()

    def _keep_index(self) -> None:
        """A home that cannot be written, or a reader that is gone, costs the index and nothing else."""
        with contextlib.suppress(OSError, FormatMattersError):
            kept_index.keep(self._home, self.found, self.ask(requests.IndexArraysRequest()), self.complete)

    def ask(self, request: ReaderRequest[T]) -> T:
        """The answer to one request. Raises what `ReaderProcess.ask` does."""
        name, timeout = type(request).__name__, TIMEOUT if request.timeout is None else request.timeout
        return request.decode(*self._reader.ask(name, timeout=timeout, **request.to_json()))

    summary = _asked(requests.SummaryRequest)
    entries = _asked(requests.EntriesRequest)
    findings = _asked(requests.FindingsRequest)
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
    export = _asked(requests.ExportRequest)
    listed = _asked(requests.RecordListRequest)
    left_out = _asked(requests.LeftOutRequest)

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> InspectedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_inspected(path: str | os.PathLike[str], schema: str | None = None, home: Home | None = None) -> InspectedFile:
    """Open a file, store or folder of a known layout, or several files that are one; one that must be walked through
    before its records are known is, however long that takes.

    Raises:
        InputError: it is none of these, or broken beyond use; the text names what it is.
    """
    file = InspectedFile(path, schema, home=home)
    try:
        for _ in file.walk():
            pass
    except BaseException:
        file.close()
        raise
    return file


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
    with InspectedFile(path, schema, COMMAND_SECONDS) as file:
        for _ in file.walk_to_inspect(index, key):
            pass
        return inspect_opened(file, index=index, key=key, image=image, choice=choice)


def inspect_opened(
    file: InspectedFile,
    *,
    index: int | None = None,
    key: str | None = None,
    image: str | os.PathLike[str] | None = None,
    choice: Choice = DEFAULT,
) -> dict[str, Any]:
    """`inspect_file` of a file that is open, as far as it was walked through."""
    if index is not None and key is not None:
        raise InputError("give an index or a key, not both")
    about = file.summary()
    sample = _sample_of(file, about, index, key, choice)
    about["sample"] = None if sample is None else sample.about
    if sample is not None and "problem" in sample.about:
        about["warnings"].append(f"entry {sample.about['key']}: {sample.about['problem']}")
    if image is not None:
        _write_image(sample, Path(image), file.found.files)
    if (remote := file.remote) is not None:
        about["remote"] = remote
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


def _write_image(sample: InspectedSample | None, target: Path, inspected: Sequence[Path]) -> None:
    """Raises InputError where the sample is no image or the target is the inspected file; WorkError for a full disk."""
    if sample is None or sample.pixels is None:
        problem = None if sample is None else sample.about.get("problem")
        raise InputError(f"{target} was not written: {problem or 'the entry is not an image'}")
    if target.exists() and any(target.samefile(file) for file in inspected):
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
