"""Where all images of a file lie, as its reader process told it and as this process has checked it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.contracts import MAX_PAYLOAD, Labels
from ..base.errors import InputError
from ..base.strict_json import dumps
from ..sources.folder_names import SPLIT_WORDS
from .files import InspectedFile
from .place_requests import PlacedImages
from .places.form import ImageForm
from .process import ReaderDied
from .records import Label
from .requests import ImagePlacesRequest

VERSION = 1
"""Of what is kept of it; another number whenever places are found otherwise."""

FORM, FILE, OFFSET, LENGTH, SPLIT = range(5)
"""The columns of `PlaceTable.places`."""

Numbers = npt.NDArray[np.int64]

_ABOUT = ("kind", "schema", "why", "entries", "classes")


@dataclass(frozen=True)
class PlaceTable:
    """One row for each record.

    about: kind, schema, why, entries and classes of the file. forms, splits: those that there are. places: int64
    (n, 5), of each record its form (-1: it has no image), its file, the offset in it (-1: its bytes do not lie bare),
    their number, and its split (-1: none is said, or none was asked for). numbers: its label, int64 (n,), -1 for none;
    texts, text_of: labels that are texts, and for each record which of them is its (-1: none). bad: (index, why) of
    some records without an image. files: where a folder is opened, the names in it of the files that images are in.
    records: where these are not all of the file's, their numbers, int64 (n,).
    """

    about: Mapping[str, Any]
    forms: tuple[ImageForm, ...]
    places: Numbers
    numbers: Numbers
    texts: tuple[str, ...] = ()
    text_of: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    bad: tuple[tuple[int, str], ...] = ()
    files: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    records: Numbers | None = None

    def __len__(self) -> int:
        return len(self.places)

    def labels(self, classes: Sequence[str]) -> Labels:
        """int64 (n,); a text is the number of the class of that name."""
        if not self.texts:
            return self.numbers
        known = {name: number for number, name in enumerate(classes)}
        numbers = np.array([*(known.get(text, -1) for text in self.texts), -1], np.int64)
        return np.where(self.text_of >= 0, numbers[self.text_of], self.numbers)

    def record(self, index: int) -> int:
        """The number that the file gives a sample."""
        return index if self.records is None else int(self.records[index])

    def of_split(self, wanted: str, path: Any) -> PlaceTable:
        """The records of one split. Raises InputError, which names those that there are."""
        name = wanted if wanted in self.splits else SPLIT_WORDS.get(wanted.lower(), wanted)
        if name not in self.splits:
            there = f"it has: {', '.join(self.splits)}" if self.splits else "it says nothing of splits: leave that out"
            raise InputError(f"{path} has no split {wanted!r}; {there}")
        chosen = np.flatnonzero(self.places[:, SPLIT] == self.splits.index(name))
        text_of = self.text_of[chosen] if self.texts else self.text_of
        return replace(
            self, places=self.places[chosen], numbers=self.numbers[chosen], text_of=text_of, records=chosen,
            about={**self.about, "entries": len(chosen)},
        )  # fmt: skip

    def check(self, sizes: Sequence[int], path: Any) -> None:
        """Raises InputError where an image is said to lie outside of its file, of so many bytes each."""
        form, file, offset, length, _ = self.places.T
        bare = (form >= 0) & (offset >= 0)
        known = np.array(sizes, np.int64)
        inside = (file >= 0) & (file < len(known)) & (form < len(self.forms)) & (length > 0) & (length <= MAX_PAYLOAD)
        left = known[np.where(inside, file, 0)] - offset if len(known) else offset
        whole = np.array([one.size if one.is_pixels else -1 for one in self.forms] or [-1], np.int64)
        pixels = whole[np.where(form < len(self.forms), form, 0)]
        good = inside & (length <= left) & ((pixels < 0) | (pixels == length))
        wrong = np.flatnonzero(bare & ~good)
        if len(wrong):
            raise InputError(
                f"{path} is not loaded: image {int(wrong[0]):,} is said to lie outside of the file, which only a "
                "damaged or hostile file makes its reader say"
            )

    # ---- what is kept

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """All of it as plain arrays."""
        told = {
            "about": dict(self.about),
            "forms": [form.to_json() for form in self.forms],
            "texts": list(self.texts),
            "bad": [list(one) for one in self.bad],
            "files": list(self.files),
            "splits": list(self.splits),
        }
        state = np.frombuffer(dumps(told).encode(), np.uint8)
        return {"places": self.places, "numbers": self.numbers, "text_of": self.text_of, "state": state}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray[Any, Any]]) -> PlaceTable:
        """Raises ValueError (or KeyError, TypeError) for what `arrays` does not give."""
        state = json.loads(arrays["state"].tobytes())
        places, numbers, text_of = (arrays[name] for name in ("places", "numbers", "text_of"))
        made = cls(
            dict(state["about"]), tuple(map(ImageForm.from_json, state["forms"])), places, numbers,
            tuple(map(str, state["texts"])), text_of, tuple((int(index), str(why)) for index, why in state["bad"]),
            tuple(map(str, state["files"])), tuple(map(str, state["splits"])),
        )  # fmt: skip
        if places.dtype != np.int64 or places.shape != (len(numbers), 5) or numbers.dtype != np.int64:
            raise ValueError("these are no places")
        if made.texts and (text_of.shape != numbers.shape or text_of.max(initial=-1) >= len(made.texts)):
            raise ValueError("the labels are not as many")
        return made


class TableInMaking:
    """Asks the reader process for places, a second's worth at a time."""

    def __init__(self, file: InspectedFile, about: Mapping[str, Any], splits: bool = False) -> None:
        """`splits`: what the file says of splits is asked for too."""
        self._file = file
        self._of_splits = splits
        self._splits: dict[str, int] = {}
        self._about = {name: about[name] for name in _ABOUT}
        self._forms: dict[ImageForm, int] = {}
        self._parts: list[Numbers] = []
        self._numbers: list[int] = []
        self._texts: dict[str, int] = {}
        self._text_of: list[int] = []
        self._bad: list[tuple[int, str]] = []
        self._files: list[str] = []

    def steps(self) -> Iterator[tuple[int, int]]:
        """(done, total) records, about once a second. Raises what `InspectedFile.ask` does."""
        done, total = 0, int(self._about["entries"])
        while done < total:
            found = self._file.ask(ImagePlacesRequest(done, self._of_splits))
            if not done < found.end <= total or found.end - done != len(found.table):
                raise InputError(f"{self._file.found.path} is not loaded: its reader's answer does not fit together")
            self._take(found)
            done = found.end
            yield done, total

    def _take(self, found: PlacedImages) -> None:
        renumbered = [self._forms.setdefault(form, len(self._forms)) for form in found.forms]
        table = found.table.astype(np.int64)
        table[:, FORM] = np.array([*renumbered, -1], np.int64)[table[:, FORM]]
        splits = [self._splits.setdefault(name, len(self._splits)) for name in found.splits]
        table[:, SPLIT] = np.array([*splits, -1], np.int64)[table[:, SPLIT]]
        self._parts.append(table)
        self._bad += found.bad
        self._files = found.files
        for label in found.labels:
            self._note(label)

    def _note(self, label: Label) -> None:
        text = isinstance(label, str)
        self._text_of.append(self._texts.setdefault(str(label), len(self._texts)) if text else -1)
        number = label if isinstance(label, int) and abs(label) < 1 << 62 else -1
        self._numbers.append(int(number))

    def table(self) -> PlaceTable:
        """Once all steps are done."""
        places = np.concatenate(self._parts) if self._parts else np.empty((0, 5), np.int64)
        together = numbers_of(self._file)
        fits = together is not None and len(together) == len(places)
        numbers = np.array(together, np.int64) if fits else np.array(self._numbers, np.int64)
        texts = () if fits else tuple(self._texts)
        text_of = np.array(self._text_of if texts else [], np.int64)
        return PlaceTable(
            self._about, tuple(self._forms), places, numbers, texts, text_of, tuple(self._bad), tuple(self._files),
            tuple(self._splits),
        )  # fmt: skip


def numbers_of(file: InspectedFile) -> Labels | None:
    """The class numbers that a file keeps together; None where it does not, or they cannot be read as a whole."""
    try:
        return file.numbers()
    except ReaderDied:
        raise
    except InputError:
        return None
