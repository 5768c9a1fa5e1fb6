"""LitData's folders of chunks: items, plain or in zstd, or rows of Arrow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from string import Template

from ..script import quoted
from ..snippet import DatasetCode
from .arrays import pictures
from .candidates import ProgramCandidate, as_number, constants, with_classes
from .facts import FileFacts
from .shard_tables import (
    INFLATED,
    INIT,
    PLACED,
    Item,
    ValuePart,
    check_size,
    folder_of,
    named,
    of_pillow,
    plain,
    program,
    whole,
)

FRAMED = Template('''\
def _item(self, i):
    """A chunk: 12 bytes, uint32 items, items of a frame, frames; uint32 place[items + 1]; of each
    frame uint32 first item, items, uint64 place, uint32 bytes packed, bytes. The last is kept."""
    k = int(np.searchsorted(self.firsts, i, "right")) - 1
    with ($folder / self.shards[k]["filename"]).open("rb") as file:
        _, items, rows, _ = struct.unpack("<12sIII", file.read(24))
        places = np.frombuffer(file.read(4 * (items + 1)), "<u4").tolist()
        at = i - int(self.firsts[k])
        file.seek(24 * (at // rows), 1)
        first, _, place, packed, _ = struct.unpack("<IIQII", file.read(24))
        if self._kept[0] != (k, first):
            file.seek(place)
            self._kept = (k, first), zstandard.decompress(file.read(packed))
    start, stop = places[at] - places[first], places[at + 1] - places[first]
    return k, self._kept[1][start:stop]
''')

ROWS = Template("""\
def _row(self, i):  # a chunk ends with rows of Arrow, uint32 their bytes, and 8 bytes more
    k = int(np.searchsorted(self.firsts, i, "right")) - 1
    if self._kept[0] != k:
        data = np.memmap($folder / self.shards[k]["filename"], np.uint8, "r")
        size = int(np.frombuffer(data[-12:-8], "<u4")[0])
        rows = pa.py_buffer(data[len(data) - 12 - size : -12])
        self._kept = k, pa.ipc.$opened(rows).read_all()  # of the last chunk
    return self._kept[1].slice(i - int(self.firsts[k]), 1).to_pylist()[0]
""")

LEAVES = Template("""\
def _values(self, i):  # the leaves of an item: uint32 size of each, then they
    data = self._item(i)[1]
    sizes = np.frombuffer(data, "<u4", $leaves).astype(int)
    stops = $head + np.cumsum(sizes)
    return [data[stop - size : stop] for size, stop in zip(sizes, stops)]
""")

ARRAY = Template("""\
def array(data):  # uint8: uint32 type, axes, the length of each, then the values
    axes = int(np.frombuffer(data, "$order", 1, 4)[0])
    shape = np.frombuffer(data, "$order", axes, 8)
    return np.frombuffer(bytearray(data), np.uint8, offset=8 + 4 * axes).reshape(shape)
""")


def litdata(facts: FileFacts) -> Iterator[ProgramCandidate]:
    check_size(facts)
    if facts.image in [one["name"] for one in facts.structure["leaves"]]:
        yield from _items(facts)
    if facts.structure["compression"] is None and facts.decoding is not None:
        yield from _rows(facts)


def _rows(facts: FileFacts) -> Iterator[ProgramCandidate]:
    """What the library writes where all values are numbers, text and bytes."""
    names = facts.label_fields if facts.has_labels else [""]
    for name, part, opened in product(names, ("", '["bytes"]'), ("open_file", "open_stream")):
        folder = folder_of(facts)
        code = DatasetCode(
            about="LitData: chunks of rows.",
            init=with_classes(INIT.substitute(folder=folder, listed="chunks", count="chunk_size"), facts),
            get=f"row = self._row(i)\npixels = decode(row[{quoted(facts.image)}]{part})",
            path="",
            imports=("import json", "import pyarrow as pa"),
            constants=constants(facts),
            methods=ROWS.substitute(folder=folder, opened=opened),
            lazy={"_kept": "(None, None)"},
        )
        label = as_number(f"row[{quoted(name)}]", facts) if name else "-1"
        yield ProgramCandidate(code, label, "int(self.firsts[-1])")


def _items(facts: FileFacts) -> Iterator[ProgramCandidate]:
    leaves = [one["name"] for one in facts.structure["leaves"]]
    serializers = dict(zip(leaves, (one["serializer"] for one in facts.structure["leaves"]), strict=True))
    codec, _, level = str(facts.structure["compression"] or "").partition(", ")
    items = whole(codec, "filename") if level == "chunk" else []
    items += _frames() if level == "batch" else plain("filename")
    items += _one_by_one("filename") if level == "sample" else []
    values = LEAVES.substitute(leaves=len(leaves), head=4 * len(leaves))
    image = f"values[{leaves.index(facts.image)}]"
    for item in items:
        for value in _images(facts, serializers[facts.image]):
            for label in _labels(facts, serializers):
                yield program(
                    facts, "LitData: chunks of items.", ("chunks", "chunk_size"), item, values, image, value, label
                )


def _one_by_one(*names: str) -> list[Item]:
    inflated, statement = INFLATED["zstd"]
    return [(PLACED, named(names), {"item": inflated.format("file.read(stop - start)")}, (statement,))]


def _frames() -> list[Item]:
    return [(FRAMED, "", {}, ("import struct", "import zstandard"))]


def _images(facts: FileFacts, serializer: str) -> Iterator[ValuePart]:
    if facts.decoding is not None:
        yield ValuePart("pixels = decode({image})")
    elif serializer == "pil":
        yield of_pillow()
    elif serializer in ("numpy", "tensor") and facts.sample.get("dtype") == "uint8":
        for order in (">u4", "<u4"):
            for picture in dict.fromkeys(pictures(facts)):
                functions = (ARRAY.substitute(order=order),)
                yield ValuePart(f"row = array({{image}})\npixels = {picture}", functions)


def _labels(facts: FileFacts, serializers: dict[str, str]) -> Iterator[str]:
    names = list(serializers)
    for name in facts.label_fields if facts.has_labels else ():
        if name not in serializers:
            continue
        value, serializer = f"values[{names.index(name)}]", serializers[name]
        if serializer in ("int", "bool"):
            yield f'int.from_bytes({value}, "little", signed=True)'
            yield f"int({value})"  # digits, before version 0.2
        elif serializer in ("str", "string", "text"):
            yield as_number(f"{value}.decode()", facts)
    if not facts.has_labels:
        yield "-1"
