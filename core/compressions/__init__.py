"""Bytes <-> fewer bytes, payload by payload. Each compression is one file and one line here."""

from __future__ import annotations

from core.contracts import Compression
from core.tables import Entry, Table

_ZSTD_HINT = "pip install zstandard"

COMPRESSIONS: Table[Compression] = Table(
    "compression",
    {
        "none": Entry("core.compressions.none:NoCompression", "None"),
        "zstd": Entry("core.compressions.zstd:Zstd", "Zstandard", ("zstandard",), _ZSTD_HINT),
        "lz4": Entry("core.compressions.lz4:Lz4", "LZ4", ("lz4",), "pip install lz4"),
        "zstd-dict": Entry(
            "core.compressions.zstd_dict:ZstdDict",
            "Zstandard with a dictionary",
            ("zstandard",),
            _ZSTD_HINT,
        ),
    },
)
