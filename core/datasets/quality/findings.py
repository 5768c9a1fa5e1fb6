"""What a check of a dataset tells: findings with examples that a person can look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, cast

from ...base.errors import InputError
from ..dataset import Dataset

MOST_EXAMPLES = 100


class ImageRef(NamedTuple):
    """An image of a dataset: where it stands, its path in the index, its class's name."""

    split: str
    position: int
    path: str
    class_name: str

    def to_json(self) -> dict[str, Any]:
        return {"split": self.split, "position": self.position, "path": self.path, "class": self.class_name}


def image_ref(dataset: Dataset, split: object, position: object, path: object, label: object) -> ImageRef:
    """An image by what the index says of it. Raises InputError where that is none of the dataset's."""
    known = type(label) is int and 0 <= label < len(dataset.classes)
    if not (known and isinstance(split, str) and isinstance(position, int) and isinstance(path, str)):
        raise InputError(f"the index of dataset {dataset.name!r} has a row that is no image's; import again")
    return ImageRef(split, position, path, dataset.classes[cast("int", label)])


class Pair(NamedTuple):
    """Two images that are the same, or nearly."""

    one: ImageRef
    other: ImageRef


class Example(NamedTuple):
    """A case of a finding: a sentence's worth of words, and the images that it is about."""

    text: str
    images: Sequence[ImageRef] = ()

    def to_json(self) -> dict[str, Any]:
        return {"text": self.text, "images": [image.to_json() for image in self.images]}


@dataclass
class QualityFinding:
    """Something that whoever trains on the dataset should know.

    `kind` is a short name ("leak"); `count` says how often it was found, `meaning` what it does to a training and
    `remedy` what helps; `examples` are the first `MOST_EXAMPLES` cases.
    """

    kind: str
    meaning: str
    remedy: str
    count: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, text: str, images: Sequence[ImageRef] = (), count: int = 1) -> None:
        self.count += count
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(Example(text, tuple(images)))

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"examples": [example.to_json() for example in self.examples]}


class PairList:
    """Pairs of one kind: all counted, the first `most` kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.count = 0
        self.pairs: list[Pair] = []

    def add(self, pair: Pair) -> None:
        self.count += 1
        if len(self.pairs) < self._most:
            self.pairs.append(pair)

    def to_json(self) -> list[list[str]]:
        """The images' paths, pair by pair."""
        return [[pair.one.path, pair.other.path] for pair in self.pairs]


def found(findings: Iterable[QualityFinding]) -> list[QualityFinding]:
    """Those of which there is at least one case."""
    return [finding for finding in findings if finding.count]


def classes_told(images: Iterable[ImageRef]) -> str:
    """ "cat and dog": the classes of images, each once."""
    return " and ".join(dict.fromkeys(image.class_name for image in images))
