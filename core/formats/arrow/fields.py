"""Further values of samples in an Arrow file: the columns behind `image` and `label`, through pyarrow, out of a map."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from ...base.contracts import FieldLayout
from ..container import open_file
from ..field_reading import Found

if TYPE_CHECKING:
    import pyarrow

OWN_COLUMNS = 2


class ArrowFieldColumns:
    """`rows`: how many each batch has. Raises ValueError where the file's columns are not those of its fields."""

    def __init__(self, path: Path, layouts: Sequence[FieldLayout], rows: Sequence[int]) -> None:
        import pyarrow  # costs a third of a second, which stores without fields need not spend

        from ..table_fields import column_names, column_type

        with open_file(path):  # never a link, a device or a pipe
            source = pyarrow.memory_map(str(path))
        kept = list(range(OWN_COLUMNS, OWN_COLUMNS + len(layouts)))
        options = pyarrow.ipc.IpcReadOptions(included_fields=kept)
        self._file = pyarrow.ipc.open_file(source, options=options)
        self._columns = {layout.name: at for at, layout in enumerate(layouts)}
        names = column_names(layouts)
        wanted = [(names[layout.name], column_type(layout)) for layout in layouts]
        schema = self._file.schema
        if [(one.name, one.type) for one in schema][-len(wanted) :] != wanted or self._file.num_record_batches != len(
            rows
        ):
            raise ValueError("its columns are not those of its fields")
        self._starts = np.array(list(accumulate(rows, initial=0)), np.int64)
        self._batches: dict[int, pyarrow.RecordBatch] = {}
        self._lock = Lock()

    def read(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> Found:
        from ..table_fields import value_at

        found: Found = []
        for index in indices:
            number = int(np.searchsorted(self._starts, index, "right")) - 1
            batch, row = self._batch(number), int(index - self._starts[number])
            values = (
                (layout.name, value_at(layout, batch.column(self._columns[layout.name]), row)) for layout in layouts
            )
            found.append({name: value for name, value in values if value is not None})
        return found

    def _batch(self, number: int) -> pyarrow.RecordBatch:
        """A batch, checked when it is first asked for; it holds no memory but the map's."""
        with self._lock:
            batch = self._batches.get(number)
            if batch is None:
                batch = self._file.get_batch(number)
                batch.validate(full=True)
                if len(batch) != self._starts[number + 1] - self._starts[number]:
                    raise ValueError("a batch has other rows than its message says")
                self._batches[number] = batch
        return batch
