"""Image files of formats that cannot be opened here: named, so that nobody takes them for damaged bytes."""

from __future__ import annotations

from .. import arrays
from .content import Content

_SIGNATURES = (
    (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL", "jxl"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR", "exr"),
    (0, b"8BPS\x00", "Photoshop (PSD)", "psd"),
    (0, b"#?RADIANCE", "Radiance HDR", "hdr"),
    (0, b"DDS \x7c\x00\x00\x00", "DirectDraw Surface", "dds"),
    (0, b"\xabKTX ", "Khronos texture", "ktx"),
    (0, b"SIMPLE  =", "FITS", "fits"),
    (0, b"FUJIFILMCCD-RAW", "Fujifilm RAW", "raf"),
    (0, b"\x00\x00\x01\x00\x01\x00", "Windows icon", "ico"),
    (0, b"qoif", "QOI", "qoi"),
    (128, b"DICM", "DICOM", "dicom"),
    *((4, b"ftyp" + brand, "HEIC/HEIF", "heic") for brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim")),
    (4, b"ftypcrx ", "Canon RAW (CR3)", "cr3"),
)
"""(offset, bytes, what it is, its short name)."""

_JXL_STREAM = b"\xff\x0a"
"""A bare JPEG XL codestream; two bytes are a weak signature, which pixels may begin with."""


def read(value: bytes) -> Content | None:
    for offset, signature, title, name in _SIGNATURES:
        if value.startswith(signature, offset):
            return _told(value, title, name)
    if value.startswith(_JXL_STREAM) and arrays.shape_of(len(value)) is None and len(value) > 32:
        return _told(value, "JPEG XL, as it seems", "jxl")
    return None


def _told(value: bytes, title: str, name: str) -> Content:
    problem = f"it is an image file of a format that is not opened here: {title}"
    return Content("unopened", name, value, problem=problem, is_image=True)
