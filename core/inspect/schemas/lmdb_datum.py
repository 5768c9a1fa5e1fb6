"""Caffe's Datum, which DIGITS writes too, and the tensors of its successor Caffe2."""

from __future__ import annotations

from pathlib import Path

from ..contents.protobuf import fields_of, integer
from ..lmdb.file import LmdbView
from ..lmdb.records import LmdbRecords, mostly
from ..records import Label

NAMES = "labels.txt"
"""Where DIGITS writes the names of the classes, a line each, in the folder of the job: beside the LMDB's own."""

_LARGEST = 1 << 20


class Datums(LmdbRecords):
    """Values that are Datum messages, one image or vector of features each."""

    kinds = ("datum",)

    @classmethod
    def recognise(cls, file: LmdbView) -> Datums | None:
        found = mostly(file, cls.kinds)
        if not found:
            return None
        shape = " x ".join(map(str, found[0].shape or ()))
        order = ", blue before red" if found[0].encoding == "datum+raw" and (found[0].shape or (0,))[0] == 3 else ""
        records = cls(file, f"the values are Caffe Datum messages; the first holds {found[0].encoding} {shape}{order}")
        records.classes = records.classes or class_names_beside(file.path)
        return records

    def label(self, index: int) -> Label:
        """From the message's own field, without decoding the image."""
        if self.labels is not None:
            return self.labels.label(index, self.raw_key(index))
        fields = fields_of(self.value(index))
        return integer(fields, 5) if fields and 5 in fields else None


class Caffe2Tensors(LmdbRecords):
    """Values that are Caffe2 TensorProtos: the first tensor the image, the second its label."""

    kinds = ("caffe2",)

    @classmethod
    def recognise(cls, file: LmdbView) -> Caffe2Tensors | None:
        found = mostly(file, cls.kinds)
        return cls(file, f"the values are Caffe2 TensorProtos; the first holds {found[0].encoding}") if found else None


def class_names_beside(path: Path) -> list[str] | None:
    """The lines of the labels.txt that lies beside the file or its folder."""
    for folder in (path.parent, path.parent.parent):
        names = folder / NAMES
        if names.is_file() and names.stat().st_size < _LARGEST:
            lines = names.read_text("utf-8", "replace").splitlines()
            return [line.strip() for line in lines if line.strip()] or None
    return None
