"""Read-only access to what a file that is a pickle holds, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from ...base.errors import InputError
from ...formats.maps import mapped
from ...pickles import PickledObject
from ...pickles.torch_stream import MAGIC, load_stream
from ..contents.pickled import load
from ..display import Choice
from ..hdf5.origins import parameters_by_name
from ..named_arrays.flattened import flattened, is_pair, text
from ..records import ReadCost
from ..values import MAX_INFLATED, inflate

MOST_BYTES = 400 << 20
"""A pickle is read as a whole, and its bytes are there twice for a while."""


class PickleFile:
    """`value`: what the pickle holds; `arrays` and `others`: the same by name."""

    kind: ClassVar[str] = "pickle"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.choice = Choice()
        self.doubts: dict[str, str] = {}
        self.read_cost: ReadCost | None = None
        self.compressed, data = _data(path)
        self.pickle_bytes = len(data)
        try:
            self.value: Any = load_stream(data) if data.startswith(MAGIC) else load(data)
        except InputError as error:
            raise InputError(f"{path} is a pickle that is not read: {error}") from None
        self.arrays, self.others = flattened(named(self.value))
        self.said = "a pickle, read as plain data without executing it"
        told = parameters_by_name([array.name for array in self.arrays if array.is_numbers])
        self.model = None if told is None else f"its arrays are {told}"

    def structure(self) -> Mapping[str, Any]:
        """What kind of value it is, and its arrays."""
        value = self.value
        kind = value.class_name if isinstance(value, PickledObject) else type(value).__name__
        return {
            "value": kind,
            "items": len(value) if hasattr(value, "__len__") else 1,
            "arrays": [
                {"name": array.name, "dtype": str(array.dtype), "shape": list(array.shape), "bytes": array.stored_bytes}
                for array in self.arrays[:1_000]
            ],
            "arrays_total": len(self.arrays),
            "pickle_bytes": self.pickle_bytes,
            "compression": "gzip" if self.compressed else "none",
            "read_cost": ReadCost(self.pickle_bytes, self.pickle_bytes, "the whole pickle, once").to_json(),
        }

    def warnings(self) -> list[str]:
        return []

    def close(self) -> None:
        """There is nothing to close."""


def _data(path: Path) -> tuple[bool, bytes]:
    """(whether it is gzipped, the pickle's bytes). Raises InputError for what is too large to be read as a whole."""
    memory = memoryview(mapped(path))
    if len(memory) > MOST_BYTES:
        raise InputError(
            f"{path} has {len(memory):,} bytes: a pickle is read as a whole, and {MOST_BYTES:,} is the limit here"
        )
    data = bytes(memory)
    if not data.startswith(b"\x1f\x8b"):
        return False, data
    try:
        return True, inflate(data, "gzip")
    except ValueError as error:
        raise InputError(f"{path} is a gzipped pickle that {error} (the limit is {MAX_INFLATED >> 20} MiB)") from None


def named(value: Any) -> dict[str, Any]:
    """The parts of a value by name; one that has none is called "value"."""
    if isinstance(value, PickledObject):
        value = value.state
    if isinstance(value, Mapping):
        return {text(name): one for name, one in value.items()}
    if is_pair(value):
        return {"x": value[0], "y": value[1]}
    if isinstance(value, list | tuple) and len(value) <= 8 and any(isinstance(one, list | tuple) for one in value):
        return {str(place): one for place, one in enumerate(value)}
    return {"value": value}
