"""What readers share that give further values of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from ..base.contracts import FieldLayout, FieldValue
from ..base.errors import FormatMattersError, InputError
from .container import TROUBLE, ContainerReader, reason_of
from .field_layouts import from_metadata

Found = list[Mapping[str, FieldValue]]


class FieldsInContainer(ContainerReader):
    """A `core.base.contracts.FieldReader`; a format fills in `_fields`.

    Both methods raise InputError where the container is damaged, and nothing else.
    """

    _path: Path

    def field_layouts(self) -> tuple[FieldLayout, ...]:
        return self._layouts

    @cached_property
    def _layouts(self) -> tuple[FieldLayout, ...]:
        metadata = self.metadata
        with self._told("its fields cannot be told"):
            return from_metadata(metadata)

    def fields(self, indices: Sequence[int], names: Sequence[str] | None = None) -> Found:
        """Raises InputError naming the sample whose values cannot be read, or a name that is none."""
        chosen = chosen_of(self.field_layouts(), names, str(self._path))
        if not chosen or not len(indices):
            return [{} for _ in indices]
        try:
            return self._fields(indices, chosen)
        except TROUBLE as error:
            raise self._blamed_for_fields(indices, chosen, error) from error

    def _fields(self, indices: Sequence[int], layouts: Sequence[FieldLayout]) -> Found:
        """The values of these fields; may raise what it likes."""
        raise NotImplementedError

    def _blamed_for_fields(
        self, indices: Sequence[int], layouts: Sequence[FieldLayout], error: BaseException
    ) -> InputError:
        """Which of these samples it is: they are read again, one by one."""
        for index in indices:
            try:
                self._fields([index], layouts)
            except FormatMattersError as told:
                return InputError(str(told))
            except TROUBLE as alone:
                return InputError(f"the fields of sample {index} of {self._path} cannot be read: {reason_of(alone)}")
        return InputError(f"the fields of {self._path} cannot be read: {reason_of(error)}")


def chosen_of(layouts: Sequence[FieldLayout], names: Sequence[str] | None, of: str) -> tuple[FieldLayout, ...]:
    """The fields of these names, in their order. Raises InputError that names those there are."""
    if names is None:
        return tuple(layouts)
    known = {layout.name: layout for layout in layouts}
    unknown = [name for name in names if name not in known]
    if unknown:
        there = ", ".join(known) or "none"
        raise InputError(f"{of} has no field {unknown[0]!r}; it has: {there}")
    return tuple(known[name] for name in dict.fromkeys(names))
