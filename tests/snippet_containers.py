"""Small files of the containers that are read and never built, and LMDBs of several entries a sample, each with the
pixels and labels that are in it: what programs are written for."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import zstandard
from foreign_files import AS_JPEG, JPEGS, NONE
from inspect_fixtures import IMAGES, LABELS, SAMPLES
from lmdb_fixtures import write as write_lmdb
from lmdb_fixtures import write_databases
from test_inspect_litdata import each_compressed, framed

from benchmarks.read_only_files import (
    IMAGE,
    INT,
    JSON,
    MAGIC,
    image_record,
    pil_bytes,
    write_beton,
    write_litdata,
    write_mds,
    write_recordio,
)  # fmt: skip

ALL = range(SAMPLES)
PARTS = (range(5), range(5, SAMPLES))
WORDS = ("cat", "dog", "emu")
NAMED = np.arange(SAMPLES) % 3
MIXED = np.stack([(AS_JPEG if at % 2 else IMAGES)[at] for at in ALL])

Made = tuple[Callable[[Path], Path], np.ndarray, np.ndarray]


def _number(at: int) -> bytes:
    return struct.pack("<q", LABELS[at])


# ---------------------------------------------------------------- MDS and LitData


def _mds_packed(path: Path) -> Path:
    """Whole shards in gzip, images of Pillow's, labels as text before them."""
    columns = {"class": ("str", None), "image": ("pil", None), "note": ("bytes", None)}
    samples = [{"class": WORDS[at % 3].encode(), "image": pil_bytes(IMAGES[at]), "note": b"x" * at} for at in ALL]
    return write_mds(path, columns, [samples[:5], samples[5:]], compressed=True)


def _mds_arrays(path: Path) -> Path:
    """Planes, whose shape stands before them: three axes, the lengths in a byte each."""
    columns = {"x": ("ndarray:uint8", None), "y": ("uint16", 2)}
    rows = [bytes([3 << 2, 3, 32, 32]) + IMAGES[at].transpose(2, 0, 1).tobytes() for at in ALL]
    return write_mds(path, columns, [[{"x": rows[at], "y": struct.pack("<H", LABELS[at])} for at in ALL]])


def _litdata(pack: Callable[[bytes], bytes] | None = None, level: str | None = None) -> Callable[[Path], Path]:
    """`pack`: of a whole chunk, which is called chunk-0-0.zstd.bin where `level` is None."""

    def write(path: Path) -> Path:
        chunks = [[[_number(at), JPEGS[at]] for at in part] for part in PARTS]
        told = {} if pack is None else {"compression": "zstd", "compression_level": level}
        write_litdata(path, {"class": "int", "image": "jpeg"}, chunks, **told)
        index = json.loads((path / "index.json").read_text())
        for chunk in index["chunks"] if pack is not None else ():
            file = path / chunk["filename"]
            data = pack(file.read_bytes())
            file.unlink()
            chunk["filename"] = file.name if level else file.name.replace(".bin", ".zstd.bin")
            (path / chunk["filename"]).write_bytes(data)
            chunk["chunk_bytes"] = len(data)
        (path / "index.json").write_text(json.dumps(index))
        return path

    return write


def _litdata_arrays(path: Path) -> Path:
    """Tensors with their shape before them, as LitData writes them since 2024, and labels as text."""
    head = struct.pack(">5I", 11, 3, 3, 32, 32)
    items = [[head + IMAGES[at].transpose(2, 0, 1).tobytes(), WORDS[at % 3].encode()] for at in ALL]
    return write_litdata(path, {"image": "tensor", "label": "str"}, [items])


def _litdata_rows(path: Path) -> Path:
    """Rows of Arrow behind a table of no items, which the library writes where values are bytes, text and numbers."""
    write_litdata(path, {"image": "bytes", "label": "str"}, [[[b"", b""]] * len(part) for part in PARTS])
    for number, part in enumerate(PARTS):
        rows = pa.table({"image": [JPEGS[at] for at in part], "label": [WORDS[at % 3] for at in part]})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, rows.schema) as writer:
            writer.write_table(rows)
        body = sink.getvalue().to_pybytes()
        table = struct.pack(f"<{len(part) + 2}I", len(part), *[4 * (len(part) + 2)] * (len(part) + 1))
        (path / f"chunk-0-{number}.bin").write_bytes(table + body + struct.pack("<I", len(body)) + b"LDARW01\0")
    return path


# ---------------------------------------------------------------- RecordIO and beton


def _with_magic(at: int) -> bytes:
    """An image file that is cut into parts: the magic number stands behind its end, at a multiple of 4."""
    return JPEGS[at] + bytes(-len(JPEGS[at]) % 4) + MAGIC + b"tail"


def _recordio(path: Path) -> Path:
    payloads = [image_record(_with_magic(at), int(LABELS[at]), at) for at in ALL]
    return write_recordio(path.with_suffix(".rec"), payloads, [at + 100 for at in ALL])


def _recordio_alone(path: Path) -> Path:
    """Without .idx, and the label behind the header."""
    payloads = [image_record(_with_magic(at), [int(LABELS[at])], at) for at in ALL]
    return write_recordio(path.with_suffix(".rec"), payloads)


def _faces(path: Path) -> Path:
    """InsightFace's: the first record says where the identities begin, which come after the images."""
    payloads = [image_record(b"", [SAMPLES + 1, SAMPLES + 4], 0)]
    payloads += [image_record(JPEGS[at], [int(LABELS[at]), 1], at + 1) for at in ALL]
    payloads += [image_record(b"", [1, 3], SAMPLES + at) for at in range(3)]
    return write_recordio(path.with_suffix(".rec"), payloads, range(len(payloads)))


def _beton(is_file: Callable[[int], bool]) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        samples = [
            {"meta": b"{}\0", "image": (JPEGS[at], 32, 32) if is_file(at) else IMAGES[at], "label": int(LABELS[at])}
            for at in ALL
        ]
        return write_beton(path.with_suffix(".beton"), {"meta": JSON, "image": IMAGE, "label": INT}, samples)

    return write


# ---------------------------------------------------------------- LMDB


def _pairs(*entries: tuple[str, Callable[[int], bytes]]) -> Callable[[Path], Path]:
    """`entries`: a key, with %d for the sample's number, and its value."""

    def write(path: Path) -> Path:
        return write_lmdb(path, {(key % at).encode(): value(at) for key, value in entries for at in ALL})

    return write


def _text(at: int) -> bytes:
    return b"%d" % LABELS[at]


def _json(at: int) -> bytes:
    return json.dumps({"label": int(LABELS[at]), "box": [0, 0, 1, 1]}).encode()


def _shape(at: int) -> bytes:
    return np.array(IMAGES[at].shape, np.int32).tobytes()


def _databases(path: Path) -> Path:
    """With a name that would end a docstring."""
    images, labels = ({b"%04d" % at: value(at) for at in ALL} for value in (JPEGS.__getitem__, _text))
    return write_databases(path, {b'images"""': images, b"labels": labels})


CONTAINERS: dict[str, Made] = {
    "MDS, gzip, of Pillow's images": (_mds_packed, IMAGES, NAMED),
    "MDS of arrays": (_mds_arrays, IMAGES, LABELS),
    "LitData": (_litdata(), AS_JPEG, LABELS),
    "LitData, chunks in zstd": (_litdata(zstandard.compress), AS_JPEG, LABELS),
    "LitData, frames in zstd": (_litdata(framed, "batch"), AS_JPEG, LABELS),
    "LitData, items in zstd": (_litdata(each_compressed, "sample"), AS_JPEG, LABELS),
    "LitData of rows": (_litdata_rows, AS_JPEG, NAMED),
    "LitData of tensors": (_litdata_arrays, IMAGES, NAMED),
    "RecordIO": (_recordio, AS_JPEG, LABELS),
    "RecordIO without .idx": (_recordio_alone, AS_JPEG, LABELS),
    "RecordIO of InsightFace": (_faces, AS_JPEG, LABELS),
    "beton": (_beton(lambda at: False), IMAGES, LABELS),
    "beton of JPEG": (_beton(lambda at: True), AS_JPEG, LABELS),
    "beton of both": (_beton(lambda at: at % 2 > 0), MIXED, LABELS),
    "LMDB of pairs": (_pairs(("%d", JPEGS.__getitem__), ("%d_label", _text)), AS_JPEG, LABELS),
    "LMDB of pairs, JSON": (_pairs(("n/%04d.jpg", JPEGS.__getitem__), ("n/%04d.json", _json)), AS_JPEG, LABELS),
    "LMDB of pairs, pickled": (
        _pairs(("img_%d", JPEGS.__getitem__), ("gt_%d", lambda at: pickle.dumps(int(LABELS[at])))), AS_JPEG, LABELS,
    ),
    "LMDB of pairs with shapes": (
        _pairs(("data-%05d", lambda at: IMAGES[at].tobytes()), ("shape-%05d", _shape),
               ("label-%05d", lambda at: WORDS[at % 3].encode())), IMAGES, NAMED,
    ),
    "LMDB of databases": (_databases, AS_JPEG, LABELS),
    "LMDB of images and masks": (
        _pairs(("%03d_rgb", JPEGS.__getitem__), ("%03d_mask", lambda at: JPEGS[-1 - at])), AS_JPEG, NONE,
    ),
}  # fmt: skip
"""name -> (writes it, pixels, class numbers)."""
