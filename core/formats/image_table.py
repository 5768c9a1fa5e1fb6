"""Images and labels as an Arrow table, with the schema that Hugging Face's `datasets` writes and recognises.

Columns: `image` and `label` (int64). `image` is struct<bytes: binary, path: string>, in this order and with these
types: `datasets` takes no other for its feature `Image`. Payloads that are bare pixels of one shape are
fixed_size_binary of their size instead, and payloads that are no image files (compressed ones) keep the struct, without
the feature. The schema's metadata has

- `huggingface`: `{"info": {"features": {...}}}`, with the names of the classes (`ClassLabel`);
- `format_matters`: what the build says of its payloads, as JSON; `payload_shape` is the shape of bare pixels;
- `format_matters_dictionary`: the compression's dictionary in base64, where it has one.

Further values of samples are columns behind these two (`table_fields`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import pyarrow as pa

from ..base.contracts import Buffer, Contents
from ..base.packed_fields import packed
from ..base.strict_json import dumps
from . import table_fields
from .field_layouts import FieldsToWrite, Values

HUGGINGFACE, TOLD, DICTIONARY = b"huggingface", b"format_matters", b"format_matters_dictionary"

IMAGE_FILES = frozenset((".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm"))
"""Endings of payloads that are image files as they are."""

Put = Callable[[pa.RecordBatch], None]


class ImageTable:
    """The schema of a split, and batches of it. The schema is settled by the ending of the first payload."""

    def __init__(self, contents: Contents) -> None:
        self.fields = FieldsToWrite.of(contents)
        self._contents = self.fields.told_in(contents) if self.fields else contents
        self._layouts = self.fields.layouts if self.fields else ()
        self._names = table_fields.column_names(self._layouts)
        self._bare = prod(contents.payload_shape) if contents.payload_shape else 0
        self._image = (
            pa.binary(self._bare) if self._bare else pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        )
        self._schema: pa.Schema | None = None

    def schema(self, suffix: str = ".jpg") -> pa.Schema:
        """`suffix`: the ending of the payloads, which says whether they are image files."""
        if self._schema is None:
            further = [(self._names[one.name], table_fields.column_type(one)) for one in self._layouts]
            columns = [("image", self._image), ("label", pa.int64()), *further]
            self._schema = pa.schema(columns, self._metadata(suffix))
        return self._schema

    @property
    def contents(self) -> Contents:
        """The contents, whose metadata tells the fields."""
        return self._contents

    def batch(
        self,
        first: int,
        payloads: Sequence[Buffer],
        labels: Sequence[int],
        suffixes: Sequence[str],
        values: Sequence[Values] = (),
    ) -> pa.RecordBatch:
        """Samples as rows; `first`: the number of the first one in its split, from which paths are made; `values` are
        their fields.

        Payloads of 2 GiB or more together do not fit a batch.
        """
        if self._bare:
            data = pa.py_buffer(b"".join(payloads))
            images = pa.FixedSizeBinaryArray.from_buffers(self._image, len(payloads), [None, data])
        else:
            paths = [f"{first + at:08d}{suffix}" for at, suffix in enumerate(suffixes)]
            parts = [pa.array(payloads, pa.binary()), pa.array(paths, pa.string())]
            images = pa.StructArray.from_arrays(parts, fields=list(self._image))
        schema = self.schema(suffixes[0] if suffixes else ".jpg")
        further = [table_fields.column(layout, values) for layout in self._layouts]
        return pa.RecordBatch.from_arrays([images, pa.array(labels, pa.int64()), *further], schema=schema)

    def _metadata(self, suffix: str) -> dict[bytes, bytes]:
        contents = self._contents
        features = {"image": self._feature(suffix), "label": {"names": list(contents.classes), "_type": "ClassLabel"}}
        features |= {self._names[layout.name]: table_fields.feature(layout) for layout in self._layouts}
        told = {"samples": contents.samples, "bare_shape": contents.payload_shape} | dict(contents.metadata)
        metadata = {
            HUGGINGFACE: dumps({"info": {"features": features}}).encode(),
            TOLD: dumps(told).encode(),
        }
        if contents.dictionary is not None:
            metadata[DICTIONARY] = base64.b64encode(contents.dictionary)
        return metadata

    def _feature(self, suffix: str) -> dict[str, Any]:
        if self._bare:
            return {"dtype": f"fixed_size_binary[{self._bare}]", "_type": "Value"}
        if suffix.lower() in IMAGE_FILES:
            return {"_type": "Image"}
        return {name: {"dtype": dtype, "_type": "Value"} for name, dtype in (("bytes", "binary"), ("path", "string"))}


class Gathered:
    """Samples that wait until they make a batch of about `most_bytes` of payload, or of `most_rows`."""

    def __init__(self, table: ImageTable, put: Put, most_bytes: int, most_rows: int) -> None:
        self._table, self._put = table, put
        self._most_bytes, self._most_rows = most_bytes, most_rows
        self._first = table.contents.first
        self._clear()

    def add(self, payload: Buffer, label: int, suffix: str) -> None:
        """A batch goes out before a payload that it has no room for. Samples come in order, with their fields."""
        size = len(payload)
        values: Values = {}
        if self._table.fields is not None:
            (values,) = self._table.fields.next(1)
            size += len(packed(values, self._table.fields.layouts))
        full = self._bytes + size > self._most_bytes or len(self._payloads) >= self._most_rows
        if full and self._payloads:
            self.flush()
        self._payloads.append(bytes(payload))  # a view may change after the call; bytes are not copied
        self._labels.append(label)
        self._suffixes.append(suffix)
        self._values.append(values)
        self._bytes += size

    def flush(self) -> None:
        if not self._payloads:
            return
        self._put(self._table.batch(self._first, self._payloads, self._labels, self._suffixes, self._values))
        self._first += len(self._payloads)
        self._clear()

    def _clear(self) -> None:
        self._payloads: list[bytes] = []
        self._labels: list[int] = []
        self._suffixes: list[str] = []
        self._values: list[Values] = []
        self._bytes = 0
