"""Folders of shards that an `index.json` lists: MosaicML's MDS and LitData."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from string import Template

from ..payloads import NoCode
from ..script import quoted
from ..snippet import DatasetCode
from .arrays import pictures
from .candidates import ProgramCandidate, as_number, constants, with_classes
from .facts import FileFacts

WRAPS = 1 << 32
"""From this size on the offsets of a shard, 32 bits each, begin anew."""

INFLATED = {
    "gzip": ("gzip.decompress({})", "import gzip"),
    "bz2": ("bz2.decompress({})", "import bz2"),
    "zstd": ("zstandard.ZstdDecompressor().decompressobj().decompress({})", "import zstandard"),
}
"""Compression -> the expression that undoes it, and the import."""

INIT = Template("""\
self.shards = json.loads(($folder / "index.json").read_text("utf-8"))["$listed"]
counts = [shard["$count"] for shard in self.shards]
self.firsts = np.cumsum([0, *counts])  # samples before each shard
""")

PLACED = Template("""\
def _item(self, i):  # a shard: uint32 samples, uint32 place[samples + 1], the samples
    k = int(np.searchsorted(self.firsts, i, "right")) - 1
    with ($folder / self.shards[k]$name).open("rb") as file:
        file.seek(4 + 4 * (i - int(self.firsts[k])))
        start, stop = np.frombuffer(file.read(8), "<u4").tolist()
        file.seek(start)
        return k, $item
""")

PACKED = Template('''\
def _item(self, i):  # a shard: uint32 samples, uint32 place[samples + 1], the samples
    """Each shard is compressed as a whole, and the last one is kept: shuffle whole shards, or convert it."""
    k = int(np.searchsorted(self.firsts, i, "right")) - 1
    if self._kept[0] != k:
        packed = ($folder / self.shards[k]$name).read_bytes()
        self._kept = k, $inflated
    data = self._kept[1]
    start, stop = np.frombuffer(data, "<u4", 2, 4 + 4 * (i - int(self.firsts[k]))).tolist()
    return k, data[start:stop]
''')

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

COLUMNS = """\
def _values(self, i):  # column -> bytes; in a sample: uint32 sizes of those that vary, then all
    k, data = self._item(i)
    sizes, values = self.shards[k]["column_sizes"], {}
    at = 4 * sum(not size for size in sizes)
    told = iter(np.frombuffer(data[:at], "<u4").tolist())
    for name, size in zip(self.shards[k]["column_names"], sizes):
        size = size or next(told)
        values[name], at = data[at : at + size], at + size
    return values
"""

LEAVES = Template("""\
def _values(self, i):  # the leaves of an item: uint32 size of each, then they
    data = self._item(i)[1]
    sizes = np.frombuffer(data, "<u4", $leaves).astype(int)
    stops = $head + np.cumsum(sizes)
    return [data[stop - size : stop] for size, stop in zip(sizes, stops)]
""")

PIL = """\
def decode(data):  # as Pillow has it in memory: uint32 width, height, length of the mode; mode, pixels
    width, height, length = np.frombuffer(data, "<u4", 3).tolist()
    mode, pixels = data[12 : 12 + length].decode(), data[12 + length :]
    return np.array(Image.frombytes(mode, (width, height), pixels).convert("RGB"))
"""

MDS_ARRAY = """\
def array(data):  # uint8: axes << 2 | which width their lengths have, the lengths, the values
    axes, width = data[0] >> 2, 1 << (data[0] & 3)
    lengths = [data[1 + k * width : 1 + (k + 1) * width] for k in range(axes)]
    shape = [int.from_bytes(length, "little") for length in lengths]
    return np.frombuffer(bytearray(data), np.uint8, offset=1 + axes * width).reshape(shape)
"""

LITDATA_ARRAY = Template("""\
def array(data):  # uint8: uint32 type, axes, the length of each, then the values
    axes = int(np.frombuffer(data, "$order", 1, 4)[0])
    shape = np.frombuffer(data, "$order", axes, 8)
    return np.frombuffer(bytearray(data), np.uint8, offset=8 + 4 * axes).reshape(shape)
""")


@dataclass(frozen=True)
class ValuePart:
    """Lines that make `pixels` of the bytes {image}, and what they need."""

    get: str
    functions: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


def mds(facts: FileFacts) -> Iterator[ProgramCandidate]:
    _check_size(facts)
    encodings = {one["name"]: one["encoding"] for one in facts.structure["columns"]}
    items = [*_plain("raw_data", "basename"), *_whole(facts.structure["compression"], "zip_data", "basename")]
    image = f"values[{quoted(facts.image)}]"
    for item in items:
        for value in _mds_images(facts, encodings.get(facts.image, "")):
            for label in _mds_labels(facts, encodings):
                yield _program(
                    facts,
                    "MosaicML's MDS: shards of samples.",
                    ("shards", "samples"),
                    item,
                    COLUMNS,
                    image,
                    value,
                    label,
                )


def litdata(facts: FileFacts) -> Iterator[ProgramCandidate]:
    _check_size(facts)
    leaves = [one["name"] for one in facts.structure["leaves"]]
    if facts.image not in leaves:
        return
    serializers = dict(zip(leaves, (one["serializer"] for one in facts.structure["leaves"]), strict=True))
    codec, _, level = str(facts.structure["compression"] or "").partition(", ")
    items = _whole(codec, "filename") if level == "chunk" else []
    items += _frames() if level == "batch" else _plain("filename")
    items += _one_by_one("filename") if level == "sample" else []
    values = LEAVES.substitute(leaves=len(leaves), head=4 * len(leaves))
    image = f"values[{leaves.index(facts.image)}]"
    for item in items:
        for value in _litdata_images(facts, serializers[facts.image]):
            for label in _litdata_labels(facts, serializers):
                yield _program(
                    facts, "LitData: chunks of items.", ("chunks", "chunk_size"), item, values, image, value, label
                )


def _check_size(facts: FileFacts) -> None:
    """Raises NoCode for shards without their index, and where a program would have to put offsets right."""
    folder = facts.path if facts.path.is_dir() else facts.path.parent
    if len(facts.files) > 1 or not (folder / "index.json").is_file():
        raise NoCode("index.json, which lists the shards, is missing")
    if any(file.stat().st_size >= WRAPS for file in folder.iterdir() if file.is_file()):
        raise NoCode("a shard has 4 GiB or more, where its offsets of 32 bits begin anew")


Item = tuple[Template, str, dict[str, str], tuple[str, ...]]
"""The method `_item`, where the name of a shard's file stands, further parts of the text, imports."""


def _named(names: tuple[str, ...]) -> str:
    return "".join(f'["{name}"]' for name in names)


def _plain(*names: str) -> list[Item]:
    return [(PLACED, _named(names), {"item": "file.read(stop - start)"}, ())]


def _whole(compression: str | None, *names: str) -> list[Item]:
    if (compression or "").partition(":")[0] not in INFLATED:
        return []
    inflated, statement = INFLATED[(compression or "").partition(":")[0]]
    return [(PACKED, _named(names), {"inflated": inflated.format("packed")}, (statement,))]


def _one_by_one(*names: str) -> list[Item]:
    inflated, statement = INFLATED["zstd"]
    return [(PLACED, _named(names), {"item": inflated.format("file.read(stop - start)")}, (statement,))]


def _frames() -> list[Item]:
    return [(FRAMED, "", {}, ("import struct", "import zstandard"))]


def _mds_images(facts: FileFacts, encoding: str) -> Iterator[ValuePart]:
    if facts.decoding is not None:
        yield ValuePart("pixels = decode({image})")
        return
    name, _, options = encoding.partition(":")
    if name == "pil":
        yield _pil()
    if name != "ndarray" or facts.sample.get("dtype") != "uint8":
        return
    shape = options.partition(":")[2]
    functions: tuple[str, ...] = ()
    if re.fullmatch(r"\d+(,\d+)*", shape):
        lengths = ", ".join(shape.split(",")) + ("," if "," not in shape else "")
        row = f"row = np.frombuffer(bytearray({{image}}), np.uint8).reshape({lengths})"
    else:
        row, functions = f"row = array({{image}}{'' if options else '[1:]'})", (MDS_ARRAY,)
    for picture in dict.fromkeys(pictures(facts)):
        yield ValuePart(f"{row}\npixels = {picture}", functions)


def _litdata_images(facts: FileFacts, serializer: str) -> Iterator[ValuePart]:
    if facts.decoding is not None:
        yield ValuePart("pixels = decode({image})")
    elif serializer == "pil":
        yield _pil()
    elif serializer in ("numpy", "tensor") and facts.sample.get("dtype") == "uint8":
        for order in (">u4", "<u4"):
            for picture in dict.fromkeys(pictures(facts)):
                functions = (LITDATA_ARRAY.substitute(order=order),)
                yield ValuePart(f"row = array({{image}})\npixels = {picture}", functions)


def _pil() -> ValuePart:
    return ValuePart("pixels = decode({image})", (PIL,), ("from PIL import Image",))


def _mds_labels(facts: FileFacts, encodings: dict[str, str]) -> Iterator[str]:
    for name in facts.label_fields if facts.has_labels else ():
        value, encoding = f"values[{quoted(name)}]", encodings.get(name, "")
        if re.fullmatch(r"int\d*|uint\d+", encoding):
            yield f'int.from_bytes({value}, "little", signed={not encoding.startswith("u")})'
        elif encoding.startswith("str"):
            yield as_number(f"{value}.decode()", facts)
    if not facts.has_labels:
        yield "-1"


def _litdata_labels(facts: FileFacts, serializers: dict[str, str]) -> Iterator[str]:
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


def _program(
    facts: FileFacts, about: str, listed: tuple[str, str], item: Item, values: str, image: str, value: ValuePart,
    label: str,
) -> ProgramCandidate:  # fmt: skip
    """`listed`: what the index calls its shards, and the number of samples in one."""
    folder = "self.path" if facts.path.is_dir() else "self.path.parent"
    method, name, more, imports = item
    code = DatasetCode(
        about=about,
        init=with_classes(INIT.substitute(folder=folder, listed=listed[0], count=listed[1]), facts),
        get=f"values = self._values(i)\n{value.get.replace('{image}', image)}\nlabel = {label}",
        path="",
        imports=("import json", *imports, *value.imports),
        constants=constants(facts),
        functions=value.functions,
        methods=method.substitute(folder=folder, name=name, **more) + "\n" + values,
        lazy={"_kept": "(None, None)"} if "_kept" in method.template else {},
    )
    return ProgramCandidate(code, "label", "int(self.firsts[-1])")
