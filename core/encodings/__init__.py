"""Pixels <-> bytes. Each encoding is one file and one line here."""

from __future__ import annotations

from core.contracts import Encoding
from core.tables import Entry, Table

ENCODINGS: Table[Encoding] = Table(
    "encoding",
    {
        "original": Entry("core.encodings.original:OriginalEncoding", "Original file bytes, as imported"),
        "raw": Entry("core.encodings.raw:Raw", "Raw pixels: uint8, height x width x RGB"),
        "png": Entry("core.encodings.png:Png", "PNG, lossless"),
        "jpeg": Entry("core.encodings.jpeg:Jpeg", "JPEG, lossy"),
    },
)
