"""What lies beside the images and is not used: each file or group of files with what it seems to be.

Files are listed one by one where they are few; else by folder and ending, and by ending alone where folders are many.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ..base.contracts import Skipped
from ..base.names import readable
from ..base.package import COMMAND
from ..base.units import counted
from ..formats import FORMATS
from ..images.unread import BY_ENDING, UnreadKind
from .tree import OtherFiles, SourceFolder, SourceTree

ONE_BY_ONE = 50
"""Files of one ending that are listed by their names; of more, the folders are."""

HEAD_BYTES = 1 << 14

READ_BY = "--option labels=file reads it"
"""What to say of a label file that was not read because folders tell classes."""

_TO_INSPECT = f"to be opened in the Inspector ({COMMAND} inspect)"
_KINDS: Mapping[str, str] = {
    **{ending: f"{kind.one}, which is not read: {kind.remedy}" for ending, kind in BY_ENDING.items()},
    **dict.fromkeys((".dcm", ".dicom", ".nii", ".nrrd", ".mha", ".mhd"), "a medical image, which is not read"),
    **dict.fromkeys((".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v"), "a video, which is not read"),
    **dict.fromkeys((".npy", ".npz"), "a NumPy array, which is not read"),
    **dict.fromkeys((".pkl", ".pickle", ".pt", ".pth"), "a pickle, which is not read"),
    **dict.fromkeys((".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar", ".zst"),
                    "an archive inside: unpack it, and import what it holds"),
    **dict.fromkeys((".h5", ".hdf5", ".mdb"), _TO_INSPECT),
    **dict.fromkeys((".parquet", ".arrow", ".tfrecord", ".tfrecords", ".mat"), "a container, which is not read here"),
}  # fmt: skip

_MAGIC = ((b"\xff\xd8\xff", "a JPEG"), (b"\x89PNG\r\n", "a PNG"), (b"GIF8", "a GIF"), (b"II*\0", "a TIFF"),
          (b"MM\0*", "a TIFF"), (b"BM", "a BMP"))  # fmt: skip
_YOLO = re.compile(r"\d+( -?\d*\.?\d+(e-?\d+)?){4,}")
_LISTED = re.compile(r"\S+\.(jpe?g|png|bmp|tiff?|webp)\b", re.IGNORECASE)


class FileGuess(NamedTuple):
    """What a file seems to be, and whether it may well hold the images' labels."""

    what: str
    labels: bool = False


def files_unused(
    tree: SourceTree, used: Collection[Path] = (), known: Mapping[Path, str] | None = None
) -> tuple[list[Skipped], list[str]]:
    """What is not used, and what of it may hold labels, in a few words each.

    `used` are label files that were read, `known` those of which it is known why they were not.
    """
    listed: list[Skipped] = []
    labels: dict[str, str] = {}
    skip = {*used, *(known or ())}
    for ending, places in sorted(_by_ending(tree.root).items()):
        told = [path for folder, others in places for name in others.names if (path := folder.path / name) in skip]
        listed += [Skipped(readable(path), known[path]) for path in told if known and path in known]
        places = _without(places, skip)
        if not places:
            continue
        files = sum(others.files for _, others in places)
        seen = describe(places[0][0].path / places[0][1].names[0], ending)
        listed += _entries(ending, places, files, seen)
        if seen.labels:
            more = f" and {counted(files - 1, 'more file', 'more files')} like it" if files > 1 else ""
            labels[ending] = f"{readable(places[0][1].names[0])}{more} ({seen.what})"
    if tree.hidden:
        names = ", ".join(tree.hidden_names) + (", ..." if tree.hidden > len(tree.hidden_names) else "")
        listed.append(
            Skipped(
                readable(tree.root.path),
                f"{counted(tree.hidden, 'hidden entry', 'hidden entries')}, never read: {names}",
            )
        )
    return listed, list(labels.values())


def unread_images(tree: SourceTree) -> list[str]:
    """A sentence for each kind of image that lies there and is not read, with what to do about it."""
    found: dict[UnreadKind, tuple[int, str]] = {}
    for ending, places in sorted(_by_ending(tree.root).items()):
        if ending in BY_ENDING:
            files, first = found.get(BY_ENDING[ending], (0, readable(places[0][1].names[0])))
            found[BY_ENDING[ending]] = files + sum(others.files for _, others in places), first
    return [
        f"{counted(files, kind.one.partition(' ')[2], kind.several)} ({first}{', ...' if files > 1 else ''}) not "
        f"imported: {kind.remedy}"
        for kind, (files, first) in found.items()
    ]


Places = list[tuple[SourceFolder, OtherFiles]]


def _without(places: Places, skip: Collection[Path]) -> Places:
    """The places without these files."""
    left = []
    for folder, others in places:
        names = [name for name in others.names if folder.path / name not in skip]
        if names or others.files > len(others.names):
            left.append((folder, OtherFiles(others.files - len(others.names) + len(names), names or others.names)))
    return left


def _by_ending(root: SourceFolder) -> dict[str, Places]:
    found: dict[str, Places] = {}
    for folder in root.walk():
        for ending, others in folder.others.items():
            found.setdefault(ending, []).append((folder, others))
    return found


def _entries(ending: str, places: Places, files: int, seen: FileGuess) -> Iterator[Skipped]:
    """One entry a file, a folder, or for all of this ending."""
    if files <= ONE_BY_ONE and all(others.files == len(others.names) for _, others in places):
        for folder, others in places:
            for name in others.names:
                path = folder.path / name
                yield Skipped(readable(path), describe(path, ending).what)
    elif len(places) <= ONE_BY_ONE:
        for folder, others in places:
            yield Skipped(f"{readable(folder.path)}/*{ending}", f"{_files(others.files, ending)}: {seen.what}")
    else:
        folder = places[0][0]
        while folder.parent is not None:
            folder = folder.parent
        where = f"{_files(files, ending)} in {counted(len(places), 'folder')}"
        yield Skipped(f"{readable(folder.path)}/**/*{ending}", f"{where}: {seen.what}")


def _files(number: int, ending: str) -> str:
    return counted(
        number, "file" if ending else "file without an ending", None if ending else "files without an ending"
    )


def describe(path: Path, ending: str) -> FileGuess:
    """What a file seems to be, by its ending and its first bytes."""
    head = _head(path)
    if head is None:
        return FileGuess("not a regular file, or one that cannot be read")
    container = next((entry for entry in FORMATS.values() if entry.signs.in_file(head)), None)
    if container is not None:
        return FileGuess(f"{container.noun}: {_TO_INSPECT}")
    if ending in _KINDS:
        return FileGuess(_KINDS[ending])
    image = next((name for magic, name in _MAGIC if head.startswith(magic)), None)
    if image or head[8:12] == b"WEBP":
        return FileGuess(f"{image or 'a WebP'} by its first bytes, but without an image's ending: rename it")
    if b"\0" in head:
        return FileGuess("not an image")
    text = head.decode("utf-8", "replace").lstrip("\ufeff")
    return _TEXTS.get(ending, _plain_text)(text)


def _head(path: Path) -> bytes | None:
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return None


# ---------------------------------------------------------------- text that may hold labels


def _table(text: str) -> FileGuess:
    first = text.split("\n", 1)[0].strip()
    try:
        columns = next(csv.reader([first], delimiter="\t" if "\t" in first else ";" if ";" in first else ","), [])
    except csv.Error:
        columns = []
    names = ", ".join(" ".join(name.split())[:30] for name in columns[:8]) + (", ..." if len(columns) > 8 else "")
    return FileGuess(f"a table with the columns {names}: {READ_BY}", labels=True)


def _json(text: str) -> FileGuess:
    if '"images"' in text and ('"annotations"' in text or '"file_name"' in text):
        return FileGuess(f"COCO annotations: {READ_BY}", labels=True)
    if '"regions"' in text or '"shapes"' in text:
        return FileGuess("annotations of regions, which are not read", labels=True)
    return FileGuess("JSON, which is not read", labels='"label' in text or '"class' in text or '"annotations"' in text)


def _json_lines(text: str) -> FileGuess:
    try:
        fields = list(json.loads(text.split("\n", 1)[0]))
    except (ValueError, TypeError, RecursionError):
        return FileGuess("text, which is not read")
    return FileGuess(f"a line for each image with {', '.join(map(str, fields[:8]))}: {READ_BY}", labels=True)


def _xml(text: str) -> FileGuess:
    if "<annotation" in text:
        return FileGuess("a Pascal VOC annotation, which is not read", labels=True)
    return FileGuess("XML, which is not read")


def _plain_text(text: str) -> FileGuess:
    first = text.split("\n", 1)[0].strip()
    if _YOLO.fullmatch(first):
        return FileGuess("YOLO boxes, which are not read", labels=True)
    if _LISTED.search(first):
        return FileGuess(f"a list of images: {READ_BY}", labels=True)
    return FileGuess("text, which is not read")


def _yaml(text: str) -> FileGuess:
    if re.search(r"^\s*(names|nc)\s*:", text, re.MULTILINE):
        return FileGuess("names of classes for YOLO, which are not read", labels=True)
    return FileGuess("YAML, which is not read")


_TEXTS = {
    ".csv": _table, ".tsv": _table, ".json": _json, ".jsonl": _json_lines, ".ndjson": _json_lines, ".xml": _xml,
    ".yaml": _yaml, ".yml": _yaml,
}  # fmt: skip
