"""The ways of keeping images that are recognised, by kind of file: each is one class and one line, the surest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ...base.errors import InputError
from ...base.registry import Registration, Registry
from ..records import UNREADABLE, File, Records, Schema

_HERE = ".inspect.schemas"

SUB = "sub:"
"""What precedes the name of a sub-database of an LMDB, where a schema is asked for."""

SCHEMAS: Mapping[str, Registry[Schema, Registration]] = {
    "store": Registry(
        "schema for stores",
        {"store": Registration(f"{_HERE}.ours:BuiltStore", "A store built here")},
    ),
    "lmdb": Registry(
        "schema for LMDB",
        {
            "own-lmdb": Registration(f"{_HERE}.ours:OwnLmdb", "LMDB of a store built here"),
            "pickled-dicts": Registration(
                f"{_HERE}.pickled:PickledDicts", "Pickled {image, label, compression} entries"
            ),
            "pickled-objects": Registration(f"{_HERE}.pickled:PickledObjects", "Pickled CIFAR_Image objects"),
            "crnn": Registration(
                f"{_HERE}.lmdb_pairs:Crnn", "CRNN and text recognition: image-*, label-*, num-samples"
            ),
            "stylegan2": Registration(f"{_HERE}.lmdb_layouts:StyleGan2", "StyleGAN2: {size}-{number}, length"),
            "lsun": Registration(f"{_HERE}.lmdb_layouts:Lsun", "LSUN: hashes to image files"),
            "basicsr": Registration(f"{_HERE}.lmdb_layouts:BasicSr", "BasicSR: image files listed in meta_info.txt"),
            "efficient-pytorch": Registration(
                f"{_HERE}.lmdb_layouts:EfficientPyTorch", "Efficient-PyTorch: __keys__, __len__"
            ),
            "tensorpack": Registration(f"{_HERE}.lmdb_layouts:Tensorpack", "tensorpack: msgpack datapoints, __keys__"),
            "datum": Registration(f"{_HERE}.lmdb_datum:Datums", "Caffe and DIGITS: Datum messages"),
            "caffe2": Registration(f"{_HERE}.lmdb_datum:Caffe2Tensors", "Caffe2: TensorProtos"),
            "pairs": Registration(f"{_HERE}.lmdb_pairs:Pairs", "An image and its label under two keys"),
            "paths": Registration(f"{_HERE}.lmdb_layouts:PathKeys", "Paths to image files, as mmcv reads them"),
            "encoded-values": Registration(f"{_HERE}.lmdb_values:EncodedValues", "Values that are image files"),
            "npy": Registration(f"{_HERE}.lmdb_kinds:Npy", "NumPy files"),
            "objects": Registration(f"{_HERE}.lmdb_kinds:Objects", "Plain data with an image inside"),
            "wrapped": Registration(f"{_HERE}.lmdb_kinds:Wrapped", "Image files with something before them"),
            "vectors": Registration(f"{_HERE}.lmdb_kinds:Vectors", "Embeddings: vectors of numbers"),
            "pixels": Registration(f"{_HERE}.lmdb_kinds:BarePixels", "Blocks of bare pixels"),
            "text": Registration(f"{_HERE}.lmdb_kinds:Texts", "Text or JSON"),
            "plain-values": Registration(f"{_HERE}.lmdb_values:PlainValues", "Values of an unknown kind"),
        },
    ),
    "hdf5": Registry(
        "schema for HDF5",
        {
            "own-hdf5": Registration(f"{_HERE}.ours:OwnHdf5", "HDF5 file of a store built here"),
            "hdf5-weights": Registration(f"{_HERE}.hdf5_weights:Weights", "Weights of a model"),
            "hdf5-single": Registration(f"{_HERE}.hdf5_arrays:SingleImage", "One image: datasets image and meta"),
            "hdf5-many": Registration(f"{_HERE}.hdf5_arrays:ManyImages", "Many images: datasets images and meta"),
            "hdf5-packed": Registration(
                f"{_HERE}.hdf5_bytes:PackedBytes", "Image files packed end to end, and offsets"
            ),
            "hdf5-encoded": Registration(f"{_HERE}.hdf5_bytes:EncodedRows", "Elements that are image files"),
            "hdf5-shaped": Registration(f"{_HERE}.hdf5_shaped:ShapedImages", "Flat images, and their shapes beside"),
            "hdf5-arrays": Registration(f"{_HERE}.hdf5_arrays:NamedArrays", "Arrays of images, and labels"),
            "hdf5-compound": Registration(
                f"{_HERE}.hdf5_compound:CompoundRows", "Tables with a field that is an image"
            ),
            "hdf5-references": Registration(
                f"{_HERE}.hdf5_references:ReferencedImages", "References that lead to images"
            ),
            "hdf5-boxes": Registration(
                f"{_HERE}.hdf5_references:DigitStruct", "MATLAB's structures of image names and boxes"
            ),
            "hdf5-flat": Registration(f"{_HERE}.hdf5_flat:FlatRows", "Rows of pixels, one after the other"),
            "hdf5-groups": Registration(f"{_HERE}.hdf5_groups:GroupedImages", "One image a dataset, or a group"),
            "hdf5-vectors": Registration(
                f"{_HERE}.hdf5_vectors:Vectors", "Rows of numbers: features, point clouds, signals"
            ),
            "hdf5-datasets": Registration(f"{_HERE}.hdf5_datasets:Datasets", "Datasets that are no images known here"),
            "hdf5-as-images": Registration(f"{_HERE}.hdf5_as_images:AsImages", "Any array of numbers, drawn as images"),
        },
    ),
    "folder": Registry(
        "schema for folders",
        {
            "own-disk": Registration(f"{_HERE}.ours:OwnDisk", "Folder of a store built here"),
            "png-csv": Registration(f"{_HERE}.png_csv:PngCsv", "PNG files with their labels in CSV files"),
        },
    ),
}
"""A schema's module is imported when a file of its kind is looked at, and not before."""


def check_name(kind: str, schema: str) -> None:
    """Raises InputError for a name of no schema; "sub:NAME" and "SCHEMA@NAME" choose a database, "" being the main."""
    name, at, _ = schema.partition("@")
    if kind == "lmdb" and (schema.startswith(SUB) or (at and name in SCHEMAS[kind])):
        return
    SCHEMAS[kind][schema]


def choices(file: File) -> list[str]:
    """The names that may be asked for: the schemas of its kind, and the databases of an LMDB."""
    return [*SCHEMAS[file.kind], *(f"{SUB}{name}" for name in getattr(file, "databases", {}))]


def understand(file: File, wanted: str | None = None) -> tuple[str, Records]:
    """The first schema that recognises the file, or the wanted one, and the file's records.

    Raises:
        InputError: none does, or the wanted one does not.
    """
    if getattr(file, "databases", None) or (wanted is not None and (wanted.startswith(SUB) or "@" in wanted)):
        from ..lmdb.databases import choose

        return choose(cast("Any", file), wanted, understand_one)
    return understand_one(file, wanted)


def understand_one(file: File, wanted: str | None = None) -> tuple[str, Records]:
    """`understand` for a file that is not several databases in one."""
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
        raise InputError(f"{getattr(file, 'path', 'it')} is damaged: {next(iter(doubts.values()))}")
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
