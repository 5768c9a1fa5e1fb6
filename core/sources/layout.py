"""How a folder of images is laid out: which folders are splits, which are classes, and which are neither.

In this order, from the top down: split folders, whatever lies beside them; a folder of images beside one of masks or
labels; a folder that holds nothing but the next; classes that hold splits; classes. What is decided on thin ground is
said, and folders with images that are not used are named with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from .folder_names import holds_images, holds_labels, split_name
from .masks import masks_among
from .split_folders import SplitFolder, find_splits
from .tree import SourceFolder

MAX_WRAPPERS = 32
"""Folders within folders that hold nothing else are looked through to this depth."""


class LayoutPart(NamedTuple):
    """Images of one split: of the class `class_name`, or None where no folder tells one. Everything below belongs."""

    split: str
    class_name: str | None
    folder: SourceFolder


class Unused(NamedTuple):
    """A folder whose images are not taken, all below it or (`deep` false) the ones directly in it, and why."""

    folder: SourceFolder
    reason: str
    deep: bool = True


@dataclass
class FolderLayout:
    """`root` is the folder that the images are really in; `why` tells the layout in words; `notes` what is a guess."""

    root: SourceFolder
    why: str = ""
    parts: list[LayoutPart] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def leave(self, folder: SourceFolder, reason: str) -> None:
        self.unused.append(Unused(folder, reason))

    def leave_but(
        self, used: Collection[SourceFolder], folders: Iterable[SourceFolder], why: Callable[[SourceFolder], str]
    ) -> None:
        """Of these folders, those that are not used, each with its own reason."""
        for folder in folders:
            if folder not in used:
                self.leave(folder, why(folder))

    def leave_loose(self, folder: SourceFolder, beside: str) -> None:
        """Images that lie in a folder that is to hold folders only."""
        if folder.images:
            self.unused.append(Unused(folder, f"beside {beside}", deep=False))


def find_layout(top: SourceFolder, judge_names: bool = True) -> FolderLayout:
    """The layout of the images below `top`.

    `judge_names` false takes every folder for a class that is not plainly called train, val or test.

    Raises:
        InputError: two folders are the same split.
    """
    layout = FolderLayout(top)
    for _ in range(MAX_WRAPPERS):
        splits = find_splits(layout.root, layout.notes)
        if splits:
            _take_splits(layout, splits)
            return layout
        inner = (_images_beside_labels(layout, layout.root) if judge_names else None) or _inner(layout, layout.root)
        if inner is None:
            break
        layout.leave_loose(layout.root, f"the folder {inner.name}")
        layout.root = inner
    _say_repeated(layout, layout.root)
    by_class = _splits_in_classes(layout, layout.root)
    if by_class:
        layout.parts, layout.why = by_class, "folders are classes, and in each of them are its splits"
        return layout
    layout.parts = list(_classes(layout, "train", layout.root))
    layout.why = "folders are classes" if layout.root.kids else "images in one folder"
    return layout


# ---------------------------------------------------------------- one folder into the next


def _inner(layout: FolderLayout, folder: SourceFolder) -> SourceFolder | None:
    """The one folder that the images are really in, or None where this is it."""
    kids = folder.kids
    if len(kids) == 1:
        (only,) = kids
        if folder.images or (only.images and only.kids):
            return None  # a class, with images of its own beside its folders
        return only
    with_splits = [kid for kid in kids if len(find_splits(kid, [])) > 1]
    if len(with_splits) > 1:  # a tree of images beside one of labels with the same splits
        with_splits = [kid for kid in with_splits if not holds_labels(kid.name)]
    if len(with_splits) != 1:
        return None
    (inner,) = with_splits
    beside = f"beside {inner.name}, which holds the splits"
    layout.leave_but({inner}, kids, lambda kid: _by_name(kid, "masks or label images by its name, ") + beside)
    return inner


def _images_beside_labels(layout: FolderLayout, folder: SourceFolder) -> SourceFolder | None:
    """The folder of images among others that hold masks or label images for them."""
    kids = folder.kids
    images = [kid for kid in kids if holds_images(kid.name)]
    if len(images) == 1 and any(holds_labels(kid.name) for kid in kids):
        (inner,) = images
        beside = f"beside {inner.name}, by its name; not a class"
        layout.leave_but({inner}, kids, lambda kid: f"{_by_name(kid, 'masks or label images', 'images')} {beside}")
        return inner
    found = None if folder.images else masks_among(kids)
    if found is None:
        return None
    for kid in found.masks:
        layout.leave(kid, f"looks like masks of the images in {found.images.name}: same names and sizes, few values")
    layout.notes.append(
        f"{', '.join(kid.name for kid in found.masks)}: taken for masks of {found.images.name} by their content, not "
        "for classes; --option labels=folders takes every folder for a class"
    )
    return found.images


def _by_name(folder: SourceFolder, of_labels: str, of_others: str = "") -> str:
    """What to say of a folder whose name tells that it holds masks or label images, and of another."""
    return of_labels if holds_labels(folder.name) else of_others


# ---------------------------------------------------------------- splits and classes


def _take_splits(layout: FolderLayout, splits: dict[str, list[SplitFolder]]) -> None:
    layout.leave_loose(layout.root, "the split folders")
    used = {placed.folder for found in splits.values() for placed in found}
    names = ", ".join(dict.fromkeys(placed.folder.name for found in splits.values() for placed in found))
    layout.leave_but(used, layout.root.kids, partial(_beside_splits, names=names))
    for split, found in splits.items():
        for placed in found:
            folder = _entered(layout, placed.folder)
            if placed.class_name is None:
                layout.parts += _classes(layout, split, folder)
            else:
                layout.parts.append(LayoutPart(split, placed.class_name, folder))
    layout.why = f"split folders: {names}"


def _beside_splits(kid: SourceFolder, names: str) -> str:
    if holds_labels(kid.name):
        return f"masks or label images by its name, beside the split folders {names}"
    copy = "; it holds the same splits once more" if len(find_splits(kid, [])) > 1 else ""
    return f"beside the split folders {names}{copy}"


def _entered(layout: FolderLayout, split_folder: SourceFolder) -> SourceFolder:
    """The folder that a split's images are really in: train/train, train/images."""
    folder = split_folder
    for _ in range(MAX_WRAPPERS):
        inner = _images_beside_labels(layout, folder)
        if inner is None and not folder.images and len(folder.kids) == 1:
            (only,) = folder.kids
            if _says_nothing(only, split_folder) or (not only.images and len(only.kids) > 1):
                inner = only
        if inner is None:
            return folder
        layout.leave_loose(folder, f"the folder {inner.name}")
        folder = inner
    return folder


def _says_nothing(folder: SourceFolder, split_folder: SourceFolder) -> bool:
    """Whether a folder's name is no class: its split's once more, or images."""
    named, outer = split_name(folder.name), split_name(split_folder.name)
    same_split = named is not None and outer is not None and named.split == outer.split
    return (
        folder.name == split_folder.name
        or same_split
        or holds_images(folder.name)
        or folder.name.lower() in ("unknown", "unlabeled", "unlabelled", "all")
    )


def _say_repeated(layout: FolderLayout, folder: SourceFolder) -> None:
    """Colour/apple, colour/kiwi, grey/apple, grey/kiwi: the classes may be one folder further down."""
    inner = {frozenset(one.name for one in kid.kids) for kid in folder.kids}
    names = next(iter(inner), frozenset())
    if len(folder.kids) > 1 and len(inner) == 1 and len(names) > 1 and not find_splits(folder.kids[0], []):
        some = ", ".join(sorted(names)[:3])
        layout.notes.append(
            f"each of the classes has the same folders in it ({some}{', ...' if len(names) > 3 else ''}): if those are "
            f"the classes, import {folder.kids[0].name} or another one by itself"
        )


def _classes(layout: FolderLayout, split: str, folder: SourceFolder) -> Iterator[LayoutPart]:
    """A part for each class folder, or one without a class where there are none."""
    if not folder.kids:
        yield LayoutPart(split, None, folder)
        return
    layout.leave_loose(folder, "the class folders")
    for kid in folder.kids:
        yield LayoutPart(split, kid.name, kid)


def _splits_in_classes(layout: FolderLayout, folder: SourceFolder) -> list[LayoutPart]:
    """The parts of class/train, class/test; nothing where the classes hold no splits."""
    found = {kid: find_splits(kid, []) for kid in folder.kids}
    if sum(len(splits) > 1 for splits in found.values()) < 2:
        return []
    parts: list[LayoutPart] = []
    for kid, splits in found.items():
        used = {placed.folder for places in splits.values() for placed in places}
        if not splits:
            layout.leave(kid, "holds no split folders, as the folders beside it do")
        names = ", ".join(sorted(folder.name for folder in used))
        layout.leave_but(used, kid.kids if splits else (), partial(_beside_splits, names=names))
        parts += [LayoutPart(split, kid.name, placed.folder) for split, places in splits.items() for placed in places]
    return parts
