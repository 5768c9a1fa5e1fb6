"""Folders that are alike: copies of one another, parts of one folder, groups of the same classes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from .folder_names import PartName, are_counted, holds_images, holds_labels, part_name, split_name
from .tree import SourceFolder, image_files

MAX_WRAPPERS = 32
"""Folders within folders that hold nothing else are looked through to this depth."""

LEAST_STEP = 100
"""Numbers of folders that are the first numbers of their files are so far apart at least."""


def looked_through(folder: SourceFolder) -> SourceFolder:
    """The folder itself, or where it holds nothing but one folder, that one, and so on."""
    for _ in range(MAX_WRAPPERS):
        if folder.images or len(folder.kids) != 1:
            break
        folder = folder.kids[0]
    return folder


def is_copy(folder: SourceFolder, of: SourceFolder) -> bool:
    """Whether two folders hold folders of the same names with as many images."""
    return folder.below == of.below and _counts(folder) == _counts(of)


def _counts(folder: SourceFolder) -> list[tuple[str, int]]:
    return [(kid.name, kid.below) for kid in folder.kids]


def inner_names(folder: SourceFolder) -> frozenset[str]:
    """The names of the folders in it, whatever folders it is wrapped in."""
    return frozenset(kid.name for kid in looked_through(folder).kids)


def parts_of_one(folders: Sequence[SourceFolder]) -> list[PartName]:
    """Their names as those of numbered parts (images_001, images_002); empty where they are none."""
    parts = [part for folder in folders if (part := part_name(folder.name)) is not None]
    numbers = {part.number for part in parts}
    same = len({part.words for part in parts}) == 1
    return parts if len(parts) == len(folders) == len(numbers) > 1 and same else []


def continue_in_one_another(folders: Sequence[SourceFolder]) -> bool:
    """Whether folders are called by the first number of their files: 00000/00000.png, 01000/01000.png."""
    if len(folders) < 2 or any(folder.kids or not folder.name.isdecimal() for folder in folders):
        return False
    numbers = sorted(int(folder.name) for folder in folders)
    step = numbers[1] - numbers[0]
    if step < LEAST_STEP or any(second - first != step for first, second in pairwise(numbers)):
        return False
    return all(
        path.stem.isdecimal() and 0 <= int(path.stem) - int(folder.name) < step
        for folder in folders
        for path in image_files(folder, deep=False)
    )


def begin_with_their_letters(folders: Sequence[SourceFolder]) -> bool:
    """Whether folders are called by the letter that the folders in them begin with: a/abbey, a/airfield, b/bakery."""
    return len(folders) > 1 and all(
        len(folder.name) == 1
        and not folder.images
        and folder.kids
        and all(kid.name.casefold().startswith(folder.name.casefold()) for kid in folder.kids)
        for folder in folders
    )


def shared_folders(folders: Sequence[SourceFolder]) -> frozenset[str]:
    """The names of all folders in them, where half of these or more are in every one: amazon/bike, dslr/bike.

    Empty where images lie beside, or where the names tell no classes (images and masks, splits).
    """
    if len(folders) < 2 or any(looked_through(folder).images for folder in folders):
        return frozenset()
    return names_in_common([inner_names(folder) for folder in folders])


def names_in_common(names: Sequence[frozenset[str]]) -> frozenset[str]:
    """All the names, where half of them or more are in every set, two at least, and they tell classes."""
    common, every = frozenset.intersection(*names), frozenset().union(*names)
    if len(common) < 2 or 2 * len(common) < len(every) or all(map(_tells_no_class, every)):
        return frozenset()
    return every


def _tells_no_class(name: str) -> bool:
    return holds_images(name) or holds_labels(name) or split_name(name) is not None


def inner_are_classes(outer: Collection[str], inner: Collection[str]) -> bool:
    """Of `inner` folders that are the same in each of the `outer` ones, whether they are the classes: a guess.

    Those that are counted (of subjects: s1, s2) are not, where the others are words; else there are more classes than
    groups.
    """
    if are_counted(outer) != are_counted(inner):
        return are_counted(outer)
    return len(inner) > len(outer) and not are_counted(inner)


def copies_among(folders: Sequence[SourceFolder]) -> Mapping[SourceFolder, str]:
    """Folders that hold the others once more, as an archive that was packed twice does -> the reason to leave them."""
    copies: dict[SourceFolder, str] = {}
    for folder in folders:
        names = inner_names(folder)
        if len(names) < 2 or len(names) != len(folders) - len(copies) - 1:
            continue
        others = [other for other in folders if other is not folder and other not in copies]
        if names != {other.name for other in others}:
            continue
        same = _counts(looked_through(folder)) == [(other.name, other.below) for other in others]
        what = "a copy of the folders" if same else "it holds folders called like those"
        copies[folder] = f"{what} beside it; not a class"
    return copies
