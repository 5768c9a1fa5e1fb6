"""Which source a word or a path on the command line means, told by what is there."""

from __future__ import annotations

from pathlib import Path

from ..base.errors import InputError
from ..base.names import readable
from ..base.package import COMMAND
from ..base.typed_paths import typed_path
from ..formats import FORMATS
from .folder_names import split_name

GENERATED = ("shapes", "cifar10")
"""Sources that are named by a word instead of a path."""

ARCHIVE_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")

OTHER_ARCHIVES = (".7z", ".rar", ".tar.zst", ".tzst", ".tar.lz4", ".zst", ".gz", ".bz2", ".xz")

LABEL_FILES = (".csv", ".tsv", ".txt", ".lst", ".jsonl", ".ndjson")

HEAD = 64
"""Bytes of a file by which a container is recognised."""

MAX_WRAPPERS = 32

ACCEPTED = (
    "shapes, cifar10, a folder of images, an archive of one (.zip, .tar, .tar.gz, .tar.bz2, .tar.xz), "
    "a label file (.csv, .tsv, .txt, .jsonl), "
    "cifar-10-python.tar.gz or cifar-10-batches-py, or tiny-imagenet-200"
)


class ContainerError(InputError):
    """What was to be imported is a container, as an LMDB is, which the Inspector opens: `path`."""

    def __init__(self, path: Path, noun: str) -> None:
        self.path = path
        super().__init__(
            f"{readable(path)} is {noun}, which is not imported: look into it in the Inspector "
            f"({COMMAND} inspect), or give a folder or an archive of image files"
        )


def recognise(spec: str) -> str:
    """The name of the source that `spec` means: "shapes", "cifar10", "image_folder", "label_file", "tiny_imagenet"
    or "archive".

    Raises:
        ContainerError: it is the container of a format.
        InputError: `spec` is neither a source's name nor a path to something that one reads.
    """
    if spec in GENERATED:
        return spec
    path = as_path(spec)
    try:
        if path.is_dir():
            return recognise_folder(path)
        if path.is_file():
            return _recognise_file(path)
    except OSError as error:
        raise InputError(f"{readable(path)} cannot be read: {error.strerror}") from None
    if path.exists():
        raise InputError(f"{spec} is neither a file nor a folder; accepted are {ACCEPTED}")
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
    if (path / "val" / "val_annotations.txt").is_file() and (path / "train").is_dir():
        return "tiny_imagenet"
    return "image_folder"


def known_layout(folder: Path) -> tuple[str, Path]:
    """The source of what was unpacked into a folder, and where it is: folders that hold nothing but one are passed.

    Raises:
        ContainerError: it is the container of a format.
    """
    inner = folder
    for _ in range(MAX_WRAPPERS):
        name = recognise_folder(inner)
        if name != "image_folder":
            return name, inner
        entries = sorted(inner.iterdir())
        if len(entries) != 1 or not entries[0].is_dir() or split_name(entries[0].name):
            break
        inner = entries[0]
    return "image_folder", folder


def _recognise_file(path: Path) -> str:
    name = path.name.lower()
    if name.endswith(ARCHIVE_ENDINGS):
        return "archive"
    with path.open("rb") as file:
        head = file.read(HEAD)
    for entry in FORMATS.values():
        if entry.signs.in_file(head, name):
            raise ContainerError(path, entry.noun)
    if name.endswith(LABEL_FILES):
        return "label_file"
    if name.endswith(OTHER_ARCHIVES):
        raise InputError(f"{path} is an archive of a kind that is not read; unpack it and import the folder")
    raise InputError(f"{path} is a file that is not an archive of images; accepted are {ACCEPTED}")
