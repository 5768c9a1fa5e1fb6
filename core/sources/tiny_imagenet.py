"""Tiny ImageNet in its own layout: `train/<class>/images/`, `val/images/` and `val/val_annotations.txt`.

Classes are WordNet ids. The official test images have no labels, so they are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..base.contracts import Skipped
from ..base.errors import InputError
from ..base.events import Event, Message
from ..base.names import readable
from ..base.options import option
from ..base.units import counted
from .listed import ListedFiles
from .recognise import known_layout
from .tree import SourceFolder, image_files, scan

ANNOTATIONS = "val_annotations.txt"


@dataclass
class TinyImageNet(ListedFiles):
    """Images of the folder that the request names, "tiny-imagenet-200"."""

    seed: int = option(0, "decides the draw of a limit", minimum=0, maximum=2**63 - 1)

    def prepare(self) -> Iterator[Event]:
        request, listing = self.begin(self.seed)
        tree = scan(known_layout(request.place)[1], request.patience)
        self._left_out += tree.skipped
        self.look(tree)
        folders = {folder.path.name: folder for folder in tree.root.folders}
        self.recognition.recognised, self.recognition.why = "Tiny ImageNet", f"it has val/{ANNOTATIONS}"
        for folder in folders["train"].kids if "train" in folders else ():
            inner = next((one for one in folder.folders if one.path.name == "images"), folder)
            self.add("train", folder.name, inner)
        if "val" in folders:
            self._list_validation(folders["val"])
        self.check_found(request.place)
        if "test" in folders and folders["test"].below:
            self.recognition.unused.append(
                Skipped(readable(folders["test"].path), f"{counted(folders['test'].below, 'image')} without labels")
            )
            yield Message("the images in test have no labels: left out")
        listing.finish(request.limit)

    def _list_validation(self, folder: SourceFolder) -> None:
        class_of = read_annotations(folder.path / ANNOTATIONS)
        for path in image_files(folder):
            class_name = class_of.get(readable(path.name))
            if class_name is None:
                self._left_out.append(Skipped(readable(path), f"no label in {ANNOTATIONS}"))
            else:
                self.listing.add("val", class_name, path.parent, [path])


def read_annotations(path: Path) -> dict[str, str]:
    """File name -> class, from lines of "name<tab>class<tab>box"; lines without a class are passed over.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="backslashreplace").splitlines()
    except OSError as error:
        raise InputError(f"{readable(path)}, which has the labels, cannot be read: {error.strerror}") from None
    fields = (line.split("\t") for line in lines)
    return {name: class_name for name, class_name, *_ in (parts for parts in fields if len(parts) > 1)}
