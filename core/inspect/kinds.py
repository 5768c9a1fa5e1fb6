"""What a file is, told from its bytes and never from its name. Pure Python: no native reader sees the file yet."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import InputError
from ..formats.lmdb.page_layout import MAGIC, PAGE_SIZES, guess_layout

HEAD = 1 << 17
"""Bytes read to recognise a file: enough for the second meta page of an LMDB with 64 KiB pages."""

PAGES = 34 * 65536
"""Bytes read to recognise an LMDB without meta pages: enough for more than 32 pages of any size."""

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Found:
    """What lies at a path: its kind ("lmdb", "hdf5", "store" or "folder") and the path that its reader opens."""

    kind: str
    path: Path


@dataclass(frozen=True, slots=True)
class Stranger:
    """A file that people bring by mistake: `signature` at `offset` tells it, `advice` says what to do."""

    offset: int
    signature: bytes
    name: str
    advice: str


_UNPACK = "unpack it and inspect what is inside"
_IMAGE = "open it with an image viewer, or import a folder of images as a dataset"

STRANGERS = (
    Stranger(
        4, b"Standard Jet DB", "a Microsoft Access database (it also calls its files .mdb)", "open it with Access"
    ),
    Stranger(
        4, b"Standard ACE DB", "a Microsoft Access database (it also calls its files .mdb)", "open it with Access"
    ),
    Stranger(
        0, b"version https://git-lfs.github.com/spec/", "a git-lfs pointer, not the file itself", "run 'git lfs pull'"
    ),
    Stranger(0, b"/annex/objects/", "a git-annex pointer, not the file itself", "run 'git annex get'"),
    Stranger(0, b"\xde\xc0\xef\xbe", "LMDB's lock file (lock.mdb)", "the data.mdb beside it is the one to inspect"),
    Stranger(21, b"\x11\x4c\xef\xbd\x9d\x65\x59", "an MDBX database, a descendant of LMDB", "copy it with mdbx_dump"),
    Stranger(257, b"ustar", "a tar archive", _UNPACK),
    Stranger(0, b"PK\x03\x04", "a zip archive (as .npz and PyTorch's .pt are, too)", _UNPACK),
    Stranger(0, b"PK\x05\x06", "an empty zip archive", "pack it again"),
    Stranger(0, b"\x1f\x8b", "gzip-compressed data", _UNPACK),
    Stranger(0, b"BZh", "bzip2-compressed data", _UNPACK),
    Stranger(0, b"\xfd7zXZ\x00", "xz-compressed data", _UNPACK),
    Stranger(0, b"\x28\xb5\x2f\xfd", "zstd-compressed data", _UNPACK),
    Stranger(0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    Stranger(0, b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    Stranger(0, b"\x93NUMPY", "a NumPy array file (.npy)", "load it with numpy.load(..., allow_pickle=False)"),
    Stranger(0, b"MATLAB 5.0 MAT-file", "an old MATLAB file", "save it again with '-v7.3', which writes HDF5"),
    Stranger(0, b"SQLite format 3\x00", "an SQLite database", "open it with sqlite3"),
    Stranger(0, b"PAR1", "a Parquet file", "open it with pandas or pyarrow"),
    Stranger(0, b"ARROW1", "an Arrow file", "open it with pyarrow"),
    Stranger(0, b"FEA1", "a Feather file", "open it with pandas or pyarrow"),
    Stranger(
        0, b"\x0a\x23\xd7\xce", "an MXNet RecordIO file (.rec)", "unpack it with mxnet.recordio, then import the images"
    ),
    Stranger(8, b'{"', "a safetensors file", "open it with the package safetensors"),
    Stranger(0, b"CDF\x01", "a classic NetCDF file", "convert it with 'nccopy -k nc4', which writes HDF5"),
    Stranger(0, b"CDF\x02", "a classic NetCDF file", "convert it with 'nccopy -k nc4', which writes HDF5"),
    Stranger(0, b"\x0e\x03\x13\x01", "an HDF4 file, which is another format than HDF5", "convert it with h4toh5"),
    Stranger(0, b"\x89PNG\r\n\x1a\n", "a single PNG image", _IMAGE),
    Stranger(0, b"\xff\xd8\xff", "a single JPEG image", _IMAGE),
    Stranger(0, b"GIF8", "a single GIF image", _IMAGE),
    Stranger(8, b"WEBP", "a single WebP image", _IMAGE),
    Stranger(0, b"II*\x00", "a single TIFF image", _IMAGE),
    Stranger(0, b"MM\x00*", "a single TIFF image", _IMAGE),
    Stranger(0, b"%PDF-", "a PDF document", "open it with a PDF viewer"),
    Stranger(0, b"\x80\x02", "a Python pickle", "only pickles inside an LMDB are read here"),
    Stranger(0, b"\x80\x03", "a Python pickle", "only pickles inside an LMDB are read here"),
    Stranger(0, b"\x80\x04", "a Python pickle", "only pickles inside an LMDB are read here"),
    Stranger(0, b"\x80\x05", "a Python pickle", "only pickles inside an LMDB are read here"),
    Stranger(0, b"<!DOCTYPE html", "a web page, perhaps a failed download", "download the file again"),
    Stranger(0, b"<html", "a web page, perhaps a failed download", "download the file again"),
)


def identify(path: str | os.PathLike[str]) -> Found:
    """The kind of what lies at `path`. Raises InputError that names what it is instead, where it is none of ours."""
    given = Path(path).expanduser().absolute()
    try:
        mode = given.stat().st_mode
        if stat.S_ISDIR(mode):
            return _identify_folder(given)
        if not stat.S_ISREG(mode):
            raise InputError(f"{given} is neither a file nor a folder; give an LMDB or HDF5 file, or a store")
        return _identify_file(given)
    except FileNotFoundError:
        raise InputError(f"{given} does not exist; give the path of an LMDB or HDF5 file, or of a store") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{given} cannot be read: {reason}") from None


def _identify_folder(folder: Path) -> Found:
    if (folder / "data.mdb").exists():
        found = _identify_file(folder / "data.mdb")
        if found.kind != "lmdb":
            raise InputError(f"{folder / 'data.mdb'} is not LMDB, for all its name; inspect that file by its own path")
        return found
    if (folder / "manifest.json").is_file():
        return Found("store", folder)
    _check_folder(folder)
    if next(folder.iterdir(), None) is None:
        raise InputError(f"{folder} is an empty folder; give an LMDB or HDF5 file, or a store")
    return Found("folder", folder)


def _check_folder(folder: Path) -> None:
    """Raises InputError for folders that are databases or stores of another kind."""
    if (folder / "CURRENT").is_file() and next(folder.glob("MANIFEST-*"), None) is not None:
        raise InputError(f"{folder} is a LevelDB or RocksDB, as Caffe may use; copy its entries into an LMDB first")
    if any((folder / name).is_file() for name in (".zgroup", ".zarray", "zarr.json")):
        raise InputError(f"{folder} is a Zarr store; open it with the package zarr, or copy it into an HDF5 file")
    if (folder / "lock.mdb").exists() and not (folder / "data.mdb").exists():
        raise InputError(f"{folder} holds LMDB's lock file alone; its data.mdb is missing, copy that too")


def _identify_file(path: Path) -> Found:
    with path.open("rb") as file:
        head = file.read(HEAD)
        if is_lmdb(head):
            return Found("lmdb", path)
        if _has_hdf5_signature(file.fileno(), path.stat().st_size):
            return Found("hdf5", path)
        if _stranger(head) is None and guess_layout(head + file.read(PAGES - len(head))) is not None:
            return Found("lmdb", path)
    raise InputError(f"{path} is {_describe(head)}")


def is_lmdb(head: bytes) -> bool:
    """Whether either meta page is LMDB's: the magic number follows a page header of 16 bytes (12 on 32-bit systems)."""
    starts = [page + header for page in (0, *PAGE_SIZES) for header in (16, 12)]
    return any(head[start : start + 4] in (MAGIC.to_bytes(4, "little"), MAGIC.to_bytes(4, "big")) for start in starts)


def _has_hdf5_signature(descriptor: int, size: int) -> bool:
    """HDF5 lets a user block of 512, 1024, 2048, ... bytes precede its signature."""
    return any(os.pread(descriptor, 8, offset) == HDF5_SIGNATURE for offset in _user_blocks(size))


def _user_blocks(size: int) -> Iterator[int]:
    offset = 0
    while offset + len(HDF5_SIGNATURE) <= size:
        yield offset
        offset = 2 * offset or 512


def _describe(head: bytes) -> str:
    """The end of the sentence "FILE is ...": what it is instead, and what to do."""
    ours = "give an LMDB or HDF5 file, or a store"
    if not head:
        return f"empty; {ours}"
    stranger = _stranger(head)
    if stranger is not None:
        return f"{stranger.name}; {stranger.advice}"
    if _is_tfrecord(head):
        return "a TFRecord file; read it with TensorFlow (tf.data.TFRecordDataset), or import its images as a dataset"
    if not head.strip(b"\x00"):
        return f"nothing but zeros, perhaps a download that broke off; {ours}"
    return f"{'text' if _is_text(head) else 'of no format known here'}; {ours}"


def _stranger(head: bytes) -> Stranger | None:
    found = (stranger for stranger in STRANGERS if head.startswith(stranger.signature, stranger.offset))
    return next(found, None)


def _is_tfrecord(head: bytes) -> bool:
    """A record is uint64 length, uint32 checksum, an Example (first byte 0x0a), uint32 checksum; then the next."""
    length = int.from_bytes(head[:8], "little")
    following = int.from_bytes(head[length + 16 : length + 24], "little")
    return (
        len(head) > 16
        and head[12] == 0x0A
        and 2 < length < 1 << 31
        and (length + 24 > len(head) or following < 1 << 31)
    )


def _is_text(head: bytes) -> bool:
    try:
        head[:4096].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head[:4096]) - 4 and b"\x00" not in head[:4096]
    return b"\x00" not in head[:4096]
