"""Edits of built stores that know where the structure lies: pages and nodes of an LMDB, headers, layouts, chunk indexes
and heaps of an HDF5 file, the listing of files, manifests and checksums.

Each takes the folder of a store and a random generator, changes one file or more, and says what it did.
"""

from __future__ import annotations

import json
import random
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.stores.manifest import Manifest

PAGE = 4096
NUMBERS = (0, 1, 2, 3, 7, 8, 255, 256, 4095, 4096, 65535, 1 << 31, (1 << 32) - 1, 1 << 40, (1 << 63) - 1, (1 << 64) - 1)
SIGNATURES = re.compile(rb"OHDR|OCHK|TREE|SNOD|HEAP|GCOL|FRHP|FHDB|FSHD|BTHD|BTLF|BTIN|FADB|FAHD|EAHD")

Edit = Callable[[bytearray, random.Random], str]


# ---------------------------------------------------------------- any file


def flips(data: bytearray, draw: random.Random) -> str:
    count = draw.choice([1, 1, 2, 8, 60])
    for _ in range(count):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return f"{count} bits flipped"


def truncated(data: bytearray, draw: random.Random) -> str:
    del data[draw.randrange(len(data)) :]
    return f"cut to {len(data)} bytes"


def zeroed(data: bytearray, draw: random.Random) -> str:
    start, length = draw.randrange(len(data)), draw.choice([8, 64, 512, PAGE, 4 * PAGE])
    data[start : start + length] = bytes(len(data[start : start + length]))
    return f"{length} zeros at {start}"


def swapped(data: bytearray, draw: random.Random) -> str:
    pages = max(2, len(data) // PAGE)
    one, other = draw.sample(range(pages), 2)
    first, second = slice(one * PAGE, (one + 1) * PAGE), slice(other * PAGE, (other + 1) * PAGE)
    data[first], data[second] = data[second], data[first]
    return f"pages {one} and {other} swapped"


# ---------------------------------------------------------------- LMDB


def lmdb_meta(data: bytearray, draw: random.Random) -> str:
    """Page size, flags, depth, counts, root, transaction of a meta page."""
    field, size = draw.choice(
        [(24, 8), (32, 8), (40, 4), (44, 2), (46, 2), (88, 4), (92, 2), (94, 2), (96, 8), (104, 8), (112, 8), (120, 8),
         (128, 8), (136, 8), (144, 8)]
    )  # fmt: skip
    value = draw.choice([*NUMBERS, draw.randrange(40), len(data) // PAGE]) % (1 << 8 * size)
    for page in draw.choice([(0,), (PAGE,), (0, PAGE)]):
        data[page + field : page + field + size] = value.to_bytes(size, "little")
    return f"meta field {field} is {value}"


def lmdb_page(data: bytearray, draw: random.Random) -> str:
    """Number, flags, lower or upper of a page."""
    page = draw.randrange(max(1, len(data) // PAGE)) * PAGE
    field, size = draw.choice([(0, 8), (8, 2), (10, 2), (12, 2), (14, 2), (12, 4)])
    value = draw.choice([*NUMBERS, draw.randrange(PAGE)]) % (1 << 8 * size)
    data[page + field : page + field + size] = value.to_bytes(size, "little")
    return f"page {page // PAGE} field {field} is {value}"


def lmdb_node(data: bytearray, draw: random.Random) -> str:
    """A slot of a tree's page, or a number of the node that it leads to: a child, a size, flags, an overflow page."""
    pages = [page for page in range(0, len(data) - PAGE + 1, PAGE) if data[page + 10] in (1, 2)]
    if not pages:
        return flips(data, draw)
    page = draw.choice(pages)
    (lower,) = struct.unpack_from("<H", data, page + 12)
    slot = page + 16 + 2 * draw.randrange(max(1, (min(lower, PAGE) - 16) // 2))
    (inside,) = struct.unpack_from("<H", data, slot)
    field, size = draw.choice([(None, 2), (0, 2), (2, 2), (4, 2), (6, 2), (0, 4), (16, 8)])
    place = slot if field is None else min(page + inside + field, len(data) - size)
    value = draw.choice([*NUMBERS, draw.randrange(PAGE), draw.randrange(len(data) // PAGE)]) % (1 << 8 * size)
    data[place : place + size] = value.to_bytes(size, "little")
    return f"node at {place} is {value}"


# ---------------------------------------------------------------- HDF5


def hdf5_superblock(data: bytearray, draw: random.Random) -> str:
    place, size = draw.randrange(8, 96), draw.choice([1, 2, 8])
    data[place : place + size] = (draw.choice(NUMBERS) % (1 << 8 * size)).to_bytes(size, "little")
    return f"superblock byte {place}"


def hdf5_block(data: bytearray, draw: random.Random) -> str:
    """Numbers behind the signature of a header, an index node or a heap; of old headers, anywhere among the first."""
    found = [match.start() for match in SIGNATURES.finditer(data)]
    start = draw.choice([*found, 96, 800]) if found else 96
    said = []
    for _ in range(draw.choice([1, 1, 2, 4])):
        size = draw.choice([1, 2, 4, 8])
        place = min(start + draw.randrange(4, draw.choice([32, 128, 600])), len(data) - size)
        value = draw.choice([*NUMBERS, draw.randrange(len(data))]) % (1 << 8 * size)
        data[place : place + size] = value.to_bytes(size, "little")
        said.append(f"{place}: {value}")
    return "block, " + ", ".join(said)


def hdf5_address(data: bytearray, draw: random.Random) -> str:
    """Something that may be an address or a size in the structure becomes another."""
    places = [
        place
        for place in range(0, min(len(data), 1 << 15) - 8, 8)
        if 0 < int.from_bytes(data[place : place + 8], "little") <= len(data)
    ]
    if not places:
        return flips(data, draw)
    place = draw.choice(places)
    value = draw.choice([*NUMBERS, draw.randrange(len(data)), draw.randrange(len(data)) & ~7])
    data[place : place + 8] = value.to_bytes(8, "little")
    return f"address at {place} is {value}"


# ---------------------------------------------------------------- text


def listing(data: bytearray, draw: random.Random) -> str:
    """A line of `manifest.csv` that is gone, short, odd, elsewhere, or in another's place."""
    lines = data.decode("utf-8", "replace").splitlines()
    at, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    path, label, name = ([*lines[at].split(","), "", "", ""])[:3]
    way = draw.randrange(9)
    if way == 0:
        del lines[at]
    elif way == 1:
        lines[at], lines[other] = lines[other], lines[at]
    elif way == 2:
        del lines[at:]
    else:
        lines[at] = [
            f"{path},{label}",
            f"{path},{draw.choice([-1, 3, 99, 10**25, 'x', ''])},{name}",
            f"../../{path},{label},{name}",
            f"/etc/{path.rpartition('/')[2]},{label},{name}",
            f'"{path},{label},{name}',
            f"{path}\0,{label},{name}",
        ][way - 3]
    data[:] = ("\n".join(lines) + "\n").encode()
    return f"listing, way {way}, line {at}"


def text(data: bytearray, draw: random.Random) -> str:
    data[:] = draw.choice([b"", b"{", b"[]", b"[" * 50_000, b"\xff\xfe", b"null", b"{}", bytes(data) * 2])
    return f"text of {len(data)} bytes"


def forged(store: Path, draw: random.Random) -> str:
    """A field of the manifest, or of one inside it, becomes something else; its checksum is right."""
    told = json.loads((store / "manifest.json").read_text("utf-8"))
    told.pop("self")
    holder: Any = told
    name = draw.choice(list(holder))
    while isinstance(holder[name], dict) and holder[name] and draw.random() < 0.7:
        holder = holder[name]
        name = draw.choice(list(holder))
    value = draw.choice([None, -1, 0, 1, 3, 10**6, 10**30, "x", "../..", [], [1, 2, 3], {}, {"a": 1}, True, 0.5])
    holder[name] = value
    try:
        Manifest(**told).save(store / "manifest.json")
    except TypeError:
        (store / "manifest.json").write_text(json.dumps(told))
    return f"manifest {name} is {value!r}"


# ---------------------------------------------------------------- which edit for which file

ANY: tuple[Edit, ...] = (flips, truncated, zeroed, swapped)
OF: dict[str, tuple[Edit, ...]] = {
    "lmdb": (*ANY, lmdb_meta, lmdb_page, lmdb_node, lmdb_node),
    "hdf5": (*ANY, hdf5_superblock, hdf5_block, hdf5_block, hdf5_address),
    "disk": ANY,
    "csv": (listing, listing, flips, text),
    "json": (text, flips),
}


def spoil(store: Path, format: str, draw: random.Random) -> str:
    """Something goes wrong in a store; what, in a few words."""
    if draw.random() < 0.08:
        return forged(store, draw)
    files = sorted(path for path in store.rglob("*") if path.is_file())
    large = [path for path in files if path.suffix in (".mdb", ".h5") and "train" in str(path.relative_to(store))]
    listings = [path for path in files if path.name in ("manifest.csv", "metadata.json", "__dictionary__")]
    chosen = draw.choice((large * 8 or listings * 6) + [path for path in files if path not in large][:12])
    kind = {".csv": "csv", ".json": "json"}.get(chosen.suffix, format if chosen in large else "disk")
    data = bytearray(chosen.read_bytes())
    said = "it is gone"
    if draw.random() < 0.02 or not data:
        chosen.unlink()
    else:
        said = draw.choice(OF[kind])(data, draw)
        chosen.write_bytes(data)
    return f"{chosen.relative_to(store)}: {said}"
