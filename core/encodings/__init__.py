"""Pixels <-> bytes. Each encoding is one file and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.registry import Registration, Registry

if TYPE_CHECKING:
    from ..base.contracts import Encoding

ENCODINGS: Registry[Encoding, Registration] = Registry(
    "encoding",
    {
        "original": Registration(".encodings.original:OriginalEncoding", "Original file bytes, as imported"),
        "raw": Registration(".encodings.raw:Raw", "Raw pixels: uint8, height x width x RGB"),
        "png": Registration(".encodings.png:Png", "PNG, lossless"),
        "jpeg": Registration(".encodings.jpeg:Jpeg", "JPEG, lossy"),
    },
)
