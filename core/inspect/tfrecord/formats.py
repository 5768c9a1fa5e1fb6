"""What a record says that its images are, beside what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...formats.tfrecord.example import Feature
from ..values import image_encoding

_SAME = {"jpg": "jpeg", "jpe": "jpeg", "jfif": "jpeg", "tif": "tiff", "jp2": "jpeg2000"}
_KNOWN = frozenset(("png", "jpeg", "gif", "bmp", "webp", "tiff", "jpeg2000", "avif"))
_HEAD = 64


def stated_formats(data: bytes, features: Mapping[str, Feature]) -> Iterator[tuple[str, str, str | None]]:
    """(name of the feature, what it says, what the bytes are or None) where the two differ: `image/format` speaks of
    `image/encoded`, `format` of the only feature that is an image file."""
    for name, feature in features.items():
        if not name.lower().endswith("format") or len(feature.spans) != 1:
            continue
        start, end = feature.spans[0]
        declared = data[start : min(end, start + _HEAD)].decode("utf-8", "replace")
        said = _SAME.get(declared.lower().lstrip("."), declared.lower().lstrip("."))
        if said not in _KNOWN:
            continue
        encoded = features.get(f"{name[:-6]}encoded") or _only_image(data, features)
        if encoded is None or len(encoded.spans) != 1:
            continue
        found = _encoding(data, encoded)
        if found != said:
            yield name, declared, found


def _only_image(data: bytes, features: Mapping[str, Feature]) -> Feature | None:
    found = [feature for feature in features.values() if len(feature.spans) == 1 and _encoding(data, feature)]
    return found[0] if len(found) == 1 else None


def _encoding(data: bytes, feature: Feature) -> str | None:
    start, end = feature.spans[0]
    return image_encoding(data[start : min(end, start + _HEAD)])
