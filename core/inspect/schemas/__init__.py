"""The ways of keeping images that are recognised, by kind of file: each is one class and one line, the surest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from core.errors import InputError
from core.inspect.records import UNREADABLE, File, Records, Schema
from core.tables import Entry, Table

_HERE = "core.inspect.schemas"

SCHEMAS: Mapping[str, Table[Schema]] = {
    "store": Table(
        "schema for stores",
        {"store": Entry(f"{_HERE}.ours:BuiltStore", "A store built here")},
    ),
    "lmdb": Table(
        "schema for LMDB",
        {
            "own-lmdb": Entry(f"{_HERE}.ours:OwnLmdb", "LMDB of a store built here"),
            "pickled-dicts": Entry(f"{_HERE}.pickled:PickledDicts", "Pickled {image, label, compression} entries"),
            "pickled-objects": Entry(f"{_HERE}.pickled:PickledObjects", "Pickled CIFAR_Image objects"),
            "encoded-values": Entry(f"{_HERE}.lmdb_values:EncodedValues", "Values that are image files"),
            "plain-values": Entry(f"{_HERE}.lmdb_values:PlainValues", "Values of an unknown kind"),
        },
    ),
    "hdf5": Table(
        "schema for HDF5",
        {
            "own-hdf5": Entry(f"{_HERE}.ours:OwnHdf5", "HDF5 file of a store built here"),
            "hdf5-single": Entry(f"{_HERE}.hdf5_arrays:SingleImage", "One image: datasets image and meta"),
            "hdf5-many": Entry(f"{_HERE}.hdf5_arrays:ManyImages", "Many images: datasets images and meta"),
            "hdf5-arrays": Entry(f"{_HERE}.hdf5_arrays:NamedArrays", "An array of images, and labels"),
            "hdf5-datasets": Entry(f"{_HERE}.hdf5_arrays:Datasets", "Datasets that are no images known here"),
        },
    ),
    "folder": Table(
        "schema for folders",
        {
            "own-disk": Entry(f"{_HERE}.ours:OwnDisk", "Folder of a store built here"),
            "png-csv": Entry(f"{_HERE}.png_csv:PngCsv", "PNG files with their labels in CSV files"),
        },
    ),
}
"""A schema's module is imported when a file of its kind is looked at, and not before."""


def understand(file: File, wanted: str | None = None) -> tuple[str, Records]:
    """The first schema that recognises the file, or the wanted one, and the file's records.

    Raises:
        InputError: none does, or the wanted one does not.
    """
    table = SCHEMAS[file.kind]
    if wanted is not None:
        return wanted, _as_wanted(file, wanted)
    doubts: dict[str, str] = {}
    for name in table:
        try:
            records = _recognise(file, name)
        except UNREADABLE as error:
            doubts[name] = " ".join(str(error).split())[:400]
            continue
        if records is not None:
            records.warnings += [f"it is not read as {other}: {reason}" for other, reason in doubts.items()]
            return name, records
    if doubts:
        raise InputError(next(iter(doubts.values())))
    titles = "; ".join(f"{name}: {entry.title}" for name, entry in table.items())
    raise InputError(f"nothing in it is known here. A {file.kind} is read as one of these: {titles}")


def _as_wanted(file: File, name: str) -> Records:
    try:
        records = _recognise(file, name)
    except ValueError as error:
        raise InputError(f"this file cannot be read as {name!r}: {error}") from None
    if records is None:
        raise InputError(f"this file cannot be read as {name!r} ({SCHEMAS[file.kind][name].title})")
    return records


def _recognise(file: File, name: str) -> Records | None:
    return cast("Records | None", cast("type[Any]", SCHEMAS[file.kind].load(name)).recognise(file))
