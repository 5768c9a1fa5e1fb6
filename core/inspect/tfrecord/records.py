"""The records of a TFRecord file: Examples, SequenceExamples, or whatever bytes they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from ...formats.tfrecord.example import Feature, features_of, sequence_of
from ..display_range import evenly
from ..fields import Declared, FieldRecords
from ..findings import merged
from ..first_label import labels_from_one
from ..records import UNREADABLE, Finding, Record
from . import findings
from .beside import declared_beside, stated_records
from .file import TfRecordFile
from .formats import stated_formats
from .values import SMALL, plain, plain_sequence, tensors

LOOKED_AT, LOOKED_AT_OF_MANY, LOOKED_AT_BYTES = 32, 8, 1 << 26
"""Records that are looked at to learn what is usual: of a file alone, of each of several; and bytes of them."""

MOST_FOUND = 4096
"""Records whose findings are kept until they are asked for."""


class TfRecords(FieldRecords):
    """What all have in common: keys that are numbers, and checksums."""

    kind: ClassVar[str] = "tfrecord"
    what: ClassVar[str] = ""

    def __init__(self, file: TfRecordFile, declared: Declared) -> None:
        wrapped = f" behind {file.compression}" if file.compression else ""
        super().__init__(file, f"it is made of lengths with their checksums (TFRecord{wrapped}), {self.what}", declared)
        self.records = file
        self._found: dict[int, list[Finding]] = {}

    def __len__(self) -> int:
        return len(self.records)

    def key(self, index: int) -> str:
        return str(index)

    def find(self, key: str) -> int | None:
        return int(key) if key.isdecimal() and len(key) < 16 and int(key) < len(self) else None

    def stored_bytes(self, index: int) -> int:
        return self.records.record_bytes(index)

    def fields(self, index: int) -> Mapping[str, Any]:
        data, right = self.records.record(index)
        found = [] if right else [self._crc_wrong(index)]
        try:
            fields, more = self._fields(index, data)
        except ValueError as error:
            reason = found[0].meaning if found else str(error)
            raise ValueError(f"record {index:,} at byte {self.records.start(index):,}: {reason}") from None
        self._note(index, [*found, *more])
        return fields

    def record_findings(self, index: int) -> Sequence[Finding]:
        return self._found.get(index, ())

    def read(self, index: int) -> Record:
        """A record whose checksum is wrong is shown, and is a broken one."""
        record = super().read(index)
        wrong = next((one for one in record.findings if one.kind == "crc-wrong"), None)
        return record if wrong is None else replace(record, problem=record.problem or wrong.meaning)

    def _fields(self, index: int, data: bytes) -> tuple[dict[str, Any], list[Finding]]:
        """The fields in a record's data, and what is wrong with them. Raises ValueError."""
        raise NotImplementedError

    def _crc_wrong(self, index: int) -> Finding:
        return findings.crc_wrong(index, self.records.start(index), self.records.compression)

    def _note(self, index: int, found: list[Finding]) -> None:
        self._found.pop(index, None)
        if found:
            while len(self._found) >= MOST_FOUND:
                del self._found[next(iter(self._found))]
            self._found[index] = found

    def _alone(self) -> Iterator[Finding]:
        """What can be said of a file only where it is not one of several."""
        if self.records.complete and len(self) > 1 and self.records.is_alone:
            yield findings.one_file(len(self))


class ExampleRecords(TfRecords):
    """`tf.train.Example`: features by name."""

    what = "whose data are Examples"

    def __init__(self, file: TfRecordFile) -> None:
        super().__init__(file, declared_beside(file.path))
        self.findings = merged([*self._of_looked_at(), *self._counted(), *self._alone()])

    @classmethod
    def recognise(cls, file: TfRecordFile) -> ExampleRecords | None:
        return cls(file) if _mostly(file, lambda data: bool(features_of(data))) else None

    def label_fields(self, index: int) -> Mapping[str, Any]:
        data, _ = self.records.record(index)
        return plain(data, features_of(data), SMALL)

    def _fields(self, index: int, data: bytes) -> tuple[dict[str, Any], list[Finding]]:
        features = features_of(data)
        return plain(data, features), list(self._of_features(index, data, features))

    def _of_features(self, index: int, data: bytes, features: Mapping[str, Feature]) -> Iterator[Finding]:
        for name, declared, found in stated_formats(data, features):
            yield findings.declared_format(index, name, declared, found)
        missing = [name for name in self._usual if name not in features]
        if missing:
            yield findings.missing_features(index, missing)

    @cached_property
    def _looked_at(self) -> list[tuple[int, bytes, dict[str, Feature]]]:
        """(index, data, features) of some records."""
        found: list[tuple[int, bytes, dict[str, Feature]]] = []
        left = LOOKED_AT_BYTES
        for index in evenly(len(self), LOOKED_AT if self.records.is_alone else LOOKED_AT_OF_MANY):
            left -= self.records.record_bytes(index)
            if left < 0 and found:
                break
            try:
                data, _ = self.records.record(index)
                found.append((index, data, features_of(data)))
            except UNREADABLE:
                continue
        return found

    @cached_property
    def _usual(self) -> list[str]:
        """The features that more than half of the records have."""
        every = [features for _, _, features in self._looked_at]
        names = dict.fromkeys(name for features in every for name in features)
        return [name for name in names if 2 * sum(name in features for features in every) > len(every)]

    def _counted(self) -> Iterator[Finding]:
        stated = stated_records(self.records.path) if self.records.complete else None
        if stated is not None and stated != len(self):
            yield findings.other_count(stated, len(self))

    def _of_looked_at(self) -> Iterator[Finding]:
        for index, data, features in self._looked_at:
            yield from self._of_features(index, data, features)
        for _, data, features in self._looked_at[:1]:
            for name, array, size in tensors(data, features):
                yield findings.serialised_tensor(name, array, size)

    def _alone(self) -> Iterator[Finding]:
        yield from super()._alone()
        if self.records.complete and self.records.is_alone:
            yield from labels_from_one(self)


class SequenceRecords(TfRecords):
    """`tf.train.SequenceExample`: a context, and lists of features that go on step by step."""

    what = "whose data are SequenceExamples"

    def __init__(self, file: TfRecordFile) -> None:
        super().__init__(file, declared_beside(file.path))
        self.findings = list(self._alone())

    @classmethod
    def recognise(cls, file: TfRecordFile) -> SequenceRecords | None:
        return cls(file) if _mostly(file, lambda data: bool(sequence_of(data).lists)) else None

    def _fields(self, index: int, data: bytes) -> tuple[dict[str, Any], list[Finding]]:
        return plain_sequence(data, sequence_of(data)), []


class OtherRecords(TfRecords):
    """Records of any other bytes: each is shown as what it looks like."""

    what = "whose data are of no layout known here; each is shown as what it looks like"

    def __init__(self, file: TfRecordFile) -> None:
        super().__init__(file, Declared())
        self.findings = list(self._alone())

    @classmethod
    def recognise(cls, file: TfRecordFile) -> OtherRecords:
        return cls(file)

    def _fields(self, index: int, data: bytes) -> tuple[dict[str, Any], list[Finding]]:
        return {"record": data}, []


def _mostly(file: TfRecordFile, fits: Any) -> bool:
    """Whether most of some records are of this kind."""
    looked = evenly(len(file), 8)
    return bool(looked) and 2 * sum(_fits(file, index, fits) for index in looked) > len(looked)


def _fits(file: TfRecordFile, index: int, fits: Any) -> bool:
    try:
        return bool(fits(file.record(index)[0]))
    except ValueError:
        return False
