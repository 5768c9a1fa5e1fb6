"""Rows of a Lance dataset by number, with all their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ...base.contracts import Labels
from ..contents.named import LABELS
from ..fields import FieldRecords
from ..fields.declared import NOTHING
from .file import LanceFile

MOST_NUMBERS = 20_000_000
LONGEST = 1 << 28
"""Bytes of a blob that are read."""


class LanceRecords(FieldRecords):
    """Blobs are read by their descriptions, where they lie in the dataset."""

    kind: ClassVar[str] = "lance"
    file: LanceFile

    @classmethod
    def recognise(cls, file: LanceFile) -> LanceRecords:
        return cls(file, f"it has manifests of Lance, the latest of version {file.dataset.version}", NOTHING)

    def __len__(self) -> int:
        return self.file.rows

    def key(self, index: int) -> str:
        if not 0 <= index < len(self):
            raise IndexError(f"there is no row {index:,}: there are {len(self):,}")
        return str(index)

    def find(self, key: str) -> int | None:
        return int(key) if key.isascii() and key.isdigit() and len(key) < 19 and int(key) < len(self) else None

    def fields(self, index: int) -> Mapping[str, Any]:
        row = self._row(index, self._columns)
        return {name: self._blob(index, name, row[name]) if name in self._blobs else row[name] for name in row}

    def label_fields(self, index: int) -> Mapping[str, Any]:
        return self._row(index, self._short)

    def numbers(self) -> Labels | None:
        """The column of whole numbers that is called like a label."""
        import pyarrow as pa

        whole = {
            field.name.lower(): field.name for field in self.file.dataset.schema if pa.types.is_integer(field.type)
        }
        called = next((whole[name] for name in LABELS if name in whole), None)
        if called is None or len(self) > MOST_NUMBERS:
            return None
        column = self.file.dataset.to_table(columns=[called])[called]
        return None if column.null_count else np.asarray(column.to_numpy(), np.int64)

    def _row(self, index: int, columns: Sequence[str]) -> dict[str, Any]:
        """Raises ValueError where pylance does not read it."""
        try:
            rows: list[dict[str, Any]] = self.file.dataset.take([index], columns=list(columns)).to_pylist()
        except Exception as error:  # noqa: BLE001 - pylance raises whatever its Rust code comes to
            raise ValueError(f"row {index:,}: {' '.join(str(error).split())[:300]}") from None
        return rows[0]

    def _blob(self, index: int, name: str, told: Any) -> Any:
        """The bytes behind a description; the description where they lie at another address, which is not followed."""
        if not isinstance(told, Mapping) or told.get("blob_uri") or int(told.get("size") or 0) > LONGEST:
            return told
        try:
            return self.file.dataset.take_blobs(name, indices=[index])[0].readall()
        except Exception as error:  # noqa: BLE001 - see above
            raise ValueError(f"row {index:,}: {name}: {' '.join(str(error).split())[:300]}") from None

    @cached_property
    def _columns(self) -> list[str]:
        return [field.name for field in self.file.dataset.schema]

    @cached_property
    def _blobs(self) -> set[str]:
        """Columns whose values are descriptions of blobs."""
        return {field.name for field in self.file.dataset.schema if _is_blob(field)}

    @cached_property
    def _short(self) -> list[str]:
        """Columns of numbers and texts."""
        import pyarrow as pa

        long = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
        return [
            field.name
            for field in self.file.dataset.schema
            if field.name not in self._blobs and not any(test(field.type) for test in long)
        ]


def _is_blob(field: Any) -> bool:
    named = str(getattr(field.type, "extension_name", ""))
    return named.startswith("lance.blob") or bool((field.metadata or {}).get(b"lance-encoding:blob"))
