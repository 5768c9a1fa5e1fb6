"""LMDB schemas that need nothing but the values themselves."""

from __future__ import annotations

from ..lmdb.file import LmdbView
from ..lmdb.records import LmdbRecords, encodings, mostly


class EncodedValues(LmdbRecords):
    """Values that are whole image files."""

    kinds = ("image-file", "unopened")

    @classmethod
    def recognise(cls, file: LmdbView) -> EncodedValues | None:
        found = mostly(file, cls.kinds)
        return cls(file, f"the values begin like {encodings(found)} files") if found else None


class PlainValues(LmdbRecords):
    """Values nothing is known of: each is shown as what it looks like."""

    @classmethod
    def recognise(cls, file: LmdbView) -> PlainValues:
        records = cls(file, "the values are of no layout known here; each is shown as what it looks like")
        refused = {
            content.problem: None for _, content in file.contents if content.kind == "pickled" and content.problem
        }
        records.warnings += [f"there are pickles among the values; {reason}" for reason in refused]
        return records
