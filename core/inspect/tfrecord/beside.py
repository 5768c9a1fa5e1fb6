"""What TFDS keeps beside its files: `features.json` says which feature is an image and which the label,
`<label>.labels.txt` how the classes are called (tensorflow_datasets/core/features), and `dataset_info.json` how many
records each file has (`splits[].shardLengths`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...formats.container import open_file
from ..fields import Declared

FEATURES, INFO = "features.json", "dataset_info.json"
_SHARD = re.compile(r"-([^-.]+)\.[a-z]+-(\d{5})-of-(\d{5})$")
"""The end of a file's name: split, ending, number of the file, how many there are."""

MOST_BYTES = 1 << 24
MOST_CLASSES, DEEPEST = 1 << 20, 16


def declared_beside(path: Path) -> Declared:
    """What the files beside say of the features; nothing where there are none, or they are not understood."""
    text = _text(path.with_name(FEATURES))
    try:
        features = dict(_features(json.loads(text), "", 0)) if text else {}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Declared()
    images = [name for name, kind in features.items() if kind == "Image"]
    labels = [name for name, kind in features.items() if kind == "ClassLabel"]
    label = "label" if "label" in labels else next(iter(labels), None)
    if not images and label is None:
        return Declared()
    return Declared(
        image=next(iter(images), None),
        images=tuple(images[1:]),
        label=label,
        classes=None if label is None else _classes(path, label),
        said=f"{FEATURES} beside it says what its features are",
    )


def stated_records(path: Path) -> int | None:
    """How many records the file has by `dataset_info.json` beside it; None where that does not say so."""
    named, text = _SHARD.search(path.name), _text(path.with_name(INFO))
    if named is None or text is None:
        return None
    try:
        splits = {split["name"]: split["shardLengths"] for split in json.loads(text)["splits"]}
        lengths = splits[named[1]]
        return int(lengths[int(named[2])]) if len(lengths) == int(named[3]) else None
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def _features(told: Mapping[str, Any], name: str, depth: int) -> Iterator[tuple[str, str]]:
    """(name, kind) of the features, those of dictionaries in dictionaries with "/" between."""
    inner = told.get("featuresDict", {}).get("features")
    if inner is None or depth > DEEPEST:
        yield name, str(told.get("pythonClassName", "")).rpartition(".")[2]
        return
    for key, value in inner.items():
        yield from _features(value, f"{name}/{key}" if name else str(key), depth + 1)


def _classes(path: Path, label: str) -> list[str] | None:
    text = _text(path.with_name(f"{label.replace('/', '-')}.labels.txt"))
    names = text.splitlines() if text else []
    return names if 0 < len(names) <= MOST_CLASSES else None


def _text(path: Path) -> str | None:
    """A regular file beside, and no link; None where there is none."""
    try:
        with open_file(path) as file:
            data = file.read(MOST_BYTES + 1)
        return data.decode("utf-8") if len(data) <= MOST_BYTES else None
    except (OSError, ValueError):
        return None
