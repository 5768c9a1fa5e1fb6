"""Tiny ImageNet in its own layout: `train/<class>/images/`, `val/images/` and `val/val_annotations.txt`.

Classes are WordNet ids. The official test images have no labels, so they are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.contracts import Skipped
from core.events import Event, Message
from core.names import readable
from core.options import option
from core.sources.image_folder import class_folders
from core.sources.listed import ListedFiles, image_files


@dataclass
class TinyImageNet(ListedFiles):
    """Images of the folder that the request names, "tiny-imagenet-200"."""

    seed: int = option(0, "decides the draw of a limit", minimum=0, maximum=2**63 - 1)

    def prepare(self) -> Iterator[Event]:
        request, listing = self.begin(self.seed)
        root = request.place
        for folder in class_folders(root / "train"):
            inner = folder / "images" if (folder / "images").is_dir() else folder
            listing.add("train", readable(folder.name), inner, image_files(inner))
        self._list_validation(root / "val")
        self.check_found(root)
        if (root / "test").is_dir():
            yield Message("the images in test have no labels: left out")
        listing.finish(request.limit)

    def _list_validation(self, folder: Path) -> None:
        class_of = read_annotations(folder / "val_annotations.txt")
        for path in image_files(folder):
            class_name = class_of.get(readable(path.name))
            if class_name is None:
                self._left_out.append(Skipped(readable(path), "no label in val_annotations.txt"))
            else:
                self.listing.add("val", class_name, path.parent, [path])


def read_annotations(path: Path) -> dict[str, str]:
    """File name -> class, from lines of "name<tab>class<tab>box"; lines without a class are passed over."""
    lines = path.read_text(encoding="utf-8", errors="backslashreplace").splitlines()
    fields = (line.split("\t") for line in lines)
    return {name: class_name for name, class_name, *_ in (parts for parts in fields if len(parts) > 1)}
