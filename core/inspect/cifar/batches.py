"""A batch of CIFAR-10 or CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html).

A dict: `data`, uint8 (n, 3072), each row 32 x 32 red, then green, then blue values; `labels`, or `fine_labels` and
`coarse_labels`; `filenames`. The names of the classes are in another one, `batches.meta` or `meta`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...base.errors import InputError
from ..contents.pickled import load
from ..named_arrays.array import MemoryArray, NamedArray, TextColumn
from ..named_arrays.flattened import text
from ..named_arrays.roles import ArrayGroup, ImageArray

SIDE = 32
ROW = 3 * SIDE**2
LABELS = ("fine_labels", "labels", "coarse_labels")
"""The first that is there is shown as the label."""

NAMES = {"fine_labels": "fine_label_names", "labels": "label_names", "coarse_labels": "coarse_label_names"}
_LONGEST_META = 1 << 20


@dataclass(frozen=True, slots=True)
class CifarBatch:
    """data: uint8 (n, 3072); labels: by name, int64 (n,); filenames: where there are some."""

    name: str
    data: np.ndarray[Any, Any]
    labels: Mapping[str, np.ndarray[Any, Any]]
    filenames: Sequence[str] = ()

    def group(self) -> ArrayGroup:
        """Its images, labels and names as arrays that belong together."""
        images = ImageArray(MemoryArray(f"{self.name}/data", self.data), "NX", 9, ((3, SIDE, SIDE), "CHW"))
        columns: dict[str, tuple[NamedArray, int]] = {}
        for name, numbers in self.labels.items():
            columns[f"{self.name}/{name}"] = MemoryArray(f"{self.name}/{name}", numbers), 0
        if self.filenames:
            name = f"{self.name}/filenames"
            columns[name] = TextColumn(name, self.filenames), 0
        label = next((f"{self.name}/{name}" for name in LABELS if name in self.labels), None)
        return ArrayGroup(len(self.data), None, [images], columns, label, self.name)


def batch_in(name: str, value: Any) -> CifarBatch | None:
    """The batch that unpickled data are; None for anything else."""
    if not isinstance(value, Mapping):
        return None
    named = {text(key): one for key, one in value.items()}
    data = named.get("data")
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != ROW:
        return None
    labels = {key: numbers for key in LABELS if (numbers := _numbers(named.get(key), len(data))) is not None}
    filenames = named.get("filenames")
    told = filenames if isinstance(filenames, list) and len(filenames) == len(data) else []
    return CifarBatch(name, data, labels, [text(one) for one in told]) if labels else None


def _numbers(value: Any, count: int) -> np.ndarray[Any, Any] | None:
    if not isinstance(value, list | np.ndarray) or len(value) != count:
        return None
    try:
        numbers = np.array(value)
    except ValueError:
        return None
    return numbers.astype(np.int64) if numbers.ndim == 1 and numbers.dtype.kind in "iu" else None


def names_in(value: Any) -> dict[str, list[str]]:
    """The names of the classes by the labels that they belong to, in an unpickled `batches.meta` or `meta`."""
    if not isinstance(value, Mapping):
        return {}
    named = {text(key): one for key, one in value.items()}
    lists = {key: named.get(called) for key, called in NAMES.items()}
    return {key: [text(one) for one in found] for key, found in lists.items() if isinstance(found, list) and found}


def names_beside(folder: Path) -> tuple[dict[str, list[str]], str]:
    """(names, the file that they are from) of a regular file in the folder; nothing where there is none."""
    for name in ("batches.meta", "meta"):
        path = folder / name
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size > _LONGEST_META:
                continue
            found = names_in(load(path.read_bytes()))
        except (OSError, InputError):
            continue
        if found:
            return found, name
    return {}, ""
