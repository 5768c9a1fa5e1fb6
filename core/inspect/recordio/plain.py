"""Records that are anything: each is shown as what its bytes are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..fields.declared import NOTHING
from .file import RecordIoFile
from .records import KeyedRecords


class PlainRecords(KeyedRecords):
    """One field, the record's bytes."""

    @classmethod
    def recognise(cls, file: RecordIoFile) -> PlainRecords:
        places = np.arange(len(file.starts), dtype=np.int64)
        return cls(file, "its records do not begin with MXNet's header of images", NOTHING, places)

    def fields(self, index: int) -> Mapping[str, Any]:
        return {"data": self.file.payload(self.start(index))}
