"""Folders of shards that an `index.json` lists: MosaicML's MDS, and what LitData (`litdata`) has in common with it."""

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

PIL = """\
def decode(data):  # as Pillow has it in memory: uint32 width, height, length of the mode; mode, pixels
    width, height, length = np.frombuffer(data, "<u4", 3).tolist()
    mode, pixels = data[12 : 12 + length].decode(), data[12 + length :]
    return np.array(Image.frombytes(mode, (width, height), pixels).convert("RGB"))
"""

ARRAY = """\
def array(data):  # uint8: axes << 2 | which width their lengths have, the lengths, the values
    axes, width = data[0] >> 2, 1 << (data[0] & 3)
    lengths = [data[1 + k * width : 1 + (k + 1) * width] for k in range(axes)]
    shape = [int.from_bytes(length, "little") for length in lengths]
    return np.frombuffer(bytearray(data), np.uint8, offset=1 + axes * width).reshape(shape)
"""


@dataclass(frozen=True)
class ValuePart:
    """Lines that make `pixels` of the bytes {image}, and what they need."""

    get: str
    functions: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


def mds(facts: FileFacts) -> Iterator[ProgramCandidate]:
    check_size(facts)
    encodings = {one["name"]: one["encoding"] for one in facts.structure["columns"]}
    items = [*plain("raw_data", "basename"), *whole(facts.structure["compression"], "zip_data", "basename")]
    image = f"values[{quoted(facts.image)}]"
    for item in items:
        for value in _images(facts, encodings.get(facts.image, "")):
            for label in _labels(facts, encodings):
                yield program(
                    facts,
                    "MosaicML's MDS: shards of samples.",
                    ("shards", "samples"),
                    item,
                    COLUMNS,
                    image,
                    value,
                    label,
                )


def folder_of(facts: FileFacts) -> str:
    """The expression for the folder of the shards."""
    return "self.path" if facts.path.is_dir() else "self.path.parent"


def check_size(facts: FileFacts) -> None:
    """Raises NoCode for shards without their index, and where a program would have to put offsets right."""
    folder = facts.path if facts.path.is_dir() else facts.path.parent
    if len(facts.files) > 1 or not (folder / "index.json").is_file():
        raise NoCode("index.json, which lists the shards, is missing")
    if any(file.stat().st_size >= WRAPS for file in folder.iterdir() if file.is_file()):
        raise NoCode("a shard has 4 GiB or more, where its offsets of 32 bits begin anew")


Item = tuple[Template, str, dict[str, str], tuple[str, ...]]
"""The method `_item`, where the name of a shard's file stands, further parts of the text, imports."""


def named(names: tuple[str, ...]) -> str:
    return "".join(f'["{name}"]' for name in names)


def plain(*names: str) -> list[Item]:
    return [(PLACED, named(names), {"item": "file.read(stop - start)"}, ())]


def whole(compression: str | None, *names: str) -> list[Item]:
    if (compression or "").partition(":")[0] not in INFLATED:
        return []
    inflated, statement = INFLATED[(compression or "").partition(":")[0]]
    return [(PACKED, named(names), {"inflated": inflated.format("packed")}, (statement,))]


def _images(facts: FileFacts, encoding: str) -> Iterator[ValuePart]:
    if facts.decoding is not None:
        yield ValuePart("pixels = decode({image})")
        return
    name, _, options = encoding.partition(":")
    if name == "pil":
        yield of_pillow()
    if name != "ndarray" or facts.sample.get("dtype") != "uint8":
        return
    shape = options.partition(":")[2]
    functions: tuple[str, ...] = ()
    if re.fullmatch(r"\d+(,\d+)*", shape):
        lengths = ", ".join(shape.split(",")) + ("," if "," not in shape else "")
        row = f"row = np.frombuffer(bytearray({{image}}), np.uint8).reshape({lengths})"
    else:
        row, functions = f"row = array({{image}}{'' if options else '[1:]'})", (ARRAY,)
    for picture in dict.fromkeys(pictures(facts)):
        yield ValuePart(f"{row}\npixels = {picture}", functions)


def of_pillow() -> ValuePart:
    return ValuePart("pixels = decode({image})", (PIL,), ("from PIL import Image",))


def _labels(facts: FileFacts, encodings: dict[str, str]) -> Iterator[str]:
    for name in facts.label_fields if facts.has_labels else ():
        value, encoding = f"values[{quoted(name)}]", encodings.get(name, "")
        if re.fullmatch(r"int\d*|uint\d+", encoding):
            yield f'int.from_bytes({value}, "little", signed={not encoding.startswith("u")})'
        elif encoding.startswith("str"):
            yield as_number(f"{value}.decode()", facts)
    if not facts.has_labels:
        yield "-1"


def program(
    facts: FileFacts, about: str, listed: tuple[str, str], item: Item, values: str, image: str, value: ValuePart,
    label: str,
) -> ProgramCandidate:  # fmt: skip
    """`listed`: what the index calls its shards, and the number of samples in one."""
    folder = folder_of(facts)
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
