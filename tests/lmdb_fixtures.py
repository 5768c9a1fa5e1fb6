"""LMDBs as other projects' tools make them: with py-lmdb, and messages encoded by hand, byte for byte as theirs."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
from PIL import Image

COUNT = 13
_random = np.random.default_rng(11)
LABELS = [int(label) for label in _random.integers(0, 5, COUNT)]


def picture(index: int, height: int = 20, width: int = 24) -> np.ndarray:
    """A smooth RGB image that is like no other, so that JPEG keeps it closely and a wrong order of axes is seen."""
    rows, columns = np.mgrid[0:height, 0:width]
    planes = [rows * 9 + index * 5, columns * 7 + index, (rows + columns) * 3 + index * 11]
    return np.stack(planes, axis=2).clip(0, 255).astype(np.uint8)


PICTURES = [picture(index) for index in range(COUNT)]
SQUARES = [picture(index, 16, 16) for index in range(COUNT)]


def encoded(image: np.ndarray, format: str = "png", mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).convert(mode).save(file, format)
    return file.getvalue()


def write(path: Path, items: Mapping[bytes, bytes] | Iterable[tuple[bytes, bytes]], **options: Any) -> Path:
    """An LMDB folder with these entries."""
    path.parent.mkdir(exist_ok=True)
    environment = lmdb.open(str(path), map_size=1 << 28, sync=False, **options)
    with environment.begin(write=True) as transaction:
        for key, value in items.items() if isinstance(items, Mapping) else items:
            transaction.put(key, value)
    environment.close()
    return path


def write_databases(path: Path, databases: Mapping[bytes | None, Mapping[bytes, bytes]], **flags: Any) -> Path:
    """An LMDB folder of several databases."""
    environment = lmdb.open(str(path), map_size=1 << 28, sync=False, max_dbs=32)
    for name, items in databases.items():
        database = environment.open_db(name, **flags if name is not None else {})
        with environment.begin(write=True, db=database) as transaction:
            for key, value in items.items():
                transaction.put(key, value)
    environment.close()
    return path


# ---------------------------------------------------------------- protocol buffers


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    digits = b""
    while number > 0x7F:
        digits += bytes([number & 0x7F | 0x80])
        number >>= 7
    return digits + bytes([number])


def whole(field: int, number: int) -> bytes:
    return varint(field << 3) + varint(number)


def block(field: int, data: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(data)) + data


def datum(image: np.ndarray, label: int) -> bytes:
    """Raw pixels as caffe.io.array_to_datum keeps them: planes first, of an image that OpenCV read (blue first)."""
    planes = image[:, :, ::-1].transpose(2, 0, 1)
    channels, height, width = planes.shape
    return b"".join(
        (whole(1, channels), whole(2, height), whole(3, width), block(4, planes.tobytes()), whole(5, label))
    )


def datum_of_floats(values: np.ndarray, label: int) -> bytes:
    """float_data, one field a number, as proto2 writes it."""
    channels, height, width = values.shape
    numbers = b"".join(varint(6 << 3 | 5) + struct.pack("<f", number) for number in values.reshape(-1).tolist())
    return b"".join((whole(1, channels), whole(2, height), whole(3, width), whole(5, label), numbers))


def datum_encoded(data: bytes, label: int) -> bytes:
    return block(4, data) + whole(5, label) + whole(7, 1)


def caffe2(image: bytes, label: int) -> bytes:
    """Caffe2's make_image_db: the image file as a string, the label as an int32."""
    first = whole(1, 1) + whole(2, 4) + block(6, image)
    second = whole(1, 1) + whole(2, 2) + whole(4, label)
    return block(1, first) + block(1, second)


def caffe2_raw(image: np.ndarray, label: int) -> bytes:
    first = b"".join(whole(1, length) for length in image.shape) + whole(2, 3) + block(5, image[:, :, ::-1].tobytes())
    return block(1, first) + block(1, whole(1, 1) + whole(2, 2) + whole(4, label))


def tf_example(image: bytes, label: int) -> bytes:
    features = {
        b"image/encoded": block(1, block(1, image)),
        b"image/class/label": block(3, block(1, varint(label))),
        b"image/format": block(1, block(1, b"png")),
    }
    return block(1, b"".join(block(1, block(1, name) + block(2, feature)) for name, feature in features.items()))


# ---------------------------------------------------------------- msgpack


def packed(thing: Any) -> bytes:
    """Msgpack with bytes and strings told apart (use_bin_type), arrays as msgpack-numpy has them."""
    if isinstance(thing, np.ndarray):
        fields = {b"nd": True, b"type": thing.dtype.str, b"kind": b"", b"shape": thing.shape, b"data": thing.tobytes()}
        return packed(fields)
    if thing is None or isinstance(thing, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[thing]
    if isinstance(thing, int):
        return bytes([thing]) if 0 <= thing < 128 else b"\xd3" + struct.pack(">q", thing)
    if isinstance(thing, float):
        return b"\xcb" + struct.pack(">d", thing)
    if isinstance(thing, bytes):
        return b"\xc6" + struct.pack(">I", len(thing)) + thing
    if isinstance(thing, str):
        data = thing.encode()
        return (bytes([0xA0 | len(data)]) if len(data) < 32 else b"\xda" + struct.pack(">H", len(data))) + data
    if isinstance(thing, dict):
        return bytes([0x80 | len(thing)]) + b"".join(packed(key) + packed(value) for key, value in thing.items())
    return b"\xdc" + struct.pack(">H", len(thing)) + b"".join(map(packed, thing))


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


# ---------------------------------------------------------------- the file itself, on other systems


def write_layout(path: Path, items: Sequence[tuple[bytes, bytes]], word: int, order: str, page: int) -> Path:
    """A single LMDB file as a system with words of so many bytes, this order of bytes and pages of this size has it.

    Two levels: leaves and one branch above them. `items` are sorted by key and fit; large values get overflow pages.
    """
    code, header = ("Q" if word == 8 else "I"), word + 8
    pages: list[bytes] = []

    def add(flags: int, nodes: Sequence[bytes]) -> int:
        number = len(pages) + 2
        upper, pointers, body = page, b"", b""
        for node in nodes:
            node += bytes(len(node) % 2)
            upper -= len(node)
            pointers += struct.pack(f"{order}H", upper)
            body = node + body
        lower = header + len(pointers)
        head = struct.pack(f"{order}{code}HHHH", number, 0, flags, lower, upper)
        pages.append(head + pointers + bytes(upper - lower) + body)
        return number

    def node_of(key: bytes, value: bytes) -> bytes:
        if 8 + len(key) + len(value) <= ((page - header) // 2 & ~1) - 2:
            return struct.pack(f"{order}IHH", len(value), 0, len(key)) + key + value
        first, taken = len(pages) + 2, -(-(header + len(value)) // page)
        data = struct.pack(f"{order}{code}HHI", first, 0, 4, taken) + value
        data += bytes(taken * page - len(data))
        pages.extend(data[start : start + page] for start in range(0, len(data), page))
        return struct.pack(f"{order}IHH", len(value), 1, len(key)) + key + struct.pack(f"{order}{code}", first)

    leaves: list[tuple[bytes, int]] = []
    nodes: list[tuple[bytes, bytes]] = []
    for key, value in items:
        node = node_of(key, value)
        if sum(len(other) + 3 for _, other in nodes) + len(node) + 3 > page - header:
            leaves.append((nodes[0][0], add(2, [other for _, other in nodes])))
            nodes = []
        nodes.append((key, node))
    leaves.append((nodes[0][0], add(2, [other for _, other in nodes])))
    branch = []
    for place, (key, number) in enumerate(leaves):
        name = key if place else b""
        low = struct.pack(f"{order}I", number & 0xFFFFFFFF) + struct.pack(f"{order}H", 0)
        branch.append(low + struct.pack(f"{order}H", len(name)) + name)
    root = add(1, branch) if len(leaves) > 1 else leaves[0][1]
    none = 2 ** (8 * word) - 1
    form = f"{order}IHH5{code}"
    free = struct.pack(form, page, 8, 0, 0, 0, 0, 0, none)
    overflow = len(pages) - len(leaves) - (len(leaves) > 1)
    main = struct.pack(form, 0, 0, 1 + (len(leaves) > 1), int(len(leaves) > 1), len(leaves), overflow, len(items), root)
    last = len(pages) + 1
    metas = [
        (
            struct.pack(f"{order}{code}HHHH", number, 0, 8, 0, 0)
            + struct.pack(f"{order}II2{code}", 0xBEEFC0DE, 1, 0, (last + 1) * page)
            + free
            + main
            + struct.pack(f"{order}2{code}", last, number)
        ).ljust(page, b"\x00")
        for number in (0, 1)
    ]
    path.write_bytes(b"".join([*metas, *pages]))
    return path
