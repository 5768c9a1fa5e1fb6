"""Any folder of images: with splits, with class folders, or flat.

- Splits: `train`, `val` (also `valid`, `validation`) and `test`. With `train` and `test` but no `val`, the test
  images are the validation split. With no such folders, or `train` alone, a seeded draw from every class is.
- Classes: the first folder below the split (or below the top); files deeper belong to it.
- A flat folder: where every name begins with a WordNet id (`n01440764_tench.JPEG`) that is the class, else all
  images are of one class, named after the folder.
- A folder that holds nothing but one folder is that folder.

Hidden files, `__MACOSX` and whatever has no image's ending are passed over. Links are followed, never in circles.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.contracts import FoundImage, Skipped
from core.errors import InputError
from core.events import Event, Message
from core.options import option
from core.sources.listing import Listing
from core.sources.naming import readable
from core.sources.request import Request

IMAGE_ENDINGS = frozenset(
    [".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff"]
    + [".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".avif", ".tga", ".ico"]
)

MAX_FILE_BYTES = 256 << 20
"""A larger file is not taken for an image."""

MAX_WRAPPERS = 32
"""Folders within folders that hold nothing else; more are a link to itself."""

SPLIT_NAMES: Mapping[str, str] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}

SPLIT_ORDER = ("train", "val", "test")

_WORDNET_ID = re.compile(r"(n\d{8})_")


@dataclass
class ImageFolder:
    """Images of the folder `request.place`, by the rules above."""

    val_fraction: float = option(
        0.2, "part of each class that becomes the validation split, where there is none", minimum=0.0, maximum=0.9
    )
    seed: int = option(0, "decides the draw of the validation split and of a limit", minimum=0)
    request: Request | None = None
    _listing: Listing | None = field(default=None, init=False, repr=False)
    _root: Path = field(default=Path(), init=False, repr=False)

    def prepare(self) -> Iterator[Event]:
        assert self.request is not None
        self._root = unwrap(self.request.place)
        self._listing = Listing(self.request.scratch, self.seed)
        splits = find_splits(self._root)
        if splits:
            yield from self._list_splits(splits)
        else:
            yield from self._list_classes("train", self._root)
        if not self._listing.cells():
            endings = ", ".join(sorted(IMAGE_ENDINGS))
            raise InputError(f"no image found in {self.request.place}; looked for files that end in {endings}")
        if {split for split, _ in self._listing.cells()} == {"train"} and self.val_fraction:
            self._listing.draw_validation(self.val_fraction)
        self._listing.finish(self.request.limit)

    def _list_splits(self, splits: Mapping[str, Path]) -> Iterator[Event]:
        loose = sum(1 for _ in image_files(self._root, deep=False))
        if loose:
            yield Message(f"{loose} images beside the split folders in {self._root} are left out", "warning")
        some_have_classes = any(class_folders(folder) for folder in splits.values())
        for split, folder in splits.items():
            if some_have_classes and not class_folders(folder):
                yield Message(f"{folder} has no class folders, so its images have no labels: left out", "warning")
                continue
            yield from self._list_classes(split, folder)

    def _list_classes(self, split: str, folder: Path) -> Iterator[Event]:
        assert self._listing is not None
        classes = class_folders(folder)
        if not classes:
            self._list_flat(split, folder)
            return
        loose = sum(1 for _ in image_files(folder, deep=False))
        if loose:
            yield Message(f"{loose} images beside the class folders in {folder} are left out", "warning")
        for class_folder in classes:
            self._listing.add(split, readable(class_folder.name), class_folder, image_files(class_folder))

    def _list_flat(self, split: str, folder: Path) -> None:
        assert self._listing is not None
        if all(_WORDNET_ID.match(path.name) for path in image_files(folder)):
            for path in image_files(folder):
                self._listing.add(split, path.name[:9], folder, [path])
        else:
            name = folder if folder == self._root else self._root
            self._listing.add(split, readable(name.name) or "images", folder, image_files(folder))

    @property
    def classes(self) -> Sequence[str]:
        assert self._listing is not None
        return sorted({class_name for _, class_name in self._listing.cells()})

    @property
    def counts(self) -> Mapping[str, int]:
        assert self._listing is not None
        cells = self._listing.cells()
        found = {split: sum(n for (other, _), n in cells.items() if other == split) for split in SPLIT_ORDER}
        return {split: n for split, n in found.items() if n}

    def images(self) -> Iterator[FoundImage | Skipped]:
        assert self._listing is not None
        for split in self.counts:
            for file in self._listing.files(split):
                data = read_image_file(file.path)
                origin = readable(file.path)
                if isinstance(data, str):
                    yield Skipped(origin, data)
                else:
                    yield FoundImage(split, file.class_name, file.name, data, origin)

    def close(self) -> None:
        if self._listing is not None:
            self._listing.close()


def read_image_file(path: Path) -> bytes | str:
    """The file's bytes, or in words why it cannot be an image."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return "not a regular file"
        if status.st_size > MAX_FILE_BYTES:
            return f"{status.st_size:,} bytes, more than {MAX_FILE_BYTES >> 20} MiB: not taken for an image"
        return path.read_bytes()
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def unwrap(folder: Path) -> Path:
    """The folder below `folder` that the images are really in, where each holds nothing but the next."""
    for _ in range(MAX_WRAPPERS):
        inner = visible_folders(folder)
        if len(inner) != 1 or inner[0].name.lower() in SPLIT_NAMES or any(image_files(folder, deep=False)):
            break
        folder = inner[0]
    return folder


def find_splits(root: Path) -> dict[str, Path]:
    """Split -> folder where all folders below `root` that hold images are splits; else nothing."""
    folders = [folder for folder in visible_folders(root) if any(image_files(folder))]
    if any(folder.name.lower() not in SPLIT_NAMES for folder in folders):
        return {}
    found: dict[str, Path] = {}
    for folder in folders:
        split = SPLIT_NAMES[folder.name.lower()]
        if split in found:
            raise InputError(f"{found[split]} and {folder} are both called {split}; rename or remove one of them")
        found[split] = folder
    if "test" in found and "val" not in found:
        found["val"] = found.pop("test")
    return {split: found[split] for split in SPLIT_ORDER if split in found}


def class_folders(folder: Path) -> list[Path]:
    """The folders directly below that hold images at any depth, sorted."""
    return [inner for inner in visible_folders(folder) if any(image_files(inner))]


def visible_folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return sorted(Path(entry.path) for entry in entries if entry.is_dir() and _is_visible(entry.name))


def image_files(folder: Path, deep: bool = True, above: frozenset[tuple[int, int]] = frozenset()) -> Iterator[Path]:
    """Files with an image's ending in a folder and, if `deep`, in all below it, in no order; `above` stops circles."""
    status = folder.stat()
    here = (status.st_dev, status.st_ino)
    if here in above:
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if not _is_visible(entry.name):
                continue
            if entry.is_dir():
                if deep:
                    yield from image_files(Path(entry.path), deep, above | {here})
            elif os.path.splitext(entry.name)[1].lower() in IMAGE_ENDINGS:  # noqa: PTH122
                yield Path(entry.path)


def _is_visible(name: str) -> bool:
    return not name.startswith(".") and name != "__MACOSX"
