"""LMDB schemas: what they share, and the two that need nothing but the values themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from core import pickles
from core.contracts import Labels, Pixels
from core.errors import InputError
from core.inspect.lmdb_file import LmdbFile
from core.inspect.records import Label, Record
from core.inspect.values import image_encoding, image_from_bytes, text_of

PICKLES = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))
"""How pickles of the protocols 2 to 5 begin."""

PROBE = 8
"""Entries looked at to recognise a schema."""


class LmdbRecords:
    """Records that are entries of the main database, in key order, but for the keys named in `bookkeeping`."""

    kind: ClassVar[str] = "lmdb"

    def __init__(self, file: LmdbFile, why: str, bookkeeping: Iterable[bytes] = ()) -> None:
        self.file = file
        self.why = why
        self.classes: Sequence[str] | None = None
        self.warnings: list[str] = []
        self._skipped = sorted(self._positions(bookkeeping))

    def _positions(self, keys: Iterable[bytes]) -> Iterator[int]:
        for key in keys:
            try:
                position = self.file.index_of(key)
            except ValueError as error:
                self.warnings.append(f"{key_text(key)} was looked for and not reached: {error}")
                continue
            if position is not None:
                yield position

    def __len__(self) -> int:
        return len(self.file) - len(self._skipped)

    def key(self, index: int) -> str:
        return key_text(self.raw_key(index))

    def raw_key(self, index: int) -> bytes:
        position = index
        for skipped in self._skipped:
            position += skipped <= position
        return self.file.key_at(position)

    def find(self, key: str) -> int | None:
        position = self.file.index_of(key_bytes(key))
        if position is None or position in self._skipped:
            return None
        return position - sum(skipped < position for skipped in self._skipped)

    def value(self, index: int) -> bytes:
        """Raises ValueError where it cannot be read."""
        key = self.raw_key(index)
        value = self.file.get(key)
        if value is None:
            raise ValueError(f"key {key_text(key)} is listed but has no value")
        return value

    def label(self, index: int) -> Label:
        return None

    def numbers(self) -> Labels | None:
        return None


class EncodedValues(LmdbRecords):
    """Values that are whole image files; labels are not known."""

    @classmethod
    def recognise(cls, file: LmdbFile) -> EncodedValues | None:
        encodings = [image_encoding(value) for _, value in probe(file)]
        if not encodings or encodings.count(None) * 2 > len(encodings):
            return None
        names = sorted({name for name in encodings if name is not None})
        return cls(file, f"the values begin like {' and '.join(names)} files")

    def read(self, index: int) -> Record:
        return record_of_value(self, index)


class PlainValues(LmdbRecords):
    """Values nothing is known of: each is shown as what it looks like by itself."""

    @classmethod
    def recognise(cls, file: LmdbFile) -> PlainValues:
        records = cls(file, "the values are of no layout known here; each is shown as what it looks like")
        refusals = filter(None, (refusal(value) for _, value in probe(file)))
        records.warnings += [f"there are pickles among the values; {reason}" for reason in dict.fromkeys(refusals)]
        return records

    def read(self, index: int) -> Record:
        return record_of_value(self, index)


def record_of_value(records: LmdbRecords, index: int) -> Record:
    """A value by itself: an image file, text, or bytes."""
    value, key = records.value(index), records.raw_key(index)
    encoding, text, problem = image_encoding(value), None, None
    pixels: Pixels | None = None
    if encoding is not None:
        try:
            pixels, _, _ = image_from_bytes(value)
        except ValueError as error:
            problem = str(error)
    else:
        text, problem = text_of(value), refusal(value)
    return Record(
        key=key_text(key),
        label=None,
        encoding=encoding or ("text" if text is not None else "bytes"),
        payload=value,
        pixels=pixels,
        shape=None if pixels is None else pixels.shape,
        stored_bytes=records.file.stored_bytes(key, len(value)),
        problem=problem,
        text=text,
    )


def refusal(value: bytes) -> str | None:
    """Why a pickle is not read as plain data; None for one that is, and for a value that is none."""
    if not value.startswith(PICKLES) or not value.endswith(b"."):
        return None
    try:
        pickles.loads(value)
    except InputError as error:
        return str(error)
    return None


def probe(file: LmdbFile, skip: Sequence[bytes] = ()) -> list[tuple[bytes, bytes]]:
    """The first few entries that are not bookkeeping, as far as they can be read."""
    return [(key, value) for key, value in file.first(PROBE + len(skip)) if key not in skip][:PROBE]


def key_text(key: bytes) -> str:
    """A key as text: itself where it is printable, else 0x and its hexadecimal digits."""
    try:
        text = key.decode("utf-8")
    except UnicodeDecodeError:
        return "0x" + key.hex()
    return text if text.isprintable() and not text.startswith("0x") else "0x" + key.hex()


def key_bytes(text: str) -> bytes:
    """Inverse of `key_text`."""
    if text.startswith("0x"):
        try:
            return bytes.fromhex(text[2:])
        except ValueError:
            return text.encode()
    return text.encode()
