"""Bytes <-> fewer bytes, payload by payload. Each compression is one file and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.registry import Registration, Registry

if TYPE_CHECKING:
    from ..base.contracts import Compression

_ZSTD_HINT = "pip install zstandard"

COMPRESSIONS: Registry[Compression, Registration] = Registry(
    "compression",
    {
        "none": Registration(".compressions.none:NoCompression", "None"),
        "zstd": Registration(".compressions.zstd:Zstd", "Zstandard", ("zstandard",), _ZSTD_HINT),
        "lz4": Registration(".compressions.lz4:Lz4", "LZ4", ("lz4",), "pip install lz4"),
        "zstd-dict": Registration(
            ".compressions.zstd_dict:ZstdDict",
            "Zstandard with a dictionary",
            ("zstandard",),
            _ZSTD_HINT,
        ),
    },
)
