"""Messages of protocol buffers whose schema is not at hand: an image file among the fields, or bare pixels beside their
height and width, and what may be the label among the others, which is said to be a guess."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..records import Label
from ..values import image_encoding, text_of
from .content import Content, of_array
from .protobuf import BYTES, VARINT, Fields, fields_of, signed

MOST_FIELDS, MOST_VALUES = 64, 4096
MOST_CLASSES = 1 << 20
_NO_WORD = frozenset("0123456789./\\")


def read(value: bytes) -> Content | None:
    """A message with one image in it, at most two levels deep."""
    fields = message_of(value)
    return None if fields is None else _content(fields, value, 0)


def message_of(value: bytes) -> Fields | None:
    """The fields of a message that may be a sample's: few, of small numbers."""
    if len(value) < 16 or value[0] & 7 not in (VARINT, BYTES) or value[0] >> 3 == 0:
        return None
    fields = fields_of(value, MOST_VALUES)
    return fields if fields and len(fields) <= MOST_FIELDS and max(fields) < 1024 else None


def _content(fields: Fields, value: bytes, depth: int) -> Content | None:
    from . import content_as

    for number, data in _bytes_of(fields):
        if image_encoding(data) is not None:
            content = content_as("image-file", data)
            if content is not None:
                return _with_guess(content, fields, number)
    for number, data in _bytes_of(fields):
        content = _bare(fields, number, data)
        if content is not None:
            return content
    for _, data in _bytes_of(fields) if depth < 2 else ():
        inner = message_of(data)
        content = None if inner is None else _content(inner, data, depth + 1)
        if content is not None and content.is_image and content.problem is None:
            return content if content.guess is not None else _with_guess(content, fields, 0)
    return None


def _bytes_of(fields: Fields) -> Iterator[tuple[int, bytes]]:
    for number, found in fields.items():
        if len(found) == 1 and found[0][0] == BYTES and len(found[0][1]) >= 16:
            yield number, found[0][1]


def _bare(fields: Fields, number: int, data: bytes) -> Content | None:
    """Bare pixels: two fields that follow each other are their height and width, and perhaps one their channels."""
    numbers = _numbers(fields)
    for first, height in numbers.items():
        width, third = numbers.get(first + 1), numbers.get(first + 2, 0)
        if width is None or min(height, width) < 4 or max(height, width) >= 1 << 16:
            continue
        for channels in dict.fromkeys((third, 3, 1, 4)):
            if 0 < channels <= 16 and height * width * channels == len(data):
                array = np.frombuffer(data, np.uint8).reshape(height, width, channels)
                told = f"fields {first} and {first + 1} are taken for its height and width"
                content = _with_guess(of_array("messages", array, data), fields, number, (first, first + 1, first + 2))
                return replace(content, text="; ".join(filter(None, (told, content.text))))
    return None


def _numbers(fields: Fields) -> dict[int, int]:
    """The fields that are one whole number each."""
    return {
        number: signed(found[0][1]) for number, found in fields.items() if len(found) == 1 and found[0][0] == VARINT
    }


def _with_guess(content: Content, fields: Fields, image: int, but: tuple[int, ...] = ()) -> Content:
    """The content as a message's, with what may be its label."""
    found = _label(fields, image, content.shape or (), but)
    told = None if found is None else f"field {found[0]} is taken for the label; nothing says so"
    guess = None if found is None else found[1]
    inside = content.inside("messages", prefix="protobuf" if content.kind == "image-file" else "")
    return replace(inside, guess=guess, text="; ".join(filter(None, (content.text, told))) or None)


def _label(fields: Fields, image: int, shape: tuple[int, ...], but: tuple[int, ...]) -> tuple[int, Label] | None:
    """(number of the field, label): the only text without digits, which no identifier and no file name is; else the
    only small number that is not the image's size."""
    texts = {number: text for number, data in _short(fields, image) if (text := text_of(data)) is not None}
    words = {number: text for number, text in texts.items() if not _NO_WORD.intersection(text)}
    if len(words) == 1:
        return next(iter(words.items()))
    left = {number: value for number, value in _numbers(fields).items() if number not in but and value not in shape}
    small = [(number, value) for number, value in left.items() if 0 <= value < MOST_CLASSES]
    return small[0] if len(small) == 1 and not words else None


def _short(fields: Fields, image: int) -> Iterator[tuple[int, bytes]]:
    for number, found in fields.items():
        if number != image and len(found) == 1 and found[0][0] == BYTES and 0 < len(found[0][1]) < 256:
            yield number, found[0][1]
