"""What the labels of records are: classes, or values that become a field of the samples."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from ..sources.folder_names import in_order
from .record_listing import LabelKey

AUTO, CLASSES, FIELD = ASKED = ("auto", "classes", "field")

ALL = "images"
"""The one class of samples whose labels are no classes, or that have none."""

NO_LABEL = -1
"""What stands for no label beside class numbers (Hugging Face's ClassLabel)."""

MANY = 50
"""Samples from which on labels that hardly ever come twice are no classes."""

WORDS = 4
"""Words from which on a text is one about the image."""

LONGEST = 200
"""Characters of the name of a class."""


class RecordLabels:
    """Learned from the labels of all records. `said`: why they are no classes, "" where they are; `labelled`: whether
    there are any; `names`: the classes in the order of their numbers."""

    def __init__(
        self,
        classes: Sequence[Sequence[str] | None],
        asked: str,
        in_full: bool,
        beside: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        """classes: the names that each part gives; in_full: some labels are no class as the file has them (floats,
        several numbers, texts); beside: the names that stand beside the numbers, where no part gives any."""
        self._classes = [None if names is None else _different(names) for names in classes]
        self._beside = beside
        self._asked = asked
        self._in_full = in_full
        self.labelled = False
        self.said = ""
        self.names: list[str] = [ALL]

    def learn(self, labels: Iterable[tuple[int, LabelKey, int]]) -> None:
        """(part, label, records) of all labels, None among them."""
        texts: Counter[str] = Counter()
        samples = distinct = 0
        for part, label, count in labels:
            if label is None or (label == NO_LABEL and self._classes[part]):
                continue
            self.labelled = True
            samples, distinct = samples + count, distinct + 1
            if distinct <= MANY:
                texts[str(label)] += count
        self.said = self._no_classes(texts, samples, distinct) if self.labelled else ""

    def _no_classes(self, texts: Counter[str], samples: int, distinct: int) -> str:
        if self._asked != AUTO:
            return "" if self._asked == CLASSES else "as asked for"
        if self._in_full:
            return "they are numbers, several per image, or texts about it"
        if any(self._classes):
            return ""
        if any(map(_is_measured, texts)):
            return "they are numbers with fractions"
        if any("\n" in text or len(text) > LONGEST for text in texts):
            return "they are texts of several lines"
        worded = sum(count for text, count in texts.items() if len(text.split()) >= WORDS)
        if 2 * distinct > samples and (samples >= MANY or 2 * worded > samples > 1):
            return f"{distinct:,} different ones of {samples:,} images, so they tell images apart rather than classes"
        return ""

    @property
    def are_classes(self) -> bool:
        return self.labelled and not self.said

    def collect(self, labels: Iterable[tuple[int, LabelKey, int]]) -> None:
        """Once more all labels: their names, where they are classes."""
        if not self.are_classes:
            return
        stated = list(dict.fromkeys([*self._beside.values(), *(n for names in self._classes for n in names or ())]))
        found = {name for part, label, _ in labels if (name := self.class_of(part, label)) is not None}
        self.names = [*stated, *in_order(found.difference(stated))]

    def class_of(self, part: int, label: LabelKey) -> str | None:
        """The class of a label; None for a record that has none, where others have one."""
        if not self.are_classes:
            return ALL
        names = self._classes[part]
        if isinstance(label, int) and label in self._beside:
            return self._beside[label]
        if isinstance(label, int) and names:
            if label == NO_LABEL:
                return None
            return names[label] if 0 <= label < len(names) else str(label)
        return None if label is None else str(label)[:LONGEST] or "(empty)"


def _is_measured(text: str) -> bool:
    """Whether a label's text is a number with a fraction, or several numbers."""
    if text.startswith("["):
        return text.endswith("]") and all(map(_is_number, text[1:-1].replace("...", "0").split(",")))
    return _is_number(text) and not float(text).is_integer()


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _different(names: Sequence[str]) -> list[str]:
    """The names, those that come twice with their number."""
    twice = {name for name, count in Counter(names).items() if count > 1}
    return [f"{name} ({number})" if name in twice else name for number, name in enumerate(names)]
