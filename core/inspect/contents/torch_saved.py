"""What `torch.save` writes: a zip archive with a pickle and the bytes of its tensors, or, before PyTorch 1.6, pickles
one after the other. Read as plain data and arrays; nothing in it runs (`core.pickles`).

The archive: NAME/data.pkl, NAME/data/KEY for each storage, NAME/byteorder ("little", where it is there).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

from ... import pickles
from ...pickles.torch_stream import MAGIC, load_stream
from ..values import MAX_INFLATED
from .content import Content
from .objects import of_object
from .pickled import ImageClasses

_PICKLE = "/data.pkl"


def read(value: bytes) -> Content | None:
    """Raises InputError for what is no plain data, ValueError for a broken archive."""
    if value.startswith(MAGIC):
        return of_object("torch_saved", load_stream(value, records=ImageClasses()), value)
    if not value.startswith(b"PK\x03\x04") or b"data.pkl" not in value[:4096]:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(value)) as archive:
            return of_object("torch_saved", _thing(archive), value)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ValueError(f"this file of torch.save cannot be read: {error}") from None


def _thing(archive: zipfile.ZipFile) -> Any:
    name = next((name for name in archive.namelist() if name.endswith(_PICKLE)), None)
    if name is None:
        raise ValueError("this archive looks like one of torch.save, but holds no data.pkl")
    folder = name.removesuffix(_PICKLE)
    if f"{folder}/byteorder" in archive.namelist() and _member(archive, f"{folder}/byteorder") != b"little":
        raise ValueError("refused: a file of torch.save that a big-endian system wrote")

    def storage(key: str, _: str) -> bytes:
        return _member(archive, f"{folder}/data/{key}")

    return pickles.loads(_member(archive, name), records=ImageClasses(), storages=storage)


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Raises ValueError where it is not there, or larger than the limit."""
    try:
        member = archive.getinfo(name)
    except KeyError:
        raise ValueError(f"this file of torch.save has no {name[-80:]}") from None
    if member.file_size > MAX_INFLATED:
        raise ValueError(f"refused: {name[-80:]} has more than {MAX_INFLATED >> 20} MiB; that is the limit here")
    with archive.open(member) as file:
        return file.read(MAX_INFLATED)
