"""Which folders are classes, in a folder that is not divided into splits any further.

The folders in it, unless they are parts of one folder (images_001, images_002), letters or groups above the classes
(a/abbey; amazon/bike, dslr/bike), or copies of the others. Each of these is a guess and said; the option `level`
decides by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..base.names import readable
from .alike import (
    begin_with_their_letters,
    continue_in_one_another,
    copies_among,
    inner_are_classes,
    inner_names,
    is_copy,
    looked_through,
    parts_of_one,
    shared_folders,
)
from .folder_layout import FolderLayout, LayoutPart
from .folder_names import (
    are_of_persons,
    holds_images,
    holds_labels,
    holds_thumbnails,
    is_augmented,
    split_name,
)
from .tree import SourceFolder

SHOWN = 3
"""Of many folders so many are named."""


def class_parts(layout: FolderLayout, split: str, folder: SourceFolder) -> list[LayoutPart]:
    """A part for each class in a folder, or one without a class where there are no folders."""
    kids = _without_copies(layout, folder) if layout.guesses_level else folder.kids
    if len(kids) == 1 < len(folder.kids):
        layout.leave_loose(folder, f"the folder {kids[0].name}")
        return class_parts(layout, split, looked_through(kids[0]))
    if not kids:
        return [LayoutPart(split, None, folder)]
    layout.leave_loose(folder, "the class folders")
    if layout.level in ("last", "path"):
        return _by_level(layout, split, folder)
    finer = _finer(layout, split, kids) if layout.guesses_level else []
    if finer:
        return finer
    parts = [LayoutPart(split, kid.name, images_by_name(layout, kid) or kid) for kid in kids]
    if layout.guesses_level:
        _say_nested(layout, kids)
        _say_odd_names(layout, kids)
    return parts


def images_by_name(layout: FolderLayout, folder: SourceFolder) -> SourceFolder | None:
    """The one folder called images among others that are called masks or labels, which are left."""
    kids = folder.kids
    images = [kid for kid in kids if holds_images(kid.name)]
    if len(images) != 1 or folder.images or not any(holds_labels(kid.name) for kid in kids):
        return None
    (inner,) = images
    what = {kid: "masks or label images" if holds_labels(kid.name) else "images" for kid in kids}
    layout.leave_but({inner}, kids, lambda kid: f"{what[kid]} beside {inner.name}, by its name; not a class")
    return inner


def _without_copies(layout: FolderLayout, folder: SourceFolder) -> list[SourceFolder]:
    """The folders in one, without those that hold the others once more, smaller or altered."""
    kids = folder.kids
    left: dict[SourceFolder, str] = dict(copies_among(kids))
    plain = [kid for kid in kids if kid not in left and not is_augmented(kid.name)]
    for kid in kids:
        if holds_thumbnails(kid.name) and len(kids) > 1:
            left[kid] = "thumbnails by its name; not a class"
        elif is_augmented(kid.name) and (names := inner_names(kid)) and names in map(inner_names, plain):
            left[kid] = "altered copies by its name, with the same folders in it; not a class"
    for kid, reason in left.items():
        layout.leave(kid, reason)
    return [kid for kid in kids if kid not in left]


# ---------------------------------------------------------------- folders that are above the classes


def _finer(layout: FolderLayout, split: str, kids: Sequence[SourceFolder]) -> list[LayoutPart]:
    """The parts where these folders are no classes but hold them; none where they are classes."""
    if parts := parts_of_one(kids):
        folds = "; folds are no splits: which one an image is of is kept as a field" if parts[0].is_fold else ""
        layout.notes.append(f"{named(kids)}: taken for parts of one folder by their names, not for classes{folds}")
        found = [(kid, part) for kid in kids for part in class_parts(layout, split, looked_through(kid))]
        return [part._replace(group=("fold", kid.name)) if parts[0].is_fold else part for kid, part in found]
    if continue_in_one_another(kids):
        layout.notes.append(f"{named(kids)}: taken for parts of one folder, since their files' numbers go on from them")
        return [LayoutPart(split, None, kid) for kid in kids]
    if begin_with_their_letters(kids):
        say_above(layout, kids, "the letters that the folders in them begin with")
        return _inside(layout, split, kids, None)
    shared = shared_folders(kids)
    if shared and inner_are_classes([kid.name for kid in kids], shared):
        say_above(layout, kids, f"groups, since they hold the same folders ({_some(sorted(shared))})")
        if all(is_copy(looked_through(kid), looked_through(kids[0])) for kid in kids):
            layout.notes.append(
                f"{named(kids)} have as many images of every class, so they may be versions of the same images: import "
                "one of them by itself, or training and validation images will be alike"
            )
        return _inside(layout, split, kids, "group")
    return []


def _inside(layout: FolderLayout, split: str, groups: Sequence[SourceFolder], kept: str | None) -> list[LayoutPart]:
    """The folders in several ones as classes; `kept`: the field in which the outer one's name is kept."""
    inside = [(group, kid) for group in groups for kid in looked_through(group).kids]
    _say_nested(layout, [kid for _, kid in inside])
    return [
        LayoutPart(split, kid.name, images_by_name(layout, kid) or kid, group=(kept, group.name) if kept else None)
        for group, kid in inside
    ]


def say_above(layout: FolderLayout, kids: Sequence[SourceFolder], what: str) -> None:
    """That folders are above the classes, once for all splits."""
    note = f"{named(kids)}: taken for {what}, so the folders in them are the classes: a guess; --option level=first "
    note += "takes the first folders for classes"
    if note not in layout.notes:
        layout.notes.append(note)


def _say_nested(layout: FolderLayout, kids: Sequence[SourceFolder]) -> None:
    """Classes that hold nothing but folders: the classes may be one folder further down."""
    nested = [kid for kid in kids if not kid.images and len(kid.kids) > 1 and not any(
        holds_images(inner.name) or holds_labels(inner.name) for inner in kid.kids)]  # fmt: skip
    if nested and not layout.nested:
        layout.nested = True
        one = nested[0]
        inner = _some([kid.name for kid in one.kids])
        layout.notes.append(
            f"{len(nested):,} of {len(kids):,} classes hold folders ({one.name}: {inner}), whose images are all of the "
            "class; --option level=last takes the innermost folders for classes, level=path calls them by both names"
        )


def _say_odd_names(layout: FolderLayout, kids: Sequence[SourceFolder]) -> None:
    """Classes whose names are those of splits, or count persons."""
    for kid in kids:
        found = split_name(kid.name)
        if found is not None and found.pure:
            layout.notes.append(
                f"{kid.name}: taken for a class, though it is called like a split, as what lies beside it seems to be "
                "classes; import it by itself, or move the others"
            )
    if are_of_persons(kid.name for kid in kids):
        note = f"classes are called {named(kids)}: they seem to be persons or recordings, not what is to be learnt"
        if note not in layout.notes:
            layout.notes.append(note)


# ---------------------------------------------------------------- chosen by hand


def _by_level(layout: FolderLayout, split: str, folder: SourceFolder) -> list[LayoutPart]:
    """Every folder that images lie in, as the class of its name, or of its path below `folder`."""
    parts = []
    for inner in folder.walk():
        if inner.images and inner is not folder:
            path = [readable(part) for part in inner.path.relative_to(folder.path).parts]
            while len(path) > 1 and holds_images(path[-1]):
                path.pop()
            parts.append(LayoutPart(split, "/".join(path) if layout.level == "path" else path[-1], inner, deep=False))
    return parts


def named(folders: Sequence[SourceFolder]) -> str:
    return _some([folder.name for folder in folders])


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
