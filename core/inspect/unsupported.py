"""What a file is that no kind of the inspector recognises, told from its first bytes, and what to do with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnsupportedFile:
    """A file that people bring by mistake: `signature` at `offset` tells it, `advice` says what to do."""

    offset: int
    signature: bytes
    name: str
    advice: str


_UNPACK = "unpack it and inspect what is inside"
_IMAGE = "open it with an image viewer, or import a folder of images as a dataset"

UNSUPPORTED = tuple(
    UnsupportedFile(*row)
    for row in (
        (4, b"Standard Jet DB", "a Microsoft Access database (it also calls its files .mdb)", "open it with Access"),
        (4, b"Standard ACE DB", "a Microsoft Access database (it also calls its files .mdb)", "open it with Access"),
        (
            0,
            b"version https://git-lfs.github.com/spec/",
            "a git-lfs pointer, not the file itself",
            "run 'git lfs pull'",
        ),
        (0, b"/annex/objects/", "a git-annex pointer, not the file itself", "run 'git annex get'"),
        (0, b"\xde\xc0\xef\xbe", "LMDB's lock file (lock.mdb)", "the data.mdb beside it is the one to inspect"),
        (21, b"\x11\x4c\xef\xbd\x9d\x65\x59", "an MDBX database, a descendant of LMDB", "copy it with mdbx_dump"),
        (0, b"PK\x03\x04", "a zip archive (as PyTorch's .pt is, too)", _UNPACK),
        (257, b"ustar", "a tar archive whose first header is damaged", "copy it again"),
        (0, b"PK\x05\x06", "an empty zip archive", "pack it again"),
        (0, b"\x1f\x8b", "gzip-compressed data", _UNPACK),
        (0, b"BZh", "bzip2-compressed data", _UNPACK),
        (0, b"\xfd7zXZ\x00", "xz-compressed data", _UNPACK),
        (0, b"\x28\xb5\x2f\xfd", "zstd-compressed data", _UNPACK),
        (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
        (0, b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
        (0, b"SQLite format 3\x00", "an SQLite database", "open it with sqlite3"),
        (0, b"FEA1", "a Feather file of version 1", "write it again as version 2: feather.write_feather of pyarrow"),
        (0, b"CDF\x01", "a classic NetCDF file", "convert it with 'nccopy -k nc4', which writes HDF5"),
        (0, b"CDF\x02", "a classic NetCDF file", "convert it with 'nccopy -k nc4', which writes HDF5"),
        (0, b"\x0e\x03\x13\x01", "an HDF4 file, which is another format than HDF5", "convert it with h4toh5"),
        (0, b"\x89PNG\r\n\x1a\n", "a single PNG image", _IMAGE),
        (0, b"\xff\xd8\xff", "a single JPEG image", _IMAGE),
        (0, b"GIF8", "a single GIF image", _IMAGE),
        (8, b"WEBP", "a single WebP image", _IMAGE),
        (0, b"II*\x00", "a single TIFF image", _IMAGE),
        (0, b"MM\x00*", "a single TIFF image", _IMAGE),
        (0, b"%PDF-", "a PDF document", "open it with a PDF viewer"),
        (0, b"<!DOCTYPE html", "a web page, perhaps a failed download", "download the file again"),
        (0, b"<html", "a web page, perhaps a failed download", "download the file again"),
    )
)


def unsupported(head: bytes) -> UnsupportedFile | None:
    """The known kind of file that begins like this, if there is one."""
    return next((known for known in UNSUPPORTED if head.startswith(known.signature, known.offset)), None)


def described(head: bytes, usual: str) -> str:
    """The end of the sentence "FILE is ...": what it is, and what to do; `usual`: what could be given instead."""
    if not head:
        return f"empty; give {usual}"
    known = unsupported(head)
    if known is not None:
        return f"{known.name}; {known.advice}"
    if _is_matlab_4(head):
        return "a MATLAB 4 file; load it and save it again with '-v7', which is read here"
    if not head.strip(b"\x00"):
        return f"nothing but zeros, perhaps a download that broke off; give {usual}"
    return f"{'text' if _is_text(head) else 'of no format known here'}; give {usual}"


def _is_matlab_4(head: bytes) -> bool:
    """Five int32 (type, rows, columns, whether complex, length of the name) and the name, which ends with a zero.

    The type has the digits M (machine, 0 to 4), O (0), P (kind of numbers, 0 to 5) and T (0 to 2).
    """
    for order in ("little", "big"):
        kind, rows, columns, is_complex, length = (int.from_bytes(head[at : at + 4], order) for at in range(0, 20, 4))
        fits = kind < 5000 and kind // 100 % 10 == 0 and kind // 10 % 10 <= 5 and kind % 10 <= 2 and is_complex <= 1
        name = head[20 : 19 + length]
        if fits and rows and columns and 2 <= length <= 64 and head[19 + length : 20 + length] == b"\x00":
            return name.isascii() and name.decode("ascii").isidentifier()
    return False


def _is_text(head: bytes) -> bool:
    try:
        head[:4096].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head[:4096]) - 4 and b"\x00" not in head[:4096]
    return b"\x00" not in head[:4096]
