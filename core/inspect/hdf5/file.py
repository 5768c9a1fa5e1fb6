"""Read-only access to the datasets of an HDF5 file, in a process that may die of it (see `process`)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any, ClassVar

import h5py
import numpy as np

from ...base.errors import InputError
from ...formats.maps import MapsItself
from ..display import Choice
from ..records import Finding
from . import absent, guard
from .absent import Absence
from .chunks import chunk_map, describe
from .datasets import Datasets
from .guard import texts
from .heap import Heaps
from .raw_bytes import RawBytes
from .truncated import Padded, stated_end
from .walk import TROUBLE, Hdf5Tree, Node, one_line, shortened, walk

MAX_TREE = 2_000
"""Nodes that `structure` describes; of more, the first, and `tree_total` says how many there are."""

TREE_SECONDS = 3.0
"""Seconds that describing them may take; of the rest only names and kinds are told."""

MAX_ATTRIBUTED = 100
"""Nodes whose attributes are told in `structure`, each in a few words."""

KEPT_ATTRIBUTES = 4096


class Hdf5File:
    """Every dataset of one file, each once, whatever links lead to it. `looked`, `origin`, `doubts` and `beside` keep
    what was found out about them: their facts, what the file says of itself, why some are no pictures, and why some
    pictures are no samples.

    Links to other files, external storage and virtual datasets of other files are not followed, unless
    `follow_external` says so.
    """

    kind: ClassVar[str] = "hdf5"

    def __init__(self, path: Path, follow_external: bool = False) -> None:
        self.path = path
        self.follow_external = follow_external
        self.choice = Choice()
        self.looked: list[Any] | None = None
        self.origin: Any = None
        self.doubts: dict[str, str] = {}
        self.beside: dict[str, str] = {}
        self._warnings: list[str] = []
        self._refusals: dict[Any, str | None] = {}
        self._attributes: dict[str, Mapping[str, Any]] = {}
        self._absences: dict[Any, Absence] = {}
        try:
            self._file = self._opened()
            self.tree: Hdf5Tree = walk(self._file, follow_external)
        except TROUBLE as error:
            raise InputError(f"{path} is an HDF5 file that cannot be opened: {one_line(error)}") from None
        self.datasets = Datasets(self._file, self.tree)
        self._bytes = RawBytes(path)
        self._size = path.stat().st_size if not follow_external else guard.UNKNOWN_SIZE

    def _opened(self) -> h5py.File:
        """The file; one that ends too early as if it went on with zeros. Raises what h5py raises."""
        try:
            if isinstance(self.path, MapsItself):
                return h5py.File(self.path.open("rb"), "r")
            return h5py.File(self.path, "r", locking=False)
        except OSError:
            size, stated = self.path.stat().st_size, stated_end(self.path)
            if stated is None or stated <= size:
                raise
            missing = stated - size
            self._warnings.append(
                f"the file is damaged: it was cut short, {missing:,} of {stated:,} bytes are missing at its end"
            )
            return h5py.File(Padded(self.path, stated), "r")

    @cached_property
    def _heaps(self) -> Heaps:
        addresses, _ = self._file.id.get_create_plist().get_sizes()
        return Heaps(self._bytes.at, int(self._file.userblock_size), self._size, addresses == 8)

    @cached_property
    def matlab(self) -> bool:
        """Whether MATLAB wrote it (-v7.3): the axes of all its arrays are reversed."""
        return self._bytes.at(0, 10) == b"MATLAB 7.3"

    def rows(self, dataset: h5py.Dataset, start: int, stop: int, axis: int = 0) -> np.ndarray[Any, Any]:
        """Rows start..stop of a dataset along an axis (all of a scalar). Raises ValueError that says why not."""
        try:
            problem = self.refusal(dataset) or self._too_much(dataset, start, stop, axis)
        except TROUBLE as error:
            problem = _explain(dataset, error)
        if problem is not None:
            raise ValueError(problem)
        try:
            chosen = (slice(None),) * axis + (slice(start, stop),)
            return np.asarray(dataset[()] if dataset.shape == () else dataset[chosen])
        except (*TROUBLE, MemoryError) as error:
            raise ValueError(_explain(dataset, error)) from None

    def absence(self, dataset: h5py.Dataset) -> Absence:
        """What of a dataset was never written (`absent`); nothing where that cannot be told."""
        about = h5py.h5o.get_info(dataset.id)
        token = (about.fileno, about.addr)
        if token not in self._absences:
            try:
                self._absences[token] = absent.of_dataset(dataset)
            except TROUBLE:
                self._absences[token] = absent.NOTHING
        return self._absences[token]

    def absence_of_rows(self, dataset: h5py.Dataset, start: int, stop: int, axis: int = 0) -> Absence:
        """The same of the rows start..stop along an axis."""
        whole = self.absence(dataset)
        if whole.counted and (not whole or whole.whole):
            return whole
        try:
            return absent.of_rows(dataset, start, stop, axis)
        except TROUBLE:
            return absent.NOTHING

    def refusal(self, dataset: h5py.Dataset) -> str | None:
        """Why nothing of this dataset is read: it lies elsewhere, or a filter is missing. None where it is."""
        about = h5py.h5o.get_info(dataset.id)
        token = (about.fileno, about.addr)
        if token not in self._refusals:
            self._refusals[token] = self._refused(dataset)
        return self._refusals[token]

    def _refused(self, dataset: h5py.Dataset) -> str | None:
        try:
            elsewhere = None if self.follow_external else guard.outside(dataset, self.tree)
            return elsewhere or guard.refusal(dataset)
        except TROUBLE as error:
            return f"{dataset.name} cannot be read: {one_line(error)}"

    def _too_much(self, dataset: h5py.Dataset, start: int, stop: int, axis: int) -> str | None:
        """Why these rows are not read: too large, never written, or not what they say they are."""
        shape = tuple(map(int, dataset.shape or ()))
        count = prod(shape) // max(shape[axis] if shape else 1, 1) * max(stop - start, 1)
        problem = guard.too_much(dataset, count)
        if problem is None and guard.hollow(dataset) and not self.follow_external:
            problem = f"{dataset.name} was never written: the file promises more than it holds"
        if problem is None and axis == 0:
            problem = guard.bad_chunks(dataset, start, stop, self._size)
        if problem is None:
            problem = guard.beyond(dataset, count, start if axis == 0 else 0, self._size)
        if problem is None and dataset.dtype.hasobject and not self.follow_external:
            problem = self._heaps.problem(dataset, start, stop, _item_bytes(dataset))
        return problem

    def structure(self) -> Mapping[str, Any]:
        """Every object and link (the first of very many), and the file's size."""
        status, nodes = self.path.stat(), self.tree.nodes
        deadline = time.monotonic() + TREE_SECONDS
        tree = [self._described(node, deadline) for node in nodes[:MAX_TREE]]
        for node, row in list(zip(nodes, tree, strict=False))[:MAX_ATTRIBUTED]:
            row |= {"attribute_values": texts(self.attributes(node.name))} if row.get("attributes") else {}
        logical = sum(row.get("logical_bytes") or 0 for row in tree)
        stored = sum(row.get("stored_bytes") or 0 for row in tree)
        return {
            "datasets": len(self.datasets),
            "groups": sum(node.kind == "group" and node.target is None for node in nodes),
            "links": sum(node.target is not None for node in nodes),
            "attributes": texts(self.attributes()),
            "tree": tree,
            "tree_total": len(nodes),
            "logical_bytes": logical,
            "stored_bytes": stored,
            "free_bytes": self._free(),
            "user_block_bytes": int(self._file.userblock_size),
            "apparent_bytes": status.st_size,
            "allocated_bytes": status.st_blocks * 512,
        }

    def _free(self) -> int | None:
        """Bytes inside the file that belong to nothing, as far as the file keeps account of them."""
        try:
            return int(self._file.id.get_freespace())
        except TROUBLE:
            return None

    def _described(self, node: Node, deadline: float) -> dict[str, Any]:
        target = None if node.target is None else shortened(node.target)
        told: dict[str, Any] = {"name": shortened(node.name), "kind": node.kind, "target": target}
        if node.target is not None or node.kind not in ("dataset", "group") or time.monotonic() > deadline:
            return told
        try:
            if node.kind == "dataset":
                dataset = self.datasets[node.name]
                absence = self.absence(dataset)
                lacking = {"missing": absence.missing, "pieces": absence.pieces} if absence else {}
                return told | describe(told["name"], dataset) | lacking
            return told | {"attributes": h5py.h5a.get_num_attrs(h5py.h5o.open(self._file.id, node.raw))}
        except TROUBLE as error:
            return told | {"problem": one_line(error)}

    def chunk_map(self, name: str) -> dict[str, Any]:
        """Where the pieces of a dataset lie in the file, see `chunks.chunk_map`. Raises InputError."""
        if name.strip("/") not in self.datasets:
            raise InputError(f"there is no dataset {name!r} in {self.path}")
        try:
            return chunk_map(self.datasets[name.strip("/")], self.path.stat().st_size)
        except TROUBLE as error:
            raise InputError(
                f"{self.path} is damaged: the chunks of {name} cannot be told: {one_line(error)}"
            ) from None

    def warnings(self) -> list[str]:
        return [*self.tree.warnings, *dict.fromkeys(self._warnings), *absent.warnings(self.findings)]

    @cached_property
    def findings(self) -> list[Finding]:
        """The datasets that lie elsewhere or were never written."""
        return absent.findings(self.datasets, self._lacking)

    def _lacking(self, name: str) -> Finding | None:
        """Where a dataset lies elsewhere or was never written, in whole or in part: that."""
        try:
            dataset = self.datasets[name]
            elsewhere = None if self.follow_external else guard.outside(dataset, self.tree)
        except TROUBLE:
            return None  # what cannot be opened is told where it is read
        if elsewhere:
            return absent.elsewhere(name, elsewhere)
        absence = self.absence(dataset)
        return absent.never_written(name, absence) if absence else None

    def attributes(self, name: str = "") -> Mapping[str, Any]:
        """The attributes of an object (the root without a name) that are plain; what cannot be read is warned of."""
        if name not in self._attributes:
            if len(self._attributes) >= KEPT_ATTRIBUTES:
                self._attributes.clear()
            self._attributes[name] = self._read_attributes(name)
        return self._attributes[name]

    def _read_attributes(self, name: str) -> Mapping[str, Any]:
        node = self.tree.by_name.get(name)
        if node is None and name:
            return {}
        try:
            opened = h5py.h5o.open(self._file.id, node.raw if node is not None else b"/")
            owner = h5py.Group(opened) if isinstance(opened, h5py.h5g.GroupID) else h5py.Dataset(opened)
            plain, lost = guard.plain_attributes(owner.attrs)
        except TROUBLE as error:
            plain, lost = {}, [f"the attributes of /{name} cannot be read: {one_line(error)}"]
        self._warnings += lost
        return plain

    def dereferenced(self, reference: Any) -> h5py.Dataset | h5py.Group | None:
        """What an object reference leads to; None where it leads to nothing, or to something that holds no data."""
        try:
            found = self._file[reference] if reference else None
        except TROUBLE:
            return None
        return found if isinstance(found, h5py.Dataset | h5py.Group) else None

    def close(self) -> None:
        self._file.close()
        self._bytes.close()


def _item_bytes(dataset: h5py.Dataset) -> int:
    """The size of one element of a value of variable length."""
    inner = h5py.check_vlen_dtype(dataset.dtype)
    return np.dtype(inner).itemsize if inner is not None and h5py.check_string_dtype(dataset.dtype) is None else 1


def _explain(dataset: h5py.Dataset, error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return f"{dataset.name} cannot be read: it needs more memory than a reader may use"
    return f"{dataset.name} cannot be read: {one_line(error)}"
