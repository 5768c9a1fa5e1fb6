"""Which source a word or a path means, files that the Inspector reads among them."""

from __future__ import annotations

import tarfile
import zlib
from collections import defaultdict
from itertools import islice
from pathlib import Path

from ..base.errors import InputError
from ..inspect.kinds import kind_of_folder
from ..sources.recognise import ARCHIVE_ENDINGS, as_path
from ..sources.recognise import recognise as recognise_source
from ..sources.tree import IMAGE_ENDINGS
from .record_parts import files_of, found_at, has_image_files, unwrapped

INSPECTED = "inspected"

BESIDE = frozenset((".cls", ".cls2", ".json", ".txt", ".npy", ".npz", ".pyd", ".pickle", ".id", ".index", ".pth"))
"""Endings of what lies beside an image of the same name in a tar of samples."""

MEMBERS = 300
HEAD_BYTES = 64 << 20
"""Members of a tar, and bytes of them, that are looked at to tell samples from a folder that was packed."""


def recognise(spec: str) -> str:
    """The name of the source that `spec` means; "inspected" for what has records.

    Raises:
        InputError: it is neither a source's name nor a path to something that one reads.
    """
    try:
        name = recognise_source(spec)
    except InputError:
        if _has_records(as_path(spec)):
            return INSPECTED
        raise
    if name == "label_file":  # index.json belongs to shards
        return INSPECTED if spec.lower().endswith(".json") and _has_records(as_path(spec)) else name
    if name == "archive":
        return INSPECTED if _is_of_records(as_path(spec)) else name
    if name == "image_folder":
        return INSPECTED if is_folder_of_records(as_path(spec)) else name
    return name


def _has_records(path: Path) -> bool:
    try:
        return found_at(path) is not None
    except OSError:
        return False


def is_folder_of_records(folder: Path) -> bool:
    """A folder that is one of a known kind by a file in it; or one with files of such kinds and no images."""
    if kind_of_folder(folder) is not None:
        return True
    try:
        if has_image_files(folder):
            return False
        inner = unwrapped(folder)
        return found_at(inner) is not None or bool(files_of(inner))
    except OSError:
        return False


def _is_of_records(archive: Path) -> bool:
    """Whether an archive is a file of records by itself: named arrays in a zip, samples in a tar."""
    if archive.name.lower().endswith(".zip"):
        found = found_at(archive)
        return found is not None and found.kind in ("npz", "zarr")
    return archive.name.lower().endswith(ARCHIVE_ENDINGS) and _is_tar_of_samples(archive)


def _is_tar_of_samples(path: Path) -> bool:
    """Whether most images among the first members have something else of the same name beside them."""
    endings: dict[str, set[str]] = defaultdict(set)
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r|*", bufsize=1 << 20) as opened:
            for member in islice(opened, MEMBERS):
                if member.offset_data > HEAD_BYTES:
                    break
                folder, slash, name = member.name.rpartition("/")
                stem, dot, ending = name.partition(".")
                if member.isfile() and dot and stem:
                    endings[f"{folder}{slash}{stem}"].update(f".{part}" for part in ending.lower().split(".")[-1:])
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error):
        pass  # what is wrong with it is said by whoever reads it
    images = [found for found in endings.values() if not IMAGE_ENDINGS.isdisjoint(found)]
    return bool(images) and 2 * sum(not BESIDE.isdisjoint(found) for found in images) > len(images)
