"""Which of the folders in a folder are splits, and when a folder called train is only a class of that name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..base.errors import InputError
from ..base.names import readable
from .alike import is_copy
from .folder_names import SPLIT_ORDER, SplitName, holds_labels, says_nothing, split_name, tokens
from .tree import SourceFolder


class SplitFolder(NamedTuple):
    """A folder of a split's images; `class_name` where its own name tells a class as well ("A" of "trainA")."""

    folder: SourceFolder
    class_name: str | None = None


def find_splits(folder: SourceFolder, notes: list[str]) -> dict[str, list[SplitFolder]]:
    """Split -> its folders among those below `folder`, in the splits' order; empty where they are no splits.

    Folders called train, val and test are splits; so are two or more whose names have these words in them and else the
    same (seg_train, seg_test). A single one counts where it holds classes and what lies beside it does not; one called
    val or test also where the folders beside it are classes. `notes` gets what is a guess.

    Raises:
        InputError: two folders are the same split, and neither is a copy of the other.
    """
    named = [(kid, name) for kid in folder.kids if (name := split_name(kid.name)) is not None]
    if not named:
        return {}
    exact = [(kid, name) for kid, name in named if not name.rest]
    found = {name.split for _, name in exact}
    if found and "train" not in found and (train := _unnamed_train(folder.kids, [kid for kid, _ in named])):
        notes.append(f"{train.name}: taken for the training split, since {_names(exact)} lie beside it")
        return {"train": [SplitFolder(train)], **_one_each(exact)}
    if len(found) > 1:
        return _one_each(exact)
    by_rest = _by_rest(named)
    if not exact and by_rest:
        return _affixed(by_rest, notes)
    if len(found) == 1:
        others = [(kid, name) for kid, name in named if name.split not in found and not holds_labels(kid.name)]
        if others:
            return _one_each([*exact, *others])
        if classes := _classes_beside(exact, folder.kids):
            notes.append(
                f"{_names(exact)}: taken for a split, and the folders beside it for the classes of the training split; "
                "--option labels=folders takes it for a class"
            )
            return {"train": [SplitFolder(kid, kid.name) for kid in classes], **_one_each(exact)}
        if _stands_alone(exact[0][0], [kid for kid in folder.kids if kid not in [one for one, _ in exact]]):
            return _one_each(exact)
    return {}


def _one_each(named: Sequence[tuple[SourceFolder, SplitName]]) -> dict[str, list[SplitFolder]]:
    """A folder for each split: of several the one that is called so and nothing else."""
    chosen: dict[str, SourceFolder] = {}
    for split in SPLIT_ORDER:
        of_split = [(kid, name) for kid, name in named if name.split == split]
        candidates = [kid for kid, name in of_split if name.pure] or [kid for kid, _ in of_split]
        if len(candidates) > 1 and not all(_same_folder(candidates[0], other) for other in candidates):
            first, second = (readable(kid.path) for kid in candidates[:2])
            raise InputError(f"{first} and {second} are both called {split}; rename or remove one of them")
        if candidates:
            chosen[split] = candidates[0]
    return {split: [SplitFolder(kid)] for split, kid in chosen.items()}


def _same_folder(folder: SourceFolder, other: SourceFolder) -> bool:
    """Train and train, with the same in them: packed on a system that takes both for one name."""
    return folder.name.casefold() == other.name.casefold() and is_copy(folder, other)


def _by_rest(named: Sequence[tuple[SourceFolder, SplitName]]) -> dict[str, dict[str, SourceFolder]]:
    """What else the names say -> split -> folder, for what is said of more than one split; without masks and labels."""
    groups: dict[str, dict[str, SourceFolder]] = {}
    for kid, name in named:
        if not holds_labels(kid.name):
            groups.setdefault(_spelled(groups, name.rest), {}).setdefault(name.split, kid)
    return {rest: splits for rest, splits in groups.items() if len(splits) > 1}


def _spelled(groups: Mapping[str, object], rest: str) -> str:
    """A word as it was spelled first: DIV_train and div_test are of one."""
    return next((known for known in groups if known.casefold() == rest.casefold()), rest)


def _affixed(groups: Mapping[str, Mapping[str, SourceFolder]], notes: list[str]) -> dict[str, list[SplitFolder]]:
    """Splits from names like seg_train; where several words stand beside the same splits, these are classes."""
    most = max(map(len, groups.values()))
    kept = {rest: splits for rest, splits in groups.items() if len(splits) == most}
    splits = next(iter(kept.values()))
    if len(kept) == 1:
        return {split: [SplitFolder(splits[split])] for split in SPLIT_ORDER if split in splits}
    notes.append(
        f"classes are a guess from the split folders' names: {', '.join(kept)} of "
        f"{', '.join(kid.name for group in kept.values() for kid in group.values())}"
    )
    return {
        split: [SplitFolder(group[split], rest) for rest, group in kept.items() if split in group]
        for split in SPLIT_ORDER
        if any(split in group for group in kept.values())
    }


def _unnamed_train(folders: Sequence[SourceFolder], splits: Sequence[SourceFolder]) -> SourceFolder | None:
    """Beside val and test, the one other folder: data_256 beside val_256, images_background beside images_evaluation.

    Beside only one of these it must have a word of its name.
    """
    others = [kid for kid in folders if kid not in splits and not holds_labels(kid.name)]
    if len(others) != 1:
        return None
    (train,) = others
    words = {word for word in tokens(train.name) if not word.isdecimal()}
    alike = any(words & set(tokens(split.name)) for split in splits)
    return train if alike or (len(splits) > 1 and (says_nothing(train.name) or len(train.kids) > 1)) else None


def _classes_beside(
    exact: Sequence[tuple[SourceFolder, SplitName]], folders: Sequence[SourceFolder]
) -> list[SourceFolder]:
    """The folders beside a single one called val or test, where they are classes: cat, dog, test."""
    (split_folder, name), *more = exact
    beside = [kid for kid in folders if kid is not split_folder and not holds_labels(kid.name)]
    if more or not name.pure or name.split == "train" or len(beside) < 2 or any(kid.kids for kid in beside):
        return []
    classes = {kid.name for kid in split_folder.kids}
    return beside if classes <= {kid.name for kid in beside} else []


def _names(named: Sequence[tuple[SourceFolder, SplitName]]) -> str:
    return ", ".join(kid.name for kid, _ in named)


def _stands_alone(split_folder: SourceFolder, beside: Sequence[SourceFolder]) -> bool:
    """Whether a single folder called train is a split, not a class among others."""
    if not beside or all(holds_labels(kid.name) for kid in beside):
        return True
    classes = {kid.name for kid in split_folder.kids}
    if not classes:
        return False
    return all(not kid.kids or classes & {inner.name for inner in kid.kids} for kid in beside)
