"""Which source a word or a path on the command line means, told by what is there."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from ..base.errors import InputError
from ..base.names import readable
from ..base.package import COMMAND
from ..base.typed_paths import typed_path
from ..formats import FORMATS
from ..remote.address import check_address, is_address
from .folder_names import split_name
from .label_files.parquet_table import names_images
from .tree import IMAGE_ENDINGS, is_folder, is_visible

GENERATED = ("shapes", "cifar10", "cifar100", "mnist", "fashion_mnist", "stl10", "svhn")
"""Sources that are named by a word instead of a path."""

ARCHIVE_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")

OTHER_ARCHIVES = (".7z", ".rar", ".tar.zst", ".tzst", ".tar.lz4", ".zst", ".gz", ".bz2", ".xz")

LABEL_FILES = (".csv", ".tsv", ".txt", ".lst", ".jsonl", ".ndjson", ".json")

AT_ADDRESS = "at_address"

HEAD = 64
"""Bytes of a file by which a container is recognised."""

MAX_WRAPPERS = 32

ACCEPTED = (
    f"{', '.join(GENERATED)}, a folder of images, an archive of one (.zip, .tar, .tar.gz, .tar.bz2, .tar.xz), a "
    "label file (.csv, .tsv, .txt, .json, .jsonl, .parquet), the files of these datasets as they are handed out, "
    "tiny-imagenet-200, or what the Inspector reads (LMDB, HDF5, tar shards, TFRecord, Parquet, ...)"
)

_FILES = {
    "cifar-100-python.tar.gz": "cifar100",
    "stl10_binary.tar.gz": "stl10",
    **dict.fromkeys(("train_X.bin", "test_X.bin"), "stl10"),
    **dict.fromkeys(("train_32x32.mat", "test_32x32.mat", "extra_32x32.mat"), "svhn"),
}
"""Files that are known by their names."""


class ContainerError(InputError):
    """What was to be imported is a container, as an LMDB is, which the Inspector opens: `path`."""

    def __init__(self, path: Path, noun: str) -> None:
        self.path = path
        super().__init__(
            f"{readable(path)} is {noun}, which is not imported: look into it in the Inspector "
            f"({COMMAND} inspect), or give a folder or an archive of image files"
        )


def recognise(spec: str) -> str:
    """The name of the source in `core.sources.SOURCES` that `spec` means: one of `GENERATED`, or what reads the path.

    Raises:
        ContainerError: it is the container of a format.
        InputError: `spec` is neither a source's name nor a path to something that one reads.
    """
    if spec in GENERATED:
        return spec
    if is_address(spec):
        check_address(spec)
        return AT_ADDRESS
    path = as_path(spec)
    try:
        if path.is_dir():
            return known_layout(path)[0]
        if path.is_file():
            return _recognise_file(path)
    except OSError as error:
        raise InputError(f"{readable(path)} cannot be read: {error.strerror}") from None
    if path.exists():
        raise InputError(f"{spec} is neither a file nor a folder; accepted are {ACCEPTED}")
    if "/" in spec or os.sep in spec:
        raise InputError(f"there is no file and no folder {spec!r} on this machine")
    raise InputError(f"there is no {spec!r} here; accepted are {ACCEPTED}")


def as_path(spec: str) -> Path:
    """The path that `spec` means, as people type it. Raises InputError where no file system could have it."""
    try:
        return typed_path(spec)
    except InputError as error:
        raise InputError(f"{error}; accepted are {ACCEPTED}") from None


def recognise_folder(path: Path) -> str:
    """The source that reads the folder at `path`, by the files that mark a known layout.

    Raises:
        ContainerError: it is the container of a format.
    """
    for entry in FORMATS.values():
        if entry.signs.in_folder(path):
            raise ContainerError(path, entry.noun)
    if (path / "batches.meta").is_file() or (path / "data_batch_1").is_file():
        return "cifar10"
    if (path / "meta").is_file() and ((path / "train").is_file() or (path / "test").is_file()):
        return "cifar100"
    if (path / "val" / "val_annotations.txt").is_file() and (path / "train").is_dir():
        return "tiny_imagenet"
    known = next((source for name, source in _FILES.items() if (path / name).is_file()), None)
    if known in ("stl10", "svhn"):
        return known
    if any(idx_file(path, stem, "images") for stem in ("train", "t10k", "test")):
        return "fashion_mnist" if any("fashion" in part.lower() for part in path.absolute().parts[-3:]) else "mnist"
    return "image_folder"


def idx_file(folder: Path, stem: str, what: str) -> Path | None:
    """A file of MNIST's: "train" and "images" -> train-images-idx3-ubyte, with a dot, gzipped, or plain."""
    axes = 3 if what == "images" else 1
    names = (f"{stem}-{what}{mark}idx{axes}-ubyte{gz}" for gz in ("", ".gz") for mark in ("-", "."))
    return next((folder / name for name in names if (folder / name).is_file()), None)


def known_layout(folder: Path) -> tuple[str, Path]:
    """The source that reads a folder, and where what it reads is: folders that hold nothing but one are passed.

    Raises:
        ContainerError: it is the container of a format.
    """
    inner = folder
    for _ in range(MAX_WRAPPERS):
        name = recognise_folder(inner)
        if name != "image_folder":
            return name, inner
        with os.scandir(inner) as found:
            entries = list(islice((entry for entry in found if is_visible(entry.name)), 2))
        if len(entries) != 1 or not is_folder(entries[0]) or split_name(entries[0].name):
            break
        inner = inner / entries[0].name
    return "image_folder", folder


def _recognise_file(path: Path) -> str:
    name = path.name.lower()
    if path.name in _FILES:
        return _FILES[path.name]
    if name.endswith(ARCHIVE_ENDINGS):
        return "archive"
    with path.open("rb") as file:
        head = file.read(HEAD)
    if name.endswith(".parquet") and head.startswith(b"PAR1") and names_images(path):
        return "label_file"
    for entry in FORMATS.values():
        if entry.signs.in_file(head, name):
            raise ContainerError(path, entry.noun)
    if name.endswith(LABEL_FILES):
        return "label_file"
    if name.endswith(OTHER_ARCHIVES):
        raise InputError(f"{path} is an archive of a kind that is not read; unpack it and import the folder")
    if path.suffix.lower() in IMAGE_ENDINGS:
        raise InputError(f"{path} is one image; give its folder, or several images together")
    raise InputError(f"{path} is a file that is not an archive of images; accepted are {ACCEPTED}")
