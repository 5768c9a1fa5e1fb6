"""What `torch.save` wrote before PyTorch 1.6, and what a tensor that is pickled by itself still contains.

Pickles one after the other (`torch/serialization.py`, `_legacy_save`): a magic number, the version 1001, facts of the
system that wrote it, the data, the keys of its storages; then for each key its length (int64, in numbers) and its
numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from typing import Any

from .loading import load_at
from .plain import UnsafePickle
from .tensors import Storage, bytes_each

MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""The pickle of the number 0x1950a86a20f9469cfc6c."""

VERSION = 1001


def load_stream(data: bytes, *, records: Collection[str] = ()) -> Any:
    """The plain data of such a stream, tensors as arrays.

    Raises:
        UnsafePickle: as for `core.pickles.loads`, or the stream is broken.
    """
    if not data.startswith(MAGIC):
        raise UnsafePickle("not a whole pickle: it does not begin as a file of torch.save")
    version, at = load_at(data, len(MAGIC))
    system, start = load_at(data, at)
    if version != VERSION or (isinstance(system, dict) and system.get("little_endian") is False):
        raise UnsafePickle("refused: a file of torch.save of another version, or written by a big-endian system")
    codes: dict[str, str] = {}

    def note(key: str, code: str) -> None:
        codes[key] = code

    _, at = load_at(data, start, records=records, storages=note)
    keys, at = load_at(data, at)
    found = _storages(data, at, [str(key) for key in keys], codes)
    return load_at(data, start, records=records, storages=lambda key, _: found[key])[0]


def _storages(data: bytes, at: int, keys: list[str], codes: dict[str, str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for key in keys:
        if at + 8 > len(data) or key not in codes:
            raise UnsafePickle("not a whole pickle: the storages of its tensors are not there")
        (count,) = struct.unpack_from("<q", data, at)
        size = count * bytes_each(codes[key])
        if count < 0 or at + 8 + size > len(data):
            raise UnsafePickle("not a whole pickle: the storages of its tensors break off")
        found[key] = data[at + 8 : at + 8 + size]
        at += 8 + size
    return found


def storage_of(data: Any) -> Storage:
    """`torch.storage._load_from_bytes(data)`: the storage of a tensor that was pickled by itself."""
    if type(data) is not bytes:
        raise UnsafePickle("not a whole pickle: a storage that is no bytes")
    made = load_stream(data)
    if type(made) is not Storage:
        raise UnsafePickle("refused: a storage that is none")
    return made
