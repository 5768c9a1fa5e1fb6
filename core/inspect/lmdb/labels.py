"""Labels that are kept apart from their images: all together in one entry, in an entry beside each, or in another
database of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ...base.contracts import Labels
from ..arrays import label_of
from ..contents import content_of
from ..contents.json_text import parsed
from ..contents.named import as_label, label_among
from ..contents.pickled import PICKLES
from ..contents.unpacked import thing_of
from ..records import Label
from ..values import text_of

if TYPE_CHECKING:
    from .file import LmdbView

TOGETHER = (b"__labels__", b"labels", b"label", b"targets", b"target", b"y", b"__targets__", b"classes", b"class_ids")
CLASS_NAMES = (
    b"__classes__", b"classes", b"class_names", b"label_names", b"labels_names", b"categories", b"__class_names__",
    b"class_to_idx", b"idx_to_class", b"names", b"labels", b"__labels__", b"synsets", b"class_map", b"label_map",
    b"labelmap", b"idx_to_label", b"label_to_idx", b"__class_map__",
)  # fmt: skip
SIBLINGS = (
    "labels",
    "label",
    "targets",
    "target",
    "y",
    "classes",
    "class",
    "gt",
    "annotations",
    "ans",
    "metadata",
    "meta",
)


class LabelSource(Protocol):
    """Where labels are found: `why` is the end of the sentence that says so."""

    why: str

    def label(self, index: int, key: bytes) -> Label: ...


class Together:
    """All labels in one entry, in the order of the records."""

    def __init__(self, labels: Sequence[Any], key: str) -> None:
        self.labels = labels
        self.why = f"the labels are in the entry {key}"

    def label(self, index: int, key: bytes) -> Label:
        return label_of(self.labels[index])

    def numbers(self) -> Labels | None:
        array = np.asarray(self.labels)
        return array.astype(np.int64) if array.dtype.kind in "iu" and array.ndim == 1 else None


class ByKey:
    """The labels of all keys in one entry, under these keys."""

    def __init__(self, labels: Mapping[str, Any], key: str) -> None:
        self.labels = labels
        self.why = f"the entry {key} has the label of each key"

    def label(self, index: int, key: bytes) -> Label:
        name = key.decode("utf-8", "replace")
        return as_label(self.labels.get(name, self.labels.get(_stem(name))))


class Beside:
    """Each label in an entry of its own, whose key follows from the image's."""

    def __init__(self, get: Callable[[bytes], bytes | None], why: str) -> None:
        self._get = get
        self.why = why

    def label(self, index: int, key: bytes) -> Label:
        value = self._get(key)
        return None if value is None else label_of_value(value)


def label_of_value(value: bytes) -> Label:
    """The label that a value is: a number (as text or in binary), a word, or the label among an object's fields."""
    text = text_of(value.rstrip(b"\x00")) if value[:1] != b"\x00" else None
    if text is not None and parsed(value) is None:
        return _number_or_word(text.strip())
    if text is None and len(value) in (1, 2, 4, 8) and not value.startswith(PICKLES):
        return int.from_bytes(value, "little", signed=True)
    thing = thing_of(value)
    if isinstance(thing, dict):
        found = label_among({str(name).lower(): field for name, field in thing.items()}, "")
        return found if found is not None else content_of(value).text
    return content_of(value).text if thing is None else as_label(thing)


def _number_or_word(text: str) -> int | str:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 19 else text


def together(file: LmdbView, count: int, keys: Sequence[bytes]) -> Together | ByKey | None:
    """The entry that has one label for each record, in their order or by their keys; of a database whose `keys` are
    these."""
    for key in TOGETHER:
        value = file.get(key)
        if value is None:
            continue
        by_key = _by_key(value, keys)
        if by_key is not None:
            return ByKey(by_key, key.decode())
        labels = labels_among(value, count)
        if labels is not None and not _are_class_names(key, labels):
            return Together(labels, key.decode())
    for name in ("labels", "targets", "label", "target"):
        told = file.facts.fields.get(name)
        if isinstance(told, list | tuple | np.ndarray) and len(told) == count > 1:
            return Together(told, f"with metadata, as {name}")  # type: ignore[arg-type]
    return None


def _are_class_names(key: bytes, labels: Sequence[Any]) -> bool:
    """Whether there happen to be as many classes as records: names, none of which is there twice."""
    names = [label for label in labels if isinstance(label, str)]
    return key.strip(b"_") == b"classes" and len(names) == len(labels) == len(set(names)) > 1


def _by_key(value: bytes, keys: Sequence[bytes]) -> dict[str, Any] | None:
    """Key -> label from a map, or from lines of a key and a label; None where the keys are not these."""
    thing = thing_of(value)
    text = text_of(value) if thing is None else None
    if text is not None:
        pairs = [line.replace("\t", " ").replace(",", " ").rsplit(None, 1) for line in text.strip().splitlines()]
        thing = {pair[0].strip(): _number_or_word(pair[1]) for pair in pairs if len(pair) == 2}
    if not isinstance(thing, dict) or not keys:
        return None
    told = {_word(name): label for name, label in thing.items()}
    names = [key.decode("utf-8", "replace") for key in keys]
    known = sum(name in told or _stem(name) in told for name in names)
    return told if 2 * known > len(names) else None


def _word(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _stem(key: str) -> str:
    """The last part of a path, without its ending."""
    name = key.replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[0] or name


def labels_among(value: bytes, count: int) -> Sequence[Any] | None:
    """`count` labels from one value: a list, an array, whole numbers side by side, or lines of text."""
    thing = thing_of(value)
    if isinstance(thing, np.ndarray) and len(thing.shape) == 2 and thing.shape[0] == count:
        return [label_of(row) for row in thing]
    if isinstance(thing, list | tuple | np.ndarray) and np.ndim(np.empty(0)) and len(thing) == count:
        return list(thing) if not isinstance(thing, np.ndarray) else thing  # type: ignore[return-value]
    text = text_of(value)
    if text is not None:
        lines = text.split()
        return [_number_or_word(line) for line in lines] if len(lines) == count > 1 else None
    width, rest = divmod(len(value), max(count, 1))
    if rest or width not in (1, 2, 4, 8) or count < 2:
        return None
    return np.frombuffer(value, f"<i{width}")  # type: ignore[return-value]


def class_names(file: LmdbView, count: int) -> list[str] | None:
    """The names of the classes, where an entry lists them."""
    for key in CLASS_NAMES:
        value = file.get(key)
        names = (
            None
            if value is None
            else _names(thing_of(value) if text_of(value) is None or parsed(value) is not None else text_of(value))
        )
        if names and len(names) != count:
            return names
    told = file.facts.fields
    found = (_names(told[name]) for key in CLASS_NAMES if (name := key.decode().strip("_")) in told)
    return next((names for names in found if names and len(names) != count), None)


def _names(thing: Any) -> list[str] | None:
    if isinstance(thing, str):
        thing = thing.strip().splitlines() if "\n" in thing.strip() else None
    if isinstance(thing, dict) and thing and all(str(number).isdigit() for number in thing):
        thing = {name: int(number) for number, name in thing.items() if isinstance(name, str)}
    if isinstance(thing, dict) and thing and all(isinstance(number, int) for number in thing.values()):
        thing = [name for name, _ in sorted(thing.items(), key=lambda pair: pair[1])]
    if isinstance(thing, np.ndarray) and thing.dtype.kind in "SU":
        thing = thing.tolist()
    if not isinstance(thing, list | tuple) or len(thing) < 2 or len(thing) > 100_000:
        return None
    texts = [item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in thing]
    return texts if all(isinstance(item, str) and item for item in texts) else None


def in_sibling(file: LmdbView, keys: Sequence[bytes]) -> Beside | None:
    """Labels in another database of the file, under the images' keys or in their order."""
    for name, view in file.siblings().items():
        if name.lower() in SIBLINGS and len(view) and any(_has(view, key) for key in keys):
            return Beside(view.get, f"the labels are in the database {name}, under the same keys")
    return None


def _has(view: LmdbView, key: bytes) -> bool:
    try:
        return view.get(key) is not None
    except (ValueError, IndexError):
        return False
