"""Further values of samples in Parquet files: the columns behind `image` and `label`, through pyarrow.

A column of a row group is decoded as a whole when a sample of it is first asked for; what was decoded last is kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from ...base.contracts import FieldLayout, FieldValue
from ..container import open_file
from ..field_reading import Found

if TYPE_CHECKING:
    import pyarrow

KEPT_BYTES = 1 << 28
"""Of decoded columns."""


class ParquetFieldColumns:
    """`paths`: the files in the order of their samples. Raises ValueError where their columns are not those of the
    fields."""

    def __init__(self, paths: Sequence[Path], layouts: Sequence[FieldLayout], samples: int) -> None:
        import pyarrow.parquet  # costs a third of a second, which stores without fields need not spend

        from ..table_fields import column_names, column_type

        self._names = column_names(layouts)
        wanted = [(self._names[layout.name], column_type(layout)) for layout in layouts]
        self._groups: list[tuple[pyarrow.parquet.ParquetFile, int]] = []
        rows = [0]
        for path in paths:
            with open_file(path):  # never a link, a device or a pipe
                file = pyarrow.parquet.ParquetFile(path, memory_map=True, page_checksum_verification=True)
            found = {one.name: one.type for one in file.schema_arrow}
            if any(found.get(name) != kind for name, kind in wanted):
                raise ValueError(f"the columns of {path.name} are not those of its fields")
            for number in range(file.num_row_groups):
                self._groups.append((file, number))
                rows.append(file.metadata.row_group(number).num_rows)
        self._starts = np.cumsum(rows)
        if self._starts[-1] != samples:
            raise ValueError(f"its files have {self._starts[-1]:,} rows for {samples:,} samples")
        self._kept: OrderedDict[tuple[int, str], pyarrow.Array] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def read(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> Found:
        """Row group by row group, so that a batch that needs many decodes each once."""
        from ..table_fields import value_at

        places = np.asarray(indices, np.int64)
        groups = np.searchsorted(self._starts, places, "right") - 1
        found: list[dict[str, FieldValue]] = [{} for _ in indices]
        for at in np.argsort(groups, kind="stable").tolist():
            group = int(groups[at])
            row = int(places[at] - self._starts[group])
            for layout in layouts:
                value = value_at(layout, self._column(group, layout.name), row)
                if value is not None:
                    found[at][layout.name] = value
        return [*found]

    def _column(self, group: int, name: str) -> pyarrow.Array:
        with self._lock:
            kept = self._kept.get((group, name))
            if kept is not None:
                self._kept.move_to_end((group, name))
                return kept
            file, number = self._groups[group]
            column = file.read_row_group(number, columns=[self._names[name]]).column(self._names[name]).combine_chunks()
            if len(column) != self._starts[group + 1] - self._starts[group]:
                raise ValueError("a row group has other rows than it says")
            self._kept[group, name] = column
            self._bytes += column.nbytes
            while self._bytes > KEPT_BYTES and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
            return column
