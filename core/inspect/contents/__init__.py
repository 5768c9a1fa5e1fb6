"""What the bytes of one value are, whatever wrote them: each kind is one module and one line, the surest first.

A module has a function `read(value) -> Content | None`: what the value is, or None where it is of another kind. It may
raise ValueError where the value is of its kind and broken. Nothing in a value is executed, inflated or allocated
without a bound.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from importlib import import_module

from ...base.errors import InputError
from .content import Content

Read = Callable[[bytes], Content | None]

CONTENTS: Mapping[str, str] = {
    "image-file": "an image file",
    "unopened": "an image file of a format that is not opened here",
    "npy": "a NumPy array (.npy, .npz)",
    "torch_saved": "a file of torch.save",
    "pickled": "a pickle of plain data",
    "json_text": "JSON",
    "datum": "a Caffe Datum",
    "caffe2": "Caffe2 tensors",
    "tensor_proto": "a serialised tensor of TensorFlow",
    "tf_example": "a TensorFlow Example",
    "safetensors": "safetensors",
    "messages": "protocol buffers with an image inside",
    "msgpack": "msgpack",
    "compressed": "compressed data",
    "base64_text": "an image file in base64",
    "wrapped": "an image file with something around it",
    "lz4_block": "an LZ4 block",
    "headed": "something known behind a few bytes",
    "text": "text",
    "vector": "a vector of numbers",
    "pixels": "bare pixels",
}
"""Name of a kind -> its title. The module has the same name."""

DEEPEST = 5
"""A value inside a value inside a value, ... is looked at; deeper ones stay bytes."""

_PACKAGE = __name__
_readers: dict[str, Read] = {}
_nesting = threading.local()


def content_of(value: bytes, depth: int = 0) -> Content:
    """What a value is. One that is broken, or of no kind known, is bytes with the reason in `problem`."""
    entered = getattr(_nesting, "depth", 0)
    if max(depth, entered) < DEEPEST:
        _nesting.depth = entered + 1  # a compression inside a compression does not know how deep it is
        try:
            for kind in CONTENTS:
                content = content_as(kind, value)
                if content is not None:
                    return content
        finally:
            _nesting.depth = entered
    return Content("bytes", "bytes", value)


def content_as(kind: str, value: bytes) -> Content | None:
    """The value as one kind, or None where it is none; broken, it is bytes with the reason."""
    try:
        return reader_of(kind)(value)
    except (ValueError, InputError) as error:
        return Content(kind, "bytes", value, problem=str(error), is_image=None)


def reader_of(kind: str) -> Read:
    """The function `read` of a kind's module, imported when it is first needed."""
    if kind not in _readers:
        _readers[kind] = import_module(f"{_PACKAGE}.{kind.replace('-', '_')}").read
    return _readers[kind]


__all__ = ["CONTENTS", "Content", "content_as", "content_of"]
