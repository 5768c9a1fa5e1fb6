"""Pixels <-> bytes. Each encoding is one file and one line here."""

from __future__ import annotations

from ..base.contracts import Encoding
from ..base.registry import Entry, Registry

ENCODINGS: Registry[Encoding] = Registry(
    "encoding",
    {
        "original": Entry(".encodings.original:OriginalEncoding", "Original file bytes, as imported"),
        "raw": Entry(".encodings.raw:Raw", "Raw pixels: uint8, height x width x RGB"),
        "png": Entry(".encodings.png:Png", "PNG, lossless"),
        "jpeg": Entry(".encodings.jpeg:Jpeg", "JPEG, lossy"),
    },
)
