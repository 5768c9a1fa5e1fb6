"""Images of kinds that are not read here, told by their ending or their first bytes, with what to do about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from PIL import features


class UnreadKind(NamedTuple):
    """What such an image is called, of one and of several, and what to do."""

    one: str
    several: str
    remedy: str


HEIC = UnreadKind(
    "a HEIC photo", "HEIC photos", "save them as JPEG, for instance with heif-convert or a phone's export"
)
AVIF = UnreadKind("an AVIF image", "AVIF images", "install Pillow 11.3 or later, or save them as PNG with avifdec")
JPEG_XL = UnreadKind("a JPEG XL image", "JPEG XL images", "save them as JPEG or PNG with djxl")
RAW = UnreadKind(
    "a camera's raw photo", "camera raw photos", "develop them to TIFF or JPEG, for instance with darktable-cli"
)
OTHER = UnreadKind(
    "an image of a kind that is not read", "images of kinds that are not read", "save them as PNG or JPEG"
)

BY_ENDING: Mapping[str, UnreadKind] = {
    **dict.fromkeys((".heic", ".heif", ".hif"), HEIC),
    **({} if features.check("avif") else {".avif": AVIF}),
    ".jxl": JPEG_XL,
    **dict.fromkeys((".cr2", ".cr3", ".nef", ".nrw", ".arw", ".dng", ".raf", ".orf", ".rw2", ".pef", ".srw"), RAW),
    **dict.fromkeys((".psd", ".exr", ".hdr", ".svg", ".eps", ".dds", ".jxr", ".wdp", ".xcf"), OTHER),
}

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_JPEG_XL = (b"\xff\x0a", b"\x00\x00\x00\x0cJXL \r\n\x87\n")


def unread_kind(head: bytes) -> UnreadKind | None:
    """The kind of image that these first bytes are of, where it is one that is not read here."""
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in (b"avif", b"avis"):
            return AVIF
        return HEIC if brand in _HEIC_BRANDS else RAW if brand == b"crx " else None
    return JPEG_XL if head.startswith(_JPEG_XL) else None


def what_instead(head: bytes) -> str:
    """What a file is whose first bytes are not those of an image that is read; empty where nothing tells."""
    kind = unread_kind(head)
    if kind is not None:
        return f"{kind.one}, which is not read here: {kind.remedy}"
    text = head[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(b"version https://git-lfs"):
        return "a pointer of Git LFS in the place of the image: fetch it with git lfs pull"
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page in the place of an image: its download failed"
    return ""
