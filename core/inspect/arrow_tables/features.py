"""What a table's metadata say of its columns, and what of Hugging Face's features is lost.

`datasets` writes `{"info": {"features": {...}}}` into the schema's metadata under `huggingface`, and takes a column for
images where the features say `Image` and the column is exactly struct<bytes: binary, path: string>.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ..fields import Declared
from ..records import Finding

MOST_METADATA = 1 << 26
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
AS_DICTS = "Hugging Face's datasets shows these images as dicts of bytes, and does not decode them"


@dataclass(frozen=True)
class Features:
    """images, labels: columns that are said to be; classes: column -> names; shape: of bare pixels in the column
    `image`, as our own files say it; known: whether there are Hugging Face's features at all."""

    images: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    classes: Mapping[str, list[str]] = field(default_factory=dict)
    shape: tuple[int, ...] | None = None
    known: bool = False


def features_of(schema: pa.Schema) -> Features:
    """Metadata that are damaged say nothing."""
    metadata = schema.metadata or {}
    told = _json(metadata.get(b"huggingface"))
    info = told.get("info")
    features = info.get("features") if isinstance(info, dict) else None
    shape = _json(metadata.get(b"format_matters")).get("bare_shape")
    bare = tuple(shape) if isinstance(shape, list) and len(shape) == 3 and all(type(n) is int for n in shape) else None
    if not isinstance(features, dict):
        return Features(shape=bare)
    images = tuple(name for name in schema.names if _has(features.get(name), "Image"))
    labels = tuple(name for name in schema.names if _is(features.get(name), "ClassLabel"))
    classes = {name: _names(features[name]) for name in labels}
    return Features(images, labels, classes, bare, known=True)


def declared(schema: pa.Schema, features: Features) -> Declared:
    """What of the features is the image, and what the label: of several the one of that name, else the first."""
    images = features.images or (("image",) if features.shape and "image" in schema.names else ())
    first = next((name for name in ("image", "img") if name in images), images[0] if images else None)
    others = tuple(name for name in images if name != first)
    ranked = [name for name in ("label", "labels", "fine_label") if name in features.labels]
    label = next(iter([*ranked, *features.labels]), None)
    classes = features.classes.get(label) if label is not None else None
    said = "the schema's metadata name its features, as Hugging Face's datasets writes them" if features.known else ""
    return Declared(first, others, label, classes or None, said)


def lost_features(schema: pa.Schema, features: Features) -> Iterator[Finding]:
    """Images that `datasets` does not take for such."""
    for column in schema:
        if not _is_pair(column.type):
            continue
        if column.type != IMAGE:
            parts = ", ".join(f"{part.name}: {part.type}" for part in column.type)
            meaning = (
                f"the column is struct<{parts}>, where Hugging Face's feature Image is exactly {IMAGE}: {AS_DICTS}"
            )
            remedy = f"cast the column to {IMAGE}, in this order, or load with features that say so, and write it again"
            yield Finding("hf-features-lost", 1, f"column {column.name!r}", meaning, remedy)
        elif column.name not in features.images:
            lacking = "the schema has no metadata called huggingface"
            what = "the features name no Image" if features.known else lacking
            meaning = f"{what} for this column of images: {AS_DICTS}, and labels have no names"
            remedy = "give the column the feature Image and the labels ClassLabel (cast_column), then write it again"
            yield Finding("hf-features-lost", 1, f"column {column.name!r}", meaning, remedy)


def _is_pair(kind: pa.DataType) -> bool:
    """Whether a column is a pair of bytes and path, however they are kept."""
    if not pa.types.is_struct(kind) or {part.name for part in kind} != {"bytes", "path"}:
        return False
    return is_binary(kind.field("bytes").type)


def is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind))


def _json(data: bytes | None) -> dict[str, Any]:
    if data is None or len(data) > MOST_METADATA:
        return {}
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _is(feature: Any, kind: str) -> bool:
    return isinstance(feature, dict) and feature.get("_type") == kind


def _has(feature: Any, kind: str, depth: int = 0) -> bool:
    """Whether a feature is of this kind, or a list or dict with such."""
    if depth > 4:
        return False
    if isinstance(feature, list):
        return any(_has(one, kind, depth + 1) for one in feature[:8])
    if not isinstance(feature, dict):
        return False
    inner = [one for name, one in feature.items() if name != "_type" and isinstance(one, dict | list)]
    return _is(feature, kind) or any(_has(one, kind, depth + 1) for one in inner[:64])


def _names(feature: Mapping[str, Any]) -> list[str]:
    names = feature.get("names")
    return [str(name) for name in names] if isinstance(names, list) else []
