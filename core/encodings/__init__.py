"""Pixels <-> bytes. Each encoding is one file and one line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base.registry import Registration, Registry

if TYPE_CHECKING:
    from ..base.contracts import Encoding


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingRegistration(Registration):
    """`image_files`: payloads are files that image viewers open, compressed as a rule."""

    image_files: bool = False


ENCODINGS: Registry[Encoding, EncodingRegistration] = Registry(
    "encoding",
    {
        "original": EncodingRegistration(
            where=".encodings.original:OriginalEncoding", title="Original file bytes, as imported", image_files=True
        ),
        "raw": EncodingRegistration(where=".encodings.raw:Raw", title="Raw pixels: uint8, height x width x RGB"),
        "png": EncodingRegistration(where=".encodings.png:Png", title="PNG, lossless", image_files=True),
        "jpeg": EncodingRegistration(where=".encodings.jpeg:Jpeg", title="JPEG, lossy", image_files=True),
    },
)
