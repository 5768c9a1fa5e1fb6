"""How a folder of images is laid out: which folders are splits, which are classes, and which are neither.

In this order, from the top down: split folders, whatever lies beside them; a folder of images beside one of masks or
labels; a folder that holds nothing but the next; classes that hold splits; classes (`core.sources.class_folders`). What
is decided on thin ground is said, and folders with images that are not used are named with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from ..base.errors import InputError
from ..base.names import readable
from .alike import (
    MAX_WRAPPERS,
    inner_are_classes,
    inner_names,
    is_copy,
    looked_through,
    names_in_common,
    parts_of_one,
)
from .class_folders import class_parts, images_by_name, named, say_above
from .folder_layout import FolderLayout, LayoutPart
from .folder_names import (
    holds_images,
    holds_labels,
    holds_masks,
    holds_thumbnails,
    is_augmented,
    says_nothing,
    split_name,
    tokens,
)
from .masks import masks_among
from .split_folders import SplitFolder, find_splits
from .tree import SourceFolder

Splits = Mapping[str, Sequence[SplitFolder]]


def find_layout(top: SourceFolder, judge_names: bool = True, level: str = "auto") -> FolderLayout:
    """The layout of the images below `top`.

    `judge_names` false takes every folder for a class that is not plainly called train, val or test. `level` is one of
    `core.sources.folder_layout.LEVELS`: which of folders in one another is the class.

    Raises:
        InputError: two folders are the same split, or two sets of data lie there.
    """
    layout = FolderLayout(top, judge_names, level)
    if judge_names:
        _leave_among_images(layout, top)
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
    layout.parts = _groups_with_splits(layout, layout.root)
    if layout.parts:
        layout.why = "groups of classes, and in each of them are its splits"
        return layout
    layout.parts = _splits_in_classes(layout, layout.root)
    if layout.parts:
        layout.why = "folders are classes, and in each of them are its splits"
        return layout
    layout.parts = class_parts(layout, "train", layout.root)
    with_class = any(part.class_name is not None for part in layout.parts)
    layout.why = "folders are classes" if with_class else "images in one folder"
    return layout


def _leave_among_images(layout: FolderLayout, top: SourceFolder) -> None:
    """Folders of thumbnails or masks that lie among the images themselves are taken out of the tree."""
    for folder in list(top.walk()):
        if not (folder.below and folder.parent and folder.parent.images):
            continue
        if holds_thumbnails(folder.name) or holds_masks(folder.name):
            what = "thumbnails" if holds_thumbnails(folder.name) else "masks or label images"
            layout.leave(folder, f"{what} by its name, among the images of {folder.parent.name}")
            folder.remove()


# ---------------------------------------------------------------- one folder into the next


def _inner(layout: FolderLayout, folder: SourceFolder) -> SourceFolder | None:
    """The one folder that the images are really in, or None where this is it."""
    kids = folder.kids
    if len(kids) == 1:
        (only,) = kids
        if folder.images or (only.images and only.kids):
            return None  # a class, with images of its own beside its folders
        return only
    with_splits = list(_with_splits(kids))
    left = _left_beside(with_splits)
    inner = [kid for kid in with_splits if kid not in left]
    if len(inner) != 1:
        return None
    beside = f"beside {inner[0].name}, which holds the splits"
    layout.leave_but(
        inner, kids, lambda kid: left.get(kid) or _by_name(kid, "masks or label images by its name, ") + beside
    )
    return inner[0]


def _with_splits(folders: Sequence[SourceFolder]) -> dict[SourceFolder, Splits]:
    """Those that hold two or more splits, whatever folders they are wrapped in."""
    found = {folder: find_splits(looked_through(folder), []) for folder in folders}
    return {folder: splits for folder, splits in found.items() if len(splits) > 1}


def _left_beside(folders: Sequence[SourceFolder]) -> dict[SourceFolder, str]:
    """Of several folders with splits, those that are no sets of their own -> why: labels, copies, further folds."""
    left: dict[SourceFolder, str] = {}
    parts = parts_of_one(folders)
    first: dict[str, SourceFolder] = {}
    for number, folder in enumerate(folders if len(folders) > 1 else ()):
        same = first.setdefault("".join(tokens(folder.name)), folder)
        if holds_labels(folder.name):
            left[folder] = "masks or label images by its name, with the same splits"
        elif holds_thumbnails(folder.name) or is_augmented(folder.name):
            left[folder] = "thumbnails or altered copies by its name"
        elif number and parts and parts[0].is_fold:
            left[folder] = f"a fold, as {folders[0].name} is: import it by itself"
        elif same is not folder and is_copy(looked_through(folder), looked_through(same)):
            left[folder] = f"a copy of {same.name}, as it seems"
    return left if len(left) < len(folders) else {}


def _images_beside_labels(layout: FolderLayout, folder: SourceFolder) -> SourceFolder | None:
    """The folder of images among others that hold masks or label images for them."""
    kids = folder.kids
    if inner := images_by_name(layout, folder):
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


def _take_splits(layout: FolderLayout, splits: Splits) -> None:
    layout.leave_loose(layout.root, "the split folders")
    used = {placed.folder for found in splits.values() for placed in found}
    layout.leave_but(used, layout.root.kids, partial(_beside_splits, used=used))
    layout.parts = _parts_of_splits(layout, splits)
    layout.why = f"split folders: {_named(used)}"


def _parts_of_splits(layout: FolderLayout, splits: Splits) -> list[LayoutPart]:
    parts: list[LayoutPart] = []
    for split, found in splits.items():
        for placed in found:
            folder = _entered(layout, placed.folder)
            if placed.class_name is None:
                parts += class_parts(layout, split, folder)
            else:
                parts.append(LayoutPart(split, placed.class_name, folder))
    return parts


def _named(folders: Collection[SourceFolder]) -> str:
    return ", ".join(sorted({folder.name for folder in folders}))


def _beside_splits(kid: SourceFolder, used: Collection[SourceFolder]) -> str:
    names = _named(used)
    if holds_labels(kid.name):
        return f"masks or label images by its name, beside the split folders {names}"
    if any(kid.name.casefold() == other.name.casefold() for other in used):
        return f"a copy of one of the split folders {names}, as it seems"
    copy = "; it holds the same splits once more" if _with_splits([kid]) else ""
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
        or says_nothing(folder.name)
        or folder.name.lower() in ("unknown", "unlabeled", "unlabelled", "all")
    )


def _splits_in_classes(layout: FolderLayout, folder: SourceFolder) -> list[LayoutPart]:
    """The parts of class/train, class/test; nothing where the classes hold no splits."""
    found = {kid: find_splits(looked_through(kid), []) for kid in folder.kids}
    if sum(len(splits) > 1 for splits in found.values()) < 2:
        return []
    parts: list[LayoutPart] = []
    for kid, splits in found.items():
        if not splits:
            layout.leave(kid, "holds no split folders, as the folders beside it do")
            continue
        used = {placed.folder for places in splits.values() for placed in places}
        layout.leave_but(used, looked_through(kid).kids, partial(_beside_splits, used=used))
        parts += [LayoutPart(split, kid.name, placed.folder) for split, places in splits.items() for placed in places]
    return parts


# ---------------------------------------------------------------- several sets of data


def _groups_with_splits(layout: FolderLayout, folder: SourceFolder) -> list[LayoutPart]:
    """The parts of group/train/class, group/test/class; nothing where the folders are classes or hold no splits.

    Raises InputError where the folders hold splits of different classes: sets of data that are no one's groups.
    """
    sets = _with_splits(folder.kids)
    left = _left_beside(list(sets))
    sets = {kid: splits for kid, splits in sets.items() if kid not in left}
    names = [frozenset(_class_names(splits)) for splits in sets.values()]
    if len(sets) < 2 or min(map(len, names)) < 2 or not layout.guesses_level:
        return []
    shared = names_in_common(names)
    if not shared:
        first, second = list(sets)[:2]
        raise InputError(
            f"{readable(first.path)} and {readable(second.path)} hold splits of different classes, as two sets of data "
            "do: import one of them, or take them for two classes with --option level=first"
        )
    if not inner_are_classes([kid.name for kid in sets], shared):
        return []
    say_above(layout, list(sets), "groups, since they hold the same splits and classes")
    parts: list[LayoutPart] = []
    for kid in folder.kids:
        if kid not in sets:
            layout.leave(kid, left.get(kid, f"beside {named(list(sets))}, which hold the splits"))
            continue
        used = {placed.folder for places in sets[kid].values() for placed in places}
        layout.leave_but(used, looked_through(kid).kids, partial(_beside_splits, used=used))
        parts += [part._replace(group=("group", kid.name)) for part in _parts_of_splits(layout, sets[kid])]
    return parts


def _class_names(splits: Splits) -> set[str]:
    """The folders in the training split, or in the first one where there is none."""
    places = splits.get("train") or next(iter(splits.values()))
    return {name for placed in places for name in inner_names(placed.folder)}
