"""What a reader process can be asked of a file that must be walked through, see `records.Indexed`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.errors import InputError
from .arrays import flat
from .reader_request import Answer, Fields, ReaderRequest
from .records import Indexed
from .values import dtype_called

if TYPE_CHECKING:
    from .opened_file import OpenedFile


@dataclass(frozen=True)
class IndexStepRequest(ReaderRequest[tuple[int, int]]):
    """(done, total) in bytes, after walking on through the file for about so long. Raises InputError for a file that
    needs no index."""

    seconds: float

    def answer(self, opened: OpenedFile) -> Answer:
        walked = opened.walk(self.seconds)
        if walked is None:
            raise InputError(f"a file of the kind {opened.file.kind} needs no index")
        return {"done": walked[0], "total": walked[1]}, []

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> tuple[int, int]:
        return int(fields["done"]), int(fields["total"])


@dataclass(frozen=True)
class IndexArraysRequest(ReaderRequest[Mapping[str, np.ndarray[Any, Any]]]):
    """What the walk through the file has noted up to now, see `records.Indexed`."""

    def answer(self, opened: OpenedFile) -> Answer:
        if not isinstance(opened.file, Indexed):
            raise InputError(f"a file of the kind {opened.file.kind} needs no index")
        arrays = {name: np.ascontiguousarray(array) for name, array in opened.file.index_arrays().items()}
        told = [[name, array.dtype.str, list(array.shape)] for name, array in arrays.items()]
        return {"arrays": told}, [flat(array) for array in arrays.values()]

    def decode(self, fields: Fields, blobs: Sequence[bytes]) -> Mapping[str, np.ndarray[Any, Any]]:
        told = zip(fields["arrays"], blobs, strict=True)
        return {
            str(name): np.frombuffer(blob, dtype_called(dtype)).reshape(shape) for (name, dtype, shape), blob in told
        }
