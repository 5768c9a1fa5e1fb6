"""What all readers share: whatever goes wrong inside a container becomes one error that names it and the sample.

A damaged container can bring any library to raise anything. The formats fill in the methods that begin with an
underscore, which may raise what they like; everybody else calls the ones here.
"""

from __future__ import annotations

import csv
import errno
import os
import stat
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..base.contracts import Buffer, Extents, Labels
from ..base.errors import FormatMattersError, InputError
from .maps import MapsItself

TROUBLE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    csv.Error,
    struct.error,
)
"""What the standard library, NumPy and h5py raise when they are given damaged bytes."""

_LONGEST_REASON = 200


class ContainerReader:
    """The base of the readers; see `core.base.contracts.Reader` for what each method gives.

    Every method raises InputError where the container is damaged, missing, or none of ours, and nothing else.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def labels(self) -> Labels:
        """int64 (n,)."""
        with self._told("the labels cannot be read"):
            return self._labels()

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        with self._told("the metadata cannot be read"):
            return self._metadata()

    @cached_property
    def dictionary(self) -> bytes | None:
        with self._told("the dictionary cannot be read"):
            return self._dictionary()

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        """Raises InputError naming the sample that cannot be read."""
        try:
            return self._read(indices)
        except TROUBLE as error:
            raise self._blamed(indices, error) from error

    def key(self, index: int) -> str:
        with self._told(f"sample {index} has no key"):
            return self._key(index)

    def stored_bytes(self, index: int) -> int:
        with self._told(f"the size of sample {index} cannot be told"):
            return self._stored_bytes(index)

    def release(self) -> None:
        """There is nothing to give back."""

    def close(self) -> None:
        """There is nothing to close."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._path,)

    # ------------------------------------------------------------ what a format fills in

    def _open(self) -> None:
        """Whatever reading a sample needs of the container as a whole; called to tell whose fault an error is."""
        raise NotImplementedError

    def _labels(self) -> Labels:
        raise NotImplementedError

    def _metadata(self) -> Mapping[str, Any]:
        raise NotImplementedError

    def _dictionary(self) -> bytes | None:
        raise NotImplementedError

    def _read(self, indices: Sequence[int]) -> list[Buffer]:
        raise NotImplementedError

    def _key(self, index: int) -> str:
        raise NotImplementedError

    def _stored_bytes(self, index: int) -> int:
        raise NotImplementedError

    # ------------------------------------------------------------ errors

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except TROUBLE as error:
            raise InputError(f"{self._path} is damaged: {what} ({reason_of(error)})") from error

    def _blamed(self, indices: Sequence[int], error: BaseException) -> InputError:
        """Whether it is the whole container, or which of these samples: they are read again, one by one."""
        with self._told("it cannot be opened"):
            self._open()
        for index in indices:
            try:
                self._read([index])
            except FormatMattersError as told:
                return InputError(str(told))
            except TROUBLE as alone:
                return InputError(f"sample {index} of {self._path} cannot be read: {reason_of(alone)}")
        return InputError(f"{self._path} could not be read at first ({reason_of(error)}), then it could: try again")


class MappedContainerReader(ContainerReader):
    """A container that is mapped into memory, so that all places of payloads are told at once."""

    def extents(self) -> Extents | None:
        """Where every payload lies, collected on first use; None where the layout does not allow it."""
        with self._told("where its samples lie cannot be told"):
            return self._extents_of_all()

    def mapped_files(self) -> Sequence[Path]:
        """The files that `extents().memory` is a map of, one behind the other; the container's only one as a rule."""
        return [self._path]

    def _extents_of_all(self) -> Extents | None:
        raise NotImplementedError


def reason_of(error: BaseException) -> str:
    """What a library says went wrong, in one line."""
    told = error.strerror if isinstance(error, OSError) and error.strerror and error.errno else None
    if isinstance(error, KeyError) and error.args:
        told = str(error.args[0])
    return " ".join((told or str(error)).split())[:_LONGEST_REASON] or type(error).__name__


def open_file(path: Path | str) -> BinaryIO:
    """A regular file, opened for reading; never what a link leads to, a device, or a pipe that would wait for ever.

    Raises OSError, whose text says what is there instead.
    """
    if isinstance(path, Path) and isinstance(path, MapsItself):
        return path.open("rb")
    descriptor, _ = open_descriptor(path)
    return os.fdopen(descriptor, "rb")


def open_descriptor(path: Path | str) -> tuple[int, int]:
    """As `open_file`; the bare descriptor, without the cost of a file object, and the file's size."""
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(f"{path} is a link, which is not followed: put the file itself there") from None
        raise
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is not a regular file")
    return descriptor, status.st_size


_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Without O_NONBLOCK, opening a pipe waits for whoever writes to it. A link is refused with ELOOP."""


def checked_labels(labels: Any, path: Path) -> Labels:
    """Labels as every reader hands them out. Raises InputError for what is not int64 (n,)."""
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise InputError(f"{path} is damaged: its labels are not a list of whole numbers")
    return np.asarray(labels, np.int64)
