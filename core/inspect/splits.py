"""Which split a file says that a record belongs to: what its records know, the name of its shard, the field that is
called so. Nothing is guessed here; a name counts where it has a split's word in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..sources.folder_names import SPLIT_WORDS, split_name, tokens

FIELDS = ("split", "subset", "partition", "dataset_split", "data_split", "usage", "phase", "set", "fold")
"""What a field that says the split is called, the surest first."""

T10K = "t10k"
"""How MNIST calls its test files."""


def split_in_name(name: str) -> str | None:
    """
    >>> split_in_name("train-00001-of-00008.tar"), split_in_name("t10k-images-idx3-ubyte"), split_in_name("cats.mdb")
    ('train', 'test', None)
    """
    stem = Path(name).name.partition(".")[0]
    if stem.lower().startswith(T10K):
        return "test"
    found = split_name(stem)
    return None if found is None else found.split


def split_in_key(key: str) -> str | None:
    """The split that a folder of a path says ("train/cat/1.jpg"), the outermost one."""
    folders = key.replace("\\", "/").split("/")[:-1]
    found = (split_name(folder) for folder in folders)
    return next((one.split for one in found if one is not None and one.pure), None)


def split_of_value(value: Any) -> str | None:
    """The split that a field's value says; None for any other value."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str) or len(value) > 40:
        return None
    words = tokens(value)
    return SPLIT_WORDS.get(words[0]) if len(words) == 1 else None


def split_field(samples: list[Mapping[str, Any]]) -> str | None:
    """The field that says the split in all of some records which have it, by its name."""
    names = {name.lower(): name for fields in samples for name in fields}
    for called in FIELDS:
        name = names.get(called)
        values = [fields[name] for fields in samples if fields.get(name) is not None] if name is not None else []
        if values and all(split_of_value(value) is not None for value in values):
            return name
    return None
