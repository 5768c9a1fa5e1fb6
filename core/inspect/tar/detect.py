"""Whether a file is a tar archive, plain or compressed: told by the checksum of its first header."""

from __future__ import annotations

import bz2
import lzma
import zlib

import numpy as np
import zstandard

from ...formats.webdataset.tar_headers import checksums_hold
from ...formats.webdataset.tar_layout import BLOCK
from ..candidate import UnidentifiedFile

GZIP, ZSTD, BZIP2, XZ = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00"


def is_archive(candidate: UnidentifiedFile) -> bool:
    head = candidate.head
    return is_header(head[:BLOCK]) or (compression_of(head) is not None and is_header(_beginning(head)))


def compression_of(head: bytes) -> bytes | None:
    """The signature of the compression that a file begins with, or None."""
    return next((signature for signature in (GZIP, ZSTD, BZIP2, XZ) if head.startswith(signature)), None)


def is_header(block: bytes) -> bool:
    """Whether 512 bytes are the header of a member: it has a name, and its checksum is right."""
    return len(block) == BLOCK and block[0] != 0 and bool(checksums_hold(np.frombuffer(block, np.uint8)[None])[0])


def _beginning(head: bytes) -> bytes:
    """The first bytes behind a compression; none where it is damaged."""
    signature = compression_of(head)
    try:
        if signature == GZIP:
            return zlib.decompressobj(31).decompress(head, BLOCK)
        if signature == BZIP2:
            return bz2.BZ2Decompressor().decompress(head, BLOCK)
        if signature == XZ:
            return lzma.LZMADecompressor(lzma.FORMAT_XZ, 1 << 27).decompress(head, BLOCK)
        return zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(head).read(BLOCK)
    except (zlib.error, OSError, EOFError, ValueError, lzma.LZMAError, zstandard.ZstdError):
        return b""
