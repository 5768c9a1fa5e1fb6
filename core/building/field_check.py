"""Whether the further values of samples in a store are those that were built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..base.contracts import FieldReader
from ..base.errors import FormatMattersError, InputError
from ..base.packed_fields import checksum
from ..stores.sample_checksums import field_checksums
from ..stores.store import Store


class FieldCheck:
    """Compares them with their checksums; nothing is compared in a store without fields."""

    def __init__(self, store: Store) -> None:
        """Raises InputError where the checksums are missing, or the container keeps other fields than the store."""
        self._store, self._fields = store, store.fields
        self._expected = None
        if not self._fields:
            return  # a damaged container is not asked for more than its samples
        kept = store.reader.field_layouts() if isinstance(store.reader, FieldReader) else ()
        if [(one.name, one.kind) for one in kept] != list(self._fields):
            there, stated = (", ".join(one.name for one in fields) or "none" for fields in (kept, self._fields))
            raise InputError(f"{store.container} is damaged: its fields are {there}, the store's are {stated}")
        self._expected = field_checksums(store.path, store.split)
        if len(self._expected) != len(store):
            raise InputError(f"{store.path} has {len(self._expected):,} checksums of fields for {len(store):,} samples")

    def reasons(self, indices: Sequence[int]) -> Iterator[tuple[int, str]]:
        """(sample, what is wrong with its values) for each whose are not right."""
        if self._expected is None:
            return
        try:
            found = self._store.field_values(indices)
        except FormatMattersError as error:
            if len(indices) == 1:
                yield indices[0], str(error)
                return
            for index in indices:
                yield from self.reasons([index])
            return
        for index, values in zip(indices, found, strict=True):
            if checksum(values, self._fields) != self._expected[index]:
                yield index, f"its further values ({', '.join(values) or 'none'}) differ from those that were built"
