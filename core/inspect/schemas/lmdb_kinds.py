"""LMDB schemas told by the kind of nearly all values: each is one kind of `core.inspect.contents`."""

from __future__ import annotations

from typing import ClassVar, Self

from ..contents import CONTENTS, Content
from ..lmdb.file import LmdbView
from ..lmdb.records import LmdbRecords, encodings, mostly

_OTHERS = ("image-file", "unopened", "npy", "datum", "caffe2", "wrapped", "text", "vector", "pixels")
"""Kinds of values that have a schema of their own."""


class OfOneKind(LmdbRecords):
    """What these schemas share."""

    images_only: ClassVar[bool] = True

    @classmethod
    def says(cls, found: list[Content]) -> str:
        """The sentence that tells how the sampled values were recognised."""
        raise NotImplementedError

    @classmethod
    def recognise(cls, file: LmdbView) -> Self | None:
        found = mostly(file, cls.kinds)
        if cls.images_only:
            found = [content for content in found if content.is_image]
        return cls(file, cls.says(found)) if len(found) * 2 > len(file.contents) else None


class Npy(OfOneKind):
    """Values that are .npy or .npz files."""

    kinds = ("npy",)
    images_only = False

    @classmethod
    def says(cls, found: list[Content]) -> str:
        return f"the values begin like NumPy files; the first is {_shape(found[0])}"


class Objects(OfOneKind):
    """Plain data with an image and perhaps its label: of every kind that no other schema is for."""

    kinds = tuple(kind for kind in CONTENTS if kind not in _OTHERS)

    @classmethod
    def says(cls, found: list[Content]) -> str:
        why = f"the values are {_names(found)} with an image inside ({encodings(found)})"
        return f"{why}; of the first: {found[0].text}" if found[0].text else why


class Wrapped(OfOneKind):
    """Image files with something before them."""

    kinds = ("wrapped",)

    @classmethod
    def says(cls, found: list[Content]) -> str:
        return f"there are {encodings(found)} images inside the values; {found[0].text}"


class BarePixels(OfOneKind):
    """Blocks of bare pixels, whose shape nothing states."""

    kinds = ("pixels",)

    @classmethod
    def says(cls, found: list[Content]) -> str:
        if "stated" in (found[0].text or ""):
            return f"the values are bare pixels; {found[0].text}: {_shape(found[0])}"
        return f"the values are as long as bare pixels; the first is {found[0].text or _shape(found[0])}"


class LmdbVectors(OfOneKind):
    """Embeddings and other vectors of numbers."""

    kinds = ("vector",)
    images_only = False

    @classmethod
    def says(cls, found: list[Content]) -> str:
        return f"the values are vectors of {found[0].dtype} numbers; the first has {_shape(found[0])}"


class Texts(OfOneKind):
    """Text, or JSON without an image."""

    kinds = ("json_text", "text")
    images_only = False

    @classmethod
    def says(cls, found: list[Content]) -> str:
        return f"the values are {'JSON' if found[0].kind == 'json_text' else 'text'}"


_NAMES = {
    "json_text": "JSON",
    "tf_example": "TensorFlow Examples",
    "pickled": "pickles",
    "compressed": "compressed data",
    "torch_saved": "files of torch.save",
    "messages": "messages of protocol buffers",
    "base64_text": "base64",
    "lz4_block": "LZ4 blocks",
    "headed": "data behind a few bytes",
}


def _names(found: list[Content]) -> str:
    return " and ".join(
        sorted({_NAMES.get(content.kind, CONTENTS.get(content.kind, content.kind)) for content in found})
    )


def _shape(content: Content) -> str:
    return f"{' x '.join(map(str, content.shape or ()))} of {content.dtype}"
