"""Files of records whose bytes are laid out by hand: MXNet's RecordIO and FFCV's beton."""

from __future__ import annotations

from collections.abc import Iterator
from string import Template

from ..snippet import DatasetCode
from .candidates import ProgramCandidate, constants, with_classes
from .facts import FileFacts

# ---------------------------------------------------------------- RecordIO

MAGIC = 'MAGIC = b"\\x0a\\x23\\xd7\\xce"  # begins each part of a record'

UNPACK = """\
def unpack(record):  # uint32 flag, float32 label, 2 x uint64; flag > 0: so many labels follow
    flag, label = struct.unpack_from("<If", record)
    labels = np.frombuffer(record, "<f4", flag, 24).tolist() if flag else [label]
    return labels, record[24 + 4 * flag :]
"""

KEYED = """\
lines = np.loadtxt(self.path.with_suffix(".idx"), np.int64, ndmin=2)
self.places = lines[:, 1]  # of each line: the key of a record, and where it begins
"""

WALKED = """\
data, at, places = np.memmap(self.path, np.uint8, "r"), 0, []
while at < len(data):  # there is no .idx that tells where records begin
    part, length = divmod(int.from_bytes(data[at + 4 : at + 8].tobytes(), "little"), 1 << 29)
    places += [at] if part < 2 else []  # others go on with a record
    at += 8 + (length + 3 & ~3)
self.places = np.array(places)
"""

IDENTITIES = """\
labels, _ = unpack(self._record(int(self.places[0])))
self.places = self.places[1 : int(labels[0])]  # InsightFace: then come identities, without images
"""

RECORD = """\
def _record(self, at):  # a part: MAGIC, uint32 which << 29 | length, the bytes, zeros up to 4
    part, parts = 1, []
    with self.path.open("rb") as file:
        file.seek(at)
        while part in (1, 2):  # a record with MAGIC in it is cut there; 0 is a whole one, 3 the end
            part, length = divmod(int.from_bytes(file.read(8)[4:], "little"), 1 << 29)
            parts.append(file.read(length + 3 & ~3)[:length])
    return MAGIC.join(parts)
"""


def recordio(facts: FileFacts) -> Iterator[ProgramCandidate]:
    if facts.decoding is None or facts.schema != "recordio-images" or len(facts.files) > 1:
        return
    told = WALKED if facts.structure["index"] in ("none", "stale") else KEYED
    for more in (IDENTITIES, "") if "InsightFace" in facts.why else ("", IDENTITIES):
        code = DatasetCode(
            about="MXNet's RecordIO: image files behind a header with the label.",
            init=with_classes(told + more, facts),
            get="labels, image = unpack(self._record(int(self.places[i])))\npixels = decode(image)",
            path="",
            imports=("import struct",),
            constants=constants(facts, MAGIC),
            functions=(UNPACK,),
            methods=RECORD,
        )
        yield ProgramCandidate(code, "int(labels[0])" if facts.has_labels else "-1", "len(self.places)")


# ---------------------------------------------------------------- beton

IMAGE = 'IMAGE = np.dtype([("mode", "u1"), ("width", "<u2"), ("height", "<u2"), ("place", "<u8")])'

TYPES = {
    "float": '"<f8"', "int": '"<i8"', "image": "IMAGE", "bytes": '"<u8, <u8"', "ndarray": '"<u8"', "json": '"<u8, <u8"',
    "tensor": '"<u8"',
}  # fmt: skip
"""Of a field's metadata: bytes and JSON are place and size, arrays a place."""

BETON_INIT = """\
with self.path.open("rb") as file:  # version, fields, page size, samples, place of the table
    _, fields, _, samples, table = struct.unpack("<HHIQQ", file.read(24))
self.rows = np.fromfile(self.path, ROW, samples, offset=24 + 1041 * fields)
"""

TABLE = """\
table = np.fromfile(self.path, "<u8", offset=table).reshape(-1, 3)  # sample, place, bytes
table = table[table[:, 1].argsort()]
self.places, self.sizes = table[:, 1], table[:, 2]
"""

BARE = """\
values = np.fromfile(self.path, np.uint8, 3 * width * height, offset=place)
pixels = values.reshape(height, width, 3)
"""

JPEG = """\
size = int(self.sizes[np.searchsorted(self.places, place)])
pixels = decode(np.fromfile(self.path, np.uint8, size, offset=place).tobytes())
"""

EITHER = Template("""\
if mode:  # pixels as they are
    $values
    $pixels
else:  # a JPEG file
    $size
    $jpeg
""")


def beton(facts: FileFacts) -> Iterator[ProgramCandidate]:
    fields = facts.structure["fields"]
    names = [one["name"] for one in fields]
    if len(facts.files) > 1 or facts.image not in names or any(one["type"] not in TYPES for one in fields):
        return
    parts = ", ".join(f'("f{number}", {TYPES[one["type"]]})' for number, one in enumerate(fields))
    labels = [names.index(name) for name in facts.label_fields if name in names]
    whole = [number for number in labels if fields[number]["type"] == "int"]
    (values, pixels), (size, jpeg) = BARE.splitlines(), JPEG.splitlines()
    either = EITHER.substitute(values=values, pixels=pixels, size=size, jpeg=jpeg)
    for get in [BARE] if facts.decoding is None else [JPEG, either]:
        for number in whole if facts.has_labels else [None]:
            init = BETON_INIT + (TABLE if "sizes" in get else "")
            init += f'self.labels = self.rows["f{number}"]\n' if number is not None else ""
            told = f'mode, width, height, place = self.rows["f{names.index(facts.image)}"][i].tolist()\n'
            code = DatasetCode(
                about="FFCV's beton: the metadata of all samples, then pages of what it leads to.",
                init=with_classes(init, facts),
                get=told + get,
                path="",
                imports=("import struct",),
                constants=constants(facts, IMAGE, f"ROW = np.dtype([{parts}], align=True)  # a sample's metadata"),
            )
            yield ProgramCandidate(code, "int(self.labels[i])" if number is not None else "-1", "len(self.rows)")
