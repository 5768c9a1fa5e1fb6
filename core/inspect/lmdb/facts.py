"""What a database says of all its entries at once: the shape and the type of bare pixels, and the names of classes, in
entries of their own (`shape`, `dtype`) or in one with metadata (JSON, a pickle, msgpack)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..contents import Content, content_of
from ..contents.named import stated_dtype, stated_shape
from ..contents.objects import bare_content, behind_compression
from ..contents.unpacked import thing_of
from ..values import guessed_dtype, image_encoding
from .sidecar_facts import dtype_in, shape_in

if TYPE_CHECKING:
    from .file import LmdbView

METADATA = (b"__metadata__", b"__meta__", b"__info__", b"__config__", b"metadata", b"meta", b"meta_info", b"info",
            b"dataset_info", b"config", b"attrs", b"attributes", b"schema", b"header")  # fmt: skip
_SHAPES = (b"__shape__", b"shape", b"image_shape", b"img_shape")
_DTYPES = (b"__dtype__", b"dtype")


@dataclass(frozen=True, slots=True)
class LmdbFacts:
    """shape, dtype: of bare pixels, where they are stated; fields: those of all entries with metadata, lower case."""

    shape: tuple[int, ...] | None
    dtype: str | None
    fields: Mapping[str, Any]

    def content(self, value: bytes) -> Content:
        """What a value is, with what is stated of all of them."""
        if self.shape is None or image_encoding(value) is not None:
            return content_of(value)
        if self._fit(value):
            return self._bare(value, self.shape)
        behind = behind_compression(value)
        if behind is None or not self._fit(behind[0]):
            return content_of(value)
        content = self._bare(behind[0], self.shape)
        return replace(content, payload=value, encoding=f"{content.encoding}+{behind[1]}")

    def _bare(self, data: bytes, shape: tuple[int, ...]) -> Content:
        content = bare_content("pixels", data, shape, self.dtype)
        told = "its shape is stated for all entries of the file"
        return replace(content, text="; ".join(filter(None, (told, content.text)))) if content.is_image else content

    def _fit(self, value: bytes) -> bool:
        """Whether the value is as long as an array of this shape."""
        count = math.prod(self.shape or ())
        if self.dtype is None:
            return guessed_dtype(value, count) is not None
        import numpy as np

        return len(value) == count * np.dtype(self.dtype).itemsize


def facts_of(view: LmdbView) -> LmdbFacts:
    """The facts that entries of usual names state."""
    fields: dict[str, Any] = {}
    for key in reversed(METADATA):
        thing = _thing(view, key)
        if isinstance(thing, Mapping):
            fields |= {_text(name).lower(): value for name, value in thing.items()}
    values = {key: value for key in (*_SHAPES, *_DTYPES) if (value := _value(view, key)) is not None}
    shape = next((told for key in _SHAPES if key in values and (told := shape_in(values[key]))), None)
    dtype = next((name for key in _DTYPES if key in values and (name := dtype_in(values[key]))), None)
    return LmdbFacts(shape or stated_shape(fields), dtype or stated_dtype(fields), fields)


def _thing(view: LmdbView, key: bytes) -> Any:
    value = _value(view, key)
    return None if value is None else thing_of(value)


def _value(view: LmdbView, key: bytes) -> bytes | None:
    try:
        return view.get(key)
    except (ValueError, IndexError):
        return None


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
