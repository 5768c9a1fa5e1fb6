"""Any folder of images: with splits, with class folders, or flat.

- Splits: `train`, `val` (also `valid`, `validation`) and `test`. With `train` and `test` but no `val`, the test
  images are the validation split. With no such folders, or `train` alone, a seeded draw from every class is.
- Classes: the first folder below the split (or below the top); files deeper belong to it.
- A flat folder: where every name begins with a WordNet id (`n01440764_tench.JPEG`) that is the class, else all
  images are of one class, named after the folder.
- A folder that holds nothing but one folder is that folder.

Hidden files, `__MACOSX` and whatever has no image's ending are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.events import Event, Message
from core.names import readable
from core.options import option
from core.sources.listed import SPLIT_ORDER, ListedFiles, image_files, visible_folders

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

_WORDNET_ID = re.compile(r"n\d{8}(?=_)")


@dataclass
class ImageFolder(ListedFiles):
    """Images of the folder that the request names, by the rules above."""

    val_fraction: float = option(
        0.2, "part of each class that becomes the validation split, where there is none", minimum=0.0, maximum=0.9
    )
    seed: int = option(0, "decides the draw of the validation split and of a limit", minimum=0, maximum=2**63 - 1)

    def prepare(self) -> Iterator[Event]:
        request, listing = self.begin(self.seed)
        root = unwrap(request.place)
        splits = find_splits(root)
        if splits:
            yield from self._list_splits(root, splits)
        else:
            yield from self._list_split("train", root, root)
        self.check_found(request.place)
        if set(self.counts) == {"train"} and self.val_fraction:
            listing.draw_validation(self.val_fraction)
        listing.finish(request.limit)

    def _list_splits(self, root: Path, splits: Mapping[str, Path]) -> Iterator[Event]:
        yield from _left_out(root, "the split folders")
        some_have_classes = any(class_folders(folder) for folder in splits.values())
        for split, folder in splits.items():
            if some_have_classes and not class_folders(folder):
                yield Message(f"{folder.name} has no class folders, so its images have no labels: left out", "warning")
            else:
                yield from self._list_split(split, folder, root)

    def _list_split(self, split: str, folder: Path, root: Path) -> Iterator[Event]:
        classes = class_folders(folder)
        if not classes:
            self._list_flat(split, folder, readable(root.name) or "images")
            return
        yield from _left_out(folder, "the class folders")
        for class_folder in classes:
            self.listing.add(split, readable(class_folder.name), class_folder, image_files(class_folder))

    def _list_flat(self, split: str, folder: Path, class_name: str) -> None:
        if not all(_WORDNET_ID.match(path.name) for path in image_files(folder)):
            self.listing.add(split, class_name, folder, image_files(folder))
            return
        for path in image_files(folder):
            self.listing.add(split, path.name[:9], folder, [path])


def _left_out(folder: Path, beside: str) -> Iterator[Event]:
    """A warning, where images lie in a folder that is to hold folders only."""
    loose = sum(1 for _ in image_files(folder, deep=False))
    if loose:
        yield Message(f"{loose:,} images beside {beside} in {folder.name} are left out", "warning")


def unwrap(folder: Path) -> Path:
    """The folder below `folder` that the images are really in, where each holds nothing but the next."""
    for _ in range(MAX_WRAPPERS):
        inner = visible_folders(folder)
        if len(inner) != 1 or _holds_images(folder) or inner[0].name.lower() in SPLIT_NAMES:
            break
        if _holds_images(inner[0]) and class_folders(inner[0]):
            break  # a class, with images of its own beside its folders
        folder = inner[0]
    return folder


def _holds_images(folder: Path) -> bool:
    return any(image_files(folder, deep=False))


def find_splits(root: Path) -> dict[str, Path]:
    """Split -> folder where all folders below `root` that hold images are splits; else nothing."""
    folders = class_folders(root)
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
