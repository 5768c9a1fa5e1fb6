"""What classes are called, by the text that stands beside the number of each label ("image/class/text")."""

from __future__ import annotations

from .record_labels import NO_LABEL
from .record_listing import LabelKey

MOST = 1 << 20
"""Classes that are remembered; with more, labels stay numbers."""

ALIKE = 10
"""At most one in so many classes may be called as another one (ImageNet has two cranes)."""


class RecordClassNames:
    """Learned from all records. Names count only where every record has one, and all of a number the same."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._hold = True

    def learn(self, label: LabelKey, name: str | None) -> None:
        if not self._hold or label is None or label == NO_LABEL:
            return
        known = isinstance(label, int) and bool(name) and self._names.setdefault(label, str(name)) == name
        self._hold = known and len(self._names) <= MOST

    @property
    def names(self) -> dict[int, str]:
        """By number, in their order; empty where numbers have no names. Names that come twice have their number."""
        twice = len(self._names) - len(set(self._names.values()))
        if not self._hold or ALIKE * twice > len(self._names):
            return {}
        numbers: dict[str, list[int]] = {}
        for number, name in self._names.items():
            numbers.setdefault(name, []).append(number)
        return {
            number: name if len(numbers[name]) == 1 else f"{name} ({number})"
            for number, name in sorted(self._names.items())
        }
