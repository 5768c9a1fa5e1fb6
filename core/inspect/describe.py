"""A record as plain JSON: what every view shows of it, and what only the view of a single one does."""

from __future__ import annotations

import io
from typing import Any

from PIL import ExifTags, Image

from ..base.contracts import Buffer, Pixels
from ..images.file_samples import FORMATS
from .records import Label, NamedImage, Record, Records
from .values import image_encoding

HEAD_BYTES = 4096
"""Bytes of a payload, and characters of a text, that are shown."""

MOST_VALUES = 4096
"""Numbers of a vector that are drawn."""

MOST_TAGS, TAG_LENGTH = 64, 200

WHY, WARNING = 4_000, 1_000
"""At most so many characters of a sentence: names in it may be of any length."""


def shortened(text: str, most: int) -> str:
    """A text's begin and end, where it is longer."""
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 2 :]}"


def describe(record: Record, records: Records) -> dict[str, Any]:
    """A record in brief. `shape` is that of the pixels shown, `stored_shape` that of the array in the file."""
    pixels: Pixels | None = record.pixels
    about: dict[str, Any] = {
        "key": record.key,
        "label": record.label,
        "class": class_name(record.label, records),
        "shape": None if pixels is None else list(pixels.shape),
        "stored_shape": None if record.shape is None else [int(length) for length in record.shape],
        "dtype": record.dtype,
        "encoding": record.encoding,
        "payload_bytes": len(record.payload),
        "stored_bytes": record.stored_bytes,
    }
    if record.text is not None:
        about["text"] = record.text[:HEAD_BYTES]
    if record.problem is not None:
        about["problem"] = record.problem
    if record.statistics is not None:
        about["statistics"] = record.statistics.brief()
    if record.notes:
        about["notes"] = list(record.notes)
    if record.display is not None:
        about["display"] = dict(record.display)
    return about


def describe_fully(record: Record, records: Records) -> dict[str, Any]:
    """A record with what its image file's header says (`header`, `exif`), the numbers of a vector (`values`), and more
    figures of numbers that are no picture (`statistics`); of one of named fields these (`fields`), the names of all its
    images (`images`), what there is to say of the further ones (`further`), and what is wrong with it (`findings`)."""
    about = describe(record, records) | _named(record)
    if record.values is not None:
        about["values"] = [float(value) for value in record.values[:MOST_VALUES]]
        about["values_total"] = len(record.values)
    if record.statistics is not None:
        about["statistics"] = record.statistics.full()
    header = image_header(record.payload)
    return about if header is None else {**about, **header}


def _named(record: Record) -> dict[str, Any]:
    """What a record of named fields has beside others."""
    about: dict[str, Any] = {}
    if record.fields is not None:
        names = [record.image_name] if record.image_name is not None else []
        about["images"] = [*names, *(image.name for image in record.images)]
        about["fields"] = dict(record.fields)
    if record.images:
        about["further"] = [_further(image) for image in record.images]
    if record.findings:
        about["findings"] = [finding.to_json() for finding in record.findings]
    return about


def _further(image: NamedImage) -> dict[str, Any]:
    """A further image, with the names that `describe` has for the first one."""
    return {
        "name": image.name,
        "shape": None if image.pixels is None else list(image.pixels.shape),
        "stored_shape": None if image.shape is None else [int(length) for length in image.shape],
        "dtype": image.dtype,
        "encoding": image.encoding,
        "payload_bytes": len(image.payload),
        **({"problem": image.problem} if image.problem is not None else {}),
        **({"notes": list(image.notes)} if image.notes else {}),
        **({"display": dict(image.display)} if image.display is not None else {}),
    }


def image_header(payload: Buffer) -> dict[str, Any] | None:
    """`header` and `exif` ([name, text] each) of a payload that is an image file; None for any other payload.

    Only the header is read, no pixel decoded.
    """
    if image_encoding(bytes(payload[:64])) is None:
        return None
    try:
        with Image.open(io.BytesIO(bytes(payload)), formats=FORMATS) as image:
            return {"header": _header(image), "exif": _exif(image)}
    except Exception:  # noqa: BLE001 - Pillow's parsers raise whatever a broken file makes them; its problem is told elsewhere
        return None


def _header(image: Image.Image) -> list[tuple[str, str]]:
    facts: list[tuple[str, Any]] = [
        ("Format", image.format_description or image.format),
        ("Size", f"{image.width} × {image.height}"),
        ("Mode", image.mode),
    ]
    kept = ("progressive", "interlace", "gamma", "dpi", "compression", "loop", "comment")
    facts += [(name.capitalize(), image.info[name]) for name in kept if image.info.get(name)]
    if "icc_profile" in image.info:
        facts.append(("Colour profile", f"{len(image.info['icc_profile']):,} B"))
    frames = getattr(image, "n_frames", 1)
    return [(name, _plain(value)) for name, value in [*facts, *([("Frames", frames)] if frames > 1 else [])]]


def _exif(image: Image.Image) -> list[tuple[str, str]]:
    exif = image.getexif()
    tags = [*exif.items(), *exif.get_ifd(ExifTags.IFD.Exif).items()]
    named = [(ExifTags.TAGS.get(tag, f"Tag {tag}"), _plain(value)) for tag, value in tags]
    return [pair for pair in named if pair[0] not in ("ExifOffset", "MakerNote")][:MOST_TAGS]


def _plain(value: Any) -> str:
    """A tag's value in one line; bytes that are no text as their number."""
    if isinstance(value, bytes):
        text = value.rstrip(b"\x00").decode("ascii", "replace")
        value = text if text.isprintable() and "\ufffd" not in text else f"{len(value):,} B"
    line = " ".join(str(value).split())
    return line if len(line) <= TAG_LENGTH else line[:TAG_LENGTH] + "…"


def class_name(label: Label, records: Records) -> str | None:
    """A label by the file's names of classes; text as it is."""
    classes = records.classes
    if classes is not None and isinstance(label, int) and 0 <= label < len(classes):
        return classes[label]
    return label if isinstance(label, str) else None
