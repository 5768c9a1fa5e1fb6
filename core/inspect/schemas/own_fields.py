"""Further values of samples in what is built here, as the Inspector shows those of any record."""

from __future__ import annotations

from dataclasses import replace

from ...base.contracts import FieldReader, Reader
from ...base.errors import InputError
from ...base.field_values import IMAGE
from ..contents import Content, content_of
from ..fields.plain import as_plain
from ..records import Finding, NamedImage, Record

MAIN = "image"
"""What the sample's own image is called beside those of its fields."""


def names_of_fields(reader: Reader) -> list[str]:
    """Of all fields that a container keeps; none where its metadata does not tell them."""
    try:
        return [layout.name for layout in reader.field_layouts()] if isinstance(reader, FieldReader) else []
    except (InputError, ValueError):
        return []


def with_fields(record: Record, reader: Reader, index: int) -> Record:
    """The record with the values of its sample; as it is where the store keeps none."""
    if not isinstance(reader, FieldReader) or not names_of_fields(reader):
        return record
    try:
        (values,) = reader.fields([index])
    except (InputError, ValueError) as error:
        return replace(record, findings=(*record.findings, _damaged(record.key, error)))
    kinds = {layout.name: layout.kind for layout in reader.field_layouts()}
    images = {
        name: content_of(value) for name, value in values.items() if kinds[name] == IMAGE and isinstance(value, bytes)
    }
    return replace(
        record,
        image_name=MAIN,
        images=tuple(_image(name, content) for name, content in images.items()),
        fields=as_plain(values, images),
        whole_fields=dict(values),
    )


def _image(name: str, content: Content) -> NamedImage:
    return NamedImage(
        name,
        content.encoding,
        content.payload,
        content.pixels,
        content.shape,
        content.dtype,
        content.problem,
        file=content.file,
        array=content.array,
    )


def _damaged(key: str, error: Exception) -> Finding:
    return Finding(
        "fields-damaged",
        1,
        key,
        f"its further values cannot be read: {error}",
        "build the store again (--force)",
    )
