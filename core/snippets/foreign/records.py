"""Records that are found by walking through a file: tar archives and TFRecord files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..script import quoted
from ..snippet import DatasetCode
from .candidates import ProgramCandidate, as_number, constants, named_files, with_classes
from .facts import FileFacts

TAR_INIT = """\
found = {{}}
for file in FILES:
    with tarfile.open(file, "r:") as archive:  # reads headers, and no image
        for member in archive:
            folder, _, name = member.name.rpartition("/")
            key, _, field = name.partition(".")
            if member.isfile():
                fields = found.setdefault((file, folder, key), {{}})
                fields[field] = member.offset_data, member.size
self.samples = [(key[0], fields) for key, fields in found.items() if {image}]
"""

IN_JSON = ("label", "class", "class_id", "target", "category_id")

TAR_READ = """\
def _read(self, file, place):
    with open(file, "rb") as opened:
        opened.seek(place[0])
        return opened.read(place[1])
"""


def tar(facts: FileFacts) -> Iterator[ProgramCandidate]:
    if facts.decoding is None:
        return
    image = facts.image
    wanted = {"jpg": ("jpg", "jpeg", "png", "webp")}.get(image, (image,))
    for several in (False, True):
        if several:
            line = f"IMAGES = {tuple(dict.fromkeys((image, *wanted, 'jpeg', 'png', 'webp')))}  # endings of images"
            test, data = "not fields.keys().isdisjoint(IMAGES)", "next(fields[one] for one in IMAGES if one in fields)"
        else:
            line, test, data = f"IMAGE = {image!r}".replace("'", '"'), "IMAGE in fields", "fields[IMAGE]"
        for read, number in _tar_labels(facts):
            code = DatasetCode(
                about="A tar archive: the members of one name, up to its first dot, are a sample.",
                init=with_classes(TAR_INIT.format(image=test), facts),
                get=f"file, fields = self.samples[i]\npixels = decode(self._read(file, {data}))\n{read}",
                path="",
                imports=("import tarfile", "from glob import glob", *(["import json"] if "json." in read else [])),
                constants=constants(facts, line),
                methods=TAR_READ,
            )
            yield ProgramCandidate(
                replace(code, constants=(named_files(facts), *code.constants)), number, "len(self.samples)"
            )


def _tar_labels(facts: FileFacts) -> Iterator[tuple[str, str]]:
    """(the lines that read `label`, the expression of its number)."""
    if not facts.has_labels:
        yield "", "-1"
        return
    inside = [f"json.{name}" for name in IN_JSON] if "json" in facts.fields else []
    for name in (*facts.label_fields, *inside):
        outer, _, inner = name.partition(".")
        if inner and outer == "json":
            yield f'label = json.loads(self._read(file, fields["json"]))["{inner}"]', as_number("label", facts)
        else:
            yield f'label = self._read(file, fields["{name}"]).decode().strip()', as_number("label", facts)


PROTO = """\
def varint(data, at):
    size = 1 + next(k for k in range(10) if data[at + k] < 0x80)
    return sum((data[at + k] & 0x7F) << 7 * k for k in range(size)), at + size


def fields(data):  # a protocol buffer: (number of a field, its value: a number, or bytes)
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at) if tag & 7 in (0, 2) else ({1: 8, 5: 4}[tag & 7], at)
        if tag & 7:
            value, at = data[at : at + value], at + value
        yield tag >> 3, value
"""

EXAMPLE = """\
def example(data):  # a tf.train.Example: the first value of each feature, whole numbers packed
    found = {}
    for _, entry in fields(dict(fields(data))[1]):
        (_, name), (_, feature) = fields(entry)
        found[name.decode()] = next((x for _, some in fields(feature) for _, x in fields(some)), None)
    return found
"""

TFRECORD_INIT = """\
self.records = []  # a record: uint64 length, uint32 checksum, the Example, uint32 checksum
for file in FILES:
    at, data = 0, np.memmap(file, np.uint8, "r")
    while at < len(data):
        length = int.from_bytes(data[at : at + 8].tobytes(), "little")
        self.records.append((file, at + 12, length))
        at += length + 16
"""

TFRECORD_GET = """\
file, at, length = self.records[i]
found = example(np.memmap(file, np.uint8, "r", at, (length,)).tobytes())
pixels = decode(found[{image}])
"""


def tfrecord(facts: FileFacts) -> Iterator[ProgramCandidate]:
    if facts.decoding is None or facts.schema != "tf-example":
        return
    for number in _tfrecord_labels(facts):
        code = DatasetCode(
            about="TFRecord files of Examples, read without TensorFlow.",
            init=with_classes(TFRECORD_INIT, facts),
            get=TFRECORD_GET.format(image=quoted(facts.image)),
            path="",
            imports=("from glob import glob",),
            constants=(named_files(facts), *constants(facts)),
            functions=(PROTO, EXAMPLE),
        )
        yield ProgramCandidate(code, number, "len(self.records)")


def _tfrecord_labels(facts: FileFacts) -> Iterator[str]:
    if not facts.has_labels:
        yield "-1"
        return
    for name in facts.label_fields:
        value = f"found[{quoted(name)}]"
        if isinstance(facts.label, str):
            yield f"CLASSES.index({value}.decode())"
        else:
            yield from (f"varint({value}, 0)[0]", value)
