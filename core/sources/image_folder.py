"""Any folder of images: with splits, with class folders, or flat. docs/importing.md tells the rules.

- Splits and classes are found by `core.sources.layout`. Test images with classes are the validation split where there
  is none; with no validation images at all, a seeded draw from every class is.
- Without class folders, the files' names may tell classes (`core.sources.file_labels`); else there is one class, which
  stands for no label and is said to.
- Whatever lies there and is not used is listed, and label files are spoken of.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ..base.contracts import Skipped
from ..base.errors import InputError
from ..base.events import Event, Message
from ..base.names import readable
from ..base.options import option
from ..base.units import counted
from .array_images import arrays_as_images
from .draw_options import fraction_option, seed_option
from .file_labels import class_in_name, classes_in_names, readable_stem
from .folder_layout import LEVELS, FolderLayout, LayoutPart, Unused
from .folder_names import holds_images, holds_labels, split_name
from .label_files.in_folder import FolderTables
from .label_files.reading import NO_CLASS, LabelOptions
from .layout import find_layout
from .listed import ListedFiles
from .tree import IMAGE_ENDINGS, LINKS, SourceFolder, SourceTree, image_files, image_paths, scan
from .unused import files_unused, unread_images

VAL_FRACTION = 0.2
"""Part of each class that is drawn for validation, where no label file says what is in the images."""


@dataclass
class ImageFolder(ListedFiles):
    """Images of the folder that the request names, by the rules above."""

    val_fraction: float | None = fraction_option(None, "where there is none; empty: 0.2, with a label file 0")
    seed: int = seed_option()
    labels: str = option(
        "auto",
        "where classes come from: folders' names, files' names (cat.1.jpg), a label file (file), none, or what seems "
        "right (auto)",
        choices=("auto", "folders", "names", "file", "none"),
    )
    level: str = option(
        "auto",
        "of folders in one another, which is the class: what seems right (auto), the first, the last, or all as a path",
        choices=LEVELS,
    )
    links: str = option(
        "follow",
        "links to images and folders: follow them wherever they lead, never in circles, or skip and list them",
        choices=LINKS,
    )
    image: str = option("", "of a label file, the column that names the image files", title="Image column")
    label: str = option(
        "", "of a label file, the column of classes, several with commas between, or none", title="Label column"
    )
    split: str = option("", "of a label file, the column that says train, val or test, or none", title="Split column")
    _tree: SourceTree | None = field(default=None, init=False, repr=False)

    def prepare(self) -> Iterator[Event]:
        if not self.is_listed():
            self._list_all()
        yield from (Message(note, "warning") for note in self.recognition.notes)

    def _list_all(self) -> None:
        request, listing = self.begin(self.seed)
        tree = scan(request.place, request.patience, self.links)
        arrays = "" if tree.root.below else arrays_as_images(tree)
        if arrays:
            tree = scan(request.place, request.patience, self.links, IMAGE_ENDINGS | {".npy"})
            self.recognition.notes.append(arrays)
        self._tree = tree
        self._left_out = tree.skipped
        self.look(tree)
        layout = find_layout(tree.root, judge_names=self.labels != "folders", level=self.level)
        told = self.recognition
        told.recognised, told.why = "a folder of images", layout.why
        told.notes += layout.notes
        tables = self._list(layout, tree)
        if not tables.used:
            told.choices |= {"image": [], "label": [], "split": []}
        told.unused += [_as_skipped(unused) for unused in layout.unused]
        files, label_files = files_unused(tree, tables.used, tables.unused)
        told.unused += files
        self.check_found(request.place, _instead(tree, files))
        drawn = (0.0 if tables.used else VAL_FRACTION) if self.val_fraction is None else self.val_fraction
        self.make_splits(drawn, self.seed)
        told.notes += tables.notes()
        if label_files:
            told.notes.append(f"not used, though labels may lie there: {'; '.join(label_files)}")
        told.notes += tree.links.notes() + unread_images(tree)
        _say_unused(told.notes, layout.unused)
        listing.finish(request.limit)
        self.keep_listing(tree, [*tables.used, *tables.unused])

    # ------------------------------------------------------------ classes

    def _list(self, layout: FolderLayout, tree: SourceTree) -> FolderTables:
        """List every image that is used, under its class; returns what became of the label files."""
        assert self.request is not None
        options = LabelOptions(self.image, self.label, self.split)
        tables = FolderTables(tree, self.request.scratch, options, self.request.patience is not None)
        with_class = [part for part in layout.parts if part.class_name is not None]
        if self.labels in ("auto", "folders") and with_class:
            self._list_classes(layout, with_class)
        elif not self._list_by_file(tables, layout, labelled=self.labels == "auto"):
            by_names = self.labels in ("auto", "names") and self._list_by_names(layout)
            if not by_names and not self._list_by_file(tables, layout, labelled=False):
                self._list_without(layout)
        return tables

    def _list_by_file(self, tables: FolderTables, layout: FolderLayout, labelled: bool) -> bool:
        """The images that a label file names, where it is to say what they are; the folders say nothing then."""
        asked = self.labels == "file"
        if self.labels not in ("auto", "file"):
            return False
        if tables.list_into(self.listing, self.recognition, self._left_out, labelled, asked):
            layout.unused.clear()
            rows = self.recognition.partial if self.recognition.share < 1 else ""
            self.look(tables.tree, whole=True)
            self.recognition.partial = rows or self.recognition.partial
            return True
        if asked:
            raise InputError(
                f"no label file in {self.request.shown if self.request else 'it'} names images there; give the label "
                "file itself as the source, with --option root=FOLDER for its images"
            )
        return False

    def _list_classes(self, layout: FolderLayout, parts: Sequence[LayoutPart]) -> None:
        self.recognition.labels = "folders"
        splits = {part.split for part in parts}
        for part in layout.parts:
            if part.class_name is not None:
                self.add(part.split, part.class_name, part.folder, part.deep, part.group)
            elif part.split not in splits:
                layout.leave(part.folder, "it has no class folders, so its images have no labels")
        strangers = _classes_of(parts, "val", "test") - _classes_of(parts, "train")
        if "train" in splits and strangers == _classes_of(parts, "val", "test") and strangers:
            some = ", ".join(sorted(strangers)[:5])
            self.recognition.notes.append(f"no class of the other splits ({some}) is one of the training split's")

    def _list_by_names(self, layout: FolderLayout) -> bool:
        """Classes from the files' names, where those of the training split (or of all) tell some."""
        known: set[str] = set()
        left: list[SourceFolder] = []
        guess = False
        for part in layout.parts:
            found = classes_in_names(readable_stem(path.name) for path in image_files(part.folder))
            if found is None or (known and not found[0] <= known):
                left.append(part.folder)
                continue
            known, guess = known | found[0], guess or found[1]
            for path in islice(self.without_masks(part.folder, image_paths(part.folder)), 0, None, self._every):
                name = readable_stem(os.path.basename(path))  # noqa: PTH119 - a string, not a path
                self.listing.add(part.split, class_in_name(name) or "", part.folder.path, [path])
        if not known:
            return False
        for folder in left:
            layout.leave(folder, "its files' names tell no class, so its images have no labels")
        self.recognition.labels = "file names"
        if guess:
            self.recognition.notes.append(
                f"labels are a guess from the files' names ({_some(known)}); --option labels=none imports without"
            )
        return True

    def _list_without(self, layout: FolderLayout) -> None:
        assert self.request is not None
        self.recognition.labels = "none"
        name = _name_for_all(layout.root, self.request.place)
        for part in layout.parts:
            self.add(part.split, name, part.folder)
        self.recognition.notes.append(
            f"no labels found: neither folders nor files' names tell classes, so all images are of one class, "
            f"called {name!r} after their folder"
        )


def _classes_of(parts: Sequence[LayoutPart], *splits: str) -> set[str]:
    return {part.class_name for part in parts if part.class_name is not None and part.split in splits}


def _name_for_all(root: SourceFolder, place: Path) -> str:
    """What the one class is called: the folder's name, or that of one above it, unless it only says images or train."""
    folder: SourceFolder | None = root
    while folder is not None:
        name = readable(folder.path.name)
        if name and not (holds_images(name) or holds_labels(name) or split_name(name)):
            return name
        folder = folder.parent
    return NO_CLASS


def _some(classes: set[str]) -> str:
    shown = ", ".join(sorted(classes)[:5])
    return shown if len(classes) <= 5 else f"{shown}, ... {len(classes):,} in all"


def _as_skipped(unused: Unused) -> Skipped:
    number = unused.folder.below if unused.deep else unused.folder.images
    return Skipped(readable(unused.folder.path), f"{counted(number, 'image')}: {unused.reason}")


def _say_unused(notes: list[str], unused: Sequence[Unused]) -> None:
    """One sentence for the folders with images that are left out."""
    if not unused:
        return
    named = "; ".join(f"{one.folder.name} ({_as_skipped(one).reason})" for one in unused[:5])
    more = f"; and {len(unused) - 5:,} more folders" if len(unused) > 5 else ""
    notes.append(f"left out: {named}{more}")


def _instead(tree: SourceTree, files: Sequence[Skipped]) -> str:
    """What a folder without images holds, for the sentence that refuses it."""
    if tree.skipped:
        return f"{readable(tree.skipped[0].path)}: {tree.skipped[0].reason}"
    if not files or not any(folder.others for folder in tree.root.walk()):
        return ""
    first = files[0]
    more = f", and {len(files) - 1:,} more" if len(files) > 1 else ""
    return f"it holds {readable(Path(first.path).name)} ({first.reason}){more}"
